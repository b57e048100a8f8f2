"""Charges at Paystack without its page: each way, each question, and whatever answer is lost."""

from datetime import UTC, datetime

import pytest
from django.utils import timezone

from core.actors import acting_as_service
from wallet.gateways.base import ChargeNotFound, DuplicateReference, GatewayRefused, GatewayUnavailable
from wallet.gateways.direct import ChargesDirectly, Step, Way
from wallet.gateways.paystack import Paystack
from wallet.sandbox import direct_charges, services, virtual_accounts
from wallet.sandbox.cards import CARDS, GOOD_CARD
from wallet.sandbox.models import Fault, SandboxCharge, SandboxDelivery
from wallet.tests.paystack import NOW, adapter, start

REFERENCE, AMOUNT = "direct-1", 250_000
BANK = Way("BANK", bank_code="057", account_number="0000000000")
TRANSFER, USSD = Way("TRANSFER"), Way("USSD", ussd="737")


@pytest.fixture
def paystack(live_server, settings) -> Paystack:
    settings.PAYSTACK_WEBHOOK_URL = f"{live_server.url}/nobody/listens/"
    return adapter(f"{live_server.url}/sandbox/paystack", key=settings.PAYSTACK_SANDBOX_SECRET_KEY)


def begin(paystack: Paystack, way: Way, **changes: object) -> Step:
    asked = {
        "reference": REFERENCE,
        "amount": AMOUNT,
        "currency": "NGN",
        "email": "ada@alajo.test",
        "way": way,
        "metadata": {"payment": "1"},
    }
    return paystack.begin_charge(**(asked | changes))


def fault(kind: str, endpoint: str, remaining: int = 3) -> None:
    with acting_as_service():
        Fault.objects.create(kind=kind, endpoint=endpoint, remaining=remaining)


def card(paystack: Paystack, number: str) -> str:
    """The code of a test card that paid before."""
    start(paystack)
    with acting_as_service():
        made = services.pay(access_code=SandboxCharge.objects.get().access_code, card=CARDS[number], at=NOW)
        return made.card.code


def told() -> list[str]:
    with acting_as_service():
        return list(SandboxDelivery.objects.order_by("pk").values_list("event", flat=True))


def pay_in(number: str, amount: int) -> None:
    with acting_as_service():
        virtual_accounts.deposit(
            number=number, amount=amount, sender_name="EZE CHIDI", narration="", at=timezone.now()
        )


def test_a_bank_account_asks_for_a_birthday_and_a_code(paystack):
    assert isinstance(paystack, ChargesDirectly)
    assert begin(paystack, BANK).awaits == "BIRTHDAY"
    step = paystack.answer_step(reference=REFERENCE, awaited="BIRTHDAY", said="2007-04-15")
    assert (step.awaits, step.state, step.words) == ("OTP", "PENDING", "Please send otp")
    with pytest.raises(GatewayRefused):
        paystack.answer_step(reference=REFERENCE, awaited="OTP", said="000000")
    assert paystack.find_charge(reference=REFERENCE).state == "ABANDONED"
    done = paystack.answer_step(reference=REFERENCE, awaited="OTP", said="123456")
    assert (done.state, done.awaits) == ("SUCCEEDED", "")
    found = paystack.find_charge(reference=REFERENCE)
    assert (found.state, found.amount, found.channel) == ("SUCCEEDED", AMOUNT, "bank")
    assert told() == ["charge.success"]
    with pytest.raises(GatewayRefused):
        paystack.answer_step(reference=REFERENCE, awaited="OTP", said="123456")


def test_a_birthday_given_at_once_is_not_asked_for(paystack):
    way = Way("BANK", bank_code="057", account_number="0000000000", birthday="2007-04-15")
    assert begin(paystack, way).awaits == "OTP"


@pytest.mark.parametrize(
    ("number", "questions"),
    [
        (GOOD_CARD.number, []),
        ("507850785078507812", [("PIN", "1111")]),
        ("5060666666666666666", [("PIN", "1234"), ("OTP", "123456")]),
        ("507850785078507804", [("PIN", "0000"), ("PHONE", "08031234567"), ("OTP", "123456")]),
    ],
)
def test_a_saved_card_asks_what_its_bank_asks(paystack, number, questions):
    step = begin(paystack, Way("CARD", authorization=card(paystack, number)))
    for awaited, said in questions:
        assert (step.state, step.awaits) == ("PENDING", awaited)
        step = paystack.answer_step(reference=REFERENCE, awaited=awaited, said=said)
    assert (step.state, step.awaits) == ("SUCCEEDED", "")


