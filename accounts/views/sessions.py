"""Where a person is signed in, and ending it."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts.browser import sign_in_of
from accounts.models import Session
from accounts.requests import PersonRequest
from accounts.services import sessions


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def session_list(request: PersonRequest) -> HttpResponse:
    """Every live session; a POST ends all but this browser's own."""
    current = sign_in_of(request)
    if request.method == "POST":
        sessions.end_all(user=request.user, reason=Session.Reason.ENDED, at=timezone.now(), keep=current)
        messages.success(request, _("You are now logged in only here."))
        return redirect("sessions")
    live = list(Session.objects.visible_to(request.user).live().order_by("-last_seen_at"))
    return render(request, "security/sessions.html", {"sessions": live, "current": current})
