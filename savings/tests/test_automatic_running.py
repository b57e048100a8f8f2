"""Automatic saving on its days: each once, however often and late the task runs, whatever stands in the way."""

from datetime import date, timedelta

import pytest

from accounts.models import User
from core.actors import acting_as_service
from savings import services
from savings.models import AutoRun, Move, StateChange, UserSavings
from savings.services import automatic
from savings.tests.saving_itself import (
    EARLY,
    empty,
    fresh,
    mornings,
    planned,
    quiet,
    refill,
    run_of,
    runs,
    towards,
    work,
)
from savings.tests.world import DAY, NAIRA, balance, day, funded, moment, opened
from wallet import services as wallet
from wallet.models import Account
from wallet.tests.deposits import at_once, notices

pytestmark = pytest.mark.django_db
EACH = 1_000 * NAIRA


@pytest.fixture
def source(ada: User) -> Account:
    return funded(ada)


@pytest.fixture
def saving(ada: User, source: Account) -> UserSavings:
    return opened(ada, quiet(), at=moment(day(30)))


def test_a_day_is_saved_once_however_often_the_task_runs(ada: User, saving: UserSavings) -> None:
    own = planned(ada, saving)
    for _again in range(3):
        work(moment(day(20), EARLY))
    assert runs(own) == [(day(20), "SAVED", EACH)]
    assert balance(saving) == 2 * EACH
    with acting_as_service():
        run = AutoRun.objects.get()
        assert Move.objects.get(pk=run.posting_id).value_date == day(20)
    work(moment(day(19), EARLY))
    assert (balance(saving), len(runs(own))) == (3 * EACH, 2)


def test_days_that_were_missed_are_caught_up_with_each_once(ada: User, saving: UserSavings) -> None:
    own = planned(ada, saving, rhythm="WEEKLY", first_date=day(20))
    work(moment(day(1), EARLY))
    assert [on for on, _state, _amount in runs(own)] == [day(20), day(13), day(6)]
    assert {state for _on, state, _amount in runs(own)} == {"SAVED"}
    with acting_as_service():  # no interest for money that was not there
        days = Move.objects.filter(saving=saving, amount=EACH).values_list("value_date", flat=True)
        assert sorted(days) == [day(30), day(1), day(1), day(1)]


def test_a_clock_that_is_set_back_saves_nothing_twice(ada: User, saving: UserSavings) -> None:
    own = planned(ada, saving)
    work(moment(day(18), EARLY))
    for back in (20, 19, 25, 18):
        work(moment(day(back), EARLY))
    assert [on for on, _state, _amount in runs(own)] == [day(20), day(19), day(18)]
    assert balance(saving) == 4 * EACH
    work(moment(day(17), EARLY))
    assert len(runs(own)) == 4


def test_a_month_keeps_the_day_that_it_was_planned_for(ada: User, source: Account) -> None:
    first = date(day(0).year - 1, 1, 31)
    saving = opened(ada, quiet(), at=moment(first - DAY))
    own = planned(ada, saving, rhythm="MONTHLY", first_date=first, at=moment(first))
    work(moment(date(first.year, 4, 30), EARLY))
    february = date(first.year, 3, 1) - DAY
    assert [on for on, _state, _amount in runs(own)] == [
        first,
        february,
        date(first.year, 3, 31),
        date(first.year, 4, 30),
    ]


# What stands in the way


def test_money_that_is_short_is_tried_again_on_three_days_and_then_skipped(
    ada: User, saving: UserSavings, source: Account
) -> None:
    own = planned(ada, saving, rhythm="MONTHLY")
    empty(source, leave=999)
    tried = []
    for back in range(20, 13, -1):
        work(moment(day(back), EARLY))
        run = run_of(own, day(20))
        tried.append((run.state, run.tries))
    assert tried == [
        ("DUE", 1),
        ("DUE", 2),
        ("DUE", 2),
        ("DUE", 3),
        ("DUE", 3),
        ("SKIPPED", 3),
        ("SKIPPED", 3),
    ]
    assert (run.code, run.reason) == ("insufficient_funds", "There is not enough money available.")
    assert balance(saving) == EACH and fresh(own).skipped == 1
    assert notices() == ["saving.waiting", "saving.skipped"]


