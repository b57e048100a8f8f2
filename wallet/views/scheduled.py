"""Scheduled transfers: what is coming up, planning one, and pausing, skipping, ending it."""

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import services as accounts
from accounts.form_keys import OnceForm, new_form_key
from accounts.models import User
from accounts.requests import PersonRequest
from accounts.services import RecipientNotFound
from accounts.step_up import step_up_required
from core.errors import DomainError
from wallet import services
from wallet.models import Account, ScheduledRun, ScheduledTransfer
from wallet.payout_forms import ScheduleForm
from wallet.refusals import SameAccount
from wallet.services import scheduled as schedules
from wallet.services.bank_accounts import BankAccountGone
from wallet.services.lookups import TooManyLookups
from wallet.services.scheduled import ScheduleInvalid
from wallet.views.access import own_wallet, wallet_page
from wallet.views.bank_accounts import saved_accounts

SHOWN, RUNS = 50, 20


class PlanForm(OnceForm, ScheduleForm):
    """The form carries the plan's id: two clicks plan it once."""


def _place(user: User) -> str:
    return f"wallet.schedule.{user.pk}"


@wallet_page
@require_safe
def scheduled(request: PersonRequest) -> HttpResponse:
    """What is coming up in a month, and every plan there is."""
    own_wallet(request.user)
    plans = ScheduledTransfer.objects.visible_to(request.user).order_by("-id")
    context = {
        "coming": schedules.coming_up(user=request.user, at=timezone.now()),
        "going_on": [plan for plan in plans[:SHOWN] if plan.goes_on],
        "ended": [plan for plan in plans[:SHOWN] if not plan.goes_on],
    }
    return render(request, "payouts/scheduled.html", context)


@wallet_page
@require_http_methods(["GET", "HEAD", "POST"])
def plan(request: PersonRequest) -> HttpResponseBase:
    """Plan one. What is planned leaves without being asked again, so it takes a second factor now."""
    own_wallet(request.user)
    if request.method == "POST":
        planned: HttpResponseBase = _plan(request)
        return planned
    today = timezone.localdate().isoformat()
    initial = {"form_key": new_form_key(_place(request.user)), "to": ScheduleForm.PERSON, "first_date": today}
    initial |= {"rhythm": "MONTHLY", "recipient": request.GET.get("to", "")[:254]}
    return _form_page(request, _form(request, initial=initial))


@step_up_required
def _plan(request: PersonRequest) -> HttpResponse:
    wallet, form = own_wallet(request.user), _form(request, request.POST)
    if not form.is_valid():
        return _form_page(request, form, status=422)
    try:
        schedule = _planned(request.user, wallet, form.cleaned_data)
    except DomainError as refusal:
        return _refused(request, form, refusal)
    messages.success(request, _("It is planned. You find it here, and can stop it at any time."))
    return redirect("schedule", schedule.pk)


def _planned(user: User, wallet: Account, typed: dict[str, Any]) -> ScheduledTransfer:
    recipient = None
    if typed["bank_account"] is None:
        services.count_lookup(user_id=user.pk, at=timezone.now())
        recipient = accounts.find_recipient(text=typed["recipient"])
    return schedules.plan_transfer(
        schedule_id=typed["form_key"],
        source=wallet,
        recipient=recipient,
        bank_account=typed["bank_account"],
        at=timezone.now(),
        **{name: typed[name] for name in ("amount", "rhythm", "first_date", "last_date", "note")},
    )


@wallet_page
@require_safe
def schedule(request: PersonRequest, schedule_id: UUID) -> HttpResponse:
    found = _own(request, schedule_id)
    runs = ScheduledRun.objects.visible_to(request.user).filter(schedule=found).select_related("payout")
    return render(
        request, "payouts/schedule.html", {"plan": found, "runs": runs.order_by("-due_date")[:RUNS]}
    )


@wallet_page
@require_POST
def change(request: PersonRequest, schedule_id: UUID) -> HttpResponse:
    """Pause, resume, skip or end it, as the button says; none of it moves money."""
    found = _own(request, schedule_id)
    what = {
        "pause": (schedules.pause_schedule, _("It is paused. Nothing is sent until you go on with it.")),
        "resume": (schedules.resume_schedule, _("It goes on.")),
        "skip": (schedules.skip_next, _("The next day is left out.")),
        "cancel": (schedules.cancel_schedule, _("It has ended. Nothing more is sent.")),
    }
    chosen = what.get(request.POST.get("do", ""))
    if chosen is not None:
        try:
            chosen[0](schedule=found, at=timezone.now())
        except DomainError as refusal:
            messages.error(request, str(refusal))
        else:
            messages.info(request, chosen[1])
    return redirect("schedule", schedule_id)


def _own(request: PersonRequest, schedule_id: UUID) -> ScheduledTransfer:
    plans = ScheduledTransfer.objects.visible_to(request.user).select_related("bank_account")
    return get_object_or_404(plans, pk=schedule_id)


def _form(request: PersonRequest, *args: Any, **kwargs: Any) -> PlanForm:
    accounts_there = saved_accounts(request.user)
    return PlanForm(*args, accounts=accounts_there, place=_place(request.user), **kwargs)


def _form_page(request: PersonRequest, form: forms.Form, status: int = 200) -> HttpResponse:
    context = {"form": form, "accounts": saved_accounts(request.user), "today": timezone.localdate()}
    return render(request, "payouts/schedule_plan.html", context, status=status)


def _refused(request: PersonRequest, form: forms.Form, refusal: DomainError) -> HttpResponse:
    field = None
    if isinstance(refusal, RecipientNotFound | SameAccount):
        field = "recipient"
    elif isinstance(refusal, BankAccountGone):
        field = "to"
    elif isinstance(refusal, ScheduleInvalid):
        field = refusal.data["field"]
    form.add_error(field if field in form.fields else None, str(refusal))
    response = _form_page(request, form, status=429 if isinstance(refusal, TooManyLookups) else 422)
    if isinstance(refusal, TooManyLookups):
        response["Retry-After"] = str(refusal.data["retry_after"])
    return response
