"""Paying off by a quote, giving back what was too much, and a new loan that pays off the old one."""

from datetime import time

import pytest
from django.db import transaction

from accounts.models import AuditEvent, Customer, Notification, User
from accounts.tests.factories import make_person
from core.actors import acting_as_service
from credit import servicing_tasks
from credit.models import Application, Loan, LoanTransaction, PayoffQuote, Position, StatusChange
from credit.refusals import LoanNotFound, LoanParked
from credit.replay import Charge, Repay
from credit.services.holding import hold
from credit.services.noting import enter, take_back
from credit.services.paying_off import (
    NothingOwed,
    QuoteExpired,
    QuoteOvertaken,
    kept_quote,
    pay_off,
    quote_payoff,
)
from credit.services.previewing import preview, preview_each
from credit.services.reading import read_loan
from credit.services.refinancing import ReplacesNothing, refinance, to_refinance
from credit.services.refunding import refund
from credit.services.settling import found_to_hold, settle_again
from credit.states import Guard, StateRefused
from credit.terms import Effect
from credit.tests.servicing import ledger_of, open_contract, paid, state_of
from credit.tests.test_repaying import agrees, loan_of
from credit.tests.world import NAIRA, application, bid, contract, day, moment, product
from wallet import services as wallet
from wallet.models import Account
from wallet.refusals import CustomerFrozen, InsufficientFunds

pytestmark = pytest.mark.django_db


@pytest.fixture
def ada() -> User:
    return make_person(email="ada@alajo.test")


def test_a_quote_is_paid_once_exactly_as_it_says_and_the_loan_is_closed(ada: User) -> None:
    loan = loan_of(ada)
    quoted = quote_payoff(loan_id=loan.pk, user=ada, at=moment(day(0)))
    assert quote_payoff(loan_id=loan.pk, user=ada, at=moment(day(0), time(13))).pk == quoted.pk
    assert quoted.expires_at == moment(day(-1), time(0))
    with acting_as_service():
        left = read_loan(loan, on=day(0)).outstanding
    assert (quoted.principal, quoted.interest, quoted.total) == (left.principal, left.interest, left.total)
    first = pay_off(quote_id=quoted.pk, user=ada, at=moment(day(0), time(14)))
    again = pay_off(quote_id=quoted.pk, user=ada, at=moment(day(0), time(15)))
    assert (first.pk, first.amount, first.overpaid) == (again.pk, quoted.total, 0)
    assert ledger_of(first) == {"LOAN_INTEREST": quoted.interest, "LOAN_PRINCIPAL": quoted.principal}
    assert state_of(loan) == "CLOSED_MET"
    with acting_as_service():
        assert Loan.objects.get(pk=loan.pk).closed_on == day(0)
        last = StatusChange.objects.filter(application_id=loan.pk).latest("id")
        assert (last.event, last.was, last.now) == ("repay", "ACTIVE", "CLOSED_MET")
        assert Notification.objects.get(user=ada, event="loan.closed").data["number"] == loan.number
        assert read_loan(loan, on=day(-40)).is_over
    with pytest.raises(StateRefused):
        quote_payoff(loan_id=loan.pk, user=ada, at=moment(day(0), time(16)))
    with pytest.raises(LoanNotFound):
        pay_off(quote_id=quoted.pk, user=make_person(), at=moment(day(0)))
    agrees(loan)


def test_a_quote_that_is_over_or_overtaken_pays_nothing(ada: User) -> None:
    loan = loan_of(ada)
    yesterday = quote_payoff(loan_id=loan.pk, user=ada, at=moment(day(1)))
    today = quote_payoff(loan_id=loan.pk, user=ada, at=moment(day(0)))
    assert today.total > yesterday.total
    with pytest.raises(QuoteExpired):
        pay_off(quote_id=yesterday.pk, user=ada, at=moment(day(0), time(0)))
    paid(ada, loan, 1_000 * NAIRA, at=moment(day(0)))
    with pytest.raises(QuoteOvertaken):
        pay_off(quote_id=today.pk, user=ada, at=moment(day(0), time(13)))
    # A charge overtakes it as well.
    later = quote_payoff(loan_id=loan.pk, user=ada, at=moment(day(0), time(13)))
    with acting_as_service(), transaction.atomic():
        held = hold(loan.pk, user_id=None, at=moment(day(0)))
        enter(held, Charge(day(0), 500, is_penalty=True), kind="PENALTY", amount=500)
        Position.objects.filter(pk=loan.pk).update(penalties_charged=500)
    with pytest.raises(QuoteOvertaken):
        pay_off(quote_id=later.pk, user=ada, at=moment(day(0), time(14)))
    last = quote_payoff(loan_id=loan.pk, user=ada, at=moment(day(0), time(15)))
    row = pay_off(quote_id=last.pk, user=ada, at=moment(day(0), time(15)))
    assert (row.penalties, ledger_of(row)["LOAN_PENALTY"]) == (500, 500)
    assert state_of(loan) == "CLOSED_MET"
    agrees(loan)


