"""Recovery codes: made, shown once, and taken away on paper or in a file right then."""

from datetime import timedelta

from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal import flows
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts import audit, step_up
from accounts.requests import PersonRequest
from accounts.services import factors

DOWNLOAD_FOR = timedelta(minutes=10)
_SHOWN = "recovery_codes.shown"


def _codes(request: PersonRequest, *, lock: bool = False) -> Authenticator:
    theirs = Authenticator.objects.filter(user=request.user, type=Authenticator.Type.RECOVERY_CODES)
    found: Authenticator = get_object_or_404(theirs.select_for_update() if lock else theirs)
    return found


@never_cache
@require_http_methods(["GET", "HEAD"])
def show(request: PersonRequest) -> HttpResponse:
    """The codes, the first time; how many are left, ever after. Of two windows at once, one gets them."""
    row = _codes(request, lock=True)
    wrapper = row.wrap()
    unused = wrapper.get_unused_codes()
    facts = {"left": len(unused), "total": len(wrapper.generate_codes()), "codes": []}
    if not wrapper.did_view:
        wrapper.mark_as_viewed()
        request.session[_SHOWN] = [row.pk, timezone.now().timestamp()]
        audit.record(action="accounts.recovery_codes.shown", target=row, actor_id=request.user.pk)
        facts["codes"] = unused
    waiting = step_up.waiting(request)
    if waiting and not waiting.has_form:
        step_up.forget(request)
    return render(request, "mfa/recovery_codes/index.html", {**facts, "waiting": waiting})


@never_cache
@require_http_methods(["POST"])
def download(request: PersonRequest) -> HttpResponse:
    """The codes as a text file: for the browser that was shown them, shortly after."""
    row = _codes(request)
    shown, at = request.session.get(_SHOWN) or (None, 0.0)
    if shown != row.pk or timezone.now().timestamp() - at > DOWNLOAD_FOR.total_seconds():
        raise Http404
    audit.record(action="accounts.recovery_codes.downloaded", target=row, actor_id=request.user.pk)
    head = _("Recovery codes for your Alajo account. Each works once.")
    text = "\n".join([head, request.user.email, "", *row.wrap().get_unused_codes(), ""])
    headers = {"Content-Disposition": 'attachment; filename="alajo-recovery-codes.txt"'}
    return HttpResponse(text, content_type="text/plain; charset=utf-8", headers=headers)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def generate(request: PersonRequest) -> HttpResponse:
    if not factors.factors_of(user=request.user):
        return redirect("mfa_index")
    if request.method == "POST":
        row = flows.generate_recovery_codes(request)
        audit.record(action="accounts.recovery_codes.made", target=row, actor_id=request.user.pk)
        return redirect("mfa_view_recovery_codes")
    row = Authenticator.objects.filter(user=request.user, type=Authenticator.Type.RECOVERY_CODES).first()
    left = len(row.wrap().get_unused_codes()) if row else 0
    return render(request, "mfa/recovery_codes/generate.html", {"left": left})
