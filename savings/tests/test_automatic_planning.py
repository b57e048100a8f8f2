"""What savers decide of saving automatically: setting it up, changing, pausing, skipping and stopping it."""

from datetime import timedelta
from typing import Any

import pytest

from accounts.models import AuditEvent, User
from core.actors import acting_as_service
from core.ids import uuid7
from savings import refusals, services
from savings.models import AutoRun, AutoSaving, UserSavings
from savings.services import Wish, automatic
from savings.services.automatic import planning
from savings.tests.saving_itself import EARLY, fresh, mornings, planned, quiet, run_of, runs, towards, work
from savings.tests.world import DAY, NAIRA, balance, day, funded, moment, opened
from wallet.models import Account

pytestmark = pytest.mark.django_db
EACH = 1_000 * NAIRA


@pytest.fixture
def source(ada: User) -> Account:
    return funded(ada)


@pytest.fixture
def saving(ada: User, source: Account) -> UserSavings:
    return opened(ada, quiet(minimum=100 * NAIRA), at=moment(day(30)))


def test_two_clicks_set_up_one_and_it_is_written_down(ada: User, saving: UserSavings) -> None:
    key = uuid7()
    one = planned(ada, saving, automatic_id=key)
    assert planned(ada, saving, automatic_id=key) == one
    with pytest.raises(refusals.AutomaticIdReused):
        planned(ada, saving, automatic_id=key, first_date=day(19))
    with acting_as_service():
        event = AuditEvent.objects.get(action="savings.automatic.planned")
    assert (event.target_id, event.data["amount"]) == (str(key), EACH)


def test_one_of_a_sort_goes_on_at_a_time(ada: User, saving: UserSavings) -> None:
    own = planned(ada, saving)
    planned(ada, saving, kind="SWEEP")
    with pytest.raises(refusals.AutomaticGoesOn):
        planned(ada, saving, amount=5 * EACH)
    automatic.stop_automatic(automatic=own, user=ada, at=moment(day(19)))
    assert planned(ada, saving, amount=5 * EACH).amount == 5 * EACH


@pytest.mark.parametrize(
    ("facts", "field"),
    [
        ({"kind": "NEVER"}, "kind"),
        ({"rhythm": "ONCE"}, "rhythm"),
        ({"kind": "ROUND_UP", "rhythm": "WEEKLY"}, "rhythm"),
        ({"first_date": day(21)}, "first_date"),
        ({"first_date": day(20) + planning.FURTHEST + DAY}, "first_date"),
        ({"amount": 0}, "amount"),
        ({"amount": -EACH}, "amount"),
        ({"amount": 99 * NAIRA}, "amount"),
        ({"amount": planning.LARGEST + 1}, "amount"),
        ({"kind": "ROUND_UP", "amount": 99}, "amount"),
        ({"kind": "ROUND_UP", "amount": 10_001 * NAIRA}, "amount"),
        ({"kind": "SWEEP", "amount": -1}, "amount"),
        ({"follows_target": True}, "follows_target"),
        ({"kind": "SWEEP", "follows_target": True}, "follows_target"),
    ],
)
def test_what_cannot_be_set_up_names_the_field(
    ada: User, saving: UserSavings, facts: dict[str, Any], field: str
) -> None:
    with pytest.raises(refusals.AutomaticInvalid) as refusal:
        planned(ada, saving, **facts)
    assert refusal.value.data["field"] == field
    with acting_as_service():
        assert not AutoSaving.objects.exists()


def test_it_begins_before_the_saving_comes_to_its_end(ada: User, source: Account) -> None:
    saving = towards(ada, back=30, days=20)
    with pytest.raises(refusals.AutomaticInvalid) as refusal:
        planned(ada, saving, first_date=day(10))
    assert refusal.value.data["field"] == "first_date"
    assert planned(ada, saving, first_date=day(11)).next_date == day(11)


