"""Deciding on a case: a form, then what the customer will read, then done. Each step is a plain form."""

from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from uuid import UUID

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

from accounts import kyc_case
from accounts.kyc_case_views import may_work, to_case
from accounts.kyc_decision_forms import TOLD, AskForm, DecisionForm
from accounts.models import KycApplication, KycDecision, KycDocument
from accounts.services.kyc import allowing, decisions, queue
from core.errors import DomainError

Outcome = KycDecision.Outcome
CHANGE, CONFIRM = "change", "confirm"
WORDS: dict[str, tuple[str, str | Promise, str | Promise]] = {
    # The part of the address, the deed, and what is said when it is done.
    Outcome.APPROVE: ("approve", _("Approve"), _("Approved. The customer has been told.")),
    Outcome.RECOMMEND: (
        "recommend",
        _("Recommend approval"),
        _("Recommended. It waits for a second person now."),
    ),
    Outcome.ASK_MORE: ("ask-more", _("Ask for more"), _("Asked for more. The customer has been told.")),
    Outcome.REJECT: ("reject", _("Reject"), _("Rejected. The customer has been told.")),
    Outcome.SEND_BACK: ("send-back", _("Send back"), _("Sent back. It waits for a first person again.")),
}
BY_SLUG = {slug: outcome for outcome, (slug, _label, _done) in WORDS.items()}
# The letter that opens each, where no form has the focus.
KEYS = {
    Outcome.APPROVE: "a",
    Outcome.RECOMMEND: "a",
    Outcome.ASK_MORE: "m",
    Outcome.REJECT: "x",
    Outcome.SEND_BACK: "b",
}


@dataclass(frozen=True)
class Way:
    """A decision that somebody may take on a case they hold, from what they have before their eyes."""

    label: str | Promise
    address: str
    key: str
    dangerous: bool


def ways(*, application: KycApplication, user: Any) -> list[Way]:
    query = urlencode({"revision": str(application.revision), "seen": kyc_case.seal_seen(application)})
    found = []
    for outcome in allowing.outcomes_for(application=application, user=user):
        slug, label, _told = WORDS[outcome]
        address = reverse("admin:accounts_kycapplication_decide", args=[application.pk, slug])
        found.append(Way(label, f"{address}?{query}", KEYS[Outcome(outcome)], outcome == Outcome.REJECT))
    return found


def decide(request: HttpRequest, key: UUID, outcome: str) -> HttpResponse:
    """Show the form, the preview, or decide. Raises PermissionDenied, Http404."""
    if not may_work(request.user):
        raise PermissionDenied
    if outcome not in BY_SLUG:
        raise Http404
    user: Any = request.user
    application = get_object_or_404(KycApplication, pk=key)
    if not queue.look(application_id=key, by=user, at=timezone.now()):
        messages.error(request, str(queue.NotClaimed()))
        return to_case(key)
    form = _form(request, application, BY_SLUG[outcome])
    if request.method != "POST" and form.initial["revision"] != str(application.revision):
        return _changed(request, form, str(form.initial["seen"]))
    if request.method != "POST" or request.POST.get("step") == CHANGE or not form.is_valid():
        refused = form.is_bound and request.POST.get("step") != CHANGE
        return _page(request, form, "decide", HTTPStatus.UNPROCESSABLE_ENTITY if refused else HTTPStatus.OK)
    if form.cleaned_data["revision"] != application.revision:
        return _changed(request, form, form.cleaned_data["seen"])
    if request.POST.get("step") != CONFIRM:
        return _page(request, form, "review", HTTPStatus.OK, told=form.told)
    try:
        _decide(form, user)
    except decisions.Stale:
        application.refresh_from_db()
        return _changed(request, form, form.cleaned_data["seen"])
    except DomainError as refusal:
        form.add_error(None, str(refusal))
        return _page(request, form, "decide", HTTPStatus.UNPROCESSABLE_ENTITY)
    messages.success(request, str(WORDS[form.outcome][2]))
    return redirect("admin:accounts_kycapplication_changelist")


def _form(request: HttpRequest, application: KycApplication, outcome: str) -> DecisionForm:
    given: dict[str, Any] = {"application": application, "outcome": outcome}
    if request.method != "POST":
        seen, revision = request.GET.get("seen", ""), request.GET.get("revision", str(application.revision))
        given["initial"] = {"revision": revision, "seen": seen or kyc_case.seal_seen(application)}
    elif request.POST.get("step") == CHANGE:
        given["initial"] = request.POST.dict()
    else:
        given["data"] = request.POST
    if outcome != Outcome.ASK_MORE:
        return DecisionForm(**given)
    gone = (KycDocument.State.REPLACED, KycDocument.State.DELETED)
    documents = application.documents.exclude(state__in=gone).order_by("id")
    return AskForm(**given, documents=list(documents[: kyc_case.LATEST]))


def _decide(form: DecisionForm, user: Any) -> None:
    """One call of the service that the outcome names."""
    data = form.cleaned_data
    common: dict[str, Any] = {
        "application_id": form.application.pk,
        "by": user,
        "revision": data["revision"],
        "text": data["text"],
        "at": timezone.now(),
    }
    if form.outcome == Outcome.ASK_MORE:
        decisions.ask_more(**common, asked=form.asked, message=form.told)
    elif form.outcome == Outcome.APPROVE:
        decisions.approve(**common, reason_code=data["reason"], message=form.told)
    elif form.outcome == Outcome.REJECT:
        decisions.reject(**common, reason_code=data["reason"], message=form.told)
    elif form.outcome == Outcome.RECOMMEND:
        decisions.recommend(**common, reason_code=data["reason"])
    else:
        decisions.send_back(**common, reason_code=data["reason"])


def _changed(request: HttpRequest, form: DecisionForm, seen: str) -> HttpResponse:
    """Say what the customer changed since the agent looked; nothing was decided."""
    changed = kyc_case.changed_since(form.application, seen)
    return _page(request, form, "changed", HTTPStatus.CONFLICT, changed=changed)


def _page(
    request: HttpRequest, form: DecisionForm, name: str, status: HTTPStatus, **more: Any
) -> HttpResponse:
    _slug, label, _done = WORDS[form.outcome]
    case = form.application.pk.hex[-8:]
    context = {
        **admin.site.each_context(request),
        "form": form,
        "application": form.application,
        "case": case,
        "label": label,
        "tells": form.outcome in TOLD,
        "dangerous": form.outcome == Outcome.REJECT,
        "title": f"{label}: {_now('case %(case)s') % {'case': case}}",
        # What is asked once more on the way to the end, without the message, which is what was previewed.
        "carried": [
            (name, value) for name, value in request.POST.items() if name in form.fields and name != "message"
        ],
        **more,
    }
    return render(request, f"admin/accounts/kycapplication/{name}.html", context, status=status)
