"""Account numbers at Paystack: one for each customer, and deposits there under references that we never made."""

import json
from datetime import UTC, datetime

import httpx
import pytest
from django.utils import timezone

from core.actors import acting_as_service
from wallet.gateways.base import GatewayRefused, GatewayUnavailable
from wallet.gateways.capabilities import GivesAccounts
from wallet.gateways.paystack import Paystack
from wallet.sandbox import virtual_accounts
from wallet.sandbox.models import Fault, SandboxAccount, SandboxDelivery
from wallet.tests.paystack import adapter


@pytest.fixture
def paystack(live_server, settings) -> Paystack:
    settings.PAYSTACK_WEBHOOK_URL = f"{live_server.url}/nobody/listens/"
    return adapter(f"{live_server.url}/sandbox/paystack", key=settings.PAYSTACK_SANDBOX_SECRET_KEY)


def fault(kind: str, value: str = "", **where: object) -> None:
    with acting_as_service():
        Fault.objects.create(kind=kind, value=value, **where)


def open_for(paystack: Paystack, email: str = "ada@alajo.test", first_name: str = "Ada"):
    return paystack.open_virtual_account(
        reference="", email=email, first_name=first_name, last_name="Obi", phone="08031234567", bvn=""
    )


def opened() -> int:
    with acting_as_service():
        return SandboxAccount.objects.count()


def deposits() -> list[SandboxDelivery]:
    with acting_as_service():
        return list(SandboxDelivery.objects.filter(event="charge.success"))


def pay_in(number: str, amount: int = 500_000):
    with acting_as_service():
        return virtual_accounts.deposit(
            number=number, amount=amount, sender_name="EZE CHIDI", narration="rent", at=timezone.now()
        )


def test_it_gives_accounts_and_a_repeat_gives_the_same(paystack):
    assert isinstance(paystack, GivesAccounts)
    account = open_for(paystack)
    assert (account.bank_name, account.provider, account.active) == ("Test Bank", "test-bank", True)
    assert (len(account.account_number), account.account_name) == (10, "ALAJO/ADA OBI")
    assert open_for(paystack) == account
    assert open_for(paystack, "bola@alajo.test", "Bola").account_number != account.account_number
    assert opened() == 2


@pytest.mark.parametrize("kind", ["DROP_REPLY", "BAD_GATEWAY_AFTER"])
def test_a_lost_answer_opens_no_second_account(paystack, kind):
    fault(kind, endpoint="account")
    assert open_for(paystack).active
    assert opened() == 1


@pytest.mark.parametrize("kind", ["HTML_503", "BAD_GATEWAY_BEFORE", "TOO_MANY", "WRONG_SHAPE"])
def test_an_account_that_was_not_opened_is_unknown_and_opened_by_the_next_try(paystack, kind):
    fault(kind, endpoint="account")
    with pytest.raises(GatewayUnavailable):
        open_for(paystack)
    assert open_for(paystack).active
    assert opened() == 1


@pytest.mark.parametrize(("key", "bank"), [("sk_live_1", "titan-paystack"), ("sk_test_1", "test-bank")])
def test_the_bank_that_keeps_an_account_goes_by_the_mode_of_the_key(scripted, key, bank):
    scripted.answer({"status": True, "data": {"customer_code": "CUS_1", "id": 1}})
    scripted.answer({"status": True, "data": [], "meta": {}})
    scripted.answer({"status": False, "message": "no"}, 400)
    with pytest.raises(GatewayRefused):
        open_for(adapter(scripted.url, key=key))
    assert json.loads(scripted.asked[-1][2]) == {"customer": "CUS_1", "preferred_bank": bank}


def test_a_customer_without_a_name_is_given_none(paystack):
    with pytest.raises(GatewayRefused):
        open_for(paystack, first_name="")