def test_a_saving_that_takes_no_more_money_has_none(ada: User, source: Account, saving: UserSavings) -> None:
    fixed = opened(ada, quiet("FIXED"), at=moment(day(30)), wish=Wish(name="Land", days=90))
    with pytest.raises(refusals.TakesMoneyOnce):
        planned(ada, fixed)
    services.pause_saving(saving_id=saving.pk, user=ada, at=moment(day(25)))
    with pytest.raises(refusals.StateRefused):
        planned(ada, saving)
    services.resume_saving(saving_id=saving.pk, user=ada, at=moment(day(25)))
    services.freeze_saving(saving_id=saving.pk, reason="a court", at=moment(day(24)))
    with pytest.raises(refusals.SavingFrozen):
        planned(ada, saving)
    over = towards(ada, back=30, days=5)
    with pytest.raises(refusals.SavingOver):
        planned(ada, over)


def test_a_stranger_reaches_none_of_it(ada: User, bola: User, saving: UserSavings) -> None:
    with pytest.raises(refusals.SavingNotFound):
        planned(bola, saving)
    own = planned(ada, saving)
    for service in (
        automatic.pause_automatic,
        automatic.resume_automatic,
        automatic.stop_automatic,
        automatic.skip_next,
    ):
        with pytest.raises(refusals.AutomaticNotFound):
            service(automatic=own, user=bola, at=moment(day(20)))
    with pytest.raises(refusals.AutomaticNotFound):
        automatic.change_amount(automatic=own, user=bola, amount=NAIRA, at=moment(day(20)))
    assert fresh(own).state == "ACTIVE"


def test_a_hundred_times_are_enough(ada: User, saving: UserSavings) -> None:
    with acting_as_service():
        AutoSaving.objects.bulk_create(
            AutoSaving(saving=saving, kind="SWEEP", amount=0, first_date=day(30), state="ENDED")
            for _ in range(planning.MOST)
        )
    with pytest.raises(refusals.TooManyAutomatic):
        planned(ada, saving)


# Afterwards


def test_what_falls_between_pausing_and_going_on_is_left_out(ada: User, saving: UserSavings) -> None:
    own = planned(ada, saving)
    mornings(day(20), day(20))
    paused = automatic.pause_automatic(automatic=own, user=ada, at=moment(day(20)), reason="School fees")
    assert (paused.state, paused.next_date, paused.reason) == ("PAUSED", None, "School fees")
    mornings(day(19), day(16))
    assert automatic.resume_automatic(automatic=own, user=ada, at=moment(day(15))).next_date == day(15)
    mornings(day(15), day(15))
    assert [on for on, _state, _amount in runs(own)] == [day(20), day(15)]
    assert automatic.resume_automatic(automatic=own, user=ada, at=moment(day(15))).next_date == day(14)


def test_one_that_is_paused_goes_on_only_with_its_saving(ada: User, saving: UserSavings) -> None:
    own = planned(ada, saving)
    automatic.pause_automatic(automatic=own, user=ada, at=moment(day(20)))
    services.pause_saving(saving_id=saving.pk, user=ada, at=moment(day(19)))
    resumed = automatic.resume_automatic(automatic=own, user=ada, at=moment(day(18)))
    assert (resumed.state, resumed.next_date) == ("ACTIVE", None)
    with pytest.raises(refusals.NothingToSkip):
        automatic.skip_next(automatic=own, user=ada, at=moment(day(18)))
    services.resume_saving(saving_id=saving.pk, user=ada, at=moment(day(17)))
    assert fresh(own).next_date == day(17)


def test_a_skipped_day_is_no_failure(ada: User, saving: UserSavings) -> None:
    own = planned(ada, saving, rhythm="WEEKLY")
    skipped = automatic.skip_next(automatic=own, user=ada, at=moment(day(20)), reason="Travelling")
    assert (skipped.due_date, skipped.state, skipped.code) == (day(20), "SKIPPED", "skipped_by_owner")
    assert skipped.reason == "Travelling"
    mornings(day(20), day(13))
    assert [state for _on, state, _amount in runs(own)] == ["SKIPPED", "SAVED"]
    assert fresh(own).skipped == 0


