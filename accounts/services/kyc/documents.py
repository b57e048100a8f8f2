"""Documents of an application: looked at when they come, made anew, kept; replaced and deleted while that is open."""

import secrets
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from accounts import audit
from accounts.kyc import steps
from accounts.models import KycApplication, KycDocument, User
from accounts.services.kyc import overview, pace
from accounts.services.kyc.applications import NotEditable, open_of, touch
from accounts.services.kyc.disposal import forget_unseen
from accounts.services.kyc.intake import DocumentTooLarge, DocumentTypeRefused, Taken, take
from core.actors import acting_as_service
from core.errors import DomainError
from storage_app import blobs
from storage_app.services import documents, house, objects, removal
from storage_app.services.access import ObjectNotFound
from storage_app.services.documents import UploadRight

State = KycDocument.State


class NoSuchDocument(DomainError):
    code = "kyc_no_such_document"
    kind = "not_found"
    message = _("There is no such document.")


class NotArrived(DomainError):
    code = "kyc_document_not_arrived"
    kind = "not_found"
    message = _("What you sent is not there any more. Choose it again.")


class AlreadyThere(DomainError):
    code = "kyc_document_there"
    kind = "conflict"
    message = _("This is there already. Replace it, or delete it first.")


class OtherKindThere(DomainError):
    """`data["kind"]` names the one that is there."""

    code = "kyc_other_document_there"
    kind = "conflict"
    message = _("You have sent another kind of document for this. Delete that first.")
    public = ("kind",)


def right_to_send(*, user: User, slot: steps.Slot, content_type: str, size: int, at: datetime) -> UploadRight:
    """Return the right to send a document in parts, where one may be put now.

    Raises NoApplication, NotEditable, DocumentTooLarge, DocumentTypeRefused.
    """
    with acting_as_service(on_behalf_of=user):
        _require_open(open_of(user), slot)
    try:
        return documents.right_to_send(
            owner=user, content_type=content_type, size=size, at=at, room=house.KYC_INCOMING
        )
    except objects.TooLarge:
        raise DocumentTooLarge from None
    except objects.TypeNotAllowed:
        raise DocumentTypeRefused from None


@contextmanager
def sent(*, user: User, name: str, at: datetime) -> Iterator[Iterable[bytes]]:
    """The bytes that this person's page sent in parts before; they are gone afterwards. Raises NotArrived."""
    try:
        found = documents.sent(owner=user, name=name, room=house.KYC_INCOMING)
    except ObjectNotFound:
        raise NotArrived from None
    try:
        yield blobs.read(found.version.blob_key)
    finally:
        documents.forget_sent(owner=user, name=name, at=at, room=house.KYC_INCOMING)


def add_document(*, user: User, slot: steps.Slot, source: Iterable[bytes], at: datetime) -> KycDocument:
    """Put a document where none is yet. Runs outside a transaction: looking at a picture takes its time.

    Raises NoApplication, NotEditable, TooOften, AlreadyThere, OtherKindThere, and as `intake.take`.
    """
    taken = _looked_at(user, slot, source, at)
    try:
        with acting_as_service(on_behalf_of=user):
            application = open_of(user)
            _require_open(application, slot)
            _require_room(application, slot)
            return _kept(application, slot, taken, at=at)
    except DomainError:
        _doom(taken, at=at)
        raise


def replace_document(*, user: User, document_id: UUID, source: Iterable[bytes], at: datetime) -> KycDocument:
    """Put another picture in place of one; that stays, out of force, once staff may have seen it.

    Raises NoSuchDocument, NoApplication, NotEditable, TooOften, and as `intake.take`.
    """
    with acting_as_service(on_behalf_of=user):
        before = _current(open_of(user), document_id)
        slot = (before.kind, before.side)
    taken = _looked_at(user, slot, source, at)
    try:
        with acting_as_service(on_behalf_of=user):
            application = open_of(user)
            _require_open(application, slot)
            before = _current(application, document_id)
            before.state = State.REPLACED
            before.save(update_fields=["state"])
            made = _kept(application, slot, taken, at=at)
            before.replaced_by = made
            before.save(update_fields=["replaced_by"])
            forget_unseen(application=application, documents=[before], at=at)
            return made
    except DomainError:
        _doom(taken, at=at)
        raise


