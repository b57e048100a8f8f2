"""What staff may do to a person's account: end sessions, reset factors, and the deeds of `staff_status`."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts import staff_status
from accounts.models import Customer, FactorReset, User
from accounts.services import account_life, factor_resets
from accounts.step_up import step_up_required
from core.errors import DomainError


class ReasonForm(forms.Form):
    reason = forms.CharField(
        label=_("Reason"),
        min_length=10,
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("Kept in the audit trail. The customer does not see it."),
    )


@dataclass(frozen=True)
class Deed:
    """One thing staff can do: its words, the right it takes, and the service that does it."""

    code: str
    label: str | Promise
    text: str | Promise
    done: str | Promise
    permission: str
    run: Callable[..., Any]
    fits: Callable[[User, Customer | None], bool]
    dangerous: bool = True


def _end_staff_sessions(*, user: User, by: User, reason: str, at: datetime) -> None:
    account_life.end_staff_sessions(by=by, reason=reason, at=at)


DEEDS = (
    Deed(
        "end-sessions",
        _("End all sessions"),
        _("The person is logged out everywhere at once, and every app that they connected is shut out."),
        _("All sessions of this person are ended."),
        "accounts.end_sessions",
        account_life.end_sessions,
        lambda _user, _customer: True,
    ),
    Deed(
        "reset-factors",
        _("Reset second factors"),
        _("Asks a colleague to take off every authenticator app, passkey and recovery code of this person."),
        _("A second person must now approve the reset, within 24 hours."),
        "accounts.reset_factors",
        factor_resets.ask,
        lambda _user, _customer: True,
    ),
    Deed(
        "end-staff-sessions",
        _("End all staff sessions"),
        _(
            "All of staff, you too, are logged out everywhere at once, and apps that they connected are shut out."
        ),
        _("All staff sessions are ended."),
        "accounts.end_sessions",
        _end_staff_sessions,
        lambda user, _customer: user.is_staff,
    ),
)


class StaffActions:
    """The buttons on a user's page, and the pages behind them."""

    change_form_template: Any = "admin/accounts/user/object.html"
    admin_site: Any

    def get_urls(self) -> list[URLPattern]:
        pages = [
            path(
                f"<uuid:key>/{deed.code}/",
                self.admin_site.admin_view(partial(act, deed=deed)),
                name=f"accounts_user_{deed.code}",
            )
            for deed in DEEDS
        ]
        pages += [
            path(
                f"<uuid:key>/{deed.code}/",
                self.admin_site.admin_view(partial(staff_status.act, deed=deed)),
                name=f"accounts_user_{deed.code}",
            )
            for deed in staff_status.DEEDS
        ]
        decision = self.admin_site.admin_view(decide)
        pages.append(path("factor-resets/<uuid:key>/", decision, name="accounts_factor_reset"))
        return [*pages, *super().get_urls()]  # type: ignore[misc]

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        user = kwargs["obj"]
        customer = Customer.objects.filter(pk=user.pk).first()
        context["deeds"] = [
            (deed, reverse(f"admin:accounts_user_{deed.code}", args=[user.pk]))
            for deed in (*staff_status.DEEDS, *DEEDS)
            if request.user.has_perm(deed.permission) and deed.fits(user, customer)
        ]
        if request.user.has_perm("accounts.reset_factors"):
            context["factor_reset"] = factor_resets.open_reset_of(user=user, at=timezone.now())
        answer: HttpResponse = super().render_change_form(request, context, *args, **kwargs)  # type: ignore[misc]
        return answer


def act(request: HttpRequest, key: UUID, deed: Deed) -> HttpResponse:
    """Let in who may do this, and proves once more who they are. Raises PermissionDenied."""
    if not request.user.has_perm(deed.permission):
        raise PermissionDenied
    answer: HttpResponse = _act(request, key, deed)
    return answer


@step_up_required
def _act(request: HttpRequest, key: UUID, deed: Deed) -> HttpResponse:
    """Ask for the reason, and on a POST do it."""
    user = get_object_or_404(User, pk=key)
    form = ReasonForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            deed.run(user=user, by=request.user, reason=form.cleaned_data["reason"], at=timezone.now())
        except DomainError as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, str(deed.done))
            return redirect("admin:accounts_user_change", user.pk)
    context = {"deed": deed, "form": form, "target": user}
    return _page(request, "admin/accounts/user/deed.html", context, 422 if form.is_bound else 200)


def decide(request: HttpRequest, key: UUID) -> HttpResponse:
    """Let in who may reset factors, and proves once more who they are. Raises PermissionDenied."""
    if not request.user.has_perm("accounts.reset_factors"):
        raise PermissionDenied
    answer: HttpResponse = _decide(request, key)
    return answer


@step_up_required
def _decide(request: HttpRequest, key: UUID) -> HttpResponse:
    """Show a reset that somebody asked for, and on a POST carry it out or decline it."""
    reset = get_object_or_404(FactorReset.objects.select_related("target", "asked_by"), pk=key)
    status = 200
    if request.method == "POST":
        if request.POST.get("decision") not in ("approve", "decline"):
            raise Http404
        approve = request.POST["decision"] == "approve"
        try:
            factor_resets.decide(reset_id=key, by=request.user, approve=approve, at=timezone.now())  # type: ignore[arg-type]
        except DomainError as refusal:
            messages.error(request, str(refusal))
            status = 422
            reset.refresh_from_db()
        else:
            messages.success(request, _("Reset carried out.") if approve else _("Reset declined."))
            return redirect("admin:accounts_user_change", reset.target_id)
    context = {
        "reset": reset,
        "target": reset.target,
        "own": request.user.pk in (reset.asked_by_id, reset.target_id),
        "open": reset.is_open(timezone.now()),
    }
    return _page(request, "admin/accounts/user/factor_reset.html", context, status)


def _page(request: HttpRequest, template: str, context: dict[str, Any], status: int) -> HttpResponse:
    return render(request, template, {**admin.site.each_context(request), **context}, status=status)