def test_an_account_given_up_is_gone_and_the_next_is_another(paystack):
    first = open_for(paystack)
    for _again in range(2):
        paystack.close_virtual_account(gateway_id=first.gateway_id)
    paystack.close_virtual_account(gateway_id="1")
    assert [account.active for account in paystack.virtual_accounts()] == [False]
    assert open_for(paystack).account_number != first.account_number


def test_a_deposit_comes_under_a_reference_nobody_made_with_who_sent_it(paystack):
    account = open_for(paystack)
    paid = pay_in(account.account_number)
    charge = paystack.find_charge(reference=paid.reference)
    assert (charge.state, charge.amount, charge.fee, charge.channel) == (
        "SUCCEEDED",
        500_000,
        5_000,
        "dedicated_nuban",
    )
    said = charge.raw["authorization"]
    assert (said["channel"], said["receiver_bank_account_number"], said["sender_name"]) == (
        "dedicated_nuban",
        account.account_number,
        "EZE CHIDI",
    )
    assert charge.raw["customer"]["customer_code"] == account.customer_code
    assert paystack.authorization_of(charge) is None


def test_money_also_comes_into_numbers_that_nobody_was_given(paystack):
    account = open_for(paystack)
    fault("UNKNOWN_ACCOUNT")
    paid = pay_in(account.account_number)
    said = paystack.find_charge(reference=paid.reference).raw
    assert said["authorization"]["receiver_bank_account_number"] == virtual_accounts.NOBODYS
    assert said["customer"]["customer_code"] != account.customer_code


def test_paystack_looks_again_for_a_deposit_it_did_not_tell_of(paystack):
    account = open_for(paystack)
    fault("DROP_WEBHOOK")
    pay_in(account.account_number)
    assert [delivery.state for delivery in deposits()] == ["DROPPED"]
    asked = {"account_number": account.account_number, "provider": account.provider}
    paystack.look_for_deposits(**asked, on=timezone.localdate())
    assert [delivery.tries for delivery in deposits()] == [1]
    with pytest.raises(GatewayRefused):
        paystack.look_for_deposits(**asked, on=timezone.localdate())
    with pytest.raises(GatewayRefused):
        paystack.look_for_deposits(account_number="1", provider="test-bank", on=timezone.localdate())


def test_an_account_may_be_asked_for_in_one_go_and_is_told_of_by_webhook(paystack):
    who = {"email": "a@b.test", "first_name": "Ada", "last_name": "Obi", "phone": "08031234567"}
    paystack.assign_virtual_account(**who)
    paystack.assign_virtual_account(**who, bvn="33333333333", account_number="0111111111", bank_code="007")
    with acting_as_service():
        told = list(SandboxDelivery.objects.order_by("pk").values_list("event", flat=True))
    assert told == ["dedicatedaccount.assign.success", "dedicatedaccount.assign.failed"]


def test_the_banks_that_keep_accounts_are_known(paystack):
    assert "wema-bank" in paystack.account_providers()


def test_a_customer_is_known_by_address(paystack):
    known = paystack.make_customer(email="a@b.test", first_name="Ada", last_name="Obi")
    assert paystack.make_customer(email="a@b.test", first_name="Ada", last_name="Obi", phone="1") == known


@pytest.mark.parametrize(("amount", "fee"), [(1, 0), (50, 1), (2_999_999, 30_000), (10**9, 30_000)])
def test_fees_of_deposits_follow_the_price_list(amount, fee):
    assert virtual_accounts.deposit_fee(amount) == fee


def test_the_control_is_asked_with_the_key_only(live_server, settings):
    url = f"{live_server.url}/sandbox/paystack/deposits"
    body = {"account_number": "9000000000", "amount": 5000}
    assert httpx.post(url, json=body).status_code == 401
    key = {"Authorization": f"Bearer {settings.PAYSTACK_SANDBOX_SECRET_KEY}"}
    settings.PAYSTACK_WEBHOOK_URL = f"{live_server.url}/nobody/listens/"
    answer = httpx.post(url, json=body, headers=key).json()["data"]
    assert datetime.fromisoformat(answer["paid_at"]).astimezone(UTC) <= timezone.now()
