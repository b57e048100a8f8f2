"""Pictures of other sizes and formats, made when they are first asked for and kept beside the file."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from core.actors import acting_as_service
from core.errors import DomainError
from storage_app import blobs
from storage_app.models import ObjectVersion, Rendition
from storage_app.services import pictures, removal
from storage_app.services.access import ObjectNotFound
from storage_app.services.pictures import Order

PICTURES = frozenset({"image/jpeg", "image/png", "image/gif", "image/webp", "image/avif"})
# Whoever asks for ever more sizes of one picture does not fill the disk: the oldest makes room.
KEPT = 20
# What imgproxy, and so Supabase's clients, call the ways to resize.
_WORDS = {"cover": "fill", "contain": "fit", "fill": "force"}


class InvalidTransformation(DomainError):
    code = "invalid_transformation"
    message = _("A picture is made with a width and height of 1 to 2500 and a quality of 20 to 100.")


def order_of(wishes: Mapping[str, object]) -> Order:
    """Return the order in `width`, `height`, `resize`, `format` and `quality`. Raises InvalidTransformation."""
    order = Order(
        width=_number(wishes, "width", 1, pictures.LONGEST_SIDE),
        height=_number(wishes, "height", 1, pictures.LONGEST_SIDE),
        resize=str(wishes.get("resize") or "cover"),
        format=str(wishes.get("format") or "origin"),
        quality=_number(wishes, "quality", 20, 100) or 80,
    )
    if order.resize not in pictures.RESIZES or order.format not in pictures.FORMATS:
        raise InvalidTransformation
    return order


def recipe_of(order: Order) -> str:
    """The order in a few words, which `x-transformations` tells the client: `height:200,width:200,…`."""
    sides = [f"{name}:{side}" for name, side in (("height", order.height), ("width", order.width)) if side]
    made = [*sides, f"resizing_type:{_WORDS[order.resize]}", f"quality:{order.quality}"]
    return ",".join(made if order.format == "origin" else [*made, f"format:{order.format}"])


def ready(*, version_id: UUID, order: Order) -> Rendition | None:
    """Return a picture that was made of this version before."""
    with acting_as_service():
        return Rendition.objects.filter(version_id=version_id, recipe=recipe_of(order)).first()


def rendered(*, version_id: UUID, order: Order, at: datetime) -> Rendition:
    """Likewise, made now unless it is there. Raises as `rendition_of`."""
    with acting_as_service():
        version = ObjectVersion.objects.filter(pk=version_id).first()
    if version is None:
        raise ObjectNotFound
    return rendition_of(version=version, order=order, at=at)


def rendition_of(*, version: ObjectVersion, order: Order, at: datetime) -> Rendition:
    """Return a picture made of this version, which the caller may read; made now unless it is there.

    Raises NotAPicture, PictureTooLarge, PictureBusy, ObjectNotFound.
    """
    recipe = recipe_of(order)
    found = ready(version_id=version.pk, order=order)
    if found is not None:
        return found
    if version.content_type not in PICTURES:
        raise pictures.NotAPicture
    made = pictures.make(source=blobs.read(version.blob_key), order=order)
    written = pictures.keep(made=made, kind="renditions")
    with acting_as_service():
        rendition = Rendition(
            version=version,
            recipe=recipe,
            blob_key=written.key,
            size=written.size,
            content_type=made.content_type,
            md5=written.md5,
            created_at=at,
        )
        # Nobody else makes or removes anything of this version until we are done.
        if not ObjectVersion.objects.select_for_update().filter(pk=version.pk).exists():
            removal.doom(keys=[written.key], at=at)
        elif twin := Rendition.objects.filter(version=version, recipe=recipe).first():
            removal.doom(keys=[written.key], at=at)
            rendition = twin
        else:
            rendition.save(force_insert=True)
            _make_room(version, at=at)
    if rendition.pk is None:
        raise ObjectNotFound
    return rendition


def _make_room(version: ObjectVersion, *, at: datetime) -> None:
    oldest = Rendition.objects.filter(version=version).order_by("-pk")[KEPT:]
    gone = Rendition.objects.filter(pk__in=[one.pk for one in oldest])
    removal.doom(keys=gone.values_list("blob_key", flat=True), at=at)
    gone.delete()


def _number(wishes: Mapping[str, object], name: str, least: int, most: int) -> int | None:
    text = str(wishes.get(name) or "")
    if not text:
        return None
    if not text.isascii() or not text.isdigit() or not least <= int(text[:9]) <= most:
        raise InvalidTransformation
    return int(text)
