"""Steps of a deposit's story, through the sandbox."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from unittest.mock import patch

import httpx
from django.conf import settings
from django.db import connections
from django.utils import timezone

from accounts.models import Notification
from core.actors import acting_as_service
from wallet import services as wallet
from wallet import tasks
from wallet.models import Account, Case, Payment, PaymentGateway, WebhookEvent
from wallet.sandbox import deliveries
from wallet.sandbox import services as sandbox
from wallet.sandbox.cards import GOOD_CARD, TestCard
from wallet.sandbox.models import Fault

CALLBACK = "http://testserver/add-money/back/"


def install_sandbox(secret_key: str) -> PaymentGateway:
    return wallet.install_gateway(
        code="paystack",
        kind="PAYSTACK",
        name="Paystack",
        currencies=["NGN"],
        credentials={"secret_key": secret_key},
    )


def start(account: Account, amount: int = 250_000, *, at: datetime | None = None) -> Payment:
    return wallet.start_deposit(
        account=account,
        amount=amount,
        email="ada@alajo.test",
        callback_url=CALLBACK,
        at=at or timezone.now(),
    )


def fault(kind: str, value: str = "", *, remaining: int = 1, endpoint: str = "") -> None:
    with acting_as_service():
        Fault.objects.create(kind=kind, value=value, remaining=remaining, endpoint=endpoint)


def calls_answered_again() -> None:
    with acting_as_service():
        Fault.objects.all().delete()


def pay(payment: Payment, *, card: TestCard = GOOD_CARD) -> Payment:
    """Pay at the sandbox, whose webhook comes before this returns; return the payment as it is after that."""
    with acting_as_service():
        sandbox.pay(access_code=payment.checkout_url.rsplit("/", 1)[1], card=card, at=timezone.now())
    return now(payment)


def pay_unheard(payment: Payment, **kinds: str) -> Payment:
    """Pay with a webhook that never comes."""
    for kind, value in {**kinds, "DROP_WEBHOOK": ""}.items():
        fault(kind, value)
    return pay(payment)


@contextmanager
def no_worker() -> Iterator[None]:
    """Webhooks are kept, but the task that would process them is lost."""
    with patch.object(tasks.process_webhook, "delay"):
        yield


def verify(payment: Payment, *, at: datetime | None = None) -> Payment:
    """What the page does when the browser comes back."""
    return wallet.check_payment(payment_id=payment.pk, at=at or timezone.now())


def now(payment: Payment) -> Payment:
    with acting_as_service():
        return Payment.objects.get(pk=payment.pk)


def balance(account: Account) -> int:
    with acting_as_service():
        return wallet.balance_of(account.pk)


def balances(*codes: str, currency: str = "NGN") -> tuple[int, ...]:
    with acting_as_service():
        return tuple(wallet.balance_of(wallet.system_account(code, currency)) for code in codes)


def cases() -> list[Case]:
    with acting_as_service():
        return list(Case.objects.order_by("kind"))


def events() -> list[WebhookEvent]:
    with acting_as_service():
        return list(WebhookEvent.objects.order_by("received_at"))


def notices() -> list[str]:
    with acting_as_service():
        return list(Notification.objects.order_by("pk").values_list("event", flat=True))


def freeze(account: Account, state: str = "FROZEN") -> Account:
    with acting_as_service():
        wallet.set_state(account=account, state=state, reason="test")
        return Account.objects.get(pk=account.pk)


def age(minutes: float) -> None:
    """Let this much time pass for the webhooks and payments there are."""
    step = timedelta(minutes=minutes)
    with acting_as_service():
        for event in WebhookEvent.objects.all():
            WebhookEvent.objects.filter(pk=event.pk).update(received_at=event.received_at - step)
        for payment in Payment.objects.exclude(next_check_at=None):
            times = {"next_check_at": payment.next_check_at - step, "expires_at": payment.expires_at - step}
            Payment.objects.filter(pk=payment.pk).update(**times)


def body(reference: str, *, event: str = "charge.success", **facts: object) -> bytes:
    return json.dumps({"event": event, "data": {"reference": reference, **facts}}).encode()


def send(url: str, raw: bytes, signature: str | None = "right") -> httpx.Response:
    """POST a webhook, signed as Paystack does unless another signature is given."""
    if signature == "right":
        signature = deliveries.sign(raw, key=settings.PAYSTACK_SANDBOX_SECRET_KEY)
    headers = {"Content-Type": "application/json"}
    if signature is not None:
        headers["X-Paystack-Signature"] = signature
    with httpx.Client(trust_env=False, timeout=30) as client:
        return client.post(f"{url}/webhooks/paystack/", content=raw, headers=headers)


def at_once(*steps: Callable[[], object]) -> list[BaseException]:
    """Run the steps in threads of their own and return what went wrong."""
    errors: list[BaseException] = []

    def run(step: Callable[[], object]) -> None:
        try:
            step()
        except BaseException as error:
            errors.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(step,)) for step in steps]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return errors
