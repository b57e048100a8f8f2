"""Where a person is signed in, and ending it."""

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts.browser import leave, sign_in_of
from accounts.models import Session
from accounts.requests import PersonRequest
from accounts.services import sessions


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def session_list(request: PersonRequest) -> HttpResponse:
    """Every live session. A POST ends the one it names (`id`), all (`all`), or all but this browser's own."""
    current = sign_in_of(request)
    if request.method == "POST":
        return _end(request, current)
    live = list(Session.objects.visible_to(request.user).live().order_by("-last_seen_at", "-pk"))
    live.sort(key=lambda session: session.pk != current)
    return render(request, "security/sessions.html", {"sessions": live, "current": current})


def _end(request: PersonRequest, current: UUID | None) -> HttpResponse:
    at, here = timezone.now(), False
    if "id" in request.POST:
        wanted = _own(request).pk
        here = wanted == current
        reason = Session.Reason.SIGNED_OUT if here else Session.Reason.ENDED
        sessions.end(session_id=wanted, reason=reason, at=at)
        said = _("That device is logged out.")
    elif "all" in request.POST:
        here = True
        sessions.end_all(user=request.user, reason=Session.Reason.ENDED, at=at)
        said = ""
    else:
        sessions.end_all(user=request.user, reason=Session.Reason.ENDED, at=at, keep=current)
        said = _("You are now logged in only here.")
    if here:
        leave(request)
        return redirect("account_login")
    messages.success(request, said)
    return redirect("sessions")


def _own(request: PersonRequest) -> Session:
    """The live session of one's own that the form names; raises Http404."""
    try:
        wanted = UUID(request.POST["id"])
    except ValueError:
        raise Http404 from None
    session = Session.objects.visible_to(request.user).live().filter(pk=wanted).first()
    if session is None:
        raise Http404
    return session
