"""The picture a person chose to be shown by. What they sent is never shown: a small square is made of it anew."""

from collections.abc import Iterable
from datetime import datetime

from django.utils.translation import gettext_lazy as _

from accounts import audit
from accounts.models import Profile, User
from accounts.models.people import AVATARS
from core.actors import acting_as_service
from core.errors import DomainError
from storage_app import blobs
from storage_app.services import documents, pictures, shown

SIDE = 512
ORDER = pictures.Order(width=SIDE, height=SIDE, resize="cover", format="webp", quality=82)


class NotShown(DomainError):
    code = "not_shown"
    message = _("You have no profile that others see.")


def choose(*, user: User, source: Iterable[bytes], at: datetime) -> None:
    """Make a person's picture of what they sent: upright, square, small, and without a word on where it was taken.

    Raises NotShown, NotAPicture, PictureTooLarge, PictureBusy.
    """

    def point(name: str) -> str:
        profile = Profile.objects.select_for_update().filter(pk=user.pk).first()
        if profile is None:
            raise NotShown
        return _point(profile, name)

    shown.show(bucket=AVATARS, source=source, order=ORDER, point=point, at=at, on_behalf_of=user)


def choose_sent(*, user: User, name: str, at: datetime) -> None:
    """Likewise, of a picture that the page sent in parts before. Raises ObjectNotFound, and as `choose`."""
    found = documents.sent(owner=user, name=name)
    try:
        choose(user=user, source=blobs.read(found.version.blob_key), at=at)
    finally:
        documents.forget_sent(owner=user, name=name, at=at)


def forget(*, user: User, at: datetime) -> None:
    """Show a person by their letters again."""
    with acting_as_service(on_behalf_of=user):
        profile = Profile.objects.select_for_update().filter(pk=user.pk).first()
        if profile is not None and profile.avatar:
            shown.forget(bucket=AVATARS, name=_point(profile, ""), at=at)


def _point(profile: Profile, name: str) -> str:
    """Write what a person's picture is called, and return what it was."""
    last, profile.avatar = profile.avatar, name
    profile.save(update_fields=["avatar"])
    action = "accounts.profile.picture_chosen" if name else "accounts.profile.picture_removed"
    audit.record(action=action, target=profile)
    return last
