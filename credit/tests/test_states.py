"""The states of an application and its loan: every pair of a state and an event, and who may bring it about."""

from itertools import product

import pytest

from credit.states import (
    ENDED,
    WAYS,
    Actor,
    ActorRefused,
    Event,
    Guard,
    GuardUnmet,
    State,
    StateRefused,
    Way,
    following,
    ways_from,
)

# As the rules have it, in their order: from each state what may happen, by whom, and where it may lead. Where two may
# bring it about, each on other grounds, they stand apart.
ALLOWED: dict[str, dict[str, tuple[str, str]]] = {
    "DRAFT": {"submit": ("borrower", "SUBMITTED"), "withdraw": ("borrower", "WITHDRAWN")},
    "SUBMITTED": {
        "ask": ("officer", "INCOMPLETE"),
        "decline": ("system | officer", "DECLINED"),
        "open": ("system | officer", "LISTED"),
        "withdraw": ("borrower", "WITHDRAWN"),
    },
    "INCOMPLETE": {
        "answer": ("borrower", "SUBMITTED"),
        "withdraw": ("borrower", "WITHDRAWN"),
        "expire": ("system", "EXPIRED"),
    },
    "DECLINED": {"reopen": ("officer", "SUBMITTED")},
    "LISTED": {
        "offer": ("provider system", "OFFERED"),
        "expire": ("system", "EXPIRED"),
        "withdraw": ("borrower", "WITHDRAWN"),
    },
    "OFFERED": {
        "expire": ("system", "EXPIRED"),
        "withdraw": ("borrower", "WITHDRAWN"),
        "accept": ("borrower", "ACCEPTED"),
    },
    "ACCEPTED": {
        "fail_check": ("provider", "DECLINED LISTED"),
        "expire": ("system", "EXPIRED"),
        "sign": ("borrower provider", "SIGNED"),
    },
    "SIGNED": {
        "cancel": ("borrower | officer", "CANCELLED"),
        "disburse": ("system", "ACTIVE"),
        "expire": ("system", "EXPIRED"),
    },
    "ACTIVE": {
        "disburse": ("system", "ACTIVE"),
        "cancel": ("borrower", "CANCELLED"),
        "reverse_payment": ("officer system", "ACTIVE"),
        "repay": ("borrower system", "ACTIVE CLOSED_MET OVERPAID"),
        "fall_behind": ("system", "ACTIVE"),
        "reschedule": ("officer", "ACTIVE"),
        "re_age": ("officer", "ACTIVE"),
        "charge_off": ("officer", "CHARGED_OFF"),
        "write_off": ("officer", "WRITTEN_OFF"),
        "refinance": ("system", "CLOSED_REFINANCED"),
        "undo_disbursal": ("officer", "SIGNED"),
    },
    "CHARGED_OFF": {
        "write_off": ("officer", "WRITTEN_OFF"),
        "recover": ("borrower officer system", "CHARGED_OFF"),
    },
    "WRITTEN_OFF": {
        "recover": ("borrower officer system", "WRITTEN_OFF"),
        "undo_write_off": ("checker", "ACTIVE"),
    },
    "CLOSED_MET": {"reverse_payment": ("officer system", "ACTIVE")},
    "OVERPAID": {
        "refund": ("borrower officer system", "CLOSED_MET"),
        "reverse_payment": ("officer system", "ACTIVE"),
    },
}
PAIRS = [(state, event) for state in State for event in Event]
# Guards of one pair that exclude one another.
CHOICES = [
    {Guard.STILL_OWED, Guard.ALL_SETTLED, Guard.PAID_TOO_MUCH},
    {Guard.MAY_LIST_AGAIN, Guard.MAY_NOT_LIST_AGAIN},
]


@pytest.mark.parametrize(("state", "event"), PAIRS)
def test_each_pair_leads_where_it_may_and_nowhere_else(state: State, event: Event) -> None:
    wanted = ALLOWED.get(state, {}).get(event)
    found = ways_from(state, event)
    if wanted is None:
        assert found == ()
        for who in Actor:
            with pytest.raises(StateRefused) as refusal:
                following(state, event, who=who, holding=list(Guard))
            assert refusal.value.public_data == {"state": str(state), "event": str(event)}
        return
    who, ends = wanted
    assert {way.end for way in found} == set(ends.split())
    assert {way.who for way in found} == {frozenset(those.split()) for those in who.split("|")}


