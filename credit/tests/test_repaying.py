"""Payments on a loan: where they go, that they go once, and that ledger, rows and shares say the same to the kobo."""

from decimal import Decimal

import pytest
from django.db.models import Sum

from accounts.models import Customer, User
from accounts.tests.factories import make_person
from core.actors import acting_as_service
from core.ids import posting_id
from credit.allocation import Paid
from credit.models import Loan, LoanStanding, LoanTransaction, Payout, Position, ScheduleVersion
from credit.penalties import LateCharge
from credit.refusals import DayGone, IdReused, LoanNotFound, NotPossible
from credit.services.balancing import differences
from credit.services.folding import fold, kept
from credit.services.proving import prove
from credit.services.reading import Status, read_loan
from credit.services.repaying import SplitChanged
from credit.states import StateRefused
from credit.terms import Effect
from credit.terms_data import standing_data
from credit.tests.servicing import ledger_of, lines_of, paid, pooled, state_of
from credit.tests.world import NAIRA, balance_of, day, lender, lent, moment, product
from wallet import services as wallet
from wallet.models import Account
from wallet.refusals import CustomerFrozen, InsufficientFunds
from wallet.tests.factories import make_wallet

pytestmark = pytest.mark.django_db


@pytest.fixture
def ada() -> User:
    return make_person(email="ada@alajo.test")


def loan_of(user: User, *, back: int = 40, naira: int = 100_000, wallet_naira: int = 200_000) -> Loan:
    """A loan of one lender that asks for no late charge."""
    terms = product(lender(make_person()), late=LateCharge(percent=Decimal(0)))
    return lent(user, terms, naira=naira, at=moment(day(back)), wallet_naira=wallet_naira)


def agrees(loan: Loan) -> None:
    """What is kept is what the events come to, and the ledger and the shares say what the rows say."""
    with acting_as_service():
        loan = Loan.objects.get(pk=loan.pk)
        record = LoanStanding.objects.get(pk=loan.pk)
        standing = kept(record, loan)
        folded = fold(loan, on=standing.day)
        assert standing_data(standing) == standing_data(folded.standing)
        assert Position.objects.get(pk=loan.pk).charged == folded.charged
        assert differences(loan) == []
        assert prove(loan) == []
        assert wallet.verify() == []


def test_a_late_payment_goes_to_what_is_due_first_and_each_part_has_its_line(ada: User) -> None:
    loan = loan_of(ada)
    with acting_as_service():
        reading = read_loan(loan, on=day(0))
        provider = loan.contract.shares.get().provider
    before = balance_of(provider)
    [late] = [row for row in reading.rows if row.is_late]
    assert (late.number, late.unpaid, reading.outstanding.due) == (1, late.payment, late.payment)
    row = paid(ada, loan, late.payment, at=moment(day(0)))
    assert (row.interest, row.principal, row.ahead) == (late.interest, late.principal, 0)
    assert ledger_of(row) == {"LOAN_INTEREST": late.interest, "LOAN_PRINCIPAL": late.principal}
    assert balance_of(provider) == before + late.payment
    with acting_as_service():
        after = read_loan(loan, on=day(0))
        assert (after.rows[0].status, after.outstanding.due, after.days_late) == (Status.PAID, 0, 0)
        assert ScheduleVersion.objects.filter(loan=loan).count() == 1
    assert state_of(loan) == "ACTIVE"
    agrees(loan)


def test_a_payment_on_the_due_day_is_on_time_and_a_day_that_is_over_reads_as_it_was(ada: User) -> None:
    loan = loan_of(ada, back=45)
    with acting_as_service():
        due = read_loan(loan, on=loan.opened_on).rows[0].due
        [first] = [row for row in read_loan(loan, on=due).rows if row.status == Status.DUE]
    paid(ada, loan, first.payment, at=moment(due))
    with acting_as_service():
        reading = read_loan(loan, on=day(0))
        assert (reading.days_late, reading.paid, reading.outstanding.due) == (0, first.payment, 0)
        assert read_loan(loan, on=loan.opened_on).paid == 0
        assert reading.next_row is not None and reading.next_row.number == 2
    agrees(loan)


