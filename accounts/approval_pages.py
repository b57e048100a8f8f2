"""The staff's pages of proposing an action and of deciding on what another proposed."""

from collections.abc import Callable
from functools import wraps
from http import HTTPStatus
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts import approvals, proposals
from accounts.approvals import Payload
from accounts.models import Approval, User
from accounts.proposals import REASON_LEAST, REASON_MOST
from accounts.services import approvals as service
from accounts.step_up import is_fresh, session_of, step_up_required
from core.actors import outside_transaction
from core.errors import DomainError
from core.middleware import acting_for

PREVIEW, CHANGE, PROPOSE = "preview", "change", "propose"


class WordForm(forms.Form):
    """What a checker says, and why."""

    prefix = "word"

    reason = forms.CharField(
        label=_("What you looked at, and what you found"),
        min_length=REASON_LEAST,
        max_length=REASON_MOST,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("Kept in the audit trail with your name."),
    )


def propose(request: HttpRequest, action: str) -> HttpResponse:
    """Let in who may propose this, and proves once more who they are. Raises PermissionDenied, Http404."""
    page = proposals.page_of(action)
    if page is None:
        raise Http404
    if not request.user.has_perm(approvals.action_of(action).propose):
        raise PermissionDenied
    guarded = step_up_required(_propose, keep=page.form.previewed)
    answer: HttpResponse = guarded(request, page)
    return answer


