"""A person's security: how well they are guarded, what happened, and what to do when it was not them."""

from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import security_events
from accounts.browser import leave, sign_in_of
from accounts.models import Customer
from accounts.requests import PersonRequest
from accounts.security_overview import overview_of
from accounts.services import security, settling, status
from core.errors import DomainError


@never_cache
@require_safe
def overview(request: PersonRequest) -> HttpResponse:
    customer = Customer.objects.filter(user=request.user).first()
    context = {
        "overview": overview_of(request.user),
        "customer": customer,
        "status_steps": status.steps_of(customer) if customer else [],
        "unsettled_until": settling.unsettled_until(user_id=request.user.pk, at=timezone.now()),
    }
    return render(request, "security/overview.html", context)


@never_cache
@require_safe
def history(request: PersonRequest) -> HttpResponse:
    """Log-ins and security events; `before` and `after` name the event at which the neighbouring page ended."""
    page = security_events.page_of(
        user=request.user, before=_key(request, "before"), after=_key(request, "after")
    )
    context = {
        "events": page.events,
        "newer": f"?after={page.newer}" if page.newer else "",
        "older": f"?before={page.older}" if page.older else "",
    }
    return render(request, "security/history.html", context)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def report(request: PersonRequest) -> HttpResponse:
    """ "This was not me": say what will happen, and on a POST do it. Asks for no proof: a thief gains nothing by it."""
    event_id = _key(request, "event")
    event = security_events.event_of(user=request.user, event_id=event_id) if event_id else None
    if event_id and event is None:
        raise Http404
    if request.method != "POST":
        return render(request, "security/report.html", {"event": event})
    security.report(user=request.user, at=timezone.now(), event_id=event_id)
    leave(request)
    return redirect("security_reported")


@login_not_required
@never_cache
@require_safe
def reported(request: PersonRequest) -> HttpResponse:
    return render(request, "security/reported.html")


@require_POST
def unlock(request: PersonRequest) -> HttpResponse:
    try:
        security.unlock(user=request.user, session_id=sign_in_of(request), at=timezone.now())
    except DomainError as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("Your money is unlocked."))
    return redirect("security")


def _key(request: PersonRequest, name: str) -> UUID | None:
    """A key from the address; raises Http404 for what is none."""
    text = request.GET.get(name, "")
    if not text:
        return None
    try:
        return UUID(text)
    except ValueError:
        raise Http404 from None
