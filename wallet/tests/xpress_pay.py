"""Steps of a payment's story through the sandbox of XpressPay."""

import json
import re
from typing import Any

import httpx
from django.conf import settings
from django.utils import timezone

from core.actors import acting_as_service
from wallet import services as wallet
from wallet.models import Payment, PaymentGateway
from wallet.sandbox.xpress_pay import payments
from wallet.tests.deposits import now

CODE = "xpress-pay"


def install_xpress_pay(*, priority: int = 200, **facts: Any) -> PaymentGateway:
    gateway = wallet.install_gateway(
        code=CODE,
        kind="XPRESS_PAY",
        name="XpressPay",
        currencies=["NGN"],
        credentials={
            "public_key": settings.XPRESS_PAY_SANDBOX_PUBLIC_KEY,
            "door": settings.XPRESS_PAY_SANDBOX_DOOR,
        },
        priority=priority,
    )
    with acting_as_service():
        PaymentGateway.objects.filter(pk=CODE).update(**facts or {"active": True})
        return PaymentGateway.objects.get(pk=gateway.pk)


def pay(payment: Payment) -> Payment:
    """Pay at the sandbox, whose webhook comes before this returns; return the payment as it is after that."""
    with acting_as_service():
        payments.pay(access_code=payment.checkout_url.rsplit("/", 1)[1], at=timezone.now())
    return now(payment)


def fail(payment: Payment) -> Payment:
    with acting_as_service():
        payments.fail(access_code=payment.checkout_url.rsplit("/", 1)[1], at=timezone.now())
    return now(payment)


def press(page: str, action: str) -> httpx.Response:
    """What a customer's browser does on the sandbox's page."""
    with httpx.Client(trust_env=False, timeout=30) as browser:
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', browser.get(page).text)
        assert token
        fields = {"csrfmiddlewaretoken": token[1], "action": action}
        return browser.post(page, data=fields, headers={"Referer": page})


def notice(reference: str, **changes: object) -> bytes:
    said = {
        "Id": 1,
        "Amount": "2500.00",
        "PaymentType": "Card",
        "Currency": "NGN",
        "Status": "00",
        "IsSuccessful": True,
        "TransactionId": reference,
        "MetaData": "[]",
    }
    return json.dumps(said | changes).encode()


def knock(url: str, raw: bytes, *, door: str = "") -> httpx.Response:
    """POST a notice to XpressPay's address."""
    with httpx.Client(trust_env=False, timeout=30) as client:
        address = f"{url}/webhooks/xpress-pay/{door or settings.XPRESS_PAY_SANDBOX_DOOR}/"
        return client.post(address, content=raw, headers={"Content-Type": "application/json"})
