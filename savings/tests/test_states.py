"""The states of a saving: every pair of a state and an event, in the rules and in the services."""

import pytest

from accounts.models import User
from core.actors import acting_as_service
from core.ids import posting_id
from savings import refusals, services
from savings.models import Accrual, StateChange, UserSavings
from savings.services import Wish
from savings.services.steps import step
from savings.states import WAYS, Event, State, following
from savings.tests.world import NAIRA, balance, day, funded, moment, opened, plan_of

# As the architecture has them: from each state, what may happen and where it leads.
ALLOWED = {
    "DRAFT": {"activate": "ACTIVE", "cancel": "CANCELLED"},
    "ACTIVE": {"pause": "PAUSED", "freeze": "FROZEN", "mature": "MATURED", "break": "BROKEN"},
    "PAUSED": {"resume": "ACTIVE"},
    "FROZEN": {"lift": "ACTIVE"},
    "MATURED": {"close": "CLOSED", "pay_out": "PAID_OUT", "roll_over": "ROLLED_OVER"},
    "BROKEN": {"close": "CLOSED"},
}
PAIRS = [(state, event) for state in State.values for event in Event]


@pytest.mark.parametrize(("state", "event"), PAIRS)
def test_each_pair_leads_where_it_may_and_nowhere_else(state: str, event: Event) -> None:
    assert following(state, event) == ALLOWED.get(state, {}).get(event)


def test_no_way_is_left_out() -> None:
    assert len(WAYS) == sum(len(events) for events in ALLOWED.values())


@pytest.mark.django_db
@pytest.mark.parametrize(("state", "event"), [pair for pair in PAIRS if pair not in WAYS])
def test_a_step_that_does_not_fit_is_refused_by_name_and_not_written_down(
    ada: User, state: str, event: Event
) -> None:
    with acting_as_service():
        saving = UserSavings(state=state)
        with pytest.raises(refusals.StateRefused) as refusal:
            step(saving, event, at=moment(day(1)))
        assert refusal.value.public_data == {"state": state, "event": str(event)}
        assert saving.state == state and not StateChange.objects.exists()


@pytest.mark.django_db
def test_pausing_and_resuming_are_written_down_with_who_and_why(ada: User) -> None:
    funded(ada)
    saving = opened(ada, plan_of("FLEXIBLE"), at=moment(day(3)))
    services.pause_saving(saving_id=saving.pk, user=ada, reason="travelling", at=moment(day(2)))
    services.resume_saving(saving_id=saving.pk, user=ada, at=moment(day(1)))
    with acting_as_service():
        steps = StateChange.objects.order_by("pk").values_list("was", "now", "event", "reason", "on")
        assert list(steps) == [
            ("DRAFT", "ACTIVE", "activate", "", day(3)),
            ("ACTIVE", "PAUSED", "pause", "travelling", day(2)),
            ("PAUSED", "ACTIVE", "resume", "", day(1)),
        ]


@pytest.mark.django_db
def test_a_frozen_saving_lets_nothing_in_or_out_and_goes_on_earning(ada: User) -> None:
    funded(ada)
    saving = opened(ada, plan_of("TARGET"), at=moment(day(9)), wish=_target())
    services.freeze_saving(saving_id=saving.pk, reason="a court order", at=moment(day(8)))
    facts = {"saving_id": saving.pk, "user": ada}
    money = {"amount": NAIRA, "posting_id": posting_id()}
    for service, more in (
        (services.contribute, money),
        (services.withdraw, money),
        (services.quote_closing, {}),
    ):
        with pytest.raises(refusals.SavingFrozen):
            service(at=moment(day(7)), **facts, **more)
    assert not services.mature(saving_id=saving.pk, at=moment(day(0)))
    with acting_as_service():
        assert services.close_saving(saving_id=saving.pk, until=day(0)).next_day is None
        assert Accrual.objects.filter(accrued__gt=0).count() == 7
    services.lift_saving(saving_id=saving.pk, reason="it was lifted", at=moment(day(0)))
    assert services.mature(saving_id=saving.pk, at=moment(day(0)))


@pytest.mark.django_db
def test_an_end_moves_to_a_later_day_and_never_to_an_earlier_one(ada: User) -> None:
    funded(ada)
    plan = plan_of("TARGET", shortest=1, longest=100)
    saving = opened(ada, plan, at=moment(day(3)), wish=_target(back=-10))
    facts = {"saving_id": saving.pk, "user": ada, "at": moment(day(2))}
    for wrong in (day(-10), day(-9), day(-98)):
        with pytest.raises(refusals.SavingInvalid):
            services.extend_saving(matures_on=wrong, **facts)
    services.extend_saving(matures_on=day(-97), **facts)
    with acting_as_service():
        found = UserSavings.objects.select_related("position").get(pk=saving.pk)
        assert (found.matures_on, found.target_date, found.position.last_day) == (
            day(-97),
            day(-97),
            day(-96),
        )


@pytest.mark.django_db
def test_an_end_that_has_come_is_not_moved(ada: User) -> None:
    funded(ada)
    saving = opened(ada, plan_of("TARGET"), at=moment(day(3)), wish=_target(back=1))
    with pytest.raises(refusals.SavingOver):
        services.extend_saving(saving_id=saving.pk, user=ada, matures_on=day(-10), at=moment(day(1)))


@pytest.mark.django_db
def test_only_a_fixed_saving_is_saved_again(ada: User) -> None:
    funded(ada)
    saving = opened(ada, plan_of("TARGET"), at=moment(day(3)), wish=_target(back=-5))
    with pytest.raises(refusals.SavingInvalid):
        services.choose_at_maturity(saving_id=saving.pk, user=ada, choice="ROLL_ALL", at=moment(day(2)))
    fixed = opened(ada, plan_of("FIXED"), at=moment(day(3)), wish=Wish(name="Land", days=10))
    services.choose_at_maturity(saving_id=fixed.pk, user=ada, choice="ROLL_ALL", at=moment(day(2)))
    with pytest.raises(refusals.SavingInvalid):
        services.choose_at_maturity(saving_id=fixed.pk, user=ada, choice="BURN_ALL", at=moment(day(2)))


@pytest.mark.django_db
def test_what_has_ended_is_empty_and_its_account_closed(ada: User) -> None:
    funded(ada)
    saving = opened(ada, plan_of("FLEXIBLE"), at=moment(day(3)))
    quote = services.quote_closing(saving_id=saving.pk, user=ada, at=moment(day(1)))
    services.end_saving(quote_id=quote.pk, user=ada, at=moment(day(1)))
    assert balance(saving) == 0
    with pytest.raises(refusals.SavingOver):
        services.contribute(
            saving_id=saving.pk, user=ada, amount=NAIRA, posting_id=posting_id(), at=moment(day(0))
        )


def _target(back: int = 2) -> Wish:
    return Wish(name="Rent", target=100_000 * NAIRA, target_date=day(back))
