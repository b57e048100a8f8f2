"""The Paystack adapter, to be asked and not waited for."""

from dataclasses import dataclass, field
from datetime import UTC, datetime

import httpx

from wallet.gateways.paystack import Paystack

# The published vector.
KEY = "sk_test_0123456789abcdef0123456789abcdef01234567"
BODY = (
    b'{"event":"charge.success","data":{"id":302961,"domain":"test","status":"success",'
    b'"reference":"qTPrJoy9Bx","amount":10000,"currency":"NGN"}}'
)
SIGNATURE = (
    "7713733d6df31b9888209d87642bb6ec497b5f8af9048c82f3a874771dc0c70b"
    "127139d91c9ff8c916d5c00365434fc9f7088971eb7aacbc0082603512a58cf4"
)
NOW = datetime(2026, 3, 2, 9, 15, tzinfo=UTC)


@dataclass
class Pauses:
    """A sleep that does not, and remembers how long it should have."""

    slept: list[float] = field(default_factory=list)

    def __call__(self, seconds: float) -> None:
        self.slept.append(seconds)


def adapter(url: str, *, key: str = KEY, read: float = 5.0, pauses: Pauses | None = None) -> Paystack:
    timeout = httpx.Timeout(5.0, read=read)
    return Paystack(
        secret_key=key, base_url=url, timeout=timeout, sleep=pauses or Pauses(), jitter=lambda: 0.5
    )


def start(paystack: Paystack, reference: str = "dep-1", **changes: object):
    arguments = {
        "reference": reference,
        "amount": 250_000,
        "currency": "NGN",
        "email": "ada@alajo.test",
        "callback_url": "http://testserver/back/",
        "metadata": {"payment": "1"},
    }
    return paystack.start_checkout(**(arguments | changes))
