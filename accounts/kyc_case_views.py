"""What an agent does on a case, short of deciding it: claim, let go, write a note, see a number, settle a hit."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import audit, roles
from accounts.models import IdentityNumber, KycApplication, ScreeningHit
from accounts.personal import LONGEST, SHORTEST
from accounts.services.kyc import notes, queue, screening, sealing
from core.errors import DomainError
from core.staff import as_uuid

View = Callable[[HttpRequest, UUID], HttpResponse]


def may_work(user: Any) -> bool:
    """Whether somebody decides on applications, as the first person or the second."""
    rights = (roles.REVIEW_KYC, roles.APPROVE_KYC)
    return bool(user.has_perm(roles.READ_CASES)) and any(user.has_perm(right) for right in rights)


def claim_next(request: HttpRequest) -> HttpResponse:
    """Give out the next case and open it. Raises PermissionDenied."""
    user = _worker(request)
    try:
        application = queue.claim_next(by=user, at=timezone.now())
    except DomainError as refusal:
        messages.info(request, str(refusal))
        return redirect("admin:accounts_kycapplication_changelist")
    messages.success(request, _("The case is yours for 20 minutes from your last look."))
    return to_case(application.pk)


def claim(request: HttpRequest, key: UUID) -> HttpResponse:
    user = _worker(request)
    return _done(
        request,
        key,
        lambda: queue.claim(application_id=key, by=user, at=timezone.now()),
        _("The case is yours for 20 minutes from your last look."),
    )


def release(request: HttpRequest, key: UUID) -> HttpResponse:
    user = _worker(request)
    _done(
        request,
        key,
        lambda: queue.release(application_id=key, by=user, at=timezone.now()),
        _("The case is back in the queue."),
    )
    return redirect("admin:accounts_kycapplication_changelist")


def note(request: HttpRequest, key: UUID) -> HttpResponse:
    user = _worker(request)
    text = request.POST.get("text", "")
    return _done(
        request,
        key,
        lambda: notes.add_note(application_id=key, by=user, text=text, at=timezone.now()),
        _("The note is kept."),
    )


def hit(request: HttpRequest, key: UUID) -> HttpResponse:
    """Say that somebody on a list is the applicant, or is not."""
    user = _worker(request)
    if not user.has_perm(roles.DECIDE_SCREENING):
        raise PermissionDenied
    key_of_hit = as_uuid(request.POST.get("hit", ""))
    found = get_object_or_404(ScreeningHit, pk=key_of_hit, customer_id=_case(request, key).customer_id)
    decide = screening.confirm if request.POST.get("found") == "same" else screening.clear
    reason = " ".join(request.POST.get("reason", "").split())
    if not SHORTEST <= len(reason) <= LONGEST:
        messages.error(request, _("Say in a few words why."))
        return to_case(key)
    return _done(
        request,
        key,
        lambda: decide(hit=found, by=user, reason=reason, at=timezone.now()),
        _("The hit is settled."),
    )


def numbers(request: HttpRequest, key: UUID) -> HttpResponse:
    """Show the identity numbers of an applicant whole, once, to who may ask and says why."""
    user: Any = request.user
    if not (user.has_perm(roles.REVEAL) and user.has_perm(roles.READ_CASES)):
        raise PermissionDenied
    application = _case(request, key)
    reason = " ".join(request.POST.get("reason", "").split())
    shown: list[tuple[IdentityNumber, str]] = []
    if SHORTEST <= len(reason) <= LONGEST:
        held = IdentityNumber.objects.filter(customer_id=application.customer_id, released_at=None)
        for each in held.order_by("kind"):
            shown.append((each, sealing.open_number(each)))
        audit.record(
            action="kyc.number.revealed",
            target=application,
            actor_id=user.pk,
            reason=reason,
            numbers=[each.kind for each, _whole in shown],
        )
    context = {
        **admin.site.each_context(request),
        "application": application,
        "shown": shown,
        "is_revealed": bool(reason) and SHORTEST <= len(reason) <= LONGEST,
        "longest": LONGEST,
        "error": request.method == "POST" and not SHORTEST <= len(reason) <= LONGEST,
        "title": _("Identity numbers"),
    }
    status = 422 if context["error"] else 200
    return render(request, "admin/accounts/kycapplication/numbers.html", context, status=status)


DEEDS: dict[str, View] = {
    "claim": claim,
    "release": release,
    "note": note,
    "hit": hit,
    "numbers": numbers,
}


def to_case(key: UUID) -> HttpResponse:
    return redirect(reverse("admin:accounts_kycapplication_change", args=[key]))


def _case(request: HttpRequest, key: UUID) -> KycApplication:
    """Raises PermissionDenied, Http404."""
    if not request.user.has_perm("accounts.view_kycapplication"):
        raise PermissionDenied
    return get_object_or_404(KycApplication, pk=key)


def _worker(request: HttpRequest) -> Any:
    """Return who sent a form, if they work on cases. Raises PermissionDenied."""
    if request.method != "POST" or not may_work(request.user):
        raise PermissionDenied
    return request.user


def _done(request: HttpRequest, key: UUID, deed: Callable[[], object], told: str) -> HttpResponse:
    """Do it and say so, or say why not; then back to the case."""
    _case(request, key)
    try:
        deed()
    except DomainError as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, told)
    return to_case(key)
