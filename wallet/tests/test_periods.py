"""Closed months: number 15 of the ledger's tests has its third part here, that a closed period refuses."""

import threading
from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import DatabaseError, connection, connections
from django.utils import timezone

from accounts import roles
from accounts.services import approvals
from accounts.tests.approving import applied, make_colleague
from accounts.tests.factories import make_person
from core.actors import acting_as_service
from core.ids import posting_id, uuid7
from wallet import services as wallet
from wallet.models import Adjustment, ClosedPeriod, Transaction
from wallet.refusals import PeriodClosed, SameAccount
from wallet.services import periods
from wallet.services.approved import closing
from wallet.services.posting import post_many, run
from wallet.tests.ledger import system, wallets

pytestmark = pytest.mark.django_db

WHY = "The month is over and proven"


def last_month() -> date:
    return periods.month_before(timezone.localdate().replace(day=1))


def in_last_month() -> datetime:
    """A moment of last month in Lagos: its last hour, which in UTC is one before."""
    return periods.start_of(periods.month_after(last_month())) - timedelta(minutes=1)


def dated(moment, *, key=None, amount=100):
    with acting_as_service():
        line = wallet.Line("DEPOSIT", wallet.system_account("PAYSTACK_CLEARING"), system("SUSPENSE"), amount)
        return wallet.post(posting_id=key or posting_id(), lines=[line, line], effective_at=moment)


def close(month=None, by=None):
    return periods.close_period(
        month=month or last_month(), by=by or make_person(), reason=WHY, at=timezone.now()
    )


def reopened(month):
    with acting_as_service():
        return periods.reopen_period(month=month, approval=applied(closing.REOPENING), at=timezone.now())


class TestAClosedMonthRefuses:
    def test_every_way_of_dating_back(self):
        account = wallets(10_000)[0]
        with acting_as_service():
            hold_id = uuid7()
            wallet.place_hold(hold_id=hold_id, account_id=account, amount=500, expires_at=None, reason="test")
            older = wallet.post(
                posting_id=posting_id(),
                lines=[wallet.Line("DEPOSIT", wallet.system_account("PAYSTACK_CLEARING"), account, 5)],
            )
        close()
        moment, clearing = in_last_month(), system("PAYSTACK_CLEARING")
        single = wallet.Line("DEPOSIT", clearing, account, 7)
        ways = [
            ("wallet.post_one(%s, 'DEPOSIT', %s, %s, 7, '', %s)", [posting_id(), clearing, account, moment]),
            (
                "wallet.post(%s, array['DEPOSIT'], array[%s]::uuid[], array[%s]::uuid[], array[7]::bigint[], '', %s)",
                [posting_id(), clearing, account, moment],
            ),
            ("wallet.reverse(%s, %s, '', %s)", [posting_id(), older.id, moment]),
            (
                "wallet.commit_hold(%s, %s, %s, null, 'PAYOUT', '', true, %s)",
                [hold_id, posting_id(), clearing, moment],
            ),
        ]
        for function, parameters in ways:
            with pytest.raises(PeriodClosed) as refused, acting_as_service():
                run(f"select * from {function}", parameters)
            assert refused.value.public_data == {"month": f"{last_month():%Y-%m}"}
        with pytest.raises(PeriodClosed), acting_as_service():
            post_many(postings=[wallet.Single(posting_id(), single)], effective_at=moment)
        assert wallet.verify() == []

    def test_to_the_minute_in_lagos(self):
        close()
        end = periods.start_of(periods.month_after(last_month()))
        with pytest.raises(PeriodClosed):
            dated(end - timedelta(microseconds=1))
        assert not dated(end).replayed

    def test_but_not_a_repeat_of_what_was_posted_before(self):
        key, moment = posting_id(), in_last_month()
        dated(moment, key=key)
        close()
        assert dated(moment, key=key).replayed

    def test_what_is_not_dated_goes_on(self):
        close()
        assert not dated(None).replayed

    def test_and_the_open_month_may_still_be_dated_into(self):
        close()
        assert not dated(timezone.now() - timedelta(milliseconds=1)).replayed


class TestClosing:
    def test_the_figures_are_the_trial_balance_and_prove_themselves(self):
        dated(in_last_month(), amount=250)
        dated(None, amount=999)
        closed = close()
        found = {
            row["kind"]: (row["side"], row["month_debits"], row["month_credits"]) for row in closed.figures
        }
        assert found == {"CLEARING": ("DEBIT", 500, 0), "SUSPENSE": ("CREDIT", 0, 500)}
        assert periods.is_as_closed(closed) and closed.digest == periods.digest_of(closed.figures, "")

    def test_months_are_closed_in_order_and_chained(self):
        before = periods.month_before(last_month())
        first, second = close(before), close()
        assert second.digest == periods.digest_of(second.figures, first.digest)
        reopened(last_month())
        reopened(before)
        with pytest.raises(periods.MonthBeforeOpen):
            close()
        close(before)
        assert close().digest == second.digest

    def test_a_month_that_runs_and_one_that_is_closed_are_refused(self):
        with pytest.raises(periods.MonthNotOver):
            close(timezone.localdate().replace(day=1))
        close()
        with pytest.raises(periods.MonthClosed):
            close()

    def test_what_it_was_closed_with_stays(self):
        close()
        for statement in ("update wallet_closedperiod set digest = 'x'", "delete from wallet_closedperiod"):
            with pytest.raises(DatabaseError), acting_as_service(), connection.cursor() as cursor:
                cursor.execute(statement)


