"""Saving together: one's groups, making one, being let into one, and what its members have saved."""

from typing import Any
from uuid import UUID

import segno
from django.contrib import messages
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import letters
from accounts.form_keys import new_form_key
from accounts.requests import PersonRequest
from accounts.step_up import step_up_required
from core.errors import DomainError
from core.ids import posting_id_of
from core.middleware import client_ip
from core.templatetags.money import money
from core.views import slow_down
from savings.group_forms import CodeForm, GroupForm, JoinForm
from savings.models import SavingsGroup, SavingsPlan
from savings.refusals import (
    AlreadyInGroup,
    GroupInvalid,
    GroupNotFound,
    PlanClosed,
    TierCapExceeded,
    TooLittle,
    TooManyGroupLookups,
    TooMuch,
)
from savings.services import grouping, terms_in_force
from savings.services.grouping import Invitation
from wallet.refusals import InsufficientFunds
from wallet.services.documents import spelled
from wallet.views.access import own_wallet, wallet_page

ABOUT_AMOUNT = (TooLittle, TooMuch, TierCapExceeded, InsufficientFunds)


@wallet_page
@require_safe
def groups(request: PersonRequest) -> HttpResponse:
    """The groups that one made or saves in, those that go on first."""
    own_wallet(request.user)
    today, found = timezone.localdate(), grouping.glances(user=request.user)
    context = {
        "going_on": [one for one in found if one.group.target_date > today],
        "over": [one for one in found if one.group.target_date <= today],
        "form": CodeForm(),
    }
    return render(request, "savings/groups/list.html", context)


@wallet_page
@require_http_methods(["GET", "HEAD", "POST"])
def make(request: PersonRequest) -> HttpResponse:
    """Say what for, how much and by when; the first to save in it is whoever makes it."""
    own_wallet(request.user)
    place, at = f"savings.group.{request.user.pk}", timezone.now()
    plans = list(SavingsPlan.objects.filter(kind=SavingsPlan.Kind.GROUP, is_open=True).order_by("name"))
    form = GroupForm(initial={"form_key": new_form_key(place)}, place=place, plans=plans)
    if request.method == "POST":
        form = GroupForm(request.POST, place=place, plans=plans)
        if form.is_valid():
            typed = form.cleaned_data
            try:
                made = grouping.make_group(
                    group_id=typed["form_key"],
                    user=request.user,
                    plan=typed["plan"],
                    name=typed["name"],
                    target=typed["target"],
                    target_date=typed["target_date"],
                    at=at,
                )
            except GroupInvalid as refusal:
                form.add_error(refusal.data["field"], str(refusal))
            except DomainError as refusal:
                form.add_error(None, str(refusal))
            else:
                messages.success(request, _("Your group is there. Be the first to save in it."))
                return redirect("savings_group_join", spelled(made.code))
    context = {"form": form, "plans": plans, "terms": _terms_of(plans)}
    return render(request, "savings/groups/make.html", context, status=422 if form.errors else 200)


def _terms_of(plans: list[SavingsPlan]) -> Any:
    """The terms of the only plan there is, to be told beside the form."""
    return terms_in_force(plans[0].pk, timezone.localdate()) if len(plans) == 1 else None


@wallet_page
@require_safe
def code(request: PersonRequest) -> HttpResponse:
    """Where somebody types a code that they were told."""
    form = CodeForm(request.GET if "code" in request.GET else None)
    if form.is_valid():
        return redirect("savings_group_join", form.cleaned_data["code"].replace("/", " ").strip() or "-")
    return render(request, "savings/groups/code.html", {"form": form}, status=422 if form.errors else 200)


@wallet_page
@require_http_methods(["GET", "HEAD", "POST"])
def join(request: PersonRequest, code: str) -> HttpResponseBase:
    """What one is invited to, and the first payment by which one is in."""
    try:
        grouping.count_group_lookup(user=request.user, caller=client_ip(request))
        found = grouping.invitation(code=code)
    except TooManyGroupLookups as refusal:
        return slow_down(request, seconds=refusal.data["retry_after"])
    except GroupNotFound as refusal:
        asked = {"form": CodeForm(initial={"code": code}), "refusal": refusal}
        return render(request, "savings/groups/code.html", asked, status=404)
    if grouping.own_saving(group=found.group, user=request.user) is not None:
        return redirect("savings_group", found.group.pk)
    place = f"savings.join.{request.user.pk}.{found.group.pk}"
    if request.method != "POST":
        form = JoinForm(initial={"form_key": new_form_key(place)}, place=place)
        return _join_page(request, found, form)
    joined: HttpResponseBase = _join(request, found, JoinForm(request.POST, place=place))
    return joined


