"""What an officer does on a case, short of deciding it: claim, let go, write a note."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from core.errors import DomainError
from credit.models import Case
from credit.services import cases

View = Callable[[HttpRequest, UUID], HttpResponse]
QUEUE = "admin:credit_case_changelist"


def may_work(user: Any) -> bool:
    """Whether somebody decides on cases, as the first person or the second."""
    return bool(user.has_perm("credit.view_case")) and any(
        user.has_perm(right) for right in (cases.WORK, cases.OVERRIDE)
    )


def claim_next(request: HttpRequest) -> HttpResponse:
    """Give out the next case and open it. Raises PermissionDenied."""
    user = _worker(request)
    try:
        case = cases.claim_next(by=user, at=timezone.now())
    except DomainError as refusal:
        messages.info(request, str(refusal))
        return redirect(QUEUE)
    messages.success(request, _("The case is yours for 20 minutes from your last look."))
    return to_case(case.pk)


def claim(request: HttpRequest, key: UUID) -> HttpResponse:
    user = _worker(request)
    told = _("The case is yours for 20 minutes from your last look.")
    return _done(request, key, lambda: cases.claim(case_id=key, by=user, at=timezone.now()), told)


def release(request: HttpRequest, key: UUID) -> HttpResponse:
    user = _worker(request)
    told = _("The case is back in the queue.")
    _done(request, key, lambda: cases.release(case_id=key, by=user, at=timezone.now()), told)
    return redirect(QUEUE)


def note(request: HttpRequest, key: UUID) -> HttpResponse:
    user = _worker(request)
    text = request.POST.get("text", "")
    return _done(request, key, lambda: cases.note(case_id=key, by=user, text=text), _("The note is kept."))


DEEDS: dict[str, View] = {"claim": claim, "release": release, "note": note}


def to_case(key: UUID) -> HttpResponse:
    return redirect(reverse("admin:credit_case_change", args=[key]))


def _worker(request: HttpRequest) -> Any:
    """Return who sent a form, if they work on cases. Raises PermissionDenied."""
    if request.method != "POST" or not may_work(request.user):
        raise PermissionDenied
    return request.user


def _done(request: HttpRequest, key: UUID, deed: Callable[[], object], told: str) -> HttpResponse:
    """Do it and say so, or say why not; then back to the case."""
    get_object_or_404(Case, pk=key)
    try:
        deed()
    except DomainError as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, told)
    return to_case(key)
