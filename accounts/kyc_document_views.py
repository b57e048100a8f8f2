"""Documents of an application, shown to staff: a picture with the name of who looks in it, or the file as it was sent.

A picture is shown to who holds the case, or has revealed it; every look is written down, and nothing is kept in a
browser's cache.
"""

import unicodedata
from collections.abc import Callable
from datetime import datetime
from functools import wraps
from typing import Any
from uuid import UUID

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts import audit, kyc_case, roles
from accounts.models import KycDocument
from accounts.models.kyc import DOCUMENTS_BUCKET
from accounts.services.kyc import queue
from core.actors import acting_as_service, outside_transaction
from core.errors import DomainError
from storage_app import blobs
from storage_app.models import Object
from storage_app.services import pictures

SIDE = 2000
_KEPT_NOWHERE = {"Cache-Control": "no-store, private", "X-Content-Type-Options": "nosniff"}

View = Callable[..., HttpResponseBase]


def for_staff(view: View) -> View:
    """Let in who has passed a second factor, as the staff site does, without the transaction of a request."""

    @outside_transaction
    @require_safe
    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        with acting_as_service():
            answer = None if admin.site.has_permission(request) else admin.site.login(request)
        return answer or view(request, *args, **kwargs)

    return guarded


@for_staff
def picture(request: HttpRequest, key: UUID, document_id: UUID) -> HttpResponseBase:
    """A document as a picture, marked in its pixels. Raises PermissionDenied, Http404."""
    user: Any = request.user
    at = timezone.now()
    with acting_as_service(on_behalf_of=user):
        document = _document(request, key, document_id)
        by_claim = queue.look(application_id=key, by=user, at=at)
        token = request.GET.get("open", "")
        if not by_claim and not kyc_case.is_open_for(user, key, token, lasts=queue.LEASE):
            raise PermissionDenied
        blob, mark = _blob(document), mark_of(user, at)
        _note("viewed", document, user)
    order = pictures.Order(width=SIDE, height=SIDE, resize="contain", format="jpeg", quality=85, mark=mark)
    try:
        made = pictures.make(source=blobs.read(blob), order=order)
    except DomainError as refusal:
        raise Http404(str(refusal)) from None
    with made.file:
        content = made.file.read()
    return HttpResponse(content, headers={**_KEPT_NOWHERE, "Content-Type": made.content_type})


@for_staff
def original(request: HttpRequest, key: UUID, document_id: UUID) -> HttpResponseBase:
    """A document as it was sent, to be kept as evidence. Raises PermissionDenied, Http404."""
    user: Any = request.user
    with acting_as_service(on_behalf_of=user):
        if not user.has_perm(roles.DOWNLOAD_DOCUMENT):
            raise PermissionDenied
        document = _document(request, key, document_id)
        blob = _blob(document)
        _note("downloaded", document, user)
    ending = document.content_type.rpartition("/")[2]
    name = f"{document.kind.lower()}-{document.side.lower()}-{document.pk.hex[-8:]}.{ending}"
    return StreamingHttpResponse(
        blobs.read(blob),
        headers={
            **_KEPT_NOWHERE,
            "Content-Type": document.content_type,
            "Content-Disposition": f'attachment; filename="{name}"',
        },
    )


def mark_of(user: Any, at: datetime) -> str:
    """Who looks and when, in letters that every font has."""
    letters = unicodedata.normalize("NFKD", kyc_case.colleague(user))
    name = "".join(letter for letter in letters if letter.isascii() and letter.isprintable()).strip()
    return f"{name} {user.pk.hex[-8:]} {timezone.localtime(at):%Y-%m-%d %H:%M}"


def _document(request: HttpRequest, key: UUID, document_id: UUID) -> KycDocument:
    """Raises PermissionDenied, Http404."""
    user: Any = request.user
    if not (user.has_perm("accounts.view_kycapplication") and user.has_perm(roles.READ_CASES)):
        raise PermissionDenied
    found = KycDocument.objects.select_related("application").exclude(state=KycDocument.State.DELETED)
    return get_object_or_404(found, pk=document_id, application=key)


def _blob(document: KycDocument) -> str:
    """Return where the bytes lie, if they are those that the row tells of. Raises Http404."""
    kept = Object.objects.select_related("version").filter(
        bucket_id=DOCUMENTS_BUCKET, name=document.object_name
    )
    found = kept.first()
    if found is None or found.version.is_held_back or found.version.sha256 != document.sha256:
        raise Http404
    return found.version.blob_key


def _note(deed: str, document: KycDocument, user: Any) -> None:
    audit.record(
        action=f"kyc.document.{deed}",
        target=document.application,
        actor_id=user.pk,
        document=f"{document.kind} {document.side} {document.pk}",
    )
