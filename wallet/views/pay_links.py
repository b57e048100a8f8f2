"""A person's own pay links, and what those see who follow one."""

from io import BytesIO
from urllib.parse import urlencode
from uuid import UUID

import segno
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import letters
from accounts.form_keys import new_form_key
from accounts.models import Customer
from accounts.requests import PersonRequest
from core.errors import DomainError
from core.middleware import client_ip
from core.views import not_found, slow_down
from wallet.models import PayLink
from wallet.request_forms import PayLinkForm
from wallet.services.requests import links as pay_links
from wallet.services.requests.asking import RequestAmount
from wallet.services.requests.links import PayLinkNotFound, TooManyLinkLookups
from wallet.templatetags.wallet import plain_amount
from wallet.views.access import own_wallet, wallet_page

QR_SCALE = 10


@wallet_page
@require_http_methods(["GET", "HEAD", "POST"])
def links(request: PersonRequest) -> HttpResponse:
    """One's links with their pictures; a POST makes one."""
    own_wallet(request.user)
    place = f"pay_link.{request.user.pk}"
    form = PayLinkForm(initial={"form_key": new_form_key(place)}, place=place)
    if request.method == "POST":
        form = PayLinkForm(request.POST, place=place)
        if form.is_valid():
            typed = form.cleaned_data
            try:
                pay_links.make_pay_link(
                    owner=request.user,
                    amount=typed["amount"],
                    note=typed["note"],
                    link_id=typed["form_key"],
                    at=timezone.now(),
                )
            except DomainError as refusal:
                form.add_error("amount" if isinstance(refusal, RequestAmount) else None, str(refusal))
            else:
                messages.success(request, _("Your link is ready to share."))
                return redirect("pay_links")
    mine = PayLink.objects.filter(owner=request.user, revoked_at=None).order_by("-pk")
    shown = [(link, address_of(link), _picture(link)) for link in mine]
    context = {"form": form, "links": shown, "here": "links"}
    return render(request, "requests/links.html", context, status=422 if form.errors else 200)


@require_safe
def qr_png(request: PersonRequest, link_id: UUID) -> HttpResponse:
    """A link as a picture to save. Only this browser may keep it."""
    link = get_object_or_404(PayLink, owner=request.user, pk=link_id, revoked_at=None)
    picture = BytesIO()
    segno.make(address_of(link), error="m").save(picture, kind="png", scale=QR_SCALE, border=4)
    answer = HttpResponse(picture.getvalue(), content_type="image/png")
    answer["Content-Disposition"] = f'attachment; filename="alajo-{link.slug}.png"'
    answer["Cache-Control"] = "private, max-age=86400"
    return answer


@wallet_page
@require_POST
def end(request: PersonRequest, link_id: UUID) -> HttpResponse:
    """End a link for good."""
    link = get_object_or_404(PayLink, owner=request.user, pk=link_id)
    try:
        pay_links.revoke_pay_link(link=link, by=request.user, at=timezone.now())
    except DomainError as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("This link no longer works."))
    return redirect("pay_links")


@login_not_required
@never_cache
@require_safe
def follow(request: HttpRequest, slug: str) -> HttpResponse:
    """Whoever banks with us goes on to sending; anybody else is told whose link it is, and how to join."""
    try:
        pay_links.count_link_lookup(caller=client_ip(request))
        owner = pay_links.owner_of(slug=slug)
    except TooManyLinkLookups as refusal:
        return slow_down(request, seconds=refusal.data["retry_after"])
    except PayLinkNotFound:
        return not_found(request)
    link = owner.link
    own = link.owner_id == request.user.pk
    if not own and request.user.is_authenticated and Customer.objects.filter(pk=request.user.pk).exists():
        amount = plain_amount(link.amount) if link.amount else ""
        wanted = {"to": f"@{owner.handle}", "amount": amount, "note": link.note}
        query = urlencode({name: value for name, value in wanted.items() if value})
        return redirect(f"{reverse('send')}?{query}")
    context = {"owner": owner, "link": link, "own": own}
    return render(request, "requests/pay_me.html", context)


def address_of(link: PayLink) -> str:
    return letters.page("pay_me", link.slug)


def _picture(link: PayLink) -> str:
    return str(segno.make(address_of(link), error="m").svg_inline(scale=4, border=4))
