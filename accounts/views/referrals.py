"""Invitations: a customer's own page, the link that strangers follow, and the picture of it."""

from io import BytesIO
from typing import Any
from uuid import UUID

import segno
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from accounts import letters, referral_links
from accounts.models import Customer
from accounts.referral_forms import InviteForm
from accounts.referral_overview import overview_of, rules_of
from accounts.requests import PersonRequest
from accounts.services import referrals
from accounts.services.referrals import inviting
from accounts.services.referrals.codes import TooManyCodes
from core.errors import DomainError
from core.middleware import client_ip
from core.views import slow_down

GONE = 410
DAY = 24 * 3600
QR_SCALE = 10


@never_cache
@require_safe
def overview(request: PersonRequest) -> HttpResponse:
    """A customer's link, its rules, and who came of it; `before` is where the last page ended."""
    return _page(request, InviteForm())


@never_cache
@require_POST
def invite(request: PersonRequest) -> HttpResponse:
    """Mail the link to a friend."""
    _customer(request)
    form = InviteForm(request.POST)
    if form.is_valid():
        try:
            inviting.invite(user=request.user, email=form.cleaned_data["email"], at=timezone.now())
        except DomainError as refusal:
            form.add_error("email", str(refusal))
        else:
            messages.success(request, _("An invitation is on its way."))
            return redirect("referrals")
    return _page(request, form, status=422)


@require_safe
def qr_png(request: PersonRequest) -> HttpResponse:
    """The link as a picture to save. Only this browser may keep it: it is another for everybody."""
    _customer(request)
    code = referrals.code_of(user=request.user, at=timezone.now()).code
    picture = BytesIO()
    segno.make(letters.page("referral_link", code), error="m").save(
        picture, kind="png", scale=QR_SCALE, border=4
    )
    answer = HttpResponse(picture.getvalue(), content_type="image/png")
    answer["Content-Disposition"] = f'attachment; filename="alajo-{code}.png"'
    answer["Cache-Control"] = f"private, max-age={DAY}"
    return answer


@login_not_required
@never_cache
@require_safe
def link(request: HttpRequest, code: str) -> HttpResponse:
    """What a friend sees who follows a link: who invites them and by which rules. Their browser remembers the code."""
    try:
        referrals.count_lookup(caller=client_ip(request))
        inviter = referrals.inviter_of(text=code)
    except TooManyCodes as refusal:
        return slow_down(request, seconds=refusal.data["retry_after"])
    except referrals.CodeNotFound as refusal:
        return render(request, "referrals/invalid.html", {"refusal": refusal}, status=404)
    except referrals.CodeNoLongerValid as refusal:
        return render(request, "referrals/invalid.html", {"refusal": refusal}, status=GONE)
    program = referrals.program_for_strangers(at=timezone.now())
    own = request.user.is_authenticated and request.user.pk == inviter.user_id
    context = {
        "name": inviter.display_name,
        "program": program,
        "rules": list(rules_of(program)) if program else [],
        "own": own,
        "has_account": request.user.is_authenticated,
    }
    response = render(request, "referrals/link.html", context)
    if program and not request.user.is_authenticated:
        if referral_links.code_kept(request) != inviter.code:
            referrals.count_visit(code=inviter.code)
        referral_links.keep(response, request, code=inviter.code, program=program)
    return response


def _page(request: PersonRequest, form: InviteForm, *, status: int = 200) -> HttpResponse:
    customer = _customer(request)
    shown = overview_of(user=request.user, at=timezone.now(), before=_before(request))
    address = letters.page("referral_link", shown.code)
    text = _("Save with me on Alajo: %(link)s") % {"link": address}
    context: dict[str, Any] = {
        "shown": shown,
        "form": form,
        "active": customer.status == Customer.Status.ACTIVE,
        "address": address,
        "share_text": text,
        "mail_link": f"mailto:?{_query(subject=_('Save with me on Alajo'), body=text)}",
        "whatsapp_link": f"https://wa.me/?{_query(text=text)}",
        "qr": segno.make(address, error="m").svg_inline(scale=5, border=4),
        "older": f"?before={shown.older}" if shown.older else "",
        "further_on": bool(request.GET.get("before")),
    }
    return render(request, "referrals/overview.html", context, status=status)


def _customer(request: PersonRequest) -> Customer:
    """Staff invite nobody: raises Http404."""
    found = Customer.objects.filter(pk=request.user.pk).first()
    if found is None:
        raise Http404
    return found


def _query(**parts: str) -> str:
    return urlencode(parts).replace("+", "%20")


def _before(request: PersonRequest) -> UUID | None:
    text = request.GET.get("before", "")
    try:
        return UUID(text) if text else None
    except ValueError:
        raise Http404 from None
