"""What a payment becomes: money in the wallet, held, or set aside for staff; and who may see it."""

import logging
from collections.abc import Iterator
from datetime import timedelta
from uuid import UUID

import psycopg
import pytest
from django.db import ProgrammingError, connection
from django.utils import timezone

from accounts.models import User
from accounts.tests.factories import make_person
from core.actors import acting_as, acting_as_anon, acting_as_service
from core.embedded import Postgres
from core.ids import uuid7_at
from wallet import services as wallet
from wallet.gateways.base import GatewayUnavailable
from wallet.models import Account, Payment, PaymentGateway
from wallet.refusals import AccountClosed, AccountFrozen, AccountNoCredit
from wallet.services import accounts, gateways
from wallet.tests.deposits import (
    balance,
    balances,
    cases,
    fault,
    freeze,
    install_sandbox,
    notices,
    pay,
    start,
    verify,
)
from wallet.tests.factories import make_wallet

BOOKS = ("PAYSTACK_CLEARING", "GATEWAY_FEES", "SUSPENSE")
FEE = 13_750  # of ₦2,500 by card


@pytest.fixture
def ada(paystack) -> User:
    return make_person()


@pytest.fixture
def purse(ada) -> Account:
    return make_wallet(ada)


def cap(account: Account, kobo: int) -> None:
    with acting_as_service(), connection.cursor() as cursor:
        cursor.execute("select wallet.set_limits(%s, 0, %s)", [account.pk, kobo])


def held(account: Account) -> int:
    with acting_as_service():
        return sum(
            Account.objects.filter(owner=account.owner_id, kind="HELD").values_list("balance", flat=True)
        )


# What was paid is not what was asked.


@pytest.mark.parametrize(
    ("kind", "value", "paid"),
    [
        ("WRONG_AMOUNT", "240000", 240_000),
        ("UNDERPAID", "100000", 100_000),
        ("WRONG_AMOUNT", "300000", 300_000),
    ],
)
def test_another_amount_goes_to_suspense_with_a_case(purse, kind, value, paid):
    fault(kind, value)
    payment = pay(start(purse))
    assert (payment.state, balance(purse)) == ("REVIEW", 0)
    assert balances("SUSPENSE") == (paid,)
    [case] = cases()
    assert (case.kind, case.data["asked"], case.data["paid"]) == ("WRONG_AMOUNT", 250_000, paid)
    assert notices() == ["deposit.review"]
    verify(payment)
    assert (balances("SUSPENSE"), len(cases())) == ((paid,), 1)


def test_nothing_paid_is_a_case_without_a_posting(purse):
    fault("UNDERPAID", "0")
    assert pay(start(purse)).state == "REVIEW"
    assert (balance(purse), balances(*BOOKS), len(cases())) == (0, (0, 0, 0), 1)


def test_another_currency_that_we_do_not_keep_is_a_case_only(purse):
    fault("WRONG_CURRENCY", "USD")
    payment = pay(start(purse))
    assert (payment.state, payment.fee, balance(purse)) == ("REVIEW", None, 0)
    assert balances(*BOOKS) == (0, 0, 0)
    assert [(case.kind, case.data["paid_currency"]) for case in cases()] == [("WRONG_CURRENCY", "USD")]


@pytest.fixture
def dollars(ada, settings) -> Iterator[None]:
    """A second currency with its system accounts, gone again afterwards."""
    dsn = Postgres(settings.TEST_ROOT).dsn(role="postgres", dbname=settings.DATABASES["default"]["NAME"])
    with psycopg.connect(dsn, autocommit=True) as superuser:
        superuser.execute("insert into wallet_currency values ('USD', 2, 'US dollar')")
        with acting_as_service(), connection.cursor() as cursor:
            cursor.execute(
                "select wallet.open_system_account(code, kind, 'USD', normal_side)"
                " from wallet_account where owner_id is null and currency_id = 'NGN'"
            )
        yield
        assert wallet.verify() == []
        superuser.execute("set session_replication_role = replica")
        superuser.execute("delete from wallet_transaction where currency = 'USD'")
        superuser.execute("delete from wallet_account where currency_id = 'USD'")
        superuser.execute("delete from wallet_currency where code = 'USD'")
    accounts._system_account.cache_clear()


def test_another_currency_that_we_keep_goes_to_its_suspense(purse, dollars):
    fault("WRONG_CURRENCY", "USD")
    payment = pay(start(purse))
    assert (payment.state, payment.fee, balance(purse), balances(*BOOKS)) == ("REVIEW", None, 0, (0, 0, 0))
    assert balances(*BOOKS, currency="USD") == (250_000 - FEE, FEE, 250_000)
    assert [case.kind for case in cases()] == ["WRONG_CURRENCY"]


@pytest.mark.parametrize(
    ("kinds", "fees"),
    [(["NULL_FEES"], 0), (["AMOUNT_AS_STRING"], FEE), (["METADATA_ZERO"], FEE), (["CUSTOMER_BEARS_FEE"], 0)],
)
def test_oddly_told_payments_are_credited_in_full(purse, kinds, fees):
    for kind in kinds:
        fault(kind)
    assert pay(start(purse)).state == "SUCCEEDED"
    assert (balance(purse), cases()) == (250_000, [])
    assert balances(*BOOKS) == (250_000 - fees, fees, 0)


