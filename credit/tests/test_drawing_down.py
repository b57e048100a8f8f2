"""A loan that is paid out in parts: what each costs and sets aside, what is refused, and all that comes after."""

import random
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import transaction

from accounts.models import Customer, User
from accounts.tests.factories import make_person
from core.actors import acting_as_service
from core.ids import posting_id
from credit import contract_tasks
from credit.agreeing import pool_schedule
from credit.drawdown import Carried, Drawdown, divide_part
from credit.models import (
    Contract,
    Disbursement,
    Loan,
    LoanTransaction,
    Payout,
    ProductTerms,
    ScheduleVersion,
    StatusChange,
)
from credit.offering import pools_well
from credit.product_rules import ProductRules
from credit.refusals import ApplicationNotFound, IdReused
from credit.services import cancelling, disbursing, drawable, drawing_down, lapsing
from credit.services.approved import losses
from credit.services.closing import close_loan
from credit.services.holding import hold
from credit.services.paying_off import pay_off, quote_payoff
from credit.services.portfolio import vintages
from credit.services.proving import prove
from credit.services.reading import read_loan
from credit.services.taking_back import take_payment_back
from credit.states import State, StateRefused
from credit.terms import Method
from credit.terms_data import rules_data
from credit.tests.agreed import accepted, signed, state_of
from credit.tests.hard import done, is_late_by
from credit.tests.servicing import paid
from credit.tests.test_disbursing import wallet_of
from credit.tests.test_signing import refused, told
from credit.tests.world import NAIRA, day, moment
from wallet import services as wallet
from wallet.models import Account, Transaction
from wallet.tests.factories import make_wallet

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
START = day(40)
AT = moment(START)
THIRDS = Drawdown(parts=3, least=Decimal(20), days=90)


def in_parts(
    user: User,
    owners: list[User],
    *,
    rule: Drawdown = THIRDS,
    at: Any = AT,
    naira: int = 100_000,
    **rules: Any,
) -> Contract:
    """Signed by everybody, to be paid out in parts."""
    made = accepted(user, owners, at=at, naira=naira, rules=ProductRules(drawdown=rule, **rules))
    return signed(made, at=at)


def draw(
    made: Contract, user: User, naira: int | Decimal, *, at: Any = AT, key: Any = None
) -> LoanTransaction:
    return drawing_down.draw(
        application_id=made.application_id,
        user=user,
        amount=int(naira * NAIRA),
        posting_id=key or posting_id(),
        at=at,
    )


def loan_of(made: Contract) -> Loan:
    with acting_as_service():
        return Loan.objects.select_related("contract", "application").get(pk=made.application_id)


def left_of(made: Contract) -> drawable.Drawable | None:
    with acting_as_service():
        return drawable.drawable_of(Contract.objects.get(pk=made.pk))


def held_by_lenders() -> list[int]:
    with acting_as_service():
        return sorted(Account.objects.filter(kind="LENDER").values_list("held", flat=True))


def proven(made: Contract) -> None:
    with acting_as_service():
        assert [str(one) for one in prove(loan_of(made))] == []
        assert wallet.verify() == []


