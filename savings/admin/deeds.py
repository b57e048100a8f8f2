"""What staff do at once about a saving: freeze it, lift that, close the days of a parked one again."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import URLPattern, path, reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.roles import FREEZE_SAVING, RETRY_PARKED
from core.rolling import close_again
from core.staff import page_of
from savings.models import UserSavings
from savings.services import SAVINGS, freeze_saving, lift_saving
from wallet.admin.deeds import deed
from wallet.admin.reconciliation_forms import WordsForm


class ReasonForm(WordsForm):
    """As short as a saving's own history keeps it."""

    reason = forms.CharField(
        label=_("Reason"),
        min_length=10,
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("Kept with your name in the saving's history. The customer does not see it."),
    )


Run = Callable[[UserSavings, str, datetime], str | Promise]


@dataclass(frozen=True)
class Deed:
    """One thing staff can do about a saving: its words, the right it takes, and the service that does it."""

    code: str
    label: str | Promise
    text: str | Promise
    permission: str
    fits: Callable[[UserSavings], bool]
    run: Run

    @property
    def name(self) -> str:
        return f"savings_usersavings_{self.code}"


def _freeze(saving: UserSavings, reason: str, at: datetime) -> str | Promise:
    freeze_saving(saving_id=saving.pk, reason=reason, at=at)
    return _("Frozen: nothing moves, and it goes on earning.")


def _lift(saving: UserSavings, reason: str, at: datetime) -> str | Promise:
    lift_saving(saving_id=saving.pk, reason=reason, at=at)
    return _("Lifted: the customer has it back as it was.")


def _close_again(saving: UserSavings, reason: str, at: datetime) -> str | Promise:
    if close_again(SAVINGS, saving, reason=reason, at=at):
        return _("Its days are closed up to yesterday.")
    return _("It is parked again. What is in the way stands below.")


DEEDS = (
    Deed(
        "freeze",
        _("Freeze it"),
        _("Nothing goes in or out, also at its end, until somebody lifts it. It goes on earning."),
        FREEZE_SAVING,
        lambda saving: saving.state == UserSavings.State.ACTIVE,
        _freeze,
    ),
    Deed(
        "lift",
        _("Lift the freeze"),
        _("The customer can pay in and take out again."),
        FREEZE_SAVING,
        lambda saving: saving.state == UserSavings.State.FROZEN,
        _lift,
    ),
    Deed(
        "close-again",
        _("Close its days again"),
        _("First mend what is in the way. Each day that is over is then closed, one after the other."),
        RETRY_PARKED,
        lambda saving: saving.position.parked_at is not None,
        _close_again,
    ),
)


def urls(site: admin.AdminSite) -> list[URLPattern]:
    return [
        path(f"<uuid:key>/{each.code}/", site.admin_view(partial(act, each=each)), name=each.name)
        for each in DEEDS
    ]


def deeds_on(request: HttpRequest, saving: UserSavings) -> list[tuple[str | Promise, str]]:
    """What whoever looks may do about a saving, each with its address."""
    return [
        (each.label, reverse(f"admin:{each.name}", args=[saving.pk]))
        for each in DEEDS
        if request.user.has_perm(each.permission) and each.fits(saving)
    ]


def act(request: HttpRequest, key: UUID, each: Deed) -> HttpResponse:
    """Ask for the reason and for a fresh proof of who it is, and on a POST do it. Raises PermissionDenied, Http404."""
    saving = get_object_or_404(UserSavings, pk=key)
    return deed(
        request,
        permission=each.permission,
        title=each.label,
        text=each.text,
        form_class=ReasonForm,
        run=partial(_run, request, saving, each),
        back=page_of(UserSavings, key),
    )


def _run(request: HttpRequest, saving: UserSavings, each: Deed, form: Any, at: datetime) -> HttpResponse:
    messages.success(request, str(each.run(saving, form.cleaned_data["reason"], at)))
    return redirect(page_of(UserSavings, saving.pk))
