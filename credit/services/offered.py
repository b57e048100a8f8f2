"""The open offers for an application, in the order in which a borrower is shown them. Minor units (kobo)."""

from collections.abc import Sequence
from datetime import date, datetime

from credit.agreeing import filled
from credit.matching import ranked
from credit.models import Application, Bid, Provider
from credit.offering import offer_of


def open_offers(application: Application, *, at: datetime) -> list[Bid]:
    """Return what can still be chosen, the lowest yearly cost first. The caller may see the application."""
    bids = Bid.objects.filter(application=application).live(at)
    found = {bid.pk: bid for bid in bids.select_related("provider", "product_terms__product")}
    for bid in found.values():
        bid.application = application
    return [found[one.id] for one in ranked(offer_of(bid) for bid in found.values())]


def lends(provider: Provider, on: date) -> bool:
    """Whether an offer of this lender could be accepted on a day, by its licence and its standing with us."""
    until = provider.licensed_until
    return provider.state == Provider.State.ACTIVE and until is not None and until >= on


def reaching(application: Application, bids: Sequence[Bid]) -> list[Bid]:
    """Return the cheapest of these that together reach what is asked, or all of them where they do not."""
    found = {bid.pk: bid for bid in bids}
    return [found[share.offer_id] for share in filled(application, bids).shares]