def test_money_that_came_meanwhile_is_saved_and_counts_from_that_day(
    ada: User, saving: UserSavings, source: Account
) -> None:
    own = planned(ada, saving, rhythm="MONTHLY")
    gone = empty(source)
    mornings(day(20), day(18))
    refill(source, gone)
    mornings(day(17), day(14))
    run = run_of(own, day(20))
    assert (run.state, run.code, run.next_try_at) == ("SAVED", "", None)
    with acting_as_service():
        assert Move.objects.get(pk=run.posting_id).value_date == day(17)
        assert wallet.verify() == []


def test_three_days_skipped_in_a_row_pause_the_saving(
    ada: User, saving: UserSavings, source: Account
) -> None:
    own = planned(ada, saving)
    empty(source)
    mornings(day(20), day(12))
    with acting_as_service():
        assert UserSavings.objects.get().state == "PAUSED"
        change = StateChange.objects.latest("pk")
    assert (change.event, change.reason) == ("pause", "Nothing could be saved three times in a row.")
    assert (fresh(own).skipped, fresh(own).next_date) == (3, None)
    states = [state for _on, state, _amount in runs(own)]
    assert set(states) == {"SKIPPED"} and len(states) == 8
    assert notices()[-1] == "saving.paused_itself"
    assert notices().count("saving.skipped") == 2


def test_a_day_saved_between_starts_the_count_anew(ada: User, saving: UserSavings, source: Account) -> None:
    own = planned(ada, saving, rhythm="WEEKLY", first_date=day(29), at=moment(day(29)))
    gone = empty(source)
    mornings(day(29), day(16))
    assert fresh(own).skipped == 2
    refill(source, gone)
    mornings(day(15), day(15))
    assert fresh(own).skipped == 0


def test_what_falls_into_a_pause_is_left_out(ada: User, saving: UserSavings) -> None:
    own = planned(ada, saving)
    mornings(day(20), day(19))
    services.pause_saving(saving_id=saving.pk, user=ada, at=moment(day(18), EARLY))
    mornings(day(18), day(15))
    services.resume_saving(saving_id=saving.pk, user=ada, at=moment(day(14)))
    mornings(day(14), day(13))
    assert [on for on, _state, _amount in runs(own)] == [day(20), day(19), day(14), day(13)]


def test_a_pause_that_no_task_ran_in_is_left_out_too(ada: User, saving: UserSavings) -> None:
    own = planned(ada, saving)
    services.pause_saving(saving_id=saving.pk, user=ada, at=moment(day(19), EARLY))
    services.resume_saving(saving_id=saving.pk, user=ada, at=moment(day(14)))
    work(moment(day(13), EARLY))
    assert [on for on, _state, _amount in runs(own)] == [day(14), day(13)]


def test_nothing_is_taken_for_a_frozen_saving_and_it_goes_on_once_it_is_lifted(
    ada: User, saving: UserSavings
) -> None:
    own = planned(ada, saving)
    services.freeze_saving(saving_id=saving.pk, reason="a court", at=moment(day(20), EARLY))
    mornings(day(20), day(18))
    assert runs(own) == []
    services.lift_saving(saving_id=saving.pk, reason="a court", at=moment(day(17)))
    mornings(day(17), day(17))
    assert [on for on, _state, _amount in runs(own)] == [day(17)]


def test_a_day_that_waits_when_the_saving_is_paused_is_not_tried_again(
    ada: User, saving: UserSavings, source: Account
) -> None:
    own = planned(ada, saving)
    gone = empty(source)
    work(moment(day(20), EARLY))
    services.pause_saving(saving_id=saving.pk, user=ada, at=moment(day(20)))
    refill(source, gone)
    mornings(day(19), day(14))
    run = run_of(own, day(20))
    assert (run.state, run.code, fresh(own).skipped) == ("SKIPPED", "paused", 0)
    assert balance(saving) == EACH


def test_it_ends_with_its_saving(ada: User, saving: UserSavings) -> None:
    own = planned(ada, saving)
    quote = services.quote_closing(saving_id=saving.pk, user=ada, at=moment(day(19)))
    assert quote.is_early is False
    target = towards(ada)
    weekly = planned(ada, target, rhythm="WEEKLY", amount=EACH)
    quote = services.quote_closing(saving_id=target.pk, user=ada, at=moment(day(19)))
    services.end_saving(quote_id=quote.pk, user=ada, at=moment(day(19)))
    assert (fresh(weekly).state, fresh(weekly).next_date, fresh(weekly).reason) == (
        *("ENDED", None),
        "The saving has ended.",
    )
    mornings(day(19), day(10))
    assert runs(weekly) == [] and len(runs(own)) == 11


