"""Every pair of a state and an event of an order, for each who may try."""

from itertools import product

import pytest

from marketplace.states import (
    ASKS_FROM,
    ENDED,
    IN_ESCROW,
    WAYS,
    Actor,
    ActorRefused,
    Event,
    State,
    StateRefused,
    following,
    may,
)

BACK = {Event.WITHDRAW_REFUND, Event.REFUSE_REFUND, Event.REFUND_PART}


@pytest.mark.parametrize(("state", "event"), list(product(State, Event)))
def test_every_pair_is_a_way_for_some_or_refused_by_name(state: State, event: Event) -> None:
    way = WAYS.get((state, event))
    for who in Actor:
        if way is None:
            with pytest.raises(StateRefused) as refused:
                following(state, event, who=who)
            assert refused.value.data == {"state": state, "event": event}
        elif who not in way.who:
            with pytest.raises(ActorRefused):
                following(state, event, who=who)
        else:
            assert following(state, event, who=who, came_from=State.DELIVERED) in State


def test_a_refund_that_is_not_given_whole_leads_back_to_where_it_was_asked_from() -> None:
    who = {Event.WITHDRAW_REFUND: Actor.BUYER}
    for start in ASKS_FROM:
        assert following(start, Event.ASK_REFUND, who=Actor.BUYER) == State.REFUND_REQUESTED
        for event in BACK:
            back = following(State.REFUND_REQUESTED, event, who=who.get(event, Actor.SELLER), came_from=start)
            assert back == start
    with pytest.raises(ValueError, match="is asked for from"):
        following(State.REFUND_REQUESTED, Event.REFUSE_REFUND, who=Actor.SELLER, came_from=State.PAID)
    with pytest.raises(ValueError, match="is asked for from"):
        following(State.REFUND_REQUESTED, Event.REFUSE_REFUND, who=Actor.SELLER)


def test_what_is_over_stays_over_and_every_state_can_be_come_to() -> None:
    assert {State.CANCELLED, State.REFUNDED} == ENDED
    ends = {way.end for way in WAYS.values()} | {State.PLACED}
    assert ends >= set(State)
    assert not IN_ESCROW & (ENDED | {State.PLACED, State.COMPLETED})


def test_nobody_cancels_what_is_on_its_way_and_no_seller_confirms_for_the_buyer() -> None:
    for state in (State.SHIPPED, State.DELIVERED, State.COMPLETED):
        for who in Actor:
            with pytest.raises(StateRefused):
                following(state, Event.CANCEL, who=who)
    assert may(State.SHIPPED, Actor.SELLER) == [Event.DELIVER]
    assert may(State.PAID, Actor.SELLER) == [Event.ACCEPT, Event.DECLINE]
    assert may(State.CANCELLED, Actor.STAFF) == []