def delete_document(*, user: User, document_id: UUID, at: datetime) -> None:
    """Take a document out of an application that may be changed. Raises NoSuchDocument, NoApplication, NotEditable."""
    with acting_as_service(on_behalf_of=user):
        application = open_of(user)
        document = _current(application, document_id)
        slot = (document.kind, document.side)
        _require_open(application, slot)
        if document.state != State.PENDING or slot in overview.given_of(application).slots_asked:
            # One that staff have spoken about is replaced, so that they see what became of it.
            raise NotEditable(state=application.state)
        document.state = State.DELETED
        document.save(update_fields=["state"])
        forget_unseen(application=application, documents=[document], at=at)
        touch(application, at=at)
        application.save()
        audit.record(action="kyc.document.deleted", target=document, kind=document.kind, side=document.side)


def _looked_at(user: User, slot: steps.Slot, source: Iterable[bytes], at: datetime) -> Taken:
    with acting_as_service(on_behalf_of=user):
        _require_open(open_of(user), slot)
    pace.count(user=user, action=pace.DOCUMENT_SENT, at=at, kind=slot[0])
    return take(source=source, kind=slot[0])


def _require_open(application: KycApplication, slot: steps.Slot) -> None:
    given = overview.given_of(application)
    if not application.is_editable or not steps.is_slot_open(slot, given):
        raise NotEditable(state=application.state)


def _require_room(application: KycApplication, slot: steps.Slot) -> None:
    kinds = steps.KINDS[steps.STEP_OF_KIND[slot[0]]]
    there = KycDocument.objects.current().filter(application=application, kind__in=kinds)
    for kind, side in there.values_list("kind", "side"):
        if (kind, side) == slot:
            raise AlreadyThere
        if kind != slot[0]:
            raise OtherKindThere(kind=kind)


def _current(application: KycApplication, document_id: UUID) -> KycDocument:
    found = KycDocument.objects.current().filter(application=application, pk=document_id).first()
    if found is None:
        raise NoSuchDocument
    return found


def _kept(application: KycApplication, slot: steps.Slot, taken: Taken, *, at: datetime) -> KycDocument:
    """Write the row of a document, and its file into a bucket that no rule opens."""
    house.bucket(house.KYC, at=at)
    name = f"{application.pk}/{secrets.token_hex(16)}.{taken.ending}"
    place = objects.place_for(bucket_id=house.KYC, name=name, upsert=False)
    objects.put(
        place=place, written=taken.written, content_type=taken.content_type, at=at, cache_control="no-store"
    )
    made = KycDocument.objects.create(
        application=application,
        kind=slot[0],
        side=slot[1],
        object_name=name,
        content_type=taken.content_type,
        size=taken.written.size,
        width=taken.width,
        height=taken.height,
        sha256=taken.written.sha256,
        picture_hash=taken.picture_hash,
        quality=taken.quality,
        uploaded_at=at,
    )
    touch(application, at=at)
    application.asked_again = [_done(steps.item_of(item), made) for item in application.asked_again]
    application.save()
    audit.record(action="kyc.document.added", target=made, kind=made.kind, side=made.side, size=made.size)
    return made


def _done(item: dict[str, Any], made: KycDocument) -> dict[str, Any]:
    """What was asked for again, marked as done where this document answers it."""
    if item.get("step") == steps.STEP_OF_KIND[made.kind]:
        return {**item, "done": True}
    if "document" not in item:
        return item
    named = KycDocument.objects.filter(pk=item["document"], kind=made.kind, side=made.side)
    return {**item, "done": True} if named.exists() else item


def _doom(taken: Taken, *, at: datetime) -> None:
    with acting_as_service():
        removal.doom(keys=[taken.written.key], at=at)
