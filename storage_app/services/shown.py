"""Pictures that everyone sees: made anew of what somebody sent, each at an address that nobody guesses."""

import secrets
from collections.abc import Callable, Iterable
from datetime import datetime

from core.actors import Person, acting_as_service
from core.errors import DomainError
from storage_app.models import Object
from storage_app.services import house, objects, pictures, removal

# Each picture has an address of its own, so a browser need never ask again.
CACHED_FOR = "max-age=31536000, immutable"


def show(
    *,
    bucket: str,
    source: Iterable[bytes],
    order: pictures.Order,
    point: Callable[[str], str],
    at: datetime,
    on_behalf_of: Person | None = None,
) -> None:
    """Make a picture, put it into a public bucket of ours, and remove the one that it takes the place of.

    `point` writes the new name where it belongs and returns the last one, in the transaction that shows the picture.
    Raises NotAPicture, PictureTooLarge, PictureBusy, and what `point` raises: then nothing is shown.
    """
    house.bucket(bucket, at=at)
    made = pictures.make(source=source, order=order)
    written = pictures.keep(made=made)
    try:
        with acting_as_service(on_behalf_of=on_behalf_of):
            name = f"{secrets.token_hex(16)}.webp"
            last = point(name)
            objects.put(
                place=objects.place_for(bucket_id=bucket, name=name, upsert=False),
                written=written,
                content_type=made.content_type,
                at=at,
                cache_control=CACHED_FOR,
            )
            forget(bucket=bucket, name=last, at=at)
    except DomainError:
        with acting_as_service():
            removal.doom(keys=[written.key], at=at)
        raise


def forget(*, bucket: str, name: str, at: datetime) -> None:
    """Remove a picture that is shown no more; the caller acts as the service."""
    removal.remove_all(objects=Object.objects.filter(bucket_id=bucket, name=name), at=at)