@step_up_required
def _join(request: PersonRequest, found: Invitation, form: JoinForm) -> HttpResponse:
    """Open one's own saving in it. A second click finds it open."""
    if not form.is_valid():
        return _join_page(request, found, form)
    key = form.cleaned_data["form_key"]
    try:
        grouping.join_group(
            code=found.group.code,
            saving_id=key,
            user=request.user,
            amount=form.cleaned_data["amount"],
            posting_id=posting_id_of(key),
            at=timezone.now(),
        )
    except AlreadyInGroup:
        return redirect("savings_group", found.group.pk)
    except DomainError as refusal:
        form.add_error("amount" if isinstance(refusal, ABOUT_AMOUNT) else None, _in_words(refusal))
        return _join_page(request, found, form)
    messages.success(request, _("You save in this group now."))
    return redirect("savings_group", found.group.pk)


def _in_words(refusal: DomainError) -> str:
    """A refusal with its amounts as people write them."""
    told = refusal.data
    if isinstance(refusal, TooLittle):
        return _("At least %(amount)s at a time.") % {"amount": money(told["minimum"], "NGN")}
    if isinstance(refusal, TooMuch):
        return _("This plan holds at most %(amount)s.") % {"amount": money(told["maximum"], "NGN")}
    if isinstance(refusal, InsufficientFunds):
        return _("You have %(amount)s in your wallet.") % {"amount": money(int(told["available"]), "NGN")}
    return str(refusal)


def _join_page(request: PersonRequest, found: Invitation, form: JoinForm) -> HttpResponse:
    try:
        terms = terms_in_force(found.group.plan_id, timezone.localdate())
    except PlanClosed:
        terms = None
    context = {
        "invitation": found,
        "group": found.group,
        "form": form,
        "terms": terms,
        "wallet": own_wallet(request.user),
        "is_own": found.group.organiser_id == request.user.pk,
        "refusal": grouping.why_not(invitation=found, on=timezone.localdate()),
    }
    return render(request, "savings/groups/join.html", context, status=422 if form.errors else 200)


@wallet_page
@require_safe
def group(request: PersonRequest, pk: UUID) -> HttpResponse:
    """For its members what each has saved; for its organiser its link. Nobody else finds it."""
    own_wallet(request.user)
    found = get_object_or_404(SavingsGroup.objects.visible_to(request.user).select_related("plan"), pk=pk)
    glance = grouping.glance(group=found, user=request.user)
    is_organiser = found.organiser_id == request.user.pk
    context: dict[str, Any] = {"group": found, "glance": glance, "is_organiser": is_organiser}
    if glance.saving is not None:
        context["together"] = grouping.together(group=found, user=request.user)
    if is_organiser and found.closed_at is None:
        address = letters.page("savings_group_join", spelled(found.code))
        context |= {"address": address, "code": spelled(found.code)}
        context["qr"] = str(segno.make(address, error="m").svg_inline(scale=4, border=4))
    if glance.saving is None and not is_organiser:
        return render(request, "savings/groups/left.html", context)
    return render(request, "savings/groups/group.html", context)


@wallet_page
@require_POST
def close(request: PersonRequest, pk: UUID) -> HttpResponse:
    """Let nobody else in."""
    try:
        grouping.close_group(group_id=pk, user=request.user, at=timezone.now())
    except GroupNotFound as refusal:
        messages.error(request, str(refusal))
        return redirect("savings_groups")
    messages.success(request, _("Nobody else can join now. Those who are in go on as before."))
    return redirect("savings_group", pk)


@wallet_page
@require_POST
def renew(request: PersonRequest, pk: UUID) -> HttpResponse:
    """A new link; the one before leads nowhere."""
    try:
        grouping.renew_code(group_id=pk, user=request.user)
    except GroupNotFound as refusal:
        messages.error(request, str(refusal))
        return redirect("savings_groups")
    messages.success(request, _("There is a new link. The one before no longer works."))
    return redirect(reverse("savings_group", args=[pk]) + "#invite")
