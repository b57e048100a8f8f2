"""Reading the customer's pages, and what there is to read on them."""

import re
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from django.test import Client
from django.utils import timezone

from accounts.models import Notification, User
from accounts.tests.factories import sign_in
from core.actors import acting_as, acting_as_service
from core.ids import posting_id
from wallet import services as wallet
from wallet.models import Account, Payment
from wallet.tests.factories import install_sandbox


def browser_of(user: User) -> Client:
    client = Client(raise_request_exception=True)
    sign_in(client, user)
    return client


def text(response: Any) -> str:
    """The page's words, without its tags."""
    bare = re.sub(r"<[^>]+>", " ", response.content.decode())
    return re.sub(r"\s+", " ", bare).replace("&#x27;", "'")


def hidden(response: Any, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]+)"', response.content.decode())
    assert found, f"no {name} in the page"
    return found[1]


def handle_of(user: User) -> str:
    with acting_as_service():
        return user.profile.handle


def balance(account: Account) -> int:
    with acting_as_service():
        return wallet.balance_of(account.pk)


def send_directly(source: Account, recipient: User, amount: int, note: str = "") -> UUID:
    with acting_as_service():
        sender = User.objects.get(pk=source.owner_id)
    with acting_as(sender):
        return wallet.transfer(
            posting_id=posting_id(),
            source=source,
            recipient_id=recipient.pk,
            amount=amount,
            note=note,
            at=timezone.now(),
        ).id


def payment_of(account: Account, state: str = Payment.State.PENDING, **fields: Any) -> Payment:
    with acting_as_service():
        gateway = install_sandbox()
        return Payment.objects.create(
            account=account,
            gateway=gateway,
            reference=f"alj-{uuid4().hex[:12]}",
            amount=250_000,
            currency_id="NGN",
            state=state,
            expires_at=timezone.now() + timedelta(days=3),
            **fields,
        )


def notice_of_transfer(user: User, event: str, name: str, **facts: Any) -> None:
    data = {"transaction": str(posting_id()), "amount": 1_500, "currency": "NGN", "name": name, **facts}
    with acting_as_service():
        Notification.objects.create(user=user, event=event, data=data)