def test_what_is_paid_above_the_fee_is_kept_aside_with_a_case(purse):
    fault("CUSTOMER_BEARS_FEE")
    fault("NULL_FEES")
    assert pay(start(purse)).state == "SUCCEEDED"
    assert (balance(purse), balances(*BOOKS)) == (250_000, (250_000 + FEE, 0, FEE))
    assert [case.kind for case in cases()] == ["WRONG_AMOUNT"]


# The account cannot take it.


def test_what_the_tier_forbids_is_held_and_explained(purse):
    cap(purse, 300_000)
    assert pay(start(purse, 200_000)).state == "SUCCEEDED"
    payment = start(purse, 200_000)
    assert pay(payment).state == "HELD"
    verify(payment)
    assert (balance(purse), held(purse)) == (200_000, 200_000)
    assert notices() == ["deposit.succeeded", "deposit.held"]
    assert pay(start(purse, 100_000)).state == "SUCCEEDED"
    assert pay(start(purse, 50_000)).state == "HELD"
    assert (balance(purse), held(purse), cases()) == (300_000, 250_000, [])


@pytest.mark.parametrize(
    ("closed", "error"),
    [("FROZEN", AccountFrozen), ("NO_CREDIT", AccountNoCredit), ("CLOSED", AccountClosed)],
)
def test_an_account_that_takes_nothing_is_not_offered_a_checkout(purse, closed, error):
    with pytest.raises(error):
        start(freeze(purse, closed))


@pytest.mark.parametrize("meanwhile", ["FROZEN", "CLOSED", "NO_CREDIT"])
def test_an_account_that_closed_meanwhile_leaves_the_money_in_suspense(purse, meanwhile):
    payment = start(purse)
    freeze(purse, meanwhile)
    assert pay(payment).state == "REVIEW"
    assert (balance(purse), balances("SUSPENSE")) == (0, (250_000,))
    assert [case.kind for case in cases()] == ["LATE_PAYMENT"]
    freeze(purse, meanwhile)
    verify(payment)
    assert balances("SUSPENSE") == (250_000,)


def test_a_frozen_held_account_leaves_the_money_in_suspense(purse):
    cap(purse, 100_000)
    assert pay(start(purse, 200_000)).state == "HELD"
    with acting_as_service():
        holding = Account.objects.get(owner=purse.owner_id, kind="HELD")
    freeze(holding, "FROZEN")
    assert pay(start(purse, 200_000)).state == "REVIEW"
    assert (held(purse), balances("SUSPENSE")) == (200_000, (200_000,))


def test_a_payment_older_than_posting_ids_may_be_is_credited_once(purse):
    payment = start(purse)
    old = UUID(int=uuid7_at(timezone.now() - timedelta(days=40)).int & ~255)
    with acting_as_service():
        Payment.objects.update(posting_id=old)
    payment = pay(payment)
    assert payment.state == "SUCCEEDED" and payment.posting_id != old
    verify(payment)
    assert balance(purse) == 250_000


# Who sees what.


def count(table: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(f"select count(*) from {table}")
        return cursor.fetchone()[0]


def test_a_payment_is_seen_by_its_owner_only_and_changed_by_nobody(ada, purse):
    start(purse)
    with acting_as(ada):
        assert count("wallet_payment") == 1
    with acting_as(make_person()):
        assert count("wallet_payment") == 0
    for statement in ("update wallet_payment set state = 'SUCCEEDED'", "delete from wallet_payment"):
        with (
            pytest.raises(ProgrammingError, match="permission denied"),
            acting_as(ada),
            connection.cursor() as cursor,
        ):
            cursor.execute(statement)
    with pytest.raises(ProgrammingError, match="permission denied"), acting_as_anon():
        count("wallet_payment")
    with pytest.raises(ProgrammingError, match="permission denied"):
        count("wallet_payment")


@pytest.mark.parametrize("table", ["wallet_paymentgateway", "wallet_webhookevent", "wallet_case"])
def test_gateways_webhooks_and_cases_are_for_the_service_only(ada, table):
    for actor in (acting_as(ada), acting_as_anon()):
        with pytest.raises(ProgrammingError, match="permission denied"), actor:
            count(table)


def test_the_gateways_key_is_sealed_and_never_told(purse, settings, caplog):
    caplog.set_level(logging.DEBUG)
    key = settings.PAYSTACK_SANDBOX_SECRET_KEY
    with acting_as_service(), connection.cursor() as cursor:
        gateway = PaymentGateway.objects.get()
        cursor.execute("select credentials from wallet_paymentgateway")
        stored = cursor.fetchone()[0]
    assert key not in stored and key.removeprefix("sk_test_") not in stored
    adapter = gateways.adapter_of(gateway)
    assert all(key not in text for text in (repr(gateway), str(gateway), repr(adapter), str(adapter)))
    fault("HTML_503", remaining=3)
    with pytest.raises(GatewayUnavailable) as error:
        start(purse)
    assert key not in repr(error.value.data)
    pay(start(purse))
    assert key not in caplog.text


def test_a_rotated_key_works_without_a_restart(purse, settings):
    assert pay(start(purse)).state == "SUCCEEDED"
    settings.PAYSTACK_SANDBOX_SECRET_KEY = "sk_test_rotated"
    install_sandbox("sk_test_rotated")
    assert pay(start(purse)).state == "SUCCEEDED"
    assert balance(purse) == 500_000
