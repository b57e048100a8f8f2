"""The files of the person signed in: what there is, more of it, each one's earlier contents, and away with it."""

from collections.abc import Iterable
from http import HTTPStatus
from typing import Any
from urllib.parse import quote
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from core.actors import acting_as, outside_transaction
from core.errors import DomainError
from storage_app import blobs
from storage_app.form_uploads import brought_too_much
from storage_app.forms import RightForm, UploadForm
from storage_app.models import Object, ObjectVersion
from storage_app.services import documents, house, objects, renditions, signing
from storage_app.services.access import ObjectNotFound
from storage_app.services.documents import UploadRight
from storage_app.services.pictures import Order

PAGE = 50
OPENS_FOR = 300  # seconds
PREVIEW = Order(width=960, height=720, resize="contain", format="webp")


@never_cache
@outside_transaction
def file_list(request: HttpRequest) -> HttpResponse:
    """The person's files, the newest first; a POST brings another one."""
    if request.method != "POST":
        return _list_page(request, UploadForm())
    form = UploadForm(request.POST, request.FILES)
    if brought_too_much(request):
        form.add_error("file", _("This is too large for a form. With JavaScript on, it comes in parts."))
    if not form.is_valid():
        return _list_page(request, form, HTTPStatus.UNPROCESSABLE_ENTITY)
    try:
        added = _added(request, form)
    except DomainError as refusal:
        form.add_error("file", str(refusal))
        return _list_page(request, form, HTTPStatus.UNPROCESSABLE_ENTITY)
    messages.success(request, _("%(name)s is with your files.") % {"name": documents.title_of(added)})
    return redirect("files")


def _added(request: HttpRequest, form: UploadForm) -> Object:
    """The new file: as it came with the form, or as the page sent it before. Raises DomainError."""
    person: Any = request.user
    chosen = form.chosen
    if chosen is not None:
        return documents.add(
            owner=person,
            title=chosen.name or "",
            content_type=chosen.content_type or "",
            source=chosen.chunks(),
            size=chosen.size or 0,
            at=timezone.now(),
        )
    with acting_as(person):
        return objects.find(bucket_id=house.DOCUMENTS, name=form.cleaned_data["uploaded"])


def _list_page(request: HttpRequest, form: UploadForm, status: int = HTTPStatus.OK) -> HttpResponse:
    person: Any = request.user
    with acting_as(person):
        found = documents.own_files(owner_id=person.id).order_by("-id")
        before = _uuid(request.GET.get("before", ""))
        page = list((found.filter(pk__lt=before) if before else found)[: PAGE + 1])
        context = {
            "form": form,
            "files": page[:PAGE],
            "older": f"?{urlencode({'before': str(page[PAGE - 1].pk)})}" if len(page) > PAGE else "",
            "is_first": before is None,
            "room": documents.room_of(owner_id=person.id, at=timezone.now()),
        }
        return render(request, "files/list.html", context, status=status)


@require_POST
@outside_transaction
def upload_right(request: HttpRequest) -> HttpResponse:
    """The right to send a new file in parts."""
    person: Any = request.user

    def asked(facts: dict[str, Any]) -> UploadRight:
        return documents.right_to_add(
            owner=person,
            title=facts["name"],
            content_type=facts["type"],
            size=facts["size"],
            at=timezone.now(),
        )

    return right_answer(request, asked)


@require_POST
@outside_transaction
def replace_right(request: HttpRequest, file_id: UUID) -> HttpResponse:
    """The right to send, in parts, another content of a file."""
    person: Any = request.user

    def asked(facts: dict[str, Any]) -> UploadRight:
        return documents.right_to_replace(
            owner=person, id=file_id, content_type=facts["type"], size=facts["size"], at=timezone.now()
        )

    return right_answer(request, asked)


def right_answer(request: HttpRequest, asked: Any) -> HttpResponse:
    """Answer a page that asks for the right to send a file: where to, and by which token; or why not."""
    form = RightForm(request.POST)
    if not form.is_valid():
        return JsonResponse({"message": _("Choose a file first.")}, status=HTTPStatus.UNPROCESSABLE_ENTITY)
    try:
        right: UploadRight = asked(form.cleaned_data)
    except DomainError as refusal:
        return JsonResponse({"message": str(refusal)}, status=HTTPStatus.UNPROCESSABLE_ENTITY)
    answer = JsonResponse({"token": right.token, "bucket": right.bucket_id, "name": right.name})
    answer["Cache-Control"] = "no-store"
    return answer


