"""Payment links: what a merchant asks for, at an address nobody guesses, and what the world sees there."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from accounts import audit
from accounts.models import Membership, User
from accounts.services import organizations
from core.actors import acting_as_service
from core.errors import DomainError
from wallet import merchant_events
from wallet.models import Merchant, MerchantPayment, PaymentLink
from wallet.services.deposits import LARGEST, SMALLEST
from wallet.services.merchants.applying import MerchantNotActive, one_line

MOST_LINKS = 500


class LinkNotFound(DomainError):
    code = "payment_link_not_found"
    kind = "not_found"
    message = _("There is no such payment link.")


class LinkNotOpen(DomainError):
    code = "payment_link_not_open"
    kind = "conflict"
    message = _("This payment link is not open.")


class LinkRefused(DomainError):
    code = "payment_link_refused"
    message = _("A fixed amount is between ₦50 and ₦10,000,000, and a link ends in the future.")


class TooManyLinks(DomainError):
    code = "payment_link_too_many"
    kind = "limited"
    message = _("This organisation has as many open payment links as it may: pause some first.")


@dataclass(frozen=True)
class Shown:
    """What the world sees of a payment link, or of a payment made by it."""

    link: PaymentLink
    merchant: Merchant
    sold: MerchantPayment | None = None

    def why_closed(self, at: datetime) -> str:
        """Why nobody can pay it now: MERCHANT, USED, PAUSED or EXPIRED; nothing where one can."""
        if not self.merchant.is_active:
            return "MERCHANT"
        if self.link.state != PaymentLink.State.ACTIVE:
            return self.link.state
        return "EXPIRED" if self.link.is_expired(at) else ""


def make_link(
    *,
    merchant: Merchant,
    by: User | None,
    title: str,
    amount: int | None,
    at: datetime,
    description: str = "",
    success_message: str = "",
    single_use: bool = False,
    expires_at: datetime | None = None,
    link_id: UUID | None = None,
) -> PaymentLink:
    """Make a payment link; any member may, and the organisation's own program (`by` is None then).

    A repeat under the same id returns the first. Raises OrganizationNotFound, MerchantNotActive, MerchantTextRefused,
    LinkRefused, TooManyLinks.
    """
    title = one_line(title)
    if amount is not None and not SMALLEST <= amount <= LARGEST:
        raise LinkRefused
    with acting_as_service():
        _speaking(merchant, by)
        found = PaymentLink.objects.filter(pk=link_id, merchant=merchant).first() if link_id else None
        if found is not None:
            return found
        if expires_at is not None and expires_at <= at:
            raise LinkRefused
        if not Merchant.objects.select_for_update(no_key=True).get(pk=merchant.pk).is_active:
            raise MerchantNotActive
        if (
            PaymentLink.objects.filter(merchant=merchant, state=PaymentLink.State.ACTIVE).count()
            >= MOST_LINKS
        ):
            raise TooManyLinks
        link = PaymentLink(
            merchant=merchant,
            organization_id=merchant.organization_id,
            title=title,
            description=description.strip(),
            success_message=success_message.strip(),
            amount=amount,
            currency_id="NGN",
            single_use=single_use,
            created_by=by,
            created_at=at,
            expires_at=expires_at,
        )
        if link_id:
            link.pk = link_id
        link.save(force_insert=True)
        audit.record(action="wallet.payment_link.made", target=link, amount=amount)
        merchant_events.link_changed(link)
    return link


def pause_link(*, link: PaymentLink, by: User | None) -> PaymentLink:
    """Stop a link until it is opened again. Raises OrganizationNotFound, LinkNotOpen for one that was used up."""
    return _turn(link, PaymentLink.State.PAUSED, by)


def reopen_link(*, link: PaymentLink, by: User | None) -> PaymentLink:
    """Open a paused link again. Raises OrganizationNotFound, LinkNotOpen for one that was used up."""
    return _turn(link, PaymentLink.State.ACTIVE, by)


def shown(*, slug: str) -> Shown:
    """Return what the world sees at an address. Raises LinkNotFound."""
    with acting_as_service():
        link = PaymentLink.objects.select_related("merchant").filter(slug=slug).first()
    if link is None:
        raise LinkNotFound
    return Shown(link, link.merchant)


def shown_by_token(*, token: str) -> Shown:
    """Return what whoever paid sees of it: the token stands in the address of their page alone. Raises LinkNotFound."""
    with acting_as_service():
        found = MerchantPayment.objects.select_related("link", "merchant", "payment").filter(token=token)
        sold = found.first()
    if sold is None:
        raise LinkNotFound
    return Shown(sold.link, sold.merchant, sold)


def locked_link(*, link: PaymentLink, by: User | None) -> PaymentLink:
    """Lock a link for one of its organisation's members, or its program. Raises OrganizationNotFound."""
    found = PaymentLink.objects.select_for_update(of=("self",)).select_related("merchant").get(pk=link.pk)
    _speaking(found.merchant, by)
    return found


def _turn(link: PaymentLink, state: str, by: User | None) -> PaymentLink:
    with acting_as_service():
        link = locked_link(link=link, by=by)
        if link.state == PaymentLink.State.USED:
            raise LinkNotOpen
        if link.state != state:
            link.state = state
            link.save(update_fields=["state"])
            audit.record(action=f"wallet.payment_link.{state.lower()}", target=link)
            merchant_events.link_changed(link)
    return link


def _speaking(merchant: Merchant, by: User | None) -> Membership | None:
    """What `by` is in the merchant's organisation; a program speaks by its key. Raises OrganizationNotFound."""
    if by is None:
        return None
    return organizations.locked(organization_id=merchant.organization_id, by=by)