def test_a_pin_given_at_once_is_not_asked_for_and_a_wrong_one_opens_nothing(paystack):
    code = card(paystack, "507850785078507812")
    with pytest.raises(GatewayRefused):
        begin(paystack, Way("CARD", authorization=code, pin="9999"))
    with pytest.raises(ChargeNotFound):
        paystack.step_of(reference=REFERENCE)
    assert begin(paystack, Way("CARD", authorization=code, pin="1111")).state == "SUCCEEDED"


def test_a_bank_with_a_page_of_its_own_gives_its_address(paystack):
    step = begin(paystack, Way("CARD", authorization=card(paystack, "5192602720584796")))
    assert step.awaits == "PAGE" and step.url.startswith(paystack.base_url + "/checkout/")
    with pytest.raises(GatewayRefused):
        paystack.answer_step(reference=REFERENCE, awaited="PAGE", said="yes")


def test_a_phone_dials(paystack):
    step = begin(paystack, USSD)
    assert (step.awaits, step.dial) == ("DIALLING", "*737*33*4*18791#")
    with acting_as_service():
        direct_charges.dial(charge_id=SandboxCharge.objects.get().pk, at=timezone.now())
    assert paystack.step_of(reference=REFERENCE).state == "SUCCEEDED"


def test_a_transfer_pays_by_just_its_amount_and_any_other_is_turned_back(paystack):
    until = datetime(2027, 1, 31, 12, tzinfo=UTC)
    step = begin(paystack, Way("TRANSFER", expires_at=until))
    assert (step.awaits, len(step.account_number), step.bank_name) == ("TRANSFER", 10, "Test Bank")
    assert (step.account_name, step.expires_at) == ("TEST-MANAGED-ACCOUNT", until)
    for amount in (AMOUNT - 1, AMOUNT + 1):
        pay_in(step.account_number, amount)
    assert told() == ["bank.transfer.rejected"] * 2
    assert paystack.find_charge(reference=REFERENCE).state == "ABANDONED"
    pay_in(step.account_number, AMOUNT)
    found = paystack.find_charge(reference=REFERENCE)
    assert (found.state, found.channel) == ("SUCCEEDED", "bank_transfer")
    # The number was for this charge only: what comes later is nobody's.
    pay_in(step.account_number, AMOUNT)
    assert told()[2:] == ["charge.success"] * 2
    assert found.raw["authorization"]["receiver_bank_account_number"] == step.account_number


@pytest.mark.parametrize("kind", ["DROP_REPLY", "BAD_GATEWAY_AFTER"])
def test_an_answer_that_was_lost_is_asked_for_again_and_there_is_one_charge(paystack, kind):
    fault(kind, "charge", remaining=1)
    assert begin(paystack, BANK).awaits == "BIRTHDAY"
    with acting_as_service():
        assert SandboxCharge.objects.count() == 1
    paystack.answer_step(reference=REFERENCE, awaited="BIRTHDAY", said="2007-04-15")
    fault(kind, "charge_submit", remaining=1)
    with pytest.raises(GatewayUnavailable):
        paystack.answer_step(reference=REFERENCE, awaited="OTP", said="123456")
    assert paystack.step_of(reference=REFERENCE).state == "SUCCEEDED"


@pytest.mark.parametrize("kind", ["BAD_GATEWAY_BEFORE", "HTML_503", "TOO_MANY", "WRONG_SHAPE"])
def test_what_cannot_be_asked_is_unknown(paystack, kind):
    fault(kind, "charge")
    with pytest.raises(GatewayUnavailable):
        begin(paystack, BANK)


@pytest.mark.parametrize(
    ("way", "changes"),
    [
        (Way("BANK", bank_code="058", account_number="1234567896"), {}),
        (Way("USSD", ussd="100"), {}),
        (Way("CARD", authorization="AUTH_nobodys"), {}),
        (TRANSFER, {"amount": 9_999}),
        (BANK, {"reference": "../verify"}),
        (BANK, {"email": "nobody"}),
    ],
)
def test_what_cannot_be_charged_is_refused(paystack, way, changes):
    with pytest.raises(GatewayRefused) as error:
        begin(paystack, way, **changes)
    assert not isinstance(error.value, DuplicateReference)


def test_secrets_are_not_shown():
    way = Way("CARD", authorization="AUTH_x", pin="1234", account_number="0000000000", birthday="2007-04-15")
    assert all(secret not in repr(way) for secret in ("AUTH_x", "1234", "0000000000", "2007"))
