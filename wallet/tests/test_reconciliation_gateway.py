"""The gateway's own ledger, asked for over HTTP: what it tells of a day is what our books say of it."""

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.tests.factories import make_person
from core.actors import acting_as_service
from wallet import reconciliation_tasks
from wallet import services as wallet
from wallet.gateways.base import GatewayUnavailable
from wallet.models import Account, Break, GatewayRow, PaymentGateway, Refund, RowImport
from wallet.sandbox import refunds as paying_back
from wallet.sandbox.models import SandboxRefund
from wallet.services import reconciliation
from wallet.tests import xpress_wallet as xpress
from wallet.tests.deposits import calls_answered_again, fault, pay, start
from wallet.tests.factories import make_wallet
from wallet.tests.money_in import (
    decide_dispute,
    end_refund,
    paid,
    raise_dispute,
    refund_at_the_gateway,
    spend,
)
from wallet.tests.payouts import add_bank_account, check, decide, now, order, request

pytestmark = pytest.mark.django_db(transaction=True)


def ask() -> RowImport:
    with acting_as_service():
        gateway = PaymentGateway.objects.get()
    return reconciliation.import_day(
        gateway=gateway, currency="NGN", on=timezone.localdate(), at=timezone.now()
    )


def clearing() -> Account:
    with acting_as_service():
        return Account.objects.get(pk=wallet.system_account("PAYSTACK_CLEARING"))


def test_what_customers_paid_in_is_found_by_the_gateways_own_ids(paystack, settings):
    settings.SANDBOX_OPENING_BALANCE = 0
    account = make_wallet(make_person(), tier=3)
    for amount in (250_000, 90_000):
        assert pay(start(account, amount)).is_credited
    done = ask()
    assert (done.state, done.new_rows) == ("DONE", 2)
    run = reconciliation.reconcile(account_id=clearing().pk, at=timezone.now())
    assert (run.open, run.matched) == (0, 0)
    with acting_as_service():
        last = GatewayRow.objects.latest("at", "balance")
        assert last.balance == wallet.balance_of(clearing().pk)
        assert not Break.objects.exists()
    assert ask().known_rows == 2


def test_a_payout_its_fee_and_its_return_are_one(paystack, settings):
    settings.SANDBOX_OPENING_BALANCE, settings.SANDBOX_TRANSFER_SECONDS = 0, 3600
    person = make_person(name="Ada Obi")
    account = make_wallet(person, tier=3)
    assert pay(start(account, 2_000_000)).is_credited
    payout = order(request(account, add_bank_account(person), 500_000))
    decide(payout, "SUCCESS")
    ask()
    run = reconciliation.reconcile(account_id=clearing().pk, at=timezone.now())
    assert (run.open, differences()) == (0, [])
    decide(payout, "REVERSED")
    check(payout)
    ask()
    reconciliation.reconcile(account_id=clearing().pk, at=timezone.now())
    # It gives its fee back with the money, and says so: our books follow.
    assert (differences(), now(payout).gateway_fee) == ([], 0)
    with acting_as_service():
        assert wallet.balance_of(wallet.system_account("GATEWAY_FEES")) == 40_000  # of the deposit alone
        told = GatewayRow.objects.filter(source="TRANSFER")
        assert set(told.values_list("key", flat=True)) == {now(payout).posting_id}


def test_what_we_bear_of_a_refund_or_a_dispute_is_one_with_what_its_customer_gave(paystack, settings):
    settings.SANDBOX_OPENING_BALANCE, settings.SANDBOX_TRANSFER_SECONDS = 0, 3600
    account = make_wallet(make_person(), tier=3)
    refunded, disputed = paid(account, 250_000), paid(account, 250_000)
    raise_dispute(disputed, 250_000)
    spend(account, 200_000)
    refund_at_the_gateway(refunded, 200_000)
    end_refund("PROCESSED")
    decide_dispute(lost=True)
    second = paid(account, 100_000)
    spend(account, 100_000)
    refund_at_the_gateway(second, 100_000)
    end_refund("PROCESSED")
    with acting_as_service():
        told = Refund.objects.order_by("pk").values_list("shortfall", flat=True)
        assert list(told) == [150_000, 100_000]
    ask()
    run = reconciliation.reconcile(account_id=clearing().pk, at=timezone.now())
    assert (run.open, differences()) == (0, [])
    with acting_as_service():
        SandboxRefund.objects.update(status="PENDING")
        for made in SandboxRefund.objects.order_by("pk"):
            paying_back.decide(refund_id=made.pk, status="FAILED", at=timezone.now())
    ask()
    run = reconciliation.reconcile(account_id=clearing().pk, at=timezone.now())
    assert (run.open, differences()) == (0, [])


def differences() -> list[tuple]:
    with acting_as_service():
        return list(
            Break.objects.unresolved().order_by("pk").values_list("kind", "gateway_amount", "book_amount")
        )


def test_an_import_that_was_cut_off_is_begun_anew(paystack, settings):
    settings.SANDBOX_OPENING_BALANCE = 0
    assert pay(start(make_wallet(make_person(), tier=3), 250_000)).is_credited
    fault("HTML_503", remaining=9)
    with pytest.raises(GatewayUnavailable):
        ask()
    with acting_as_service():
        assert RowImport.objects.get().state == "FAILED"
    calls_answered_again()
    assert ask().new_rows == 1


def test_each_morning_all_gateways_are_asked_and_matched(paystack, settings):
    settings.SANDBOX_OPENING_BALANCE = 0
    assert pay(start(make_wallet(make_person(), tier=3), 250_000)).is_credited
    with acting_as_service():
        gateway = PaymentGateway.objects.get()
    today = timezone.localdate()
    reconciliation_tasks.ask_gateway(gateway=gateway.pk, currency="NGN", day=today.isoformat())
    reconciliation_tasks.ask_gateway(gateway=gateway.pk, currency="USD", day=today.isoformat())
    reconciliation_tasks.reconcile_yesterday()
    with acting_as_service():
        assert set(RowImport.objects.values_list("until", flat=True)) == {today, today + timedelta(days=1)}
        assert GatewayRow.objects.count() == 1 and not Break.objects.exists()


def test_at_a_gateway_that_reckons_in_parts_of_a_kobo_the_day_fits_to_the_kobo(xpress_wallet, settings):
    settings.SANDBOX_OPENING_BALANCE = 0
    person = make_person(name="Ada Obi")
    account = make_wallet(person, tier=3, amount=1_000_000)
    for amount in ("1000.55", "3333.33", "777.77"):
        xpress.pay_in("5000000001", amount)
    bank = xpress.add_bank_account(person)
    fault("TRANSFER_FAILS")
    for amount in (100_000, 110_000, 120_000):
        check(order(request(account, bank, amount)))
    back = order(request(account, bank, 50_000))
    xpress.decide(back, "return")
    done = ask()
    # Three that came in, two that went out and stayed out, one that went and came back.
    assert (done.state, done.new_rows) == ("DONE", 7)
    with acting_as_service():
        there = Account.objects.get(pk=wallet.system_account("XPRESS_WALLET_CLEARING"))
    run = reconciliation.reconcile(account_id=there.pk, at=timezone.now())
    assert (run.open, differences()) == (0, [])
    with acting_as_service():
        assert wallet.balance_of(there.pk) == round(xpress.there() * 100)
