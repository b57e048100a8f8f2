"""Taking one's data along, and leaving."""

from collections.abc import AsyncIterator, Iterator
from typing import Any

from asgiref.sync import sync_to_async
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.core.handlers.asgi import ASGIRequest
from django.http import HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from accounts.browser import leave
from accounts.requests import PersonRequest
from accounts.services import account_life, personal_data
from accounts.step_up import proof_required
from core.errors import DomainError


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@proof_required
def export(request: PersonRequest) -> HttpResponseBase:
    """Offer the data; a POST gives it."""
    if request.method != "POST":
        return render(request, "security/export.html", {"per_day": personal_data.PER_DAY})
    at = timezone.now()
    try:
        personal_data.count_export(user=request.user, at=at)
    except personal_data.TooManyExports as refusal:
        context = {"per_day": personal_data.PER_DAY, "refusal": refusal}
        return render(request, "security/export.html", context, status=429)
    pieces = personal_data.chunks(personal_data.write_export(user=request.user))
    body = _in_turn(pieces) if isinstance(request, ASGIRequest) else pieces
    response = StreamingHttpResponse(body, content_type="application/zip")
    name = f"alajo-{timezone.localdate(at):%Y-%m-%d}.zip"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


async def _in_turn(pieces: Iterator[bytes]) -> AsyncIterator[bytes]:
    """The same pieces for a server that must not wait for the disk."""
    while piece := await sync_to_async(lambda: next(pieces, b""))():
        yield piece


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@proof_required
def close(request: PersonRequest) -> HttpResponse:
    """Say what stands in the way and what is kept; a POST with the word of consent closes the account."""
    blockers = account_life.blockers_of(user=request.user)
    context: dict[str, Any] = {"blockers": blockers}
    if request.method != "POST":
        return render(request, "security/close.html", context)
    if request.POST.get("sure") != "yes":
        context["unsure"] = True
        return render(request, "security/close.html", context, status=422)
    try:
        account_life.close_account(user=request.user, at=timezone.now())
    except DomainError as refusal:
        messages.error(request, str(refusal))
        context["blockers"] = account_life.blockers_of(user=request.user)
        return render(request, "security/close.html", context, status=422)
    leave(request)
    return redirect("account_closed")


@login_not_required
@never_cache
@require_safe
def closed(request: PersonRequest) -> HttpResponse:
    return render(request, "security/closed.html")
