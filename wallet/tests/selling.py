"""Merchants for tests, their links, and what happens to what is paid by them."""

from typing import Any

from django.utils import timezone
from rest_framework.test import APIClient

from accounts.models import Organization, User
from accounts.services import api_keys
from accounts.tests.factories import make_organization
from core.actors import acting_as, acting_as_service
from core.ids import posting_id, uuid7
from realtime.models import Message
from wallet import services as wallet
from wallet.api.merchants.scopes import SCOPES
from wallet.models import Account, Merchant, MerchantPayment, PaymentLink
from wallet.services.merchants import applying, links, selling


def make_merchant(
    owner: User, *, name: str = "Bola's Fabrics", active: bool = True, firm: Organization | None = None
) -> Merchant:
    firm = firm or make_organization(owner=owner, name=name)
    merchant = applying.apply_as_merchant(
        organization_id=firm.pk,
        by=owner,
        display_name=name,
        category="FASHION",
        support_email="help@fabrics.test",
        at=timezone.now(),
    )
    if active:
        applying.activate(merchant=merchant, by=owner, reason="Known shop", at=timezone.now())
    return again(merchant)


def make_link(
    merchant: Merchant, *, amount: int | None = 250_000, title: str = "Aso oke", **facts: Any
) -> PaymentLink:
    at = facts.pop("at", timezone.now())
    return links.make_link(merchant=merchant, by=None, title=title, amount=amount, at=at, **facts)


def buy(payer: User, source: Account, link: PaymentLink, amount: int | None = None, **facts: Any) -> Any:
    """Pay a link from a wallet."""
    facts = {"posting_id": posting_id(), "at": timezone.now(), **facts}
    with acting_as(payer):
        return selling.pay_from_wallet(
            payer=payer,
            source=source,
            slug=link.slug,
            amount=link.amount or amount or 0 if amount is None else amount,
            **facts,
        )


def begin(
    link: PaymentLink, *, amount: int | None = None, email: str = "ngozi@stranger.test", **facts: Any
) -> Any:
    """Begin to pay by card, up to the gateway's page."""
    facts = {"payment_id": uuid7(), "at": timezone.now(), **facts}
    sold = selling.start_card_payment(slug=link.slug, amount=amount, email=email, **facts)
    assert sold.payment is not None
    wallet.open_checkout(
        payment=sold.payment, email=email, callback_url="http://testserver/", at=timezone.now()
    )
    return fresh(sold)


def fresh(sold: MerchantPayment) -> MerchantPayment:
    with acting_as_service():
        return MerchantPayment.objects.select_related("payment", "merchant", "link").get(pk=sold.pk)


def again(merchant: Merchant) -> Merchant:
    with acting_as_service():
        return Merchant.objects.select_related("organization", "account").get(pk=merchant.pk)


def has(account_id: Any) -> int:
    with acting_as_service():
        return wallet.balance_of(account_id)


def told(merchant: Merchant) -> list[tuple[str, dict[str, Any]]]:
    """The events of a merchant's organisation, in order."""
    with acting_as_service():
        rows = Message.objects.filter(topic=f"org:{merchant.organization_id}").order_by("pk")
        return [(row.event, row.payload) for row in rows]


def key_of(merchant: Merchant, owner: User, *scopes: str, mode: str = "LIVE") -> APIClient:
    """A program with the key of a merchant's organisation."""
    made = api_keys.make(
        organization_id=merchant.organization_id,
        by=owner,
        name="shop",
        mode=mode,
        scopes=scopes or SCOPES,
        at=timezone.now(),
    )
    client = APIClient(raise_request_exception=False)
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {made.secret}")
    return client
