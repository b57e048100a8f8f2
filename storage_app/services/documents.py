"""What people keep with us: the files of their own folder in the bucket `documents`."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import QuerySet

from core.actors import Person, acting_as, acting_as_service
from core.errors import DomainError
from core.ids import uuid7
from storage_app import blobs
from storage_app.models import Bucket, Object, Usage
from storage_app.names import file_name_of
from storage_app.services import house, objects, removal, signing
from storage_app.services.access import ObjectNotFound

# Tries at a free name: `letter.pdf`, `letter (2).pdf`, …
_NUMBERS = range(2, 1_002)


@dataclass(frozen=True)
class UploadRight:
    """Where one file may be put, in as many parts as it takes, by whoever has the token."""

    token: str
    bucket_id: str
    name: str


@dataclass(frozen=True)
class Room:
    """How full a person's folder is."""

    used: int
    quota: int | None
    files: int

    @property
    def percent(self) -> int:
        return min(100, round(100 * self.used / self.quota)) if self.quota else 0


def own_files(*, owner_id: UUID) -> QuerySet[Object]:
    """Return the files in a person's folder, as the person who asks sees them."""
    return Object.objects.filter(bucket_id=house.DOCUMENTS, name__startswith=f"{owner_id}/").select_related(
        "version"
    )


def own_file(*, owner_id: UUID, id: UUID) -> Object:
    """Raises ObjectNotFound."""
    found = own_files(owner_id=owner_id).filter(pk=id).first()
    if found is None:
        raise ObjectNotFound
    return found


def room_of(*, owner_id: UUID, at: datetime) -> Room:
    bucket = house.bucket(house.DOCUMENTS, at=at)
    usage = Usage.objects.filter(bucket=bucket, owner_id=owner_id).first()
    return Room(
        used=usage.bytes_count if usage else 0,
        quota=bucket.quota_bytes,
        files=usage.objects_count if usage else 0,
    )


def add(
    *, owner: Person, title: str, content_type: str, source: Iterable[bytes], size: int, at: datetime
) -> Object:
    """Put a new file into a person's folder under a free name near its title. Raises as `objects.put`."""
    with acting_as(owner):
        place = _new_place(owner, title, size, content_type, at)
    return _put(owner, place, content_type, source, at=at, title=title)


def replace(
    *, owner: Person, id: UUID, content_type: str, source: Iterable[bytes], size: int, at: datetime
) -> Object:
    """Give a file of one's own another content; the earlier one is kept. Raises ObjectNotFound, as `objects.put`."""
    with acting_as(owner):
        place = _place_of(owner, id, size, content_type)
    return _put(owner, place, content_type, source, at=at)


def right_to_add(*, owner: Person, title: str, content_type: str, size: int, at: datetime) -> UploadRight:
    """Return the right to put a new file into a person's folder. Raises as `objects.place_for`."""
    with acting_as(owner):
        place = _new_place(owner, title, size, content_type, at)
    return _right(place, house.bucket(house.DOCUMENTS, at=at), at=at)


def right_to_replace(*, owner: Person, id: UUID, content_type: str, size: int, at: datetime) -> UploadRight:
    """Return the right to give a file another content. Raises ObjectNotFound, as `objects.place_for`."""
    with acting_as(owner):
        place = _place_of(owner, id, size, content_type)
    return _right(place, house.bucket(house.DOCUMENTS, at=at), at=at)


def right_to_send(
    *, owner: Person, content_type: str, size: int, at: datetime, room: str = house.INCOMING
) -> UploadRight:
    """Return the right to send a file that a page is about to take over. Raises as `objects.place_for`."""
    bucket = house.bucket(room, at=at)
    with acting_as_service(on_behalf_of=owner):
        place = objects.place_for(
            bucket_id=bucket.pk,
            name=f"{owner.id}/{uuid7()}",
            upsert=False,
            size=size,
            content_type=content_type,
        )
    return _right(place, bucket, at=at)


def sent(*, owner: Person, name: str, room: str = house.INCOMING) -> Object:
    """Return a file that this person sent, and nobody else did. Raises ObjectNotFound."""
    with acting_as_service(on_behalf_of=owner):
        mine = Object.objects.filter(bucket_id=room, owner_id=owner.id, name=name)
        found = mine.select_related("version").first()
    if found is None:
        raise ObjectNotFound
    return found


def forget_sent(*, owner: Person, name: str, at: datetime, room: str = house.INCOMING) -> None:
    """Remove a file that was taken over, or could not be."""
    with acting_as_service(on_behalf_of=owner):
        removal.remove_all(objects=Object.objects.filter(bucket_id=room, owner_id=owner.id, name=name), at=at)


def forget_sent_before(*, moment: datetime, at: datetime) -> int:
    """Remove files that no page took over; return how many."""
    with acting_as_service():
        left = Object.objects.filter(bucket_id__in=house.WAITING_ROOMS, created_at__lt=moment)
        return removal.remove_all(objects=left, at=at)


def title_of(object: Object) -> str:
    """What its owner calls a file: as it was named when it came, where that was kept."""
    kept = object.user_metadata
    title = kept.get("name") if isinstance(kept, dict) else None
    if isinstance(title, str) and title.strip() and title.isprintable() and len(title) <= 255:
        return title
    return object.name.rpartition("/")[2]


def _new_place(owner: Person, title: str, size: int, content_type: str, at: datetime) -> objects.Place:
    house.bucket(house.DOCUMENTS, at=at)
    name = _free_name(owner, file_name_of(title))
    return objects.place_for(
        bucket_id=house.DOCUMENTS, name=name, upsert=False, size=size, content_type=content_type
    )


def _place_of(owner: Person, id: UUID, size: int, content_type: str) -> objects.Place:
    found = own_file(owner_id=owner.id, id=id)
    return objects.place_for(
        bucket_id=found.bucket_id, name=found.name, upsert=True, size=size, content_type=content_type
    )


def _free_name(owner: Person, name: str) -> str:
    stem, dot, ending = name.rpartition(".")
    stem, ending = (stem, f".{ending}") if dot else (name, "")
    folder = f"{owner.id}/"
    taken = set(
        Object.objects.filter(bucket_id=house.DOCUMENTS, name__startswith=f"{folder}{stem}").values_list(
            "name", flat=True
        )
    )
    numbered = (f"{folder}{stem} ({number}){ending}" for number in _NUMBERS)
    return next(one for one in (f"{folder}{name}", *numbered) if one not in taken)


def _put(
    owner: Person,
    place: objects.Place,
    content_type: str,
    source: Iterable[bytes],
    *,
    at: datetime,
    title: str | None = None,
) -> Object:
    with blobs.Writer(blobs.key_of(uuid7())) as writer:
        for piece in source:
            if writer.size + len(piece) > place.limit:
                raise objects.TooLarge(limit=place.limit)
            writer.write(piece)
        written = writer.finish()
    try:
        with acting_as(owner):
            return objects.put(
                place=place,
                written=written,
                content_type=content_type,
                at=at,
                user_metadata={"name": title} if title else None,
            )
    except DomainError:
        with acting_as_service():
            removal.doom(keys=[written.key], at=at)
        raise


def _right(place: objects.Place, bucket: Bucket, *, at: datetime) -> UploadRight:
    return UploadRight(
        token=signing.sign_upload(place=place, bucket=bucket, at=at), bucket_id=bucket.pk, name=place.name
    )