def test_a_wallet_that_is_short_or_frozen_pays_nothing_off(ada: User) -> None:
    loan = loan_of(ada, wallet_naira=0)
    quoted = quote_payoff(loan_id=loan.pk, user=ada, at=moment(day(0)))
    with pytest.raises(InsufficientFunds):
        pay_off(quote_id=quoted.pk, user=ada, at=moment(day(0)))
    with acting_as_service():
        Customer.objects.filter(user=ada).update(status="FROZEN")
    with pytest.raises(CustomerFrozen):
        pay_off(quote_id=quoted.pk, user=ada, at=moment(day(0)))
    with acting_as_service():
        assert PayoffQuote.objects.get(pk=quoted.pk).used_at is None
    assert state_of(loan) == "ACTIVE"


def test_what_each_effect_is_shown_to_do_is_what_it_does(ada: User) -> None:
    """The same payment on three loans alike, each with another wish for what is more than asked for."""
    amount, at = 30_000 * NAIRA, moment(day(0))
    shown = {}
    for effect in Effect:
        loan = loan_of(ada)
        previews = preview_each(loan_id=loan.pk, user=ada, amount=amount, at=at)
        assert {one.effect for one in previews} == set(Effect)
        [wanted] = [one for one in previews if one.effect is effect]
        assert wanted.has_choice and wanted.saves > 0
        row = paid(ada, loan, amount, at=at, effect=effect, expected=wanted.paid)
        assert (row.interest, row.principal, row.ahead) == (
            wanted.paid.interest,
            wanted.paid.principal,
            wanted.paid.ahead,
        )
        with acting_as_service():
            reading = read_loan(loan, on=day(0))
        coming = [one for one in reading.rows if one.due > day(0) and one.unpaid]
        assert (len(coming), coming[0].unpaid, coming[-1].due) == (
            wanted.after.count,
            wanted.after.next_amount,
            wanted.after.ends_on,
        )
        assert reading.outstanding.total == wanted.left
        shown[effect] = wanted
        agrees(loan)
    smaller, fewer, postponed = (shown[one] for one in (Effect.SMALLER, Effect.FEWER, Effect.POSTPONED))
    assert smaller.after.count > postponed.after.count >= fewer.after.count
    assert smaller.after.ends_on == postponed.after.ends_on
    assert fewer.after.interest < smaller.after.interest
    assert postponed.after.interest > smaller.after.interest
    # The instalments that are paid already ask nothing any more; those after them are what they were.
    assert postponed.after.next_due > smaller.after.next_due == fewer.after.next_due
    assert smaller.after.then_amount < fewer.after.then_amount == postponed.after.then_amount
    paid(ada, loan, postponed.left, at=at)
    with pytest.raises(StateRefused):
        preview(loan_id=loan.pk, user=ada, amount=amount, at=at)


def test_too_much_goes_back_to_where_it_came_from_once(ada: User) -> None:
    loan = loan_of(ada)
    with acting_as_service():
        source = Account.objects.get(owner=ada, kind="WALLET")
        left = read_loan(loan, on=day(0)).outstanding.total
    paid(ada, loan, left + 5_000, at=moment(day(0)))
    with acting_as_service():
        assert wallet.balance_of(wallet.system_account("LOAN_OVERPAYMENTS")) == 5_000
    with pytest.raises(LoanNotFound):
        refund(loan_id=loan.pk, user=make_person(), at=moment(day(0)))
    first = refund(loan_id=loan.pk, user=ada, at=moment(day(0)))
    assert refund(loan_id=loan.pk, user=None, at=moment(day(0))).pk == first.pk
    assert (first.amount, ledger_of(first)) == (5_000, {"LOAN_REFUND": 5_000})
    assert state_of(loan) == "CLOSED_MET"
    with acting_as_service():
        assert wallet.balance_of(wallet.system_account("LOAN_OVERPAYMENTS")) == 0
        assert Account.objects.get(pk=source.pk).balance == source.balance - left
        assert Loan.objects.get(pk=loan.pk).closed_on == day(0)
    other = loan_of(make_person())
    with acting_as_service():
        owner = other.user
    with pytest.raises(StateRefused):
        refund(loan_id=other.pk, user=owner, at=moment(day(0)))
    agrees(loan)