def test_to_skip_the_last_day_ends_it(ada: User, source: Account) -> None:
    saving = towards(ada, back=30, days=12)
    own = planned(ada, saving, rhythm="WEEKLY", first_date=day(20))
    skipped = automatic.skip_next(automatic=own, user=ada, at=moment(day(20)))
    assert (fresh(own).state, skipped.next_amount) == ("ENDED", None)
    with pytest.raises(refusals.AutomaticOver):
        automatic.skip_next(automatic=own, user=ada, at=moment(day(20)))
    with pytest.raises(refusals.AutomaticOver):
        automatic.resume_automatic(automatic=own, user=ada, at=moment(day(20)))
    assert automatic.stop_automatic(automatic=own, user=ada, at=moment(day(20))).state == "ENDED"


def test_another_amount_holds_for_days_that_wait_as_well(ada: User, saving: UserSavings) -> None:
    own = planned(ada, saving, amount=500_000 * NAIRA)
    work(moment(day(20), EARLY))
    assert run_of(own, day(20)).code == "insufficient_funds"
    with pytest.raises(refusals.AutomaticInvalid):
        automatic.change_amount(automatic=own, user=ada, amount=1, at=moment(day(20)))
    automatic.change_amount(automatic=own, user=ada, amount=2 * EACH, at=moment(day(20)))
    work(moment(day(20), EARLY) + timedelta(days=1))
    assert [amount for _on, _state, amount in runs(own)] == [2 * EACH, 2 * EACH]
    assert balance(saving) == 5 * EACH


def test_stopped_for_good_it_saves_nothing_more(ada: User, saving: UserSavings) -> None:
    own = planned(ada, saving, amount=500_000 * NAIRA)
    work(moment(day(20), EARLY))
    stopped = automatic.stop_automatic(automatic=own, user=ada, at=moment(day(20)), reason="Enough")
    assert (stopped.state, stopped.next_date, stopped.reason) == ("ENDED", None, "Enough")
    mornings(day(19), day(14))
    with acting_as_service():
        [run] = AutoRun.objects.all()
    assert (run.state, run.code, run.reason) == ("SKIPPED", "stopped", "You stopped it.")
    with pytest.raises(refusals.AutomaticOver):
        automatic.change_amount(automatic=own, user=ada, amount=EACH, at=moment(day(13)))


# Towards a target


def test_an_amount_that_follows_a_target_is_shared_out(ada: User, source: Account) -> None:
    saving = towards(ada)  # 12,000 are missing, in weeks 1 to 6
    facts = {"rhythm": "WEEKLY", "first_date": day(43), "at": moment(day(50)), "follows_target": True}
    own = planned(ada, saving, amount=0, **facts)
    assert own.amount == 2 * EACH
    skipped = automatic.skip_next(automatic=own, user=ada, at=moment(day(49)))
    assert skipped.next_amount == fresh(own).amount == 2_400 * NAIRA
    fixed = automatic.change_amount(automatic=own, user=ada, amount=EACH, at=moment(day(49)))
    assert (fixed.amount, fixed.follows_target) == (EACH, False)
    again = automatic.change_amount(
        automatic=own, user=ada, amount=0, follows_target=True, at=moment(day(49))
    )
    assert again.amount == 2_400 * NAIRA


def test_what_goes_on_after_a_pause_is_shared_out_anew(ada: User, source: Account) -> None:
    saving = towards(ada)
    facts = {"rhythm": "WEEKLY", "first_date": day(43), "at": moment(day(50)), "follows_target": True}
    own = planned(ada, saving, amount=0, **facts)
    services.pause_saving(saving_id=saving.pk, user=ada, at=moment(day(49)))
    services.resume_saving(saving_id=saving.pk, user=ada, at=moment(day(30)))
    again = fresh(own)
    assert (again.next_date, again.amount) == (day(29), 3 * EACH)