def test_the_last_day_before_the_end_is_the_last(ada: User, source: Account) -> None:
    saving = towards(ada, naira=100_000, back=30, days=21)  # it matures on day(9)
    own = planned(ada, saving, rhythm="WEEKLY", first_date=day(23), at=moment(day(23)))
    mornings(day(23), day(8))
    assert [on for on, _state, _amount in runs(own)] == [day(23), day(16)]
    assert fresh(own).state == "ENDED"


def test_one_that_waits_past_the_end_is_given_up(ada: User, source: Account) -> None:
    saving = towards(ada, naira=100_000, back=30, days=21)
    own = planned(ada, saving, rhythm="WEEKLY", first_date=day(10), at=moment(day(12)))
    empty(source)
    mornings(day(10), day(10))
    work(moment(day(9), EARLY))
    assert (run_of(own, day(10)).state, run_of(own, day(10)).reason) == ("SKIPPED", "The saving has ended.")


def test_the_first_money_by_itself_starts_a_draft_and_three_skips_pause_only_the_automatic(
    ada: User, source: Account
) -> None:
    draft = opened(ada, quiet(), naira=0, at=moment(day(25)))
    own = planned(ada, draft)
    gone = empty(source)
    mornings(day(20), day(13))
    assert (fresh(own).state, fresh(own).reason) == ("PAUSED", "Nothing could be saved three times in a row.")
    refill(source, gone)
    automatic.resume_automatic(automatic=own, user=ada, at=moment(day(12)))
    mornings(day(11), day(11))
    with acting_as_service():
        started = UserSavings.objects.get()
    assert (started.state, started.opened_on) == ("ACTIVE", day(11))


# At once, and killed


@pytest.mark.django_db(transaction=True)
def test_many_workers_at_once_save_each_day_once(ada: User) -> None:
    funded(ada)
    saving = opened(ada, quiet(), at=moment(day(30)))
    own = planned(ada, saving, rhythm="WEEKLY")
    at = moment(day(1), EARLY)
    assert at_once(*[lambda: work(at)] * 6) == []
    work(at)
    assert [state for _on, state, _amount in runs(own)] == ["SAVED"] * 3
    with acting_as_service():
        assert Move.objects.filter(amount=EACH, value_date=day(1)).count() == 3
        assert wallet.verify() == []


@pytest.mark.django_db(transaction=True)
def test_one_run_by_two_at_once_saves_once(ada: User) -> None:
    funded(ada)
    saving = opened(ada, quiet(), at=moment(day(30)))
    planned(ada, saving)
    at = moment(day(20), EARLY)
    automatic.make_due_runs(at=at)
    run_id = automatic.take_due_run(at=at)
    assert run_id is not None
    assert automatic.take_due_run(at=at) is None
    assert at_once(*[lambda: automatic.run_automatic(run_id=run_id, at=at)] * 4) == []
    assert balance(saving) == 2 * EACH


@pytest.mark.django_db(transaction=True)
def test_who_dies_between_the_debit_and_the_word_of_it_leaves_a_day_that_is_due(ada: User) -> None:
    funded(ada)
    saving = opened(ada, quiet(), at=moment(day(30)))
    own = planned(ada, saving)
    at = moment(day(20), EARLY)
    automatic.make_due_runs(at=at)
    run_id = automatic.take_due_run(at=at)
    assert run_id is not None
    with pytest.raises(KeyboardInterrupt), acting_as_service():
        assert automatic.run_automatic(run_id=run_id, at=at).state == "SAVED"
        assert balance(saving) == 2 * EACH
        raise KeyboardInterrupt
    assert (balance(saving), runs(own)) == (EACH, [(day(20), "DUE", EACH)])
    work(at + timedelta(minutes=4))
    assert balance(saving) == EACH
    work(at + timedelta(minutes=5))
    assert (balance(saving), runs(own)) == (2 * EACH, [(day(20), "SAVED", EACH)])