def test_three_parts_of_a_pool_cost_and_set_aside_what_the_whole_would() -> None:
    ada, owners = make_person(), [make_person() for _each in range(3)]
    made = in_parts(ada, owners, naira=100_001)
    key = made.application_id
    assert told(ada) == ["loan.ready"]
    assert not disbursing.disburse(application_id=key, at=AT)  # nothing goes out by itself
    assert disbursing.due_payouts(at=AT + 400 * DAY) == []
    reserved = sum(held_by_lenders())
    now = left_of(made)
    assert now is not None
    assert (now.drawn, now.left, now.parts_left) == (0, made.amount, 3)
    assert now.until == START + 90 * DAY

    first = posting_id()
    row = draw(made, ada, 33_333, key=first)
    assert draw(made, ada, 33_333, key=first) == row
    refused(IdReused, lambda: draw(made, ada, 33_334, key=first))
    assert wallet_of(ada).balance == row.amount - row.data["fees"]
    went = 33_333 * NAIRA
    second = draw(made, ada, 25_000, at=AT + 20 * DAY)
    now = left_of(made)
    assert now is not None
    assert (now.drawn, now.parts_left) == (went + 25_000 * NAIRA, 1)
    loan = loan_of(made)
    assert loan.amount == now.drawn
    assert loan.opened_on == START
    third = draw(made, ada, Decimal(now.left) / NAIRA, at=AT + 27 * DAY)
    assert left_of(made) is None
    assert wallet_of(ada).balance == made.received
    assert held_by_lenders() == [0, 0, 0]
    with acting_as_service():
        assert set(Disbursement.objects.values_list("state", flat=True)) == {"PAID"}
        for share in made.shares.all():
            parts = Payout.objects.filter(share=share)
            assert -sum(one.principal for one in parts) == share.amount
            assert sum(one.charges for one in parts) == share.fees
        moved = Transaction.objects.filter(kind__in=("LOAN_PAYOUT", "LOAN_COMMISSION", "VAT"))
        assert sum(one.amount for one in moved) == reserved
        assert [row.on for row in (row, second, third)] == [START, START + 20 * DAY, START + 27 * DAY]
        versions = list(ScheduleVersion.objects.order_by("number"))
        assert [one.number for one in versions] == [1, 2, 3]
        opened = [sum(row.principal for row in one.instalments.all()) for one in versions]
        assert opened[0] == went  # what held before is read for ever
        events = StatusChange.objects.filter(application=key, event="disburse").values_list("was", "now")
        assert list(events.order_by("pk")) == [
            ("SIGNED", "ACTIVE"),
            ("ACTIVE", "ACTIVE"),
            ("ACTIVE", "ACTIVE"),
        ]
    assert told(ada) == ["loan.ready", *["loan.paid_out"] * 3]
    assert told(owners[0]).count("loan.lent") == 3
    proven(made)


def test_each_part_earns_from_its_own_day() -> None:
    """By hand: 24 % a year by actual days of 365 on 40,000 from its day, and on 60,000 from ten days later."""
    ada = make_person()
    made = in_parts(ada, [make_person()], day_count="ACT/365F", method=Method.EQUAL_PRINCIPAL)
    draw(made, ada, 40_000)
    draw(made, ada, 60_000, at=AT + 10 * DAY)
    loan = loan_of(made)
    with acting_as_service():
        first = read_loan(loan, on=START + 10 * DAY).rows[0]
        days = (first.due - first.start).days
        earned = Decimal(24) / 100 / 365 * (40_000 * days + 60_000 * (days - 10)) * NAIRA
        assert first.interest == round(earned)
        close_loan(loan_id=loan.pk, until=START + 25 * DAY)
    proven(made)


@pytest.mark.parametrize(
    ("naira", "at", "error", "data"),
    [
        (19_999, AT, drawable.PartTooSmall, {"least": 20_000 * NAIRA}),
        (60_001, AT, drawable.PartTooLarge, {"left": 60_000 * NAIRA}),
        (20_000, AT + 38 * DAY, drawable.DrawingOver, {"until": (START + 37 * DAY).isoformat()}),
        (20_000, AT + 36 * DAY, drawable.InArrears, {}),
    ],
)
def test_what_may_not_be_asked_for(naira: int, at: Any, error: Any, data: dict[str, Any]) -> None:
    ada, ben = make_person(), make_person()
    made = in_parts(ada, [make_person()], rule=replace(THIRDS, days=37))
    refused(ApplicationNotFound, lambda: draw(made, ben, 40_000))
    refused(drawable.PartTooLarge, lambda: draw(made, ada, 100_001))
    draw(made, ada, 40_000)
    before = held_by_lenders()
    found = refused(error, lambda: draw(made, ada, naira, at=at))
    assert found.data == data
    with acting_as_service():
        assert LoanTransaction.objects.filter(kind="DISBURSEMENT").count() == 1
        assert loan_of(made).amount == 40_000 * NAIRA
    assert held_by_lenders() == before
    proven(made)


def test_after_the_last_day_the_rest_is_the_lenders_again_and_the_loan_stays() -> None:
    ada, owner = make_person(), make_person()
    made = in_parts(ada, [owner], rule=replace(THIRDS, days=25))
    draw(made, ada, 30_000)
    key, last = made.application_id, AT + 25 * DAY
    assert lapsing.undrawn(today=START + 25 * DAY) == []
    assert not lapsing.end_drawing(application_id=key, at=last)
    assert lapsing.undrawn(today=START + 26 * DAY) == [key]
    contract_tasks.release_undrawn()
    assert not lapsing.end_drawing(application_id=key, at=last + DAY)
    assert held_by_lenders() == [0]
    assert state_of(made) == State.ACTIVE
    assert told(ada)[-1] == "loan.undrawn_back"
    assert told(owner)[-1] == "loan.undrawn"
    refused(drawable.NothingToDraw, lambda: draw(made, ada, 20_000, at=last + DAY))
    with acting_as_service():
        assert vintages(since=START, last=day(0), months=1)[0].lent == 30_000 * NAIRA
    proven(made)


