"""Documents of an application: which kind, one page for each picture, a look at what was sent, and away with it."""

from http import HTTPStatus
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.kyc import steps
from accounts.models import KycApplication, KycDocument
from accounts.requests import PersonRequest
from accounts.services.kyc import documents, overview
from accounts.services.kyc.documents import NoSuchDocument
from accounts.services.kyc.intake import MAY_BE_PDF, MOST_BYTES, DocumentTooLarge
from accounts.views.kyc_pages import STATUSES, kyc_page, own_open
from core.actors import acting_as, acting_as_service, outside_transaction
from core.errors import DomainError
from storage_app import blobs
from storage_app.form_uploads import brought_too_much
from storage_app.forms import UploadForm
from storage_app.models import Object
from storage_app.services import house, renditions
from storage_app.services.documents import UploadRight
from storage_app.services.pictures import Order
from storage_app.views import right_answer

PREVIEW = Order(width=960, height=960, resize="contain", format="webp")
PICTURES, PDF = "image/jpeg,image/png,image/webp", "application/pdf"
# Nothing in what a customer sent may run, whatever a browser takes it for.
POLICY = "sandbox; default-src 'none'"


def choice_page(request: PersonRequest, application: KycApplication, step: steps.Step) -> HttpResponse:
    """What was sent for a step, and what may be sent for it."""
    given = overview.given_of(application)
    there = {(one.kind, one.side): one for one in _current(request, application)}
    kinds = [kind for kind in steps.KINDS[step.code] if any(slot[0] == kind for slot in there)]
    if not kinds and len(steps.KINDS[step.code]) == 1:
        only = steps.KINDS[step.code][0]
        if steps.is_slot_open((only, steps.SIDES[only][0]), given):
            return redirect("kyc_slot", (only, steps.SIDES[only][0]))
    slots = [
        {
            "slot": slot,
            "label": label_of(slot),
            "document": there.get(slot),
            "is_open": steps.is_slot_open(slot, given),
            "can_delete": steps.is_slot_open(slot, given) and slot not in given.slots_asked,
        }
        for kind in kinds
        for slot in ((kind, side) for side in steps.SIDES[kind])
    ]
    context = {
        "application": application,
        "step": step,
        "slots": slots,
        "choices": [
            {
                "slot": (kind, steps.SIDES[kind][0]),
                "label": KycDocument.Kind(kind).label,
                "sides": len(steps.SIDES[kind]),
            }
            for kind in steps.KINDS[step.code]
        ]
        if not kinds and steps.is_open_to_change(step.code, given)
        else [],
        "is_given": steps.is_given(step.code, given),
    }
    return render(request, "kyc/documents.html", context)


@kyc_page
@require_http_methods(["GET", "HEAD", "POST"])
@outside_transaction
def slot_page(request: PersonRequest, slot: steps.Slot) -> HttpResponse:
    """One picture of a document: a POST brings it, in place of one that is there."""
    if request.method != "POST":
        return _slot_page(request, slot, UploadForm())
    form = UploadForm(request.POST, request.FILES)
    if brought_too_much(request):
        form.add_error("file", str(DocumentTooLarge.message))
    if form.is_valid():
        try:
            _take(request, slot, form)
        except DomainError as refusal:
            if type(refusal) in STATUSES:
                raise
            form.add_error("file", str(refusal))
        else:
            return _onward(request, slot)
    return _slot_page(request, slot, form, HTTPStatus.UNPROCESSABLE_ENTITY)


def _take(request: PersonRequest, slot: steps.Slot, form: UploadForm) -> None:
    """Raises what the services do."""
    user, chosen, at = request.user, form.chosen, timezone.now()
    if chosen is not None:
        _put(request, slot, chosen.chunks(), at)
    else:
        with documents.sent(user=user, name=form.cleaned_data["uploaded"], at=at) as source:
            _put(request, slot, source, at)


def _put(request: PersonRequest, slot: steps.Slot, source: Any, at: Any) -> None:
    with acting_as(request.user):
        there = _current(request, own_open(request.user), slot)
    if there:
        documents.replace_document(user=request.user, document_id=there[0].pk, source=source, at=at)
    else:
        documents.add_document(user=request.user, slot=slot, source=source, at=at)


