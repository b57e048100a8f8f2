"""A merchant's own gateway tells us at an address of its own: only what began here counts, and only with its key."""

import hmac
import json
from hashlib import sha512
from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from core.actors import acting_as_service
from wallet import webhook_views
from wallet.models import Case, Merchant, MerchantPayment, PaymentGateway, SuspendedDeposit, Transaction
from wallet.services.gateways import rotate_credentials
from wallet.services.merchants import own_gateways
from wallet.tests import deposits as story
from wallet.tests.selling import again, begin, fresh, make_link, make_merchant

OTHER_KEY = "sk_test_" + "f" * 40


@pytest.fixture
def merchant(paystack: str, bola: User, settings) -> Merchant:
    made = make_merchant(bola)
    own_gateways.bring_gateway(merchant=made, by=bola, secret_key=settings.PAYSTACK_SANDBOX_SECRET_KEY)
    return again(made)


@pytest.fixture
def paid(merchant: Merchant) -> MerchantPayment:
    sold = begin(make_link(merchant))
    story.pay_unheard(sold.payment)
    return sold


def tell(merchant: Merchant, raw: bytes, *, key: str, code: str = "") -> Any:
    signature = hmac.new(key.encode(), raw, sha512).hexdigest()
    return Client().post(
        f"/webhooks/paystack/{code or merchant.own_gateway_id}/",
        raw,
        content_type="application/json",
        headers={"X-Paystack-Signature": signature},
    )


def kept() -> int:
    return len(story.events())


def test_a_payment_shows_at_once_and_our_books_know_nothing(paid: MerchantPayment, settings) -> None:
    with acting_as_service():
        before = Transaction.objects.count()
    raw = story.body(paid.payment.reference)
    for _twice in range(2):
        answer = tell(paid.merchant, raw, key=settings.PAYSTACK_SANDBOX_SECRET_KEY)
        assert (answer.status_code, answer.json()) == (200, {"status": "kept"})
    assert (fresh(paid).state, kept()) == ("PAID", 1)
    with acting_as_service():
        assert Transaction.objects.count() == before


def test_what_is_signed_with_another_key_is_refused(paid: MerchantPayment) -> None:
    assert tell(paid.merchant, story.body(paid.payment.reference), key=OTHER_KEY).status_code == 401
    assert (fresh(paid).state, kept()) == ("INTENT", 0)


def test_a_merchants_key_does_not_open_our_own_door_nor_ours_theirs(
    paid: MerchantPayment, bola: User, paystack: str, settings
) -> None:
    code = again(paid.merchant).own_gateway_id
    rotate_credentials(code=code, credentials={"secret_key": OTHER_KEY})
    raw = story.body("whatever")
    signature = hmac.new(OTHER_KEY.encode(), raw, sha512).hexdigest()
    assert story.send(paystack, raw, signature=signature).status_code == 401
    assert story.send(paystack, raw).status_code == 200
    assert tell(paid.merchant, raw, key=settings.PAYSTACK_SANDBOX_SECRET_KEY).status_code == 401


@pytest.mark.parametrize(
    ("event", "facts"),
    [
        ("charge.success", {"reference": "of-their-own-shop", "amount": 100_000}),
        ("charge.success", {"reference": "x", "authorization": {"channel": "dedicated_nuban"}}),
        ("transfer.success", {"reference": "salary-of-may"}),
        ("charge.dispute.create", {"id": 7}),
        ("refund.processed", {"transaction_reference": "x"}),
    ],
)
def test_of_the_merchants_other_business_nothing_is_kept(
    merchant: Merchant, settings, event: str, facts: dict[str, Any]
) -> None:
    raw = json.dumps({"event": event, "data": facts}).encode()
    assert tell(merchant, raw, key=settings.PAYSTACK_SANDBOX_SECRET_KEY).status_code == 200
    with acting_as_service():
        assert (kept(), Case.objects.count(), SuspendedDeposit.objects.count()) == (0, 0, 0)


def test_a_payment_told_as_a_transfer_to_an_account_number_is_still_that_payment(
    paid: MerchantPayment, settings
) -> None:
    raw = story.body(paid.payment.reference, authorization={"channel": "dedicated_nuban"})
    assert tell(paid.merchant, raw, key=settings.PAYSTACK_SANDBOX_SECRET_KEY).status_code == 200
    with acting_as_service():
        assert (fresh(paid).state, SuspendedDeposit.objects.count()) == ("PAID", 0)


def test_a_gateway_that_was_left_still_tells_of_what_began_there(
    paid: MerchantPayment, bola: User, settings
) -> None:
    code = str(paid.merchant.own_gateway_id)
    own_gateways.leave_gateway(merchant=paid.merchant, by=bola)
    raw = story.body(paid.payment.reference)
    answer = tell(paid.merchant, raw, key=settings.PAYSTACK_SANDBOX_SECRET_KEY, code=code)
    assert (answer.status_code, fresh(paid).state) == (200, "PAID")


def test_unknown_addresses_look_like_any_other_and_ours_is_none_of_them(merchant: Merchant, settings) -> None:
    with acting_as_service():
        ours = PaymentGateway.objects.exclude(code__startswith="m-").get().code
    anywhere = Client().post("/webhooks/nothing/here/", b"{}", content_type="application/json")
    for code in ("m-0000", "x", ours):
        answer = tell(merchant, b"{}", key=settings.PAYSTACK_SANDBOX_SECRET_KEY, code=code)
        assert answer.status_code == anywhere.status_code == 404
    assert tell(merchant, b"no json", key=settings.PAYSTACK_SANDBOX_SECRET_KEY).status_code == 400
    assert Client().get(f"/webhooks/paystack/{merchant.own_gateway_id}/").status_code == 405


def test_too_many_are_turned_away(merchant: Merchant, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webhook_views, "OF_MERCHANTS", "2/minute")
    answers = [tell(merchant, b"{}", key=OTHER_KEY) for _each in range(4)]
    assert answers[0].status_code == 401
    assert answers[-1].status_code == 429 and int(answers[-1]["Retry-After"]) > 0
