"""Steps at the sandbox, as a merchant and as one who pays."""

import re
import threading
from dataclasses import dataclass, field

import httpx

from core.actors import acting_as_service
from wallet.sandbox.models import SandboxDelivery
from wallet.sandbox.tasks import deliver_webhook

GOOD = {"number": "4084 0840 8408 4081", "expiry": "12/40", "cvv": "408"}
DECLINED = {"number": "4084080000005408", "expiry": "12/40", "cvv": "001"}
SHORT = {"number": "4084080000670037", "expiry": "12/40", "cvv": "787"}


@dataclass
class Receiver:
    """Somebody's webhook endpoint, which answers what it is told to."""

    url: str = ""
    statuses: list[int] = field(default_factory=list)
    got: list[tuple[bytes, str]] = field(default_factory=list)
    gate: threading.Barrier | None = None


def initialize(api: httpx.Client, **changes: object) -> httpx.Response:
    body = {
        "email": "ada@alajo.test",
        "amount": 250_000,
        "reference": "dep-1",
        "callback_url": "http://merchant.test/back/",
    }
    return api.post("transaction/initialize", json=body | changes)


def verify(api: httpx.Client, reference: str = "dep-1") -> dict:
    return api.get(f"transaction/verify/{reference}").json()["data"]


def submit(visitor: httpx.Client, page: str, **fields: str) -> httpx.Response:
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', visitor.get(page).text)
    assert token
    return visitor.post(page, data={"csrfmiddlewaretoken": token[1], **fields}, headers={"Referer": page})


def pay(
    visitor: httpx.Client, api: httpx.Client, card: dict[str, str] = GOOD, **changes: object
) -> httpx.Response:
    page = initialize(api, **changes).json()["data"]["authorization_url"]
    return submit(visitor, page, action="pay", **card)


def fault(api: httpx.Client, kind: str, **more: object) -> None:
    assert api.post("faults", json={"kind": kind, **more}).status_code == 200


def only_delivery() -> SandboxDelivery:
    with acting_as_service():
        return SandboxDelivery.objects.get()


def try_again() -> None:
    deliver_webhook(delivery_id=only_delivery().pk)
