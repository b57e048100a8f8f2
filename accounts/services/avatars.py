"""The picture a person chose to be shown by. What they sent is never shown: a small square is made of it anew."""

import secrets
from collections.abc import Iterable
from datetime import datetime

from django.utils.translation import gettext_lazy as _

from accounts import audit
from accounts.models import Profile, User
from accounts.models.people import AVATARS
from core.actors import acting_as_service
from core.errors import DomainError
from storage_app import blobs
from storage_app.models import Object
from storage_app.services import documents, house, objects, pictures, removal

SIDE = 512
ORDER = pictures.Order(width=SIDE, height=SIDE, resize="cover", format="webp", quality=82)
# Each picture has an address of its own, so a browser need never ask again.
CACHED_FOR = "max-age=31536000, immutable"


class NotShown(DomainError):
    code = "not_shown"
    message = _("You have no profile that others see.")


def choose(*, user: User, source: Iterable[bytes], at: datetime) -> Profile:
    """Make a person's picture of what they sent: upright, square, small, and without a word on where it was taken.

    Raises NotAPicture, PictureTooLarge, PictureBusy.
    """
    house.bucket(AVATARS, at=at)
    made = pictures.make(source=source, order=ORDER)
    written = pictures.keep(made=made)
    try:
        with acting_as_service(on_behalf_of=user):
            profile = _locked(user)
            place = objects.place_for(bucket_id=AVATARS, name=f"{secrets.token_hex(16)}.webp", upsert=False)
            objects.put(
                place=place,
                written=written,
                content_type=made.content_type,
                at=at,
                cache_control=CACHED_FOR,
            )
            _point(profile, place.name, at=at)
    except DomainError:
        with acting_as_service():
            removal.doom(keys=[written.key], at=at)
        raise
    return profile


def choose_sent(*, user: User, name: str, at: datetime) -> Profile:
    """Likewise, of a picture that the page sent in parts before. Raises ObjectNotFound, and as `choose`."""
    found = documents.sent(owner=user, name=name)
    try:
        return choose(user=user, source=blobs.read(found.version.blob_key), at=at)
    finally:
        documents.forget_sent(owner=user, name=name, at=at)


def forget(*, user: User, at: datetime) -> None:
    """Show a person by their letters again."""
    with acting_as_service(on_behalf_of=user):
        profile = Profile.objects.select_for_update().filter(pk=user.pk).first()
        if profile is not None and profile.avatar:
            _point(profile, "", at=at)


def _locked(user: User) -> Profile:
    found = Profile.objects.select_for_update().filter(pk=user.pk).first()
    if found is None:
        raise NotShown
    return found


def _point(profile: Profile, name: str, *, at: datetime) -> None:
    removal.remove_all(objects=Object.objects.filter(bucket_id=AVATARS, name=profile.avatar), at=at)
    profile.avatar = name
    profile.save(update_fields=["avatar"])
    action = "accounts.profile.picture_chosen" if name else "accounts.profile.picture_removed"
    audit.record(action=action, target=profile)