@pytest.mark.parametrize("way", WAYS, ids=lambda way: f"{way.start}-{way.event}-{way.end}")
def test_a_way_is_open_to_those_it_names_while_all_its_guards_hold(way: Way) -> None:
    start, event, guards = way.start, way.event, way.guards
    others = {who for one in ways_from(start, event) for who in one.who} - way.who
    for who in set(Actor) - others:
        if who in way.who:
            assert following(start, event, who=who, holding=guards) == way.end
        else:
            with pytest.raises(ActorRefused):
                following(start, event, who=who, holding=guards)


@pytest.mark.parametrize("way", WAYS, ids=lambda way: f"{way.start}-{way.event}-{way.end}")
def test_each_guard_closes_its_way_by_itself(way: Way) -> None:
    who = min(way.who)
    for guard in way.guards:
        held = set(way.guards) - {guard}
        with pytest.raises(GuardUnmet) as refusal:
            following(way.start, way.event, who=who, holding=held)
        # Where there are several ways, any of those that exclude one another may be the one named.
        instead = next((choice for choice in CHOICES if guard in choice), {guard})
        assert len(refusal.value.data["unmet"]) == 1
        assert refusal.value.data["unmet"][0] in instead


def test_no_way_is_left_out_and_none_is_there_twice() -> None:
    assert len(WAYS) == sum(
        len(ends.split()) * len(who.split("|"))
        for events in ALLOWED.values()
        for who, ends in events.values()
    )
    assert len({(way.start, way.event, way.end, way.who) for way in WAYS}) == len(WAYS)


def test_every_guard_and_every_event_is_used() -> None:
    assert {guard for way in WAYS for guard in way.guards} == set(Guard)
    assert {way.event for way in WAYS} == set(Event)


def test_where_an_event_has_several_ways_for_one_actor_a_guard_of_each_excludes_the_others() -> None:
    for (state, event), who in product(PAIRS, Actor):
        found = [way for way in ways_from(state, event) if who in way.who]
        if len(found) > 1:
            telling = [way.guards - frozenset.intersection(*(one.guards for one in found)) for way in found]
            assert all(len(guards) == 1 for guards in telling)
            assert set().union(*telling) in CHOICES


def test_facts_that_exclude_one_another_are_the_callers_fault() -> None:
    with pytest.raises(ValueError, match="only one"):
        following(
            State.ACTIVE,
            Event.REPAY,
            who=Actor.BORROWER,
            holding=[Guard.STILL_OWED, Guard.ALL_SETTLED],
        )


def test_what_is_missing_is_named() -> None:
    with pytest.raises(GuardUnmet) as refusal:
        following(State.DRAFT, Event.SUBMIT, who=Actor.BORROWER, holding=[Guard.CONSENT])
    assert refusal.value.public_data == {
        "state": "DRAFT",
        "event": "submit",
        "unmet": ["complete_file", "kyc_tier"],
    }


def test_guards_that_nobody_asked_for_open_nothing() -> None:
    with pytest.raises(GuardUnmet):
        following(State.SIGNED, Event.CANCEL, who=Actor.BORROWER, holding=[Guard.APPROVED])


def test_what_has_ended_stays_ended() -> None:
    assert {str(state) for state in ENDED} == {
        "EXPIRED",
        "WITHDRAWN",
        "CANCELLED",
        "CLOSED_REFINANCED",
    }


def test_every_state_is_reached_from_a_draft() -> None:
    reached = {State.DRAFT}
    for _ in State:
        reached |= {way.end for way in WAYS if way.start in reached}
    assert reached == set(State)


def test_a_state_read_back_as_text_has_the_same_ways() -> None:
    assert following("OFFERED", Event.WITHDRAW, who=Actor.BORROWER) == "WITHDRAWN"
    with pytest.raises(StateRefused):
        following("NO_SUCH_STATE", Event.WITHDRAW, who=Actor.BORROWER)
