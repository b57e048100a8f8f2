"""A merchant's payment links: making, pausing, sharing and printing them."""

from io import BytesIO
from uuid import UUID

import segno
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import letters
from accounts.form_keys import new_form_key
from accounts.requests import PersonRequest
from core.errors import DomainError
from storage_app.forms import UploadForm
from wallet import merchant_words
from wallet.merchant_forms import LinkForm
from wallet.models import MerchantPayment, PaymentLink
from wallet.services.merchants import applying, links
from wallet.views.merchants import Desk, desk_of

PAGE, LATEST = 30, 10
QR_SCALE = 10
KINDS = {"png": "image/png", "svg": "image/svg+xml"}


@never_cache
@require_safe
def link_list(request: PersonRequest, slug: str) -> HttpResponse:
    """Every link, newest first; `before` is where the last page ended."""
    desk = desk_of(request, slug)
    rows = PaymentLink.objects.visible_to(request.user).filter(merchant=desk.merchant).order_by("-pk")
    before = _uuid(request.GET.get("before", ""))
    found = list((rows.filter(pk__lt=before) if before else rows)[: PAGE + 1])
    context = {
        "desk": desk,
        "links": [(link, *state_of(link)) for link in found[:PAGE]],
        "older": f"?before={found[PAGE - 1].pk}" if len(found) > PAGE else "",
        "newer": "?" if before else "",
        "here": "links",
    }
    return render(request, "merchants/links.html", context)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def link_make(request: PersonRequest, slug: str) -> HttpResponse:
    desk = desk_of(request, slug)
    place = f"payment_link.{request.user.pk}.{desk.merchant.pk}"
    if request.method != "POST":
        form = LinkForm(initial={"form_key": new_form_key(place)}, place=place)
        return _make_page(request, desk, form)
    form = LinkForm(request.POST, place=place)
    if form.is_valid():
        typed = form.cleaned_data
        try:
            link = links.make_link(
                merchant=desk.merchant,
                by=request.user,
                title=typed["title"],
                amount=typed["amount"],
                description=typed["description"],
                success_message=typed["success_message"],
                single_use=typed["single_use"],
                expires_at=form.expires_at(),
                link_id=typed["form_key"],
                at=timezone.now(),
            )
        except DomainError as refusal:
            form.add_error(_field_of(refusal), str(refusal))
        else:
            messages.success(request, _("Your link is ready to share."))
            return redirect("merchant_link", slug, link.pk)
    return _make_page(request, desk, form)


@never_cache
@require_safe
def link_page(request: PersonRequest, slug: str, link_id: UUID) -> HttpResponse:
    """One link: its address and picture, and who paid it."""
    return page_of_link(request, *link_of(request, slug, link_id), UploadForm())


def page_of_link(
    request: PersonRequest, desk: Desk, link: PaymentLink, form: UploadForm, status: int = 200
) -> HttpResponse:
    label, tone = state_of(link)
    paid = MerchantPayment.objects.visible_to(request.user).filter(link=link).paid().order_by("-pk")
    address = address_of(link)
    context = {
        "desk": desk,
        "link": link,
        "label": label,
        "tone": tone,
        "address": address,
        "form": form,
        "qr": segno.make(address, error="m").svg_inline(scale=5, border=4),
        "payments": list(paid.select_related("link")[:LATEST]),
        "here": "links",
    }
    return render(request, "merchants/link.html", context, status=status)


@never_cache
@require_POST
def link_turn(request: PersonRequest, slug: str, link_id: UUID) -> HttpResponse:
    """Pause a link, or open it again."""
    _desk, link = link_of(request, slug, link_id)
    turn = links.reopen_link if request.POST.get("to") == "open" else links.pause_link
    try:
        turn(link=link, by=request.user)
    except DomainError as refusal:
        messages.error(request, str(refusal))
    return redirect("merchant_link", slug, link_id)


@require_safe
def link_qr(request: PersonRequest, slug: str, link_id: UUID, kind: str) -> HttpResponse:
    """The address as a picture to save."""
    _desk, link = link_of(request, slug, link_id)
    if kind not in KINDS:
        raise Http404
    picture = BytesIO()
    segno.make(address_of(link), error="m").save(picture, kind=kind, scale=QR_SCALE, border=4)
    answer = HttpResponse(picture.getvalue(), content_type=KINDS[kind])
    answer["Content-Disposition"] = f'attachment; filename="alajo-{link.slug}.{kind}"'
    answer["Cache-Control"] = "private, max-age=86400"
    return answer


@never_cache
@require_safe
def link_print(request: PersonRequest, slug: str, link_id: UUID) -> HttpResponse:
    """A sheet to hang up in the shop."""
    desk, link = link_of(request, slug, link_id)
    address = address_of(link)
    picture = segno.make(address, error="q").svg_inline(scale=9, border=4)
    context = {"desk": desk, "link": link, "address": address, "qr": picture}
    return render(request, "merchants/print.html", context)


def address_of(link: PaymentLink) -> str:
    return letters.page("pay_link", link.slug)


def state_of(link: PaymentLink) -> tuple[str, str]:
    """The words and the tone of a link's badge."""
    expired = link.state == PaymentLink.State.ACTIVE and link.is_expired(timezone.now())
    label = _("Ended") if expired else link.get_state_display()
    return str(label), merchant_words.LINK_TONES["EXPIRED" if expired else link.state]


def link_of(request: PersonRequest, slug: str, link_id: UUID) -> tuple[Desk, PaymentLink]:
    desk = desk_of(request, slug)
    rows = PaymentLink.objects.visible_to(request.user).filter(merchant=desk.merchant)
    return desk, get_object_or_404(rows, pk=link_id)


def _make_page(request: PersonRequest, desk: Desk, form: LinkForm) -> HttpResponse:
    context = {"desk": desk, "form": form, "here": "links"}
    return render(request, "merchants/link_make.html", context, status=422 if form.errors else 200)


def _field_of(refusal: DomainError) -> str | None:
    if isinstance(refusal, applying.MerchantTextRefused):
        return "title"
    return "amount" if isinstance(refusal, links.LinkRefused) else None


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text) if text else None
    except ValueError:
        raise Http404 from None
