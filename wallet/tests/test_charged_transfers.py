"""Transfers and what they cost: one posting, and to the kobo what was quoted."""

from typing import Any

import pytest
from django.db import DataError, ProgrammingError
from django.utils import timezone
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st

from accounts.models import User
from accounts.tests.factories import make_person
from core.actors import acting_as, acting_as_service
from core.ids import posting_id
from wallet import services as wallet
from wallet.fees import FEE, STAMP_DUTY, VAT, Band, FeeQuote
from wallet.models import Account, Transaction
from wallet.refusals import (
    CustomerLocked,
    InsufficientFunds,
    NotYourAccount,
    PostingIdReused,
    RecipientCannotReceive,
)
from wallet.services.posting import Posting
from wallet.tests.factories import make_wallet
from wallet.tests.ledger import (
    account,
    ask,
    balances,
    denied,
    give,
    lift_limits,
    prove_the_books,
    refused,
    system,
)
from wallet.tests.ledger import set_limits as set_bounds
from wallet.tests.schedules import DUTY, lift_fees, make_schedule

pytestmark = pytest.mark.django_db
SUM = 10_000_00


@pytest.fixture
def ada() -> User:
    return make_person(name="Ada Obi", email="ada@alajo.test")


@pytest.fixture
def bola() -> User:
    return make_person(name="Bola Adé", email="bola@alajo.test")


@pytest.fixture
def purse(ada: User) -> Account:
    return make_wallet(ada, amount=100_000_00, tier=3)


def send(purse: Account, recipient: User, amount: int = SUM, **more: Any) -> Posting:
    with acting_as_service():
        sender = User.objects.get(pk=purse.owner_id)
    with acting_as(sender):
        return wallet.transfer(
            **{"posting_id": posting_id(), "at": timezone.now(), **more},
            source=purse,
            recipient_id=recipient.pk,
            amount=amount,
        )


def quote(purse: Account, amount: int = SUM) -> wallet.TransferQuote:
    with acting_as_service():
        return wallet.quote_transfer(
            source=account(purse.pk), recipient_text="bola@alajo.test", amount=amount, at=timezone.now()
        )


def lines(posting: Posting) -> list[tuple[str, int]]:
    with acting_as_service():
        return list(Transaction.objects.of_posting(posting.id).values_list("kind", "amount"))


def test_a_transfer_and_its_duty_are_one_posting_and_the_sender_pays_both(purse: Account, bola: User) -> None:
    posting = send(purse, bola, note="Rent")
    assert lines(posting) == [("TRANSFER", SUM), ("STAMP_DUTY", DUTY)]
    assert [done.debit_balance for done in posting.transactions] == [90_000_00, 90_000_00 - DUTY]
    assert [done.debit_version for done in posting.transactions] == [2, 3]
    with acting_as_service():
        theirs = Account.objects.get(owner=bola)
        descriptions = Transaction.objects.of_posting(posting.id).values_list("description", flat=True)
        assert set(descriptions) == {"Rent"}
    assert balances(purse.pk, theirs.pk, system("STAMP_DUTY_PAYABLE")) == [90_000_00 - DUTY, SUM, DUTY]
    prove_the_books()


def test_every_charge_goes_to_the_account_of_its_kind(purse: Account, bola: User) -> None:
    make_schedule("TRANSFER", Band(FEE, 0, flat=25_00), Band(STAMP_DUTY, 0, flat=7))
    posting = send(purse, bola, 100)
    with acting_as_service():
        found = Transaction.objects.of_posting(posting.id).select_related("credit_account")
        assert [(line.kind, line.credit_account.code) for line in found][1:] == [
            ("FEE", "FEE_INCOME"),
            ("STAMP_DUTY", "STAMP_DUTY_PAYABLE"),
        ]


def test_limits_count_the_amount_and_not_what_it_costs(purse: Account, bola: User) -> None:
    send(purse, bola)
    assert account(purse.pk).sent == SUM


def test_the_charged_receiver_sees_nothing_of_what_the_sender_paid(purse: Account, bola: User) -> None:
    posting = send(purse, bola)
    with acting_as(bola):
        assert [line.kind for line in Transaction.objects.for_parties().of_posting(posting.id)] == [
            "TRANSFER"
        ]


@pytest.mark.parametrize("missing", [1, DUTY, DUTY + 1])
def test_the_money_must_be_there_for_the_amount_and_its_charges(
    purse: Account, bola: User, missing: int
) -> None:
    set_bounds(purse.pk, floor=100_000_00 - SUM - DUTY + missing, cap=None)
    facts = {"available": SUM + DUTY - missing, "amount": SUM + DUTY, "fees": DUTY}
    with refused(InsufficientFunds, **facts):
        send(purse, bola)
    set_bounds(purse.pk, floor=100_000_00 - SUM - DUTY, cap=None)
    send(purse, bola)


def test_a_quote_is_refused_before_it_is_shown_when_the_charges_do_not_fit(ada: User, bola: User) -> None:
    purse = make_wallet(ada, amount=SUM + DUTY - 1)
    with pytest.raises(InsufficientFunds) as caught:
        quote(purse)
    assert caught.value.public_data == {"available": SUM + DUTY - 1, "fees": DUTY}
    give(purse.pk, 1)
    assert (quote(purse).total, quote(purse).available_after) == (SUM + DUTY, 0)


def test_a_quote_that_was_shown_is_charged_although_the_schedule_changed(purse: Account, bola: User) -> None:
    shown = quote(purse)
    lift_fees()
    assert quote(purse).charges.total == 0
    kept = FeeQuote.from_data(shown.charges.as_data())
    assert lines(send(purse, bola, charges=kept)) == [("TRANSFER", SUM), ("STAMP_DUTY", DUTY)]
    assert lines(send(purse, bola)) == [("TRANSFER", SUM)]