def tried_first(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Let the page of an action that asks somebody outside do so before its transaction begins."""

    @outside_transaction
    @wraps(view)
    def ask_and_propose(request: HttpRequest, action: str) -> HttpResponse:
        with acting_for(request):
            tried = _to_try(request, action)
        if tried is not None:
            ask, payload = tried
            try:
                ask(payload)
            except DomainError as refusal:
                request.refusal = refusal  # type: ignore[attr-defined]
        with acting_for(request):
            return view(request, action)

    return ask_and_propose


def _to_try(request: HttpRequest, action: str) -> tuple[Callable[[Payload], None], Payload] | None:
    """What to ask outside of what would be proposed now: by somebody who may, and who proved so; None for all else."""
    page, user = proposals.page_of(action), request.user
    if request.method != "POST" or page is None or not isinstance(user, User):
        return None
    kind, form = approvals.action_of(action), page.form(request.POST)
    is_sent = not form.previewed or request.POST.get("step") == PROPOSE
    may = user.has_perm(kind.propose) and is_fresh(session_of(request), at=timezone.now())
    if kind.try_first is None or not is_sent or not may or not form.is_valid():
        return None
    return kind.try_first, form.payload()


def _propose(request: HttpRequest, page: proposals.ProposalPage) -> HttpResponse:
    """The form, then what it will change, then it waits for somebody else."""
    step = request.POST.get("step", PREVIEW)
    if request.method != "POST" or step == CHANGE:
        given = request.POST if request.method == "POST" else request.GET
        return _form_page(request, page, page.form(initial=_initial(page.form, given)))
    form = page.form(request.POST)
    if not form.is_valid():
        return _form_page(request, page, form)
    kind = approvals.action_of(page.action)
    user: Any = request.user
    refusal: DomainError | None = getattr(request, "refusal", None)
    try:
        if refusal:
            raise refusal
        payload = form.payload()
        if form.previewed and step != PROPOSE:
            kind.check(payload)
            return _form_page(request, page, form, preview=kind.describe(payload))
        approval = service.propose(
            action=page.action,
            payload=payload,
            target=form.target(),
            maker=user,
            reason=form.cleaned_data["reason"],
            ticket=form.cleaned_data["ticket"],
            at=timezone.now(),
        )
    except DomainError as error:
        form.add_error(None, str(error))
        return _form_page(request, page, form)
    messages.success(request, _("Proposed. Somebody else must approve it before anything happens."))
    return redirect("admin:accounts_approval_change", approval.pk)


def _initial(form: type[proposals.ProposalForm], given: QueryDict) -> dict[str, Any]:
    """What a form begins with: each field's one value, or all of them where it takes several."""
    several = [
        name for name, field in form.base_fields.items() if isinstance(field, forms.MultipleChoiceField)
    ]
    return {name: given.getlist(name) if name in several else given[name] for name in given}


def _form_page(
    request: HttpRequest, page: proposals.ProposalPage, form: proposals.ProposalForm, preview: Any = None
) -> HttpResponse:
    refused = form.is_bound and bool(form.errors)
    context = {
        "kind": approvals.action_of(page.action),
        "page": page,
        "form": form,
        "preview": preview,
        "written": [(field.label, form.cleaned_data[field.name]) for field in form if field.name in _WRITTEN]
        if preview
        else [],
    }
    status = HTTPStatus.UNPROCESSABLE_ENTITY if refused else HTTPStatus.OK
    return _page(request, "admin/accounts/approval/propose.html", context, status)


_WRITTEN = ("reason", "ticket")


def decide(request: HttpRequest, key: UUID) -> HttpResponse:
    """Let in who may say something on this proposal. Raises PermissionDenied, Http404."""
    approval = get_object_or_404(Approval, pk=key)
    word, may = request.POST.get("decision"), rights_on(approval, request.user)
    if request.method != "POST" or not request.user.has_perm("accounts.view_approval"):
        raise PermissionDenied
    if word not in ("approve", "reject", "withdraw"):
        raise Http404
    # Whoever may never decide on this action is turned away; whoever may not on this one is told why.
    if not (may["withdraw"] or may_decide(approval, request.user)):
        raise PermissionDenied
    answer: HttpResponse = _decide(request, approval, word)
    return answer


@step_up_required
def _decide(request: HttpRequest, approval: Approval, word: str) -> HttpResponse:
    user: Any = request.user
    form = WordForm(request.POST)
    if word != "withdraw" and not form.is_valid():
        request.word_form = form  # type: ignore[attr-defined]
        return _back(request, approval)
    try:
        done = _say(approval, word, user, form)
    except DomainError as refusal:
        messages.error(request, str(refusal))
        return _back(request, approval)
    messages.success(request, str(_SAID[Approval.State(done.state)]))
    return redirect("admin:accounts_approval_change", approval.pk)


_SAID = {
    Approval.State.APPLIED: _("Approved and done."),
    Approval.State.PENDING: _("Approved. At this amount one more person must approve it."),
    Approval.State.REJECTED: _("Rejected. Nothing was changed."),
    Approval.State.WITHDRAWN: _("Withdrawn. Nothing was changed."),
}


def _say(approval: Approval, word: str, user: User, form: WordForm) -> Approval:
    at = timezone.now()
    if word == "withdraw":
        return service.withdraw(approval_id=approval.pk, maker=user, at=at)
    reason = form.cleaned_data["reason"]
    if word == "reject":
        return service.reject(approval_id=approval.pk, checker=user, reason=reason, at=at)
    return service.approve(approval_id=approval.pk, checker=user, reason=reason, at=at)


def _back(request: HttpRequest, approval: Approval) -> HttpResponse:
    """The proposal's page once more, with what was refused."""
    answer = admin.site.get_model_admin(Approval).change_view(_as_get(request), str(approval.pk))
    answer.status_code = HTTPStatus.UNPROCESSABLE_ENTITY
    return answer


def _as_get(request: HttpRequest) -> HttpRequest:
    """The admin's own page answers a POST as a change of the row, which nobody makes."""
    request.method = "GET"
    return request


def rights_on(approval: Approval, user: Any) -> dict[str, bool]:
    """What somebody may do with a proposal that waits: decide as another, or take their own back."""
    mine = user.pk in (approval.maker_id, approval.checker_id)
    return {"decide": not mine and may_decide(approval, user), "withdraw": user.pk == approval.maker_id}


def may_decide(approval: Approval, user: Any) -> bool:
    """Whether somebody decides on proposals of this action, if not on this one; nobody on one that is not known."""
    known = {kind.code: kind.approve for kind in approvals.all_actions()}
    return approval.action in known and user.has_perm(known[approval.action])


def _page(request: HttpRequest, template: str, context: dict[str, Any], status: int) -> HttpResponse:
    return render(request, template, {**admin.site.each_context(request), **context}, status=status)
