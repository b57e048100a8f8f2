"""Paying a merchant: a customer from their wallet in one posting, anybody else by card through the gateway's page.

A card's payment is a `Payment` like any deposit, on the merchant's account; what becomes of it is told by `takings`.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from accounts import audit
from accounts.models import User
from core.actors import acting_as_service
from core.errors import DomainError
from wallet.fees import FeeQuote
from wallet.models import Account, MerchantPayment, PaymentLink
from wallet.refusals import InsufficientFunds, NotYourAccount
from wallet.services.cooling_off import check_cooling_off
from wallet.services.deposits import LARGEST, SMALLEST, PaymentIdReused, create_payment
from wallet.services.fees import quote_fee
from wallet.services.limits import limits_of
from wallet.services.merchants.links import LinkNotFound, LinkNotOpen, Shown
from wallet.services.merchants.takings import KIND, fees_of, note_paid
from wallet.services.posting import Line, Posting, post

LONGEST_NOTE = 140
# How long whoever began to pay a single-use link keeps others from it.
RESERVED = timedelta(minutes=30)


class AmountDiffers(DomainError):
    code = "payment_link_amount"
    message = _("The amount must be between ₦50 and ₦10,000,000, and the one asked for where it is fixed.")


class PaidAlready(LinkNotOpen):
    code = "payment_link_paid"
    message = _("This payment link was paid already.")


class LinkBusy(DomainError):
    code = "payment_link_busy"
    kind = "conflict"
    message = _("Somebody is paying this link just now. Please come back in half an hour.")


@dataclass(frozen=True)
class Quote:
    """What paying would do: shown before it is confirmed, and exactly what is posted. Amounts in minor units."""

    shown: Shown
    amount: int
    available_after: int


def quote_payment(*, source: Account, shown: Shown, amount: int | None, at: datetime) -> Quote:
    """Check that a customer can pay a link now.

    Raises LinkNotOpen, AmountDiffers, InsufficientFunds with what is available, CoolingOff, and LimitExceeded.
    """
    _refuse_closed(shown, at=at)
    amount = _amount(shown.link, amount)
    if amount > source.available:
        raise InsufficientFunds(available=source.available, amount=amount)
    refusal = limits_of(account=source, at=at).refusal_of(amount)
    if refusal:
        raise refusal
    check_cooling_off(source=source, amount=amount, at=at)
    return Quote(shown, amount, source.available - amount)


def pay_from_wallet(
    *,
    posting_id: UUID,
    payer: User,
    source: Account,
    slug: str,
    amount: int,
    at: datetime,
    note: str = "",
) -> MerchantPayment:
    """Pay a link from the payer's own wallet: their money and the merchant's fee in one posting, once per posting id.

    Raises LinkNotFound, LinkNotOpen, AmountDiffers, LinkBusy, CoolingOff, a LedgerRefusal; then nothing was written.
    """
    if source.owner_id != payer.pk:
        raise NotYourAccount(account=str(source.pk))
    check_cooling_off(source=source, amount=amount, at=at, posting_id=posting_id)
    with acting_as_service():
        shown = _locked(slug)
        found = MerchantPayment.objects.filter(posting_id=posting_id).first()
        if found is not None:
            if (found.payer_id, found.link_id, found.amount) != (payer.pk, shown.link.pk, amount):
                raise PaymentIdReused
            return found
        _refuse_closed(shown, at=at)
        _refuse_busy(shown.link, at=at)
        sold = _sold(shown, _amount(shown.link, amount), note=note, at=at)
        sold.method, sold.posting_id = MerchantPayment.Method.WALLET, posting_id
        sold.payer, sold.payer_name = payer, payer.profile.display_name
        sold.save(force_insert=True)
        _post(sold, source)
        audit.record(action="wallet.merchant_payment.started", target=sold, amount=sold.amount)
        note_paid(sold, at=at)
    return sold


def start_card_payment(
    *,
    slug: str,
    amount: int | None,
    email: str,
    at: datetime,
    name: str = "",
    note: str = "",
    payment_id: UUID,
) -> MerchantPayment:
    """Store what somebody wants to pay by card; `open_checkout` then asks the gateway for its page.

    A repeat under the same id returns the first. Raises LinkNotFound, LinkNotOpen, AmountDiffers, LinkBusy, and what
    `create_payment` raises.
    """
    with acting_as_service():
        shown = _locked(slug)
        found = MerchantPayment.objects.select_related("payment").filter(payment=payment_id).first()
        if found is not None:
            if (found.link_id, found.payer_email) != (shown.link.pk, email):
                raise PaymentIdReused
            return found
        _refuse_closed(shown, at=at)
        _refuse_busy(shown.link, at=at)
        sold = _sold(shown, _amount(shown.link, amount), note=note, at=at, card=True)
        sold.method, sold.payer_email, sold.payer_name = MerchantPayment.Method.CARD, email, name
        sold.payment = create_payment(
            account=shown.merchant.account,
            amount=sold.amount,
            at=at,
            payment_id=payment_id,
            gateway=shown.merchant.own_gateway,
        )
        sold.posting_id = sold.payment.posting_id
        sold.save(force_insert=True)
        audit.record(action="wallet.merchant_payment.started", target=sold, amount=sold.amount)
    return sold


def _locked(slug: str) -> Shown:
    """Whoever pays a link waits here for whoever pays it at the same moment. Raises LinkNotFound."""
    links = PaymentLink.objects.select_for_update(of=("self",), no_key=True)
    link = links.select_related("merchant__account", "merchant__own_gateway").filter(slug=slug).first()
    if link is None:
        raise LinkNotFound
    return Shown(link, link.merchant)


def _sold(shown: Shown, amount: int, *, note: str, at: datetime, card: bool = False) -> MerchantPayment:
    """A payment to be, with what the merchant is going to pay for it. Raises AmountDiffers where that is all of it."""
    own = card and shown.merchant.brings_gateway
    currency = shown.link.currency_id
    quote = quote_fee(kind=KIND, amount=amount, currency=currency, tier=None, at=at)
    if own:
        quote = FeeQuote(KIND, amount)
    if quote.total >= amount:
        raise AmountDiffers
    return MerchantPayment(
        merchant=shown.merchant,
        organization_id=shown.merchant.organization_id,
        link=shown.link,
        amount=amount,
        currency_id=currency,
        note=note,
        at_own_gateway=own,
        created_at=at,
        fee=quote.total,
        quote=quote.as_data(),
    )


def _post(sold: MerchantPayment, source: Account) -> Posting:
    account = sold.merchant.account_id
    lines = [Line(KIND, source.pk, account, sold.amount), *fees_of(sold)]
    return post(posting_id=sold.posting_id, lines=lines, description=sold.link.title)


def _amount(link: PaymentLink, amount: int | None) -> int:
    chosen = link.amount if amount is None else amount
    if chosen is None or not SMALLEST <= chosen <= LARGEST or link.amount not in (None, chosen):
        raise AmountDiffers
    return chosen


def _refuse_closed(shown: Shown, *, at: datetime) -> None:
    why = shown.why_closed(at)
    if why == PaymentLink.State.USED:
        raise PaidAlready
    if why:
        raise LinkNotOpen


def _refuse_busy(link: PaymentLink, *, at: datetime) -> None:
    """Raise LinkBusy while somebody else is at the gateway's page for a link that is paid once."""
    begun = link.payments.filter(state=MerchantPayment.State.INTENT, created_at__gt=at - RESERVED)
    if link.single_use and begun.exists():
        raise LinkBusy