def test_the_same_payment_twice_is_one_and_with_other_content_it_is_refused(ada: User) -> None:
    loan, key = loan_of(ada), posting_id()
    other = lent(make_person(), product(lender(make_person())), at=moment(day(40)))
    first = paid(ada, loan, 5_000 * NAIRA, at=moment(day(0)), posting_id=key, effect=Effect.FEWER)
    again = paid(ada, loan, 5_000 * NAIRA, at=moment(day(0)), posting_id=key, effect=Effect.FEWER)
    assert again.pk == first.pk
    for field, naira, effect in (("amount", 6_000, Effect.FEWER), ("effect", 5_000, Effect.SMALLER)):
        with pytest.raises(IdReused) as refused:
            paid(ada, loan, naira * NAIRA, at=moment(day(0)), posting_id=key, effect=effect)
        assert refused.value.data["field"] == field
    with acting_as_service():
        stranger = other.user
    with pytest.raises(IdReused):
        paid(stranger, other, 5_000 * NAIRA, at=moment(day(0)), posting_id=key, effect=Effect.FEWER)
    with pytest.raises(LoanNotFound):
        paid(stranger, loan, 5_000 * NAIRA, at=moment(day(0)))
    with acting_as_service():
        assert LoanTransaction.objects.filter(loan=loan, kind="REPAYMENT").count() == 1
    agrees(loan)


def test_no_payment_is_nothing_or_before_the_money_went_out_and_none_is_taken_that_is_not_there(
    ada: User,
) -> None:
    loan = loan_of(ada, wallet_naira=0)
    with pytest.raises(DayGone):
        paid(ada, loan, NAIRA, at=moment(day(41)))
    with pytest.raises(NotPossible):
        paid(ada, loan, 0, at=moment(day(0)))
    with pytest.raises(InsufficientFunds):
        paid(ada, loan, 99_001 * NAIRA, at=moment(day(0)))
    with acting_as_service():
        Customer.objects.filter(user=ada).update(status="FROZEN")
    with pytest.raises(CustomerFrozen):
        paid(ada, loan, 1_000 * NAIRA, at=moment(day(0)))
    with acting_as_service():
        assert LoanTransaction.objects.filter(loan=loan).count() == 1
        assert Account.objects.get(owner=ada, kind="WALLET").balance == 99_000 * NAIRA


def test_what_is_shown_of_a_payment_is_what_is_done_or_it_is_refused(ada: User) -> None:
    loan = loan_of(ada)
    shown = Paid(interest=1, principal=9_999 * NAIRA)
    with pytest.raises(SplitChanged):
        paid(ada, loan, 10_000 * NAIRA, at=moment(day(0)), expected=shown)


def test_a_pooled_loan_is_divided_to_the_kobo_and_each_gets_back_what_it_lent(ada: User) -> None:
    lenders = [lender(make_person(), name=name) for name in ("One", "Two", "Three")]
    make_wallet(ada, amount=500_000 * NAIRA, tier=3)
    offers = [
        (product(provider), naira, Decimal(rate))
        for provider, naira, rate in zip(lenders, (50_001, 33_333, 20_007), (24, 25, 27), strict=True)
    ]
    loan = pooled(ada, offers, at=moment(day(50)))
    for back, amount in ((19, 1_234_567), (10, 3_333_331), (3, 777_777)):
        row = paid(ada, loan, amount, at=moment(day(back)))
        sums = Payout.objects.filter(transaction=row)
        with acting_as_service():
            assert sums.count() == 3
        assert sum(ledger_of(row).values()) == amount
    with acting_as_service():
        left = read_loan(loan, on=day(0)).outstanding.total
    row = paid(ada, loan, left, at=moment(day(0)))
    assert state_of(loan) == "CLOSED_MET"
    assert {line.credit_account_id for line in lines_of(row)} == {one.account_id for one in lenders}
    with acting_as_service():
        assert Loan.objects.get(pk=loan.pk).closed_on == day(0)
        assert not any(
            Payout.objects.filter(transaction__loan=loan)
            .values("share")
            .annotate(sum=Sum("principal"))
            .values_list("sum", flat=True)
        )
    agrees(loan)


def test_more_than_all_is_paid_too_much_and_nothing_can_be_paid_after_the_end(ada: User) -> None:
    loan = loan_of(ada)
    with acting_as_service():
        left = read_loan(loan, on=day(0)).outstanding.total
    row = paid(ada, loan, left + 1_234, at=moment(day(0)))
    assert (row.overpaid, ledger_of(row)["LOAN_OVERPAID"]) == (1_234, 1_234)
    assert state_of(loan) == "OVERPAID"
    with pytest.raises(StateRefused):
        paid(ada, loan, NAIRA, at=moment(day(0)))
    agrees(loan)
