"""A lender looks at the market, and at released files; each look at a file is written down, under its watermark."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from core.actors import OrganizationCaller, acting_as_service
from core.ids import uuid7
from credit.models import Application, Bid, FileView, Provider
from credit.refusals import ApplicationNotFound, ProviderNotActive
from credit.released import released_file
from credit.services.desks import Caller, provider_for

PAGE = 25
ENDING = 12  # letters of a look's id, enough to find it again


@dataclass(frozen=True)
class Listing:
    """An application as the list shows it: only what goes with every one. `own` is the lender's live offer for it."""

    application: Application
    own: Bid | None


@dataclass(frozen=True)
class Look:
    """`file` holds what was released and nothing else; amounts are minor units (kobo)."""

    application: Application
    file: dict[str, Any]
    watermark: str
    own: Bid | None


def open_applications(
    *, provider_id: UUID, by: Caller, at: datetime, after: UUID | None = None, most: int | None = None
) -> Sequence[Listing]:
    """Return a page of applications that take offers, the newest first, and one more where there are more.

    `most` leaves out what is asked above it (minor units). Raises ProviderNotFound, ProviderNotActive.
    """
    with acting_as_service():
        found = market_of(provider_id=provider_id, by=by, at=at, most=most)
        if after is not None:
            found = found.filter(pk__lt=after)
        return listings(list(found.order_by("-pk")[: PAGE + 1]), provider_id=provider_id, at=at)


def market_of(
    *, provider_id: UUID, by: Caller, at: datetime, most: int | None = None
) -> QuerySet[Application]:
    """The applications that take offers from a lender, for a list of them; reading them needs the service.

    Raises ProviderNotFound, ProviderNotActive.
    """
    with acting_as_service():
        _lending(by, provider_id, at)
    found = Application.objects.on_the_market().filter(deadline__gt=at)
    return found if most is None else found.filter(amount__lte=most)


def listings(applications: Sequence[Application], *, provider_id: UUID, at: datetime) -> list[Listing]:
    """Return applications of the market as a lender's list shows them."""
    with acting_as_service():
        own = {bid.application_id: bid for bid in _own(provider_id, [one.pk for one in applications], at)}
    return [Listing(one, own.get(one.pk)) for one in applications]


def look(*, application_id: UUID, provider_id: UUID, by: Caller, at: datetime) -> Look:
    """Show a lender what was released of an application, and write down that it saw it.

    Raises ProviderNotFound, ProviderNotActive; ApplicationNotFound for one that lenders do not see now.
    """
    with acting_as_service(), transaction.atomic():
        provider = _lending(by, provider_id, at)
        open_now = Application.objects.on_the_market().filter(deadline__gt=at)
        application = open_now.filter(pk=application_id).first()
        if application is None:
            raise ApplicationNotFound
        file, view_id = released_file(application), uuid7()
        watermark = f"{provider.organization.slug[:24]} {view_id.hex[-ENDING:]}"
        FileView.objects.create(
            id=view_id,
            application=application,
            provider=provider,
            fields=sorted(file),
            watermark=watermark,
            by_id=None if isinstance(by, OrganizationCaller) else by.pk,
        )
        own = next(iter(_own(provider.pk, [application.pk], at)), None)
    return Look(application, file, watermark, own)


def own_bids(*, provider_id: UUID, by: Caller, before: UUID | None = None) -> list[Bid]:
    """Return a page of a lender's own offers, the newest first, and one more where there are more.

    Raises ProviderNotFound.
    """
    with acting_as_service():
        provider = provider_for(by, provider_id, manages=False)
        bids = Bid.objects.filter(provider=provider).select_related("application", "product_terms__product")
        if before is not None:
            bids = bids.filter(pk__lt=before)
        return list(bids.order_by("-pk")[: PAGE + 1])


def _lending(by: Caller, provider_id: UUID, at: datetime) -> Provider:
    provider = provider_for(by, provider_id, manages=False)
    if not Provider.objects.lending(timezone.localdate(at)).filter(pk=provider.pk).exists():
        raise ProviderNotActive
    return provider


def _own(provider_id: UUID, applications: Sequence[UUID], at: datetime) -> list[Bid]:
    bids = Bid.objects.live(at).filter(provider=provider_id, application__in=applications)
    return list(bids.select_related("product_terms"))