def test_a_repeat_posts_once_and_with_other_charges_is_refused(purse: Account, bola: User) -> None:
    shown, same = quote(purse).charges, posting_id()
    first = send(purse, bola, posting_id=same, charges=shown)
    again = send(purse, bola, posting_id=same, charges=shown)
    assert (first.replayed, again.replayed) == (False, True)
    assert again.transactions == first.transactions
    with refused(PostingIdReused, field="count"):
        send(purse, bola, posting_id=same, charges=FeeQuote("TRANSFER", SUM))
    make_schedule("TRANSFER", Band(STAMP_DUTY, 0, flat=1))
    with refused(PostingIdReused, field="amount"):
        send(purse, bola, posting_id=same)


def test_charges_of_something_else_are_a_mistake_of_the_caller(purse: Account, bola: User) -> None:
    for wrong in (FeeQuote("TRANSFER", SUM + 1), FeeQuote("WITHDRAWAL", SUM)):
        with pytest.raises(ValueError, match="of something else"):
            send(purse, bola, charges=wrong)


def test_a_reversal_gives_back_what_was_charged(purse: Account, bola: User) -> None:
    posting = send(purse, bola)
    with acting_as_service():
        wallet.reverse(posting_id=posting_id(), reverses=posting.id)
    assert balances(purse.pk, system("STAMP_DUTY_PAYABLE")) == [100_000_00, 0]
    assert account(purse.pk).sent == 0
    prove_the_books()


def test_a_wallet_is_opened_for_a_customer_only(purse: Account, bola: User) -> None:
    nobody = make_person(name="Staff")
    with acting_as_service():
        ask("delete from accounts_customer where user_id = %s", nobody.pk)
    with refused(RecipientCannotReceive):
        send(purse, nobody)
    send(purse, bola)


def test_who_may_send_nothing_may_not_be_charged_either(purse: Account, ada: User, bola: User) -> None:
    with acting_as_service():
        ask("update accounts_customer set status = 'LOCKED' where user_id = %s", ada.pk)
    with refused(CustomerLocked):
        send(purse, bola)


RAW = "select * from wallet.send_charged(%s, %s, %s, 'NGN', %s, '', %s::text[], %s::bigint[])"


def test_nobody_is_charged_by_another_by_raw_sql(purse: Account, bola: User) -> None:
    with acting_as(bola), refused(NotYourAccount):
        ask(RAW, posting_id(), purse.pk, bola.pk, 1, ["FEE"], [1])


@pytest.mark.parametrize("kinds", [["BONUS"], ["LEVY"], ["TRANSFER"], ["FEE", "CASHBACK"], [None]])
def test_a_customer_is_charged_what_there_is_by_raw_sql(
    purse: Account, ada: User, bola: User, kinds: list[Any]
) -> None:
    with acting_as(ada), pytest.raises(DataError, match="fee, tax and duty only"):
        ask(RAW, posting_id(), purse.pk, bola.pk, 1, kinds, [1] * len(kinds))


@pytest.mark.parametrize("amounts", [[], [1, 2], [0], [-1], [None]])
def test_charges_without_their_amounts_are_refused(
    purse: Account, ada: User, bola: User, amounts: list[Any]
) -> None:
    before = balances(purse.pk)
    with acting_as(ada), pytest.raises(Exception, match=r"amount|arrays of one length"):
        ask(RAW, posting_id(), purse.pk, bola.pk, 1, ["FEE"], amounts)
    assert balances(purse.pk) == before


def test_anon_calls_nothing(purse: Account, bola: User) -> None:
    with pytest.raises(ProgrammingError, match="permission denied"):
        ask(RAW, posting_id(), purse.pk, bola.pk, 1, ["FEE"], [1])


def test_charges_cannot_be_avoided_by_leaving_the_receiver_in_doubt(purse: Account, ada: User) -> None:
    with acting_as(ada), denied(match="transfers to people"):
        ask(
            "select * from wallet.post(%s, '{FEE}', array[%s]::uuid[], array[%s]::uuid[], '{1}')",
            posting_id(),
            purse.pk,
            system("FEE_INCOME"),
        )


@examples(
    deadline=None,
    max_examples=25,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(amount=st.integers(1, 10**12))
def test_number_13_a_quote_is_the_charge_to_the_kobo(amount: int) -> None:
    sender, receiver = make_person(), make_person()
    source, target = make_wallet(sender, tier=3), make_wallet(receiver, tier=3)
    lift_limits_once()
    give(source.pk, 2 * 10**12)
    with acting_as(sender):
        charges = wallet.charges_of(source=source, amount=amount, at=timezone.now())
    posted = dict(lines(send(source, receiver, amount, charges=charges)))
    assert posted.pop("TRANSFER") == amount
    assert posted == {line.kind: line.amount for line in charges.lines}
    assert balances(source.pk, target.pk) == [2 * 10**12 - charges.gross, amount]
    assert charges.gross == amount + sum(posted.get(kind, 0) for kind in (FEE, VAT, STAMP_DUTY))


def lift_limits_once() -> None:
    with acting_as_service():
        if wallet.rules_on(currency="NGN", at=timezone.now())[3].source != "a test":
            lift_limits()
            make_schedule(
                "TRANSFER",
                Band(FEE, 0, flat=10_00),
                Band(FEE, 5_000_01, flat=25_00),
                Band(STAMP_DUTY, 10_000_00, flat=DUTY),
            )