def test_tasks_give_back_and_pay_off_what_waits_and_one_that_cannot_keeps_no_other(ada: User) -> None:
    loans = [loan_of(ada), loan_of(make_person())]
    for loan in loans:
        with acting_as_service():
            owner, left = loan.user, read_loan(loan, on=day(0)).outstanding.total
        paid(owner, loan, left + 700, at=moment(day(0)))
    with acting_as_service():
        Customer.objects.filter(user=ada).update(status="FROZEN")
    servicing_tasks.refund_loans()
    assert [state_of(loan) for loan in loans] == ["OVERPAID", "CLOSED_MET"]
    with acting_as_service():
        Customer.objects.filter(user=ada).update(status="ACTIVE")
    servicing_tasks.refund_loans()
    servicing_tasks.refinance_loans()
    servicing_tasks.settle_loans()
    for loan in loans:
        assert state_of(loan) == "CLOSED_MET"
        agrees(loan)


def test_a_loan_whose_books_differ_is_not_closed_but_looked_into(ada: User) -> None:
    """A payment without its posting: what is owed is nothing, and all the same the loan stays open."""
    loan = loan_of(ada)
    with acting_as_service(), transaction.atomic():
        held = hold(loan.pk, user_id=None, at=moment(day(20)))
        stray = enter(held, Repay(day(20), 1_000), kind="REPAYMENT", amount=1_000)
    quoted = quote_payoff(loan_id=loan.pk, user=ada, at=moment(day(0)))
    pay_off(quote_id=quoted.pk, user=ada, at=moment(day(0)))
    assert state_of(loan) == "ACTIVE"
    with acting_as_service():
        position = Position.objects.get(pk=loan.pk)
        assert position.parked_at and "payment 2: the ledger moved something else" in position.error
        assert AuditEvent.objects.filter(action="credit.loan.parked", target_id=str(loan.pk)).exists()
    with pytest.raises(LoanParked):
        paid(ada, loan, NAIRA, at=moment(day(0)))
    with acting_as_service(), transaction.atomic():
        Position.objects.filter(pk=loan.pk).update(parked_at=None, error="")
        held = hold(loan.pk, user_id=None, at=moment(day(0)))
        take_back(held, stray, reason="it never came")
        assert found_to_hold(held)[0] == Guard.STILL_OWED
    assert settle_again(loan_id=loan.pk, at=moment(day(0))) == "ACTIVE"
    rest = quote_payoff(loan_id=loan.pk, user=ada, at=moment(day(0)))
    assert 1_000 <= rest.total < 1_100
    pay_off(quote_id=rest.pk, user=ada, at=moment(day(0)))
    assert state_of(loan) == "CLOSED_MET"


def test_a_new_loan_pays_off_the_one_it_replaces_and_both_are_linked(ada: User) -> None:
    old = loan_of(ada, wallet_naira=0)
    with acting_as_service():
        terms = product(old.contract.shares.get().provider, name="Again")
    asked = application(ada, naira=150_000, refinances=old, purpose="REFINANCE")
    made = contract(asked, [bid(asked, terms)])
    with pytest.raises(ReplacesNothing):
        refinance(new_loan_id=asked.pk, at=moment(day(0)))
    new = open_contract(asked, made)
    assert to_refinance() == [new.pk]
    servicing_tasks.refinance_loans()
    row = refinance(new_loan_id=new.pk, at=moment(day(0)))
    assert refinance(new_loan_id=new.pk, at=moment(day(0))).pk == row.pk
    assert (state_of(old), state_of(new), to_refinance()) == ("CLOSED_REFINANCED", "ACTIVE", [])
    with acting_as_service():
        old = Loan.objects.get(pk=old.pk)
        assert (old.replaced_by_id, old.closed_on) == (new.pk, day(0))
        assert read_loan(old, on=day(0)).is_over
        change = StatusChange.objects.filter(application_id=old.pk).latest("id")
        assert (change.event, change.who) == ("refinance", "system")
        assert Application.objects.get(pk=old.pk).ended_at is not None
        assert LoanTransaction.objects.filter(loan=new).count() == 1
    with pytest.raises(ReplacesNothing):
        refinance(new_loan_id=old.pk, at=moment(day(0)))
    with pytest.raises(NothingOwed), acting_as_service(), transaction.atomic():
        kept_quote(hold(old.pk, user_id=None, at=moment(day(0))))
    agrees(old)