def test_what_nobody_asked_for_at_all_expires() -> None:
    ada, owner = make_person(), make_person()
    made = in_parts(ada, [owner], rule=replace(THIRDS, days=25))
    contract_tasks.release_undrawn()
    assert state_of(made) == State.EXPIRED
    assert held_by_lenders() == [0]
    assert told(ada)[-1] == "loan.contract_ended"
    with acting_as_service():
        assert not Loan.objects.exists()
    refused(Exception, lambda: draw(made, ada, 40_000))


def test_the_last_of_so_many_parts_frees_the_rest_and_paying_off_does_too() -> None:
    ada, ben, owner = make_person(), make_person(), make_person()
    made = in_parts(ada, [owner], rule=Drawdown(parts=2, least=Decimal(20), days=90))
    draw(made, ada, 30_000)
    draw(made, ada, 30_000, at=AT + DAY)
    assert held_by_lenders() == [0]
    refused(drawable.NothingToDraw, lambda: draw(made, ada, 40_000, at=AT + DAY))
    proven(made)

    other = in_parts(ben, [make_person()])
    draw(other, ben, 50_000)
    make_wallet(ben, amount=5_000 * NAIRA)
    quoted = quote_payoff(loan_id=other.application_id, user=ben, at=AT + DAY)
    assert quoted.principal == 50_000 * NAIRA  # of what was paid out, and nothing else
    pay_off(quote_id=quoted.pk, user=ben, at=AT + DAY)
    assert state_of(other) == State.CLOSED_MET
    assert held_by_lenders() == [0, 0]
    refused(StateRefused, lambda: draw(other, ben, 20_000, at=AT + 2 * DAY))
    proven(other)


@pytest.mark.parametrize("undone_by", ["the borrower", "staff"])
def test_going_back_after_two_parts_gives_both_back(undone_by: str) -> None:
    ada, owners = make_person(), [make_person(), make_person()]
    made = in_parts(ada, owners)
    key = made.application_id
    draw(made, ada, 30_000)
    draw(made, ada, 20_000)
    received = wallet_of(ada).balance
    if undone_by == "staff":
        cancelling.undo_payout(application_id=key, reason="the wrong loan", at=AT)
        assert state_of(made) == State.SIGNED
        refused(StateRefused, lambda: draw(made, ada, 20_000))
    else:
        cancelling.cancel(application_id=key, user=ada, at=AT)
        assert state_of(made) == State.CANCELLED
    assert wallet_of(ada).balance == 0
    assert received == 49_500 * NAIRA
    assert held_by_lenders() == [0, 0]
    with acting_as_service():
        balances = set(Account.objects.filter(kind="LENDER").values_list("balance", flat=True))
        assert balances == {10_000_000 * NAIRA}
        assert sum(one.principal for one in Payout.objects.all()) == 0
    proven(made)


def test_what_cannot_be_received_is_refused_and_stays_set_aside() -> None:
    ada = make_person()
    made = in_parts(ada, [make_person()])
    before = held_by_lenders()
    with acting_as_service():
        Customer.objects.filter(user=ada).update(status="FROZEN")
    refused(Exception, lambda: draw(made, ada, 40_000))
    assert held_by_lenders() == before
    assert state_of(made) == State.SIGNED
    with acting_as_service():
        assert not Loan.objects.exists()
        Customer.objects.filter(user=ada).update(status="ACTIVE")
    draw(made, ada, 40_000)
    assert state_of(made) == State.ACTIVE


def test_once_it_is_given_up_the_rest_is_the_lenders_again_also_if_that_is_undone() -> None:
    ada = make_person()
    made = in_parts(ada, [make_person()])
    draw(made, ada, 40_000)
    loan = loan_of(made)
    is_late_by(loan, 190)
    done(losses.WRITE_OFF, loan)
    assert held_by_lenders() == [0]
    now = moment(day(0))
    refused(StateRefused, lambda: draw(made, ada, 20_000, at=now))
    done(losses.UNDO, loan)
    assert state_of(made) == State.ACTIVE
    refused(drawable.NothingToDraw, lambda: draw(made, ada, 20_000, at=now))
    proven(made)


