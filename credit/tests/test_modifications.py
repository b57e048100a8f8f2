"""A change of what was agreed costs the lender something, or earns it: worked out at the original effective rate."""

from datetime import date
from decimal import Decimal

import pytest
from django.db import IntegrityError, ProgrammingError, transaction
from django.utils import timezone

from accounts.tests.approving import make_colleague
from accounts.tests.factories import make_person
from core.actors import acting_as_service
from credit.models import Loan, LoanModification, ScheduleVersion
from credit.modification import modification, worth
from credit.periods import Calendar
from credit.replay import Capitalise, ChangeRate, Disburse, ReAge, Repay, Reschedule, happen, replay
from credit.services import lender_reports, portfolio
from credit.services.approved import measures
from credit.services.folding import Kind
from credit.terms import Terms
from credit.tests.agreed import accepted, paid_out
from credit.tests.hard import approver, done, is_proven, proposed
from credit.tests.test_measures import approvals_words
from credit.tests.test_portfolio import text_of
from credit.tests.world import day, lender, lent, moment, product
from wallet.tests.approving import approve, browser_of

FEBRUARY = date(2026, 2, 1)
# 2 % a month: 1.02 ^ 12 − 1 a year.
EFFECTIVE = (Decimal("1.02") ** 12 - 1) * 100
LOAN = [Disburse(date(2026, 1, 1), 100_000)]


def terms() -> Terms:
    return Terms(rate=Decimal(24), calendar=Calendar(date(2026, 1, 1)), count=4)


def test_a_lower_rate_is_a_loss_of_what_the_old_instalments_were_worth_more() -> None:
    # Instalments of 262.62. After the first is paid 757.38 is owed, and that is what the old rows are worth:
    # 262.62 ÷ 1.02 + 262.62 ÷ 1.0404 + 262.64 ÷ 1.061208 = 257.4706 + 252.4221 + 247.4915.
    before = replay(terms(), [*LOAN, Repay(FEBRUARY, 26_262)])
    after = happen(before, ChangeRate(FEBRUARY, Decimal(12)))
    # At 12 % they are 257.53, 257.53 and 257.51: 252.4804 + 247.5298 + 242.6574.
    found = modification(before, after, on=FEBRUARY, effective_rate=EFFECTIVE)
    assert (found.carrying, found.present, found.gain) == (75_738, 74_267, -1_471)
    # Longer at the same rate is worth the same, but for the rounding of instalments.
    longer = happen(before, Reschedule(FEBRUARY, 8, None))
    assert abs(modification(before, longer, on=FEBRUARY, effective_rate=EFFECTIVE).gain) <= 1
    with pytest.raises(ValueError):
        worth(before, on=FEBRUARY, effective_rate=Decimal(-100))


def test_what_is_overdue_counts_in_full_and_is_worth_less_once_it_may_be_paid_later_for_nothing() -> None:
    # The first instalment of 262.62 is unpaid on its day: all of 1,000.00 and its interest of 20.00 is worth itself.
    before = replay(terms(), LOAN)
    assert worth(before, on=FEBRUARY, effective_rate=EFFECTIVE) == 102_000
    anew = happen(before, ReAge(FEBRUARY, 3, None))
    # Three of 346.75, the first with the 20.00, the last a kobo more: 366.75 ÷ 1.02 + 346.75 ÷ 1.0404
    # + 346.76 ÷ 1.061208 = 359.5588 + 333.2853 + 326.7597. Nothing is earned on the 20.00 meanwhile.
    found = modification(before, anew, on=FEBRUARY, effective_rate=EFFECTIVE)
    assert (found.present, found.gain) == (101_960, -40)
    # Where it becomes principal, it earns as all else does.
    grown = happen(before, Capitalise(FEBRUARY))
    assert abs(modification(before, grown, on=FEBRUARY, effective_rate=EFFECTIVE).gain) <= 1


@pytest.mark.django_db
def test_each_measure_keeps_what_it_came_to_and_all_who_should_see_it() -> None:
    owner, ada = make_person(), make_person()
    provider = lender(owner)
    loan = lent(ada, product(provider), at=moment(day(45)), wallet_naira=200_000)
    approval = proposed(measures.RATE, loan, rate="12", keeps_instalment=False)
    said = dict(approvals_words(approval))["For the lender, at the original effective rate"]
    assert said.startswith(("-", "−"))
    with acting_as_service():
        assert not LoanModification.objects.exists()  # tried, and taken back
    approve(approval, by=approver())
    done(measures.RESCHEDULE, loan, count=24, first_due=None)
    with acting_as_service():
        lower, longer = LoanModification.objects.select_related("transaction").order_by("transaction__number")
        kept = Loan.objects.get(pk=loan.pk)
        assert lower.version == ScheduleVersion.objects.get(transaction=lower.transaction)
        months = portfolio.modifications(since=day(0).replace(day=1))
        [month] = [one for one in lender_reports.months_of(provider, since=day(0)) if one.modified]
    assert (lower.transaction.kind, longer.transaction.kind) == (Kind.RATE_CHANGE, Kind.RESCHEDULE)
    # The rate that was agreed at first, fees and all, of the contract; not the 12 % of now.
    assert lower.effective_rate == longer.effective_rate == kept.effective_rate > 26
    assert lower.gain < 0 and longer.gain < 0
    desk = browser_of(make_colleague("credit.view_loan"))
    assert said[1:] in text_of(desk.get(f"/staff/credit/loan/{loan.pk}/change/"))
    [told] = months
    assert (told.measures, told.gains, told.losses) == (2, 0, lower.gain + longer.gain)
    assert month.modified == told.net and month.first == timezone.localdate().replace(day=1)
    taken = text_of(desk.get("/staff/credit/loan/portfolio/?csv=modifications"))
    assert f",2,0.00,{Decimal(told.net) / 100:.2f}" in taken
    is_proven(loan)
    with acting_as_service():
        with pytest.raises(ProgrammingError), transaction.atomic():
            LoanModification.objects.update(gain=0)
        with pytest.raises(IntegrityError, match="adds_up"), transaction.atomic():
            longer.pk, longer.gain = None, 1
            longer.save(force_insert=True)


@pytest.mark.django_db
def test_each_lender_of_a_pool_has_its_part_to_the_kobo() -> None:
    at = moment(day(45))
    loan = paid_out(accepted(make_person(), [make_person() for _ in range(3)], at=at), at=at)
    done(measures.RATE, loan, rate="18", keeps_instalment=True)
    with acting_as_service():
        parts = list(LoanModification.objects.filter(loan=loan))
    assert len(parts) == 3
    assert max(one.present for one in parts) - min(one.present for one in parts) <= 1
    assert all(one.gain == one.present - one.carrying < 0 for one in parts)
