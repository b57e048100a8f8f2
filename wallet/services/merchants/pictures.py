"""The picture that a payment link shows. What a member sent is never shown: one is made of it anew."""

from collections.abc import Iterable
from datetime import datetime

from accounts import audit
from accounts.models import User
from core.actors import acting_as_service
from storage_app import blobs
from storage_app.services import documents, pictures, shown
from wallet import merchant_events
from wallet.models import PaymentLink
from wallet.models.merchants import PICTURES
from wallet.services.merchants.links import locked_link

SIDE = 1200
ORDER = pictures.Order(width=SIDE, height=SIDE, resize="contain", format="webp", quality=80)


def choose(*, link: PaymentLink, by: User, source: Iterable[bytes], at: datetime) -> None:
    """Show a picture beside a link, made of what a member sent: upright, and without a word on where it was taken.

    Raises OrganizationNotFound, NotAPicture, PictureTooLarge, PictureBusy.
    """
    shown.show(bucket=PICTURES, source=source, order=ORDER, point=lambda name: _point(link, by, name), at=at)


def choose_sent(*, link: PaymentLink, by: User, name: str, at: datetime) -> None:
    """Likewise, of a picture that the page sent in parts before. Raises ObjectNotFound, and as `choose`."""
    found = documents.sent(owner=by, name=name)
    try:
        choose(link=link, by=by, source=blobs.read(found.version.blob_key), at=at)
    finally:
        documents.forget_sent(owner=by, name=name, at=at)


def forget(*, link: PaymentLink, by: User, at: datetime) -> None:
    """Show a link without a picture again. Raises OrganizationNotFound."""
    with acting_as_service():
        shown.forget(bucket=PICTURES, name=_point(link, by, ""), at=at)


def _point(link: PaymentLink, by: User, name: str) -> str:
    """Write what a link's picture is called, and return what it was."""
    link = locked_link(link=link, by=by)
    last, link.picture = link.picture, name
    link.save(update_fields=["picture"])
    what = "picture_chosen" if name else "picture_removed"
    audit.record(action=f"wallet.payment_link.{what}", target=link, actor_id=by.pk)
    merchant_events.link_changed(link)
    return last