class TestOpeningAgain:
    def test_takes_two_people(self):
        maker = make_colleague(roles.PROPOSE_REOPENING, roles.APPROVE_REOPENING)
        checker = make_colleague(roles.APPROVE_REOPENING)
        month = last_month()
        close(month)
        proposed = approvals.propose(
            action=closing.REOPENING,
            payload={"month": month.isoformat()},
            target=f"month:{month}",
            maker=maker,
            reason="A bank sent its file late",
            at=timezone.now(),
        )
        with pytest.raises(approvals.OtherPersonNeeded):
            approvals.approve(approval_id=proposed.pk, checker=maker, at=timezone.now())
        with pytest.raises(PeriodClosed):
            dated(in_last_month())
        approvals.approve(approval_id=proposed.pk, checker=checker, at=timezone.now())
        assert not dated(in_last_month()).replayed
        with acting_as_service():
            assert ClosedPeriod.objects.get().reopening_id == proposed.pk

    def test_the_last_closed_month_comes_first(self):
        before = periods.month_before(last_month())
        close(before)
        close()
        with pytest.raises(periods.MonthAfterClosed):
            reopened(before)

    def test_the_database_knows_no_reopening_without_an_approval(self):
        close()
        with pytest.raises(DatabaseError), acting_as_service():
            ClosedPeriod.objects.update(reopened_at=timezone.now())


class TestAdjusting:
    def test_a_later_truth_is_posted_later_with_a_link(self):
        key = posting_id()
        wrong = dated(in_last_month(), amount=300)
        close()
        clearing, suspense = system("PAYSTACK_CLEARING"), system("SUSPENSE")
        facts = {
            "posting_id": key,
            "month": last_month(),
            "lines": [wallet.Line("ADJUSTMENT", suspense, clearing, 50)],
            "reason": "Fifty too much",
            "adjusts": wrong.id,
            "at": timezone.now(),
        }
        assert not periods.adjust(**facts).replayed and periods.adjust(**facts).replayed
        with acting_as_service():
            found = Adjustment.objects.get(pk=key)
            posted = Transaction.objects.get(pk=key)
        assert (found.adjusts, found.month, posted.kind) == (wrong.id, last_month(), "ADJUSTMENT")
        assert periods.month_of(posted.effective_at) == timezone.localdate().replace(day=1)

    def test_only_of_a_closed_month_and_never_without_its_posting(self):
        line = wallet.Line("ADJUSTMENT", system("SUSPENSE"), system("PAYSTACK_CLEARING"), 50)
        facts = {"month": last_month(), "reason": "Fifty too much", "at": timezone.now()}
        with pytest.raises(periods.MonthNotClosed):
            periods.adjust(posting_id=posting_id(), lines=[line], **facts)
        close()
        broken = wallet.Line("ADJUSTMENT", line.debit, line.debit, 50)
        with pytest.raises(SameAccount):
            periods.adjust(posting_id=posting_id(), lines=[broken], **facts)
        with acting_as_service():
            assert not Adjustment.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_a_month_waits_for_whoever_dates_into_it_just_now():
    """A posting that began before the month was closed is in it, or is refused; never in it and not in its figures."""
    month, done, refused = last_month(), [], []
    start = threading.Barrier(5)

    def post_some():
        start.wait()
        for _ in range(15):
            try:
                dated(in_last_month())
                done.append(1)
            except PeriodClosed:
                refused.append(1)
        connections.close_all()

    by = make_person()
    threads = [threading.Thread(target=post_some) for _ in range(4)]
    for thread in threads:
        thread.start()
    start.wait()
    closed = close(month, by)
    for thread in threads:
        thread.join()
    assert len(done) + len(refused) == 60
    moved = {row["kind"]: row["month_debits"] for row in closed.figures}
    assert moved.get("CLEARING", 0) == 200 * len(done) and periods.is_as_closed(closed)


@pytest.mark.parametrize(
    ("moment", "month"),
    [
        (datetime(2026, 1, 31, 22, 59, tzinfo=UTC), date(2026, 1, 1)),
        (datetime(2026, 1, 31, 23, 0, tzinfo=UTC), date(2026, 2, 1)),
        (datetime(2024, 2, 29, 23, 30, tzinfo=UTC), date(2024, 3, 1)),
        (datetime(2026, 12, 31, 23, 0, tzinfo=UTC), date(2027, 1, 1)),
    ],
)
def test_a_month_begins_at_midnight_in_lagos(moment, month):
    assert periods.month_of(moment) == month
    assert periods.month_after(periods.month_before(month)) == month
