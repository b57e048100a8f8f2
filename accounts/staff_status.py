"""What staff may do to a customer's status: restrict, freeze, lift. Each shows first what the customer will read."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts import status_words, statuses
from accounts.models import Customer, CustomerStatusChange, User
from accounts.roles import FREEZE
from accounts.services import status
from accounts.step_up import step_up_required
from core.errors import DomainError
from core.staff import start_of

S = Customer.Status


class StatusForm(forms.Form):
    """`previewed` names what the member of staff has seen of what the customer will read."""

    to = forms.ChoiceField(
        label=_("What is held back"),
        choices=[(S.NO_DEBIT, _("Nothing goes out")), (S.NO_CREDIT, _("Nothing comes in"))],
        widget=forms.RadioSelect,
    )
    reason_code = forms.ChoiceField(label=_("Reason"))
    text = forms.CharField(
        label=_("For colleagues"),
        min_length=10,
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("Kept in the audit trail. The customer does not see it."),
    )
    until = forms.DateField(
        label=_("Ends by itself on"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}),
        help_text=_("At the beginning of this day. Left empty, it holds until somebody lifts it."),
    )
    previewed = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, reasons: dict[str, status_words.Reason], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [(code, reason.label) for code, reason in reasons.items() if reason.by_staff]
        self.fields["reason_code"].choices = choices  # type: ignore[attr-defined]

    def leave_out(self, *names: str) -> None:
        for name in names:
            del self.fields[name]

    def clean_until(self) -> datetime | None:
        day: date | None = self.cleaned_data["until"]
        try:
            return start_of(day) if day else None
        except (OverflowError, ValueError):
            raise forms.ValidationError(_("Choose a moment that is yet to come.")) from None


@dataclass(frozen=True)
class StatusDeed:
    """One thing staff can do to a status: its words, to whom it can be done, and what the form leaves out."""

    code: str
    label: str | Promise
    text: str | Promise
    done: str | Promise
    fits: Callable[[User, Customer | None], bool]
    reasons: dict[str, status_words.Reason]
    left_out: tuple[str, ...] = ()
    to: str = ""
    dangerous: bool = True
    permission: str = FREEZE


DEEDS = (
    StatusDeed(
        "restrict",
        _("Restrict"),
        _(
            "Money no longer leaves the account, or no longer arrives. The customer can log in and see everything."
        ),
        _("The customer is restricted."),
        lambda _user, customer: (
            customer is not None and customer.status in (S.ACTIVE, S.NO_DEBIT, S.NO_CREDIT)
        ),
        status_words.REASONS,
    ),
    StatusDeed(
        "freeze",
        _("Freeze"),
        _(
            "No money moves in or out and every session ends, until this is lifted. Deposits on their way go to "
            "suspense, with a case."
        ),
        _("The customer is frozen."),
        lambda _user, customer: customer is not None and customer.status not in (S.FROZEN, S.CLOSED),
        status_words.REASONS,
        left_out=("to",),
        to=S.FROZEN,
    ),
    StatusDeed(
        "lift",
        _("Lift"),
        _(
            "What restricts the customer now ends; what held before it holds again. Be sure that it is the customer"
            " who asks."
        ),
        _("It is lifted."),
        lambda _user, customer: customer is not None and customer.status not in (S.ACTIVE, S.CLOSED),
        status_words.LIFTED,
        left_out=("to", "until"),
        dangerous=False,
    ),
)


def act(request: HttpRequest, key: UUID, deed: StatusDeed) -> HttpResponse:
    """Let in who may do this, and proves once more who they are. Raises PermissionDenied."""
    if not request.user.has_perm(deed.permission):
        raise PermissionDenied
    answer: HttpResponse = _act(request, key, deed)
    return answer


@step_up_required
def _act(request: HttpRequest, key: UUID, deed: StatusDeed) -> HttpResponse:
    """Ask why, show what the customer will read, and do it once that was seen."""
    user = get_object_or_404(User, pk=key)
    customer = Customer.objects.filter(pk=key).first()
    form = StatusForm(request.POST if request.method == "POST" else None, reasons=deed.reasons)
    form.leave_out(*deed.left_out)
    preview = None
    if customer is not None and form.is_valid():
        asked = form.cleaned_data
        preview, seen = _preview(customer, deed, asked)
        if asked["previewed"] == seen:
            try:
                _run(deed, customer, asked, request.user)  # type: ignore[arg-type]
            except DomainError as refusal:
                form.add_error(None, str(refusal))
            else:
                messages.success(request, str(deed.done))
                return redirect("admin:accounts_user_change", user.pk)
        form.data = {**form.data.dict(), "previewed": seen}  # type: ignore[attr-defined]
    elif form.is_bound and customer is None:
        form.add_error(None, str(status.NotACustomer.message))
    context = {
        **admin.site.each_context(request),
        "deed": deed,
        "form": form,
        "target": user,
        "preview": preview if not form.errors else None,
    }
    refused = form.is_bound and bool(form.errors)
    return render(request, "admin/accounts/user/status.html", context, status=422 if refused else 200)


def _preview(customer: Customer, deed: StatusDeed, asked: dict[str, Any]) -> tuple[status_words.Told, str]:
    """What the customer will read, and a name for exactly that."""
    to, code, until = deed.to or asked.get("to", ""), asked["reason_code"], asked.get("until")
    if deed.code == "lift":
        below = statuses.beneath(customer.status, status.changes_of(customer), timezone.now())
        to, code, until = below.status, below.reason_code or code, below.until
    told = status_words.told(status=to, reason_shown=status_words.shown(code), until=until)
    return told, f"{to} {code} {until.isoformat() if until else ''}".strip()


def _run(deed: StatusDeed, customer: Customer, asked: dict[str, Any], by: User) -> None:
    at, cause = timezone.now(), CustomerStatusChange.Cause.STAFF
    why: dict[str, Any] = {"reason_code": asked["reason_code"], "text": asked["text"], "by": by, "at": at}
    if deed.code == "lift":
        status.lift(customer=customer, cause=cause, **why)
    else:
        to = deed.to or asked["to"]
        status.set_status(customer=customer, to=to, cause=cause, until=asked["until"], **why)