def _onward(request: PersonRequest, slot: steps.Slot) -> HttpResponse:
    """On to the other side of the document, or back to its step."""
    messages.success(
        request, _("%(document)s: we have it, and it can be read.") % {"document": label_of(slot)}
    )
    with acting_as(request.user):
        there = {(one.kind, one.side) for one in _current(request, own_open(request.user))}
    rest = [(slot[0], side) for side in steps.SIDES[slot[0]] if (slot[0], side) not in there]
    if rest:
        return redirect("kyc_slot", rest[0])
    return redirect("kyc_step", steps.STEPS[steps.STEP_OF_KIND[slot[0]]].slug)


def _slot_page(
    request: PersonRequest, slot: steps.Slot, form: UploadForm, status: int = HTTPStatus.OK
) -> HttpResponse:
    with acting_as(request.user):
        application = own_open(request.user)
        step = steps.STEPS[steps.STEP_OF_KIND[slot[0]]]
        if step.code not in overview.codes_of(application, timezone.localdate()):
            raise Http404
        there = _current(request, application, slot)
        is_pdf_fine = slot[0] in MAY_BE_PDF
        context = {
            "step": step,
            "slot": slot,
            "label": label_of(slot),
            "document": there[0] if there else None,
            "is_open": steps.is_slot_open(slot, overview.given_of(application)),
            "is_selfie": slot[0] == KycDocument.Kind.SELFIE,
            "is_pdf_fine": is_pdf_fine,
            "accept": f"{PICTURES},{PDF}" if is_pdf_fine else PICTURES,
            "most_bytes": MOST_BYTES,
            "form": form,
        }
        return render(request, "kyc/slot.html", context, status=status)


@require_POST
@outside_transaction
def upload_right(request: PersonRequest, slot: steps.Slot) -> HttpResponse:
    """The right to send a document in parts, which `slot_page` then takes over."""

    def asked(facts: dict[str, Any]) -> UploadRight:
        return documents.right_to_send(
            user=request.user, slot=slot, content_type=facts["type"], size=facts["size"], at=timezone.now()
        )

    return right_answer(request, asked)


@kyc_page
@require_safe
@outside_transaction
def look(request: PersonRequest, document_id: UUID) -> HttpResponseBase:
    """What one sent, for oneself: a picture small enough to look at; a PDF only as a file to take home."""
    with acting_as(request.user):
        mine = KycDocument.objects.visible_to(request.user).current()
        document = mine.filter(pk=document_id).first()
    if document is None:
        raise Http404
    with acting_as_service(on_behalf_of=request.user):
        files = Object.objects.select_related("version")
        file = files.filter(bucket_id=house.KYC, name=document.object_name).first()
    if file is None or file.version.is_held_back:
        raise Http404
    headers = {
        "Cache-Control": "private, no-store",
        "X-Content-Type-Options": "nosniff",
        "Content-Security-Policy": POLICY,
    }
    if not document.is_picture:
        headers |= {"Content-Type": PDF, "Content-Disposition": 'attachment; filename="document.pdf"'}
        return HttpResponse(b"".join(blobs.read(file.version.blob_key)), headers=headers)
    try:
        made = renditions.rendition_of(version=file.version, order=PREVIEW, at=timezone.now())
    except DomainError as refusal:
        raise Http404(str(refusal)) from None
    headers["Content-Type"] = made.content_type
    return HttpResponse(b"".join(blobs.read(made.blob_key)), headers=headers)


@kyc_page
@require_POST
def delete(request: PersonRequest, document_id: UUID) -> HttpResponse:
    with acting_as(request.user):
        found = KycDocument.objects.visible_to(request.user).filter(pk=document_id).first()
    try:
        documents.delete_document(user=request.user, document_id=document_id, at=timezone.now())
    except NoSuchDocument:
        raise Http404 from None
    assert found is not None
    slot = (found.kind, found.side)
    messages.success(request, _("%(document)s was deleted.") % {"document": label_of(slot)})
    return redirect("kyc_step", steps.STEPS[steps.STEP_OF_KIND[slot[0]]].slug)


def label_of(slot: steps.Slot) -> str:
    """`Driver's licence, front`; a document with one side is called by its kind."""
    kind, side = KycDocument.Kind(slot[0]), KycDocument.Side(slot[1])
    return str(kind.label) if side == KycDocument.Side.WHOLE else f"{kind.label}, {str(side.label).lower()}"


def _current(
    request: PersonRequest, application: KycApplication, slot: steps.Slot | None = None
) -> list[KycDocument]:
    found = KycDocument.objects.visible_to(request.user).current().filter(application=application)
    if slot is not None:
        found = found.filter(kind=slot[0], side=slot[1])
    return list(found.order_by("id"))
