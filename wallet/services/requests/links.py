"""A person's own pay links: an address that says who they are and what they ask for, until they end it."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from accounts import audit
from accounts.models import Customer, User
from accounts.models.people import address_of_avatar
from core.actors import acting_as_service
from core.api.ratelimit import count
from core.errors import DomainError
from wallet.models import PayLink
from wallet.services.accounts import NGN
from wallet.services.requests.asking import LARGEST, SMALLEST, RequestAmount
from wallet.services.transfers import LONGEST_NOTE, NoteTooLong

MOST_LINKS = 20
# How often one address may follow links: nobody walks through them.
LOOKUPS = "60/10minutes"


class PayLinkNotFound(DomainError):
    code = "pay_link_not_found"
    kind = "not_found"
    message = _("This link leads nowhere, or its owner has ended it.")


class TooManyPayLinks(DomainError):
    code = "pay_link_too_many"
    kind = "limited"
    message = _("You have as many links as one person may. End one that you no longer use.")


class TooManyLinkLookups(DomainError):
    """`data["retry_after"]` says in how many seconds the next try is free."""

    code = "pay_link_lookups"
    kind = "limited"
    message = _("You have followed many links in a short time. Please wait a little.")
    public = ("retry_after",)


@dataclass(frozen=True)
class Owner:
    """Whose link it is, as whoever follows it sees them."""

    link: PayLink
    display_name: str
    handle: str
    avatar_url: str


def make_pay_link(
    *, owner: User, amount: int | None, at: datetime, note: str = "", link_id: UUID | None = None
) -> PayLink:
    """Make a link; a repeat under the same id returns the first. Raises RequestAmount, NoteTooLong, TooManyPayLinks."""
    if amount is not None and not SMALLEST <= amount <= LARGEST:
        raise RequestAmount
    if len(note) > LONGEST_NOTE:
        raise NoteTooLong
    with acting_as_service():
        User.objects.select_for_update(no_key=True).get(pk=owner.pk)
        mine = PayLink.objects.filter(owner=owner)
        found = mine.filter(pk=link_id).first() if link_id else None
        if found is not None:
            return found
        if mine.filter(revoked_at=None).count() >= MOST_LINKS:
            raise TooManyPayLinks
        link = PayLink(owner=owner, amount=amount, currency_id=NGN, note=note, created_at=at)
        if link_id:
            link.pk = link_id
        link.save(force_insert=True)
        audit.record(action="wallet.pay_link.made", target=link, amount=amount)
    return link


def revoke_pay_link(*, link: PayLink, by: User, at: datetime) -> None:
    """End a link for good. Raises PayLinkNotFound."""
    with acting_as_service():
        if not PayLink.objects.filter(pk=link.pk, owner=by, revoked_at=None).update(revoked_at=at):
            raise PayLinkNotFound
        audit.record(action="wallet.pay_link.revoked", target=link, actor_id=by.pk)


def owner_of(*, slug: str) -> Owner:
    """Return whose link this is. Raises PayLinkNotFound, also for one whose owner receives no money."""
    with acting_as_service():
        links = PayLink.objects.select_related("owner__profile").filter(slug=slug, revoked_at=None)
        receiving = {"owner__is_active": True, "owner__customer__status__in": Customer.RECEIVING}
        link = links.filter(**receiving).first()
        if link is None:
            raise PayLinkNotFound
        profile = link.owner.profile
        return Owner(link, profile.display_name, profile.handle, address_of_avatar(profile.avatar))


def count_link_lookup(*, caller: str | None) -> None:
    """Count one link that an address follows. Raises TooManyLinkLookups. Counts nothing while Valkey is away."""
    hit = count("pay_link", LOOKUPS, f"ip:{caller}")
    if hit is not None and not hit.allowed:
        raise TooManyLinkLookups(retry_after=hit.resets_in)
