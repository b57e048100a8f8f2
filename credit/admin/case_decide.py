"""Deciding on a case: a form, then what the applicant will read, then done. Each step is a plain form."""

from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.http import urlencode
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from core.errors import DomainError
from credit.admin.case_deeds import QUEUE, may_work, to_case
from credit.case_reasons import ASKED_IN_WORDS, REASONS, TOLD_IN_WORDS, Decision
from credit.models import Case
from credit.services import cases, deciding

CHANGE, CONFIRM = "change", "confirm"
KEYS = {
    Decision.LIST: "a",
    Decision.RECOMMEND: "a",
    Decision.UPHOLD: "a",
    Decision.DECLINE: "x",
    Decision.CONFIRM: "x",
    Decision.ASK: "m",
    Decision.SEND_BACK: "b",
    Decision.RESCORE: "s",
    Decision.REOPEN: "o",
    Decision.STANDS: "e",
    Decision.LEFT_OUT: "l",
    Decision.CLOSE: "z",
}
DANGEROUS = (Decision.DECLINE, Decision.CONFIRM)
_TOLD: dict[str, str | Promise] = {
    Decision.LIST: _("Your loan application is open to lenders"),
    Decision.UPHOLD: _("We looked again: your loan application goes on"),
    Decision.REOPEN: _("We looked again: your loan application goes on"),
    Decision.CONFIRM: _("We looked again: the decision on your loan stands"),
    Decision.ASK: _("We need to know more for your loan application"),
    Decision.STANDS: _("We looked at the bureau's entry that you dispute"),
    Decision.LEFT_OUT: _("We looked at the bureau's entry that you dispute"),
    Decision.DECLINE: _("Your loan application was declined"),
}


class DecisionForm(forms.Form):
    """A reason from the list, what colleagues should know, and what is said to the applicant where anything is.

    `seen` marks what the officer had before their eyes.
    """

    seen = forms.CharField(widget=forms.HiddenInput)
    reason = forms.ChoiceField(label=_("Reason"))
    text = forms.CharField(
        label=_("What you saw, for colleagues"),
        min_length=deciding.SHORTEST,
        max_length=deciding.LONGEST,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("The applicant does not see it."),
    )
    message = forms.CharField(
        label=_("Message to the applicant"),
        max_length=deciding.LONGEST_MESSAGE,
        widget=forms.Textarea(attrs={"rows": 5}),
        help_text=_("You see it before it is sent."),
    )

    def __init__(self, *args: Any, case: Case, decision: Decision, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.case, self.decision = case, decision
        choices = [("", _("Choose")), *((one.code, one.label) for one in REASONS[decision])]
        self.fields["reason"].choices = choices  # type: ignore[attr-defined]
        if decision in TOLD_IN_WORDS:
            self.fields["message"].required = False
        elif decision not in ASKED_IN_WORDS:
            del self.fields["message"]

    @property
    def reason_label(self) -> str:
        labels = {one.code: one.label for one in REASONS[self.decision]}
        return str(labels[self.cleaned_data["reason"]])

    @property
    def told(self) -> list[str]:
        """What the applicant reads, line by line: a refusal's reasons are those of the score, in its own words."""
        if self.decision not in _TOLD:
            return []
        lines = [str(_TOLD[self.decision])]
        if self.decision is Decision.DECLINE:
            lines.append(deciding.refusal_preview(self.case.application, at=timezone.now()))
        return lines + ([self.cleaned_data["message"]] if self.cleaned_data.get("message") else [])


@dataclass(frozen=True)
class Way:
    """A decision that somebody may take on a case they hold, from what they have before their eyes."""

    label: str | Promise
    address: str
    key: str
    dangerous: bool


def ways(case: Case, user: Any) -> list[Way]:
    query = urlencode({"seen": deciding.seen_of(case.application)})
    return [
        Way(
            Decision(one).label,
            f"{reverse('admin:credit_case_decide', args=[case.pk, one.lower()])}?{query}",
            KEYS[one],
            one in DANGEROUS,
        )
        for one in deciding.decisions_for(case, user)
    ]


def decide(request: HttpRequest, key: UUID, decision: str) -> HttpResponse:
    """Show the form, the preview, or decide. Raises PermissionDenied, Http404."""
    if not may_work(request.user):
        raise PermissionDenied
    user: Any = request.user
    case = get_object_or_404(Case.objects.select_related("application"), pk=key)
    if not cases.look(case_id=key, by=user, at=timezone.now()):
        messages.error(request, str(cases.NotClaimed()))
        return to_case(key)
    if decision.upper() not in deciding.decisions_for(case, user):
        raise Http404
    form = _form(request, case, Decision(decision.upper()))
    if request.method != "POST" or request.POST.get("step") == CHANGE or not form.is_valid():
        refused = form.is_bound and request.POST.get("step") != CHANGE
        return _page(request, form, "decide", HTTPStatus.UNPROCESSABLE_ENTITY if refused else HTTPStatus.OK)
    if request.POST.get("step") != CONFIRM:
        return _page(request, form, "review", HTTPStatus.OK)
    try:
        _decide(form, user)
    except deciding.CaseChanged as refusal:
        messages.error(request, str(refusal))
        return to_case(key)
    except DomainError as refusal:
        form.add_error(None, str(refusal))
        return _page(request, form, "decide", HTTPStatus.UNPROCESSABLE_ENTITY)
    messages.success(request, _now("Decided: %(what)s.") % {"what": form.decision.label})
    return redirect(QUEUE)


def _form(request: HttpRequest, case: Case, decision: Decision) -> DecisionForm:
    given: dict[str, Any] = {"case": case, "decision": decision}
    if request.method != "POST":
        given["initial"] = {"seen": request.GET.get("seen") or deciding.seen_of(case.application)}
    elif request.POST.get("step") == CHANGE:
        given["initial"] = request.POST.dict()
    else:
        given["data"] = request.POST
    return DecisionForm(**given)


def _decide(form: DecisionForm, user: Any) -> None:
    data = form.cleaned_data
    deciding.decide_case(
        case_id=form.case.pk,
        by=user,
        decision=form.decision,
        reason_code=data["reason"],
        text=data["text"],
        message=data.get("message", ""),
        seen=data["seen"],
        at=timezone.now(),
    )


def _page(request: HttpRequest, form: DecisionForm, name: str, status: HTTPStatus) -> HttpResponse:
    short = form.case.pk.hex[-8:]
    context = {
        **admin.site.each_context(request),
        "form": form,
        "case": form.case,
        "short": short,
        "label": form.decision.label,
        "tells": form.decision in _TOLD,
        "told": form.told if name == "review" else [],
        "dangerous": form.decision in DANGEROUS,
        "title": f"{form.decision.label}: {_now('case %(case)s') % {'case': short}}",
        "carried": [(field, value) for field, value in request.POST.items() if field in form.fields],
    }
    return render(request, f"admin/credit/case/{name}.html", context, status=status)
