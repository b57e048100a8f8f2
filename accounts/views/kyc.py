"""An application as a whole: what a tier brings, the task list, how it stands, the last look before it is sent."""

from http import HTTPStatus
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from django_htmx.http import trigger_client_event

from accounts.kyc import steps
from accounts.kyc.banks import BANKS
from accounts.kyc.places import REGIONS
from accounts.kyc.requirements import required_of
from accounts.models import BankAccountClaim, Customer, IdentityNumber, KycApplication, KycDocument, User
from accounts.requests import PersonRequest
from accounts.services.kyc import applications, overview
from accounts.services.kyc.applications import AlreadyOpen, Incomplete, NoHigherTier
from accounts.services.kyc.moving import WrongState
from accounts.views.kyc_pages import kyc_page, own_open

State = KycApplication.State


@kyc_page
@require_safe
def home(request: PersonRequest) -> HttpResponse:
    """How the application stands; what there is to gain, for who has none."""
    latest = overview.latest_of(request.user)
    if latest is None:
        return redirect("kyc_new")
    return render(request, "kyc/home.html", _standing(request.user, latest))


@kyc_page
@require_safe
def state(request: PersonRequest) -> HttpResponse:
    """The part of that page that changes by itself; nothing when it has not changed."""
    latest = overview.latest_of(request.user)
    if latest is None:
        raise Http404
    context = _standing(request.user, latest)
    if request.GET.get("seen") == context["seen"]:
        return HttpResponse(status=HTTPStatus.NO_CONTENT)
    response = render(request, "kyc/_standing.html", context)
    news = _("Your application: %(state)s") % {"state": latest.get_state_display()}
    return trigger_client_event(response, "toast", {"text": news, "tone": "info"})


@kyc_page
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: PersonRequest) -> HttpResponse:
    """Which tiers there are above one's own, and what they ask for; a POST begins."""
    latest = overview.latest_of(request.user)
    if request.method == "POST":
        return _begun(request)
    if latest is not None and latest.is_open:
        return redirect("kyc")
    today = timezone.localdate()
    customer = Customer.objects.get(pk=request.user.pk)
    tiers = [
        {"tier": tier, "steps": [steps.STEPS[code] for code in steps.asked_for(required_of(tier, today))]}
        for tier in range(customer.tier + 1, overview.HIGHEST + 1)
    ]
    return render(request, "kyc/new.html", {"customer": customer, "tiers": tiers, "latest": latest})


def _begun(request: PersonRequest) -> HttpResponse:
    wished = request.POST.get("tier", "")
    try:
        applications.start(
            user=request.user, tier=int(wished) if wished in ("2", "3") else 0, at=timezone.now()
        )
    except (AlreadyOpen, NoHigherTier) as refusal:
        messages.error(request, str(refusal))
    return redirect("kyc")


@kyc_page
@require_http_methods(["GET", "HEAD", "POST"])
def review(request: PersonRequest) -> HttpResponse:
    """Everything that was declared, once more; a POST sends it."""
    if request.method == "POST":
        try:
            applications.submit(user=request.user, at=timezone.now())
        except WrongState:
            # The second press of one button, or another tab was first.
            return redirect("kyc")
        except Incomplete as refusal:
            return _review_page(request, refusal.data["missing"], HTTPStatus.UNPROCESSABLE_ENTITY)
        messages.success(request, _("We have your application. We tell you as soon as it is decided."))
        return redirect("kyc")
    return _review_page(request, [])


def _review_page(request: PersonRequest, missing: list[str], status: int = HTTPStatus.OK) -> HttpResponse:
    application = own_open(request.user)
    context = _standing(request.user, application) | {
        "missing": [steps.STEPS[code] for code in missing],
        "region": REGIONS.get(application.region, ""),
        "numbers": list(IdentityNumber.objects.visible_to(request.user).held().order_by("kind")),
        "bank_account": _bank_account(request.user, application),
        "documents": list(
            KycDocument.objects.visible_to(request.user)
            .current()
            .filter(application=application)
            .order_by("id")
        ),
    }
    return render(request, "kyc/review.html", context, status=status)


@kyc_page
@require_POST
def withdraw(request: PersonRequest) -> HttpResponse:
    applications.withdraw(user=request.user, at=timezone.now())
    messages.success(request, _("Your application was withdrawn. You can begin another whenever you like."))
    return redirect("kyc")


def _standing(user: User, application: KycApplication) -> dict[str, Any]:
    """How an application stands, for its pages."""
    given = overview.given_of(application)
    tasks = overview.tasks_of(application, given, timezone.localdate())
    done, asked = overview.progress_of(tasks, given)
    change = application.changes.order_by("-id").defer("by").first()
    again = KycDocument.objects.visible_to(user).filter(application=application)
    return {
        "application": application,
        "tasks": tasks,
        "asked_tasks": [task for task in tasks if task.is_open] if given.is_asked_again else tasks,
        "kept_tasks": [task for task in tasks if not task.is_open] if given.is_asked_again else [],
        "next_step": next((task.step for task in tasks if task.is_open and not task.is_done), None),
        "done": done,
        "asked": asked,
        "is_ready": done == asked,
        "change": change,
        "asked_documents": list(again.filter(state=KycDocument.State.REJECTED).order_by("id"))
        if given.is_asked_again
        else [],
        "can_withdraw": application.is_open and application.state != State.IN_REVIEW,
        "has_higher": application.state == State.APPROVED and application.target_tier < overview.HIGHEST,
        "seen": f"{application.pk}.{application.state}.{application.revision}",
    }


def _bank_account(user: User, application: KycApplication) -> dict[str, str] | None:
    claim = BankAccountClaim.objects.visible_to(user).filter(application=application).first()
    return (
        {"bank": BANKS.get(claim.bank_code, claim.bank_code), "last_four": claim.last_four} if claim else None
    )