def test_a_pool_is_paid_out_in_parts_where_all_its_offers_agree_in_how() -> None:
    plain = rules_data(ProductRules())
    thirds = rules_data(ProductRules(drawdown=THIRDS))
    halves = rules_data(ProductRules(drawdown=Drawdown(parts=2)))
    assert pool_schedule([thirds, thirds]) == thirds
    for rules in ([thirds, plain], [plain, thirds], [thirds, halves]):
        assert pool_schedule(rules) == plain
    assert pools_well(ProductTerms(rules=thirds))
    assert not pools_well(ProductTerms(rules=rules_data(ProductRules(method=Method.FLAT, drawdown=THIRDS))))


def test_random_parts_and_payments_add_up_to_the_kobo_and_clear() -> None:
    """Parts and payments in any order, some taken back: the books agree, and the last payment clears it."""
    chance = random.Random(17)
    ada = make_person()
    rule = Drawdown(parts=6, least=Decimal(5), days=365)
    made = in_parts(ada, [make_person() for _each in range(3)], rule=rule, day_count="ACT/365F")
    make_wallet(ada, amount=900_000 * NAIRA)
    at, drawn, payments = AT, 0, []
    drawn += draw(made, ada, 20_000).amount
    for _each in range(12):
        at += timedelta(days=chance.randint(0, 5))
        loan = loan_of(made)
        with acting_as_service():
            due = read_loan(loan, on=at.date()).outstanding.due
        if due:
            paid(ada, loan, due, at=at)
        what = chance.choice(["draw", "pay", "pay", "take back"])
        now = left_of(made)
        if what == "draw" and now is not None:
            drawn += drawing_down.draw(
                application_id=made.application_id,
                user=ada,
                amount=chance.randint(now.least, max(now.left // 2, now.least)),
                posting_id=posting_id(),
                at=at,
            ).amount
        elif what == "pay":
            payments.append(paid(ada, loan, chance.randint(1, 3_000 * NAIRA), at=at))
        elif what == "take back" and payments:
            back = payments.pop(chance.randrange(len(payments)))
            with acting_as_service(), transaction.atomic():
                held = hold(loan.pk, user_id=None, at=at)
                take_payment_back(
                    held, transaction_id=back.pk, posting_id=posting_id(), reason="it came back"
                )
        loan = loan_of(made)
        assert loan.amount == drawn
        proven(made)
    quoted = quote_payoff(loan_id=loan.pk, user=ada, at=at)
    pay_off(quote_id=quoted.pk, user=ada, at=at)
    assert state_of(made) == State.CLOSED_MET
    with acting_as_service():
        assert sum(one.principal for one in Payout.objects.all()) == 0
        for share in made.shares.all():
            assert sum(one.principal for one in Payout.objects.filter(share=share)) == 0
    assert sum(held_by_lenders()) == 0
    proven(made)


def test_parts_of_shares_add_up_however_they_are_cut() -> None:
    """Pure: any cuts of any shares come to the whole of each, fees with it."""
    chance = random.Random(3)
    for _each in range(300):
        whole = [chance.randint(1, 10 ** chance.randint(1, 9)) for _share in range(chance.randint(1, 5))]
        shares = [
            Carried(posting_id(), amount, *(chance.randint(0, amount) for _fee in range(3)))
            for amount in whole
        ]
        got = {one.id: [0, 0, 0, 0] for one in shares}
        carried = list(shares)
        while left := sum(one.left for one in carried):
            part = divide_part(chance.randint(1, left), carried)
            for slice_ in part:
                sums = got[slice_.id]
                sums[:] = [
                    a + b
                    for a, b in zip(
                        sums, (slice_.amount, slice_.fees, slice_.our_fee, slice_.our_tax), strict=True
                    )
                ]
                assert min(slice_.amount, slice_.fees, slice_.our_fee, slice_.our_tax) >= 0
            carried = [
                Carried(one.id, one.amount, one.fees, one.our_fee, one.our_tax, one.drawn + slice_.amount)
                for one, slice_ in zip(carried, part, strict=True)
            ]
        assert got == {one.id: [one.amount, one.fees, one.our_fee, one.our_tax] for one in shares}