@never_cache
@outside_transaction
def file_page(request: HttpRequest, file_id: UUID) -> HttpResponse:
    """One file: what it is, what it was; a POST gives it another content."""
    if request.method != "POST":
        return _file_page(request, file_id, UploadForm())
    form = UploadForm(request.POST, request.FILES)
    if brought_too_much(request):
        form.add_error("file", _("This is too large for a form. With JavaScript on, it comes in parts."))
    if form.is_valid():
        try:
            _replaced(request, file_id, form)
        except ObjectNotFound:
            raise Http404 from None
        except DomainError as refusal:
            form.add_error("file", str(refusal))
        else:
            messages.success(request, _("The file was replaced. What it held before is kept below."))
            return redirect("file", file_id)
    return _file_page(request, file_id, form, HTTPStatus.UNPROCESSABLE_ENTITY)


def _replaced(request: HttpRequest, file_id: UUID, form: UploadForm) -> None:
    """Raises DomainError. What the page sent in parts is there already."""
    person: Any = request.user
    chosen = form.chosen
    if chosen is not None:
        documents.replace(
            owner=person,
            id=file_id,
            content_type=chosen.content_type or "",
            source=chosen.chunks(),
            size=chosen.size or 0,
            at=timezone.now(),
        )


def _file_page(
    request: HttpRequest, file_id: UUID, form: UploadForm, status: int = HTTPStatus.OK
) -> HttpResponse:
    person: Any = request.user
    with acting_as(person):
        found = _own(person, file_id)
        context = {
            "form": form,
            "file": found,
            "versions": objects.versions(bucket_id=found.bucket_id, name=found.name),
            "has_preview": _has_preview(found.version),
        }
        return render(request, "files/file.html", context, status=status)


@require_safe
@outside_transaction
def file_preview(request: HttpRequest, file_id: UUID) -> HttpResponse:
    """A picture small enough to look at."""
    person: Any = request.user
    with acting_as(person):
        version = _own(person, file_id).version
    if not _has_preview(version):
        raise Http404
    try:
        made = renditions.rendition_of(version=version, order=PREVIEW, at=timezone.now())
    except DomainError as refusal:
        raise Http404(str(refusal)) from None
    # A few hundred kilobytes at most: pixels and quality are bounded.
    return HttpResponse(
        b"".join(blobs.read(made.blob_key)),
        headers={
            "Content-Type": made.content_type,
            "ETag": made.etag,
            "Cache-Control": "private, max-age=3600",
            "X-Content-Type-Options": "nosniff",
        },
    )


@require_safe
@outside_transaction
def file_download(request: HttpRequest, file_id: UUID) -> HttpResponse:
    """On to the address that gives the file out, signed for a few minutes."""
    person: Any = request.user
    with acting_as(person):
        found = _own(person, file_id)
        if found.version.is_held_back:
            return redirect("file", file_id)
        bucket = house.bucket(found.bucket_id, at=timezone.now())
        token = signing.sign_download(object=found, bucket=bucket, expires_in=OPENS_FOR, at=timezone.now())
    query = urlencode({"token": token, "download": documents.title_of(found)})
    answer = redirect(f"/storage/v1/object/sign/{found.bucket_id}/{quote(found.name)}?{query}")
    answer["Cache-Control"] = "no-store"
    return answer


@require_POST
def file_restore(request: HttpRequest, file_id: UUID, version_id: UUID) -> HttpResponse:
    """What the file held before becomes its content again."""
    person: Any = request.user
    found = _own(person, file_id)
    try:
        objects.restore(bucket_id=found.bucket_id, name=found.name, version_id=version_id, at=timezone.now())
    except ObjectNotFound:
        raise Http404 from None
    messages.success(request, _("The earlier content is the file’s content again."))
    return redirect("file", file_id)


@require_POST
def file_delete(request: HttpRequest, file_id: UUID) -> HttpResponse:
    """Away with the file and all it ever held."""
    person: Any = request.user
    found = _own(person, file_id)
    objects.remove(bucket_id=found.bucket_id, names=[found.name], at=timezone.now())
    messages.success(request, _("%(name)s was deleted.") % {"name": documents.title_of(found)})
    return redirect("files")


def _own(person: Any, file_id: UUID) -> Object:
    """Raises Http404, also for another person's file."""
    try:
        return documents.own_file(owner_id=person.id, id=file_id)
    except ObjectNotFound:
        raise Http404 from None


def _has_preview(version: ObjectVersion) -> bool:
    fits: Iterable[str] = renditions.PICTURES
    return version.content_type in fits and not version.is_held_back


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
