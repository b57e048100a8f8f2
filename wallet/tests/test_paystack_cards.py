"""Saved cards at Paystack: charged once for each reference, and only where they may be."""

import pytest

from core.actors import acting_as_service
from wallet.gateways.base import GatewayRefused, GatewayUnavailable
from wallet.gateways.capabilities import Authorization, ChargesCards
from wallet.gateways.paystack import Paystack
from wallet.sandbox import card_steps, services
from wallet.sandbox.cards import CARDS, GOOD_CARD, TestCard
from wallet.sandbox.models import Fault, SandboxCharge, SandboxDelivery
from wallet.tests.paystack import NOW, adapter, start

AGAIN = "again-1"


@pytest.fixture
def paystack(live_server, settings) -> Paystack:
    settings.PAYSTACK_WEBHOOK_URL = f"{live_server.url}/nobody/listens/"
    return adapter(f"{live_server.url}/sandbox/paystack", key=settings.PAYSTACK_SANDBOX_SECRET_KEY)


def fault(kind: str, value: str = "", **where: object) -> None:
    with acting_as_service():
        Fault.objects.create(kind=kind, value=value, **where)


def saved(paystack: Paystack, card: TestCard = GOOD_CARD) -> Authorization | None:
    """A card that paid ₦2,500."""
    start(paystack)
    with acting_as_service():
        code = SandboxCharge.objects.get(reference="dep-1").access_code
        services.pay(access_code=code, at=NOW, card=card)
    return paystack.authorization_of(paystack.find_charge(reference="dep-1"))


def charge(paystack: Paystack, code: str, **changes: object):
    asked = {
        "reference": AGAIN,
        "amount": 100_000,
        "currency": "NGN",
        "email": "ada@alajo.test",
        "authorization": code,
        "metadata": {"payment": "2"},
    }
    return paystack.charge_card(**(asked | changes))


def charges() -> int:
    with acting_as_service():
        return SandboxCharge.objects.count()


def test_it_offers_what_saved_cards_need(paystack):
    assert isinstance(paystack, ChargesCards)


def test_a_card_that_paid_may_be_charged_again(paystack):
    card = saved(paystack)
    assert (card.brand, card.last4, card.bank, card.email) == ("visa", "4081", "TEST BANK", "ada@alajo.test")
    assert (card.expires_month, card.expires_year, card.reusable) == (12, 2030, True)
    assert card.code not in repr(card)
    made = charge(paystack, card.code)
    assert (made.state, made.amount, made.reference) == ("SUCCEEDED", 100_000, AGAIN)
    assert paystack.authorization_of(made).code == card.code


def test_a_card_that_gives_no_token_is_none_to_keep(paystack):
    assert saved(paystack, CARDS["507850785078507853"]) is None


@pytest.mark.parametrize(
    "changes",
    [
        {"authorization": None},
        {"authorization": {"authorization_code": "AUTH_x", "reusable": "true", "exp_month": "1"}},
        {"authorization": {"authorization_code": "", "reusable": True, "exp_month": "1", "exp_year": "2030"}},
        {
            "authorization": {
                "authorization_code": "A",
                "reusable": True,
                "exp_month": "x",
                "exp_year": "2030",
            }
        },
        {"customer": None},
        {"customer": {"email": None}},
    ],
)
def test_what_is_not_told_in_full_is_no_card(paystack, changes):
    saved(paystack)
    found = paystack.find_charge(reference="dep-1")
    found.raw.update(changes)
    assert paystack.authorization_of(found) is None


def test_a_declined_card_is_failed_and_tells_nobody(paystack):
    card = saved(paystack)
    fault("CARD_DECLINED")
    assert charge(paystack, card.code).state == "FAILED"
    with acting_as_service():
        assert SandboxDelivery.objects.count() == 1


@pytest.mark.parametrize(
    "changes", [{"authorization": "AUTH_nobody"}, {"email": "eve@alajo.test"}, {"amount": 4999}]
)
def test_what_is_surely_not_charged_is_refused(paystack, changes):
    card = saved(paystack)
    with pytest.raises(GatewayRefused):
        charge(paystack, card.code, **changes)
    assert charges() == 1


@pytest.mark.parametrize("kind", ["DROP_REPLY", "BAD_GATEWAY_AFTER"])
def test_a_lost_answer_charges_once(paystack, kind):
    card = saved(paystack)
    fault(kind, endpoint="charge_authorization")
    assert charge(paystack, card.code).state == "SUCCEEDED"
    assert charge(paystack, card.code).state == "SUCCEEDED"
    assert charges() == 2


@pytest.mark.parametrize("kind", ["HTML_503", "TOO_MANY", "BAD_GATEWAY_BEFORE", "WRONG_SHAPE"])
def test_no_answer_means_unknown(paystack, kind):
    card = saved(paystack)
    fault(kind, endpoint="charge_authorization", remaining=3)
    with pytest.raises(GatewayUnavailable):
        charge(paystack, card.code)


def test_a_refusal_is_not_believed_while_the_reference_cannot_be_asked_about(paystack):
    saved(paystack)
    fault("HTML_503", endpoint="verify", remaining=3)
    with pytest.raises(GatewayUnavailable):
        charge(paystack, "AUTH_nobody")


def answer_to(card: TestCard, step: str) -> str:
    return {"PIN": card.pin, "OTP": card.otp, "PHONE": "08031234567", "BANK": "yes"}[step]


@pytest.mark.parametrize("number", CARDS)
def test_a_card_pays_once_all_its_questions_are_answered(db, number):
    card, made = CARDS[number], {"amount": 5000, "currency": "NGN", "email": "a@b.test", "metadata": None}
    with acting_as_service():
        code = services.open_charge(reference="card-1", at=NOW, **made).access_code
        now = card_steps.begin(access_code=code, card=card, expiry=(1, 2031), at=NOW)
        for step in card.steps:
            assert (now.is_paid, now.steps[0]) == (False, step)
            with pytest.raises(card_steps.StepRefused):
                card_steps.answer(access_code=code, said="nonsense", at=NOW)
            now = card_steps.answer(access_code=code, said=answer_to(card, step), at=NOW)
    assert (now.status, now.gateway_response) == ("SUCCESS" if card.approved else "FAILED", card.response)
