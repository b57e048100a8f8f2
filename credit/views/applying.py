"""Applying: begun, answered step by step, looked through, sent; and what became of it."""

from collections.abc import Callable
from typing import Any, cast
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts.form_keys import new_form_key
from accounts.requests import PersonRequest
from core.errors import DomainError
from credit import application_rules as rules
from credit import borrowing_words as words
from credit.application_tasks import Task, tasks_of
from credit.borrowing_forms import AnswerForm, ApplyForm, LendersStep, LoanStep, MonthStep, WorkStep
from credit.models import Application, Loan, Question
from credit.released import ALWAYS
from credit.services import applying, consenting
from credit.services.applying import AnotherGoesOn, ApplicationInvalid
from credit.services.locking import database_now
from credit.states import GuardUnmet, State, StateRefused
from credit.views.access import own_application
from credit.views.affording import affording_of
from credit.views.standing import standing_of
from wallet import services as wallet
from wallet.templatetags.wallet import plain_amount
from wallet.views.access import own_wallet, wallet_page

FORMS: dict[str, type[forms.Form]] = {
    "loan": LoanStep,
    "work": WorkStep,
    "month": MonthStep,
    "lenders": LendersStep,
}


@wallet_page
@require_http_methods(["GET", "HEAD", "POST"])
def apply(request: PersonRequest) -> HttpResponse:
    """What applying means, before it begins; a POST begins, once however often it is pressed."""
    own_wallet(request.user)
    place = f"credit.apply.{request.user.pk}"
    if request.method != "POST":
        asked = {name: request.GET.get(name, "")[:30] for name in ("amount", "count")}
        initial = {**asked, "form_key": new_form_key(place)}
        return render(request, "credit/apply.html", {"form": ApplyForm(place=place, initial=initial)})
    form = ApplyForm(request.POST, place=place)
    if not form.is_valid():
        return render(request, "credit/apply.html", {"form": form}, status=422)
    typed = form.cleaned_data
    try:
        application = applying.start(
            application_id=typed["form_key"],
            user=request.user,
            amount=typed["amount"],
            count=typed["count"],
            at=timezone.now(),
        )
    except DomainError as refusal:
        form.add_error(None, str(refusal))
        return render(request, "credit/apply.html", {"form": form}, status=422)
    return redirect("loan_application", application.pk)


@wallet_page
@require_http_methods(["GET", "HEAD"])
def application(request: PersonRequest, application_id: UUID) -> HttpResponse:
    """The task list while it is not sent; then where it stands, who looked, and what happened so far."""
    found = own_application(request, application_id)
    return _page(request, found)


def _page(
    request: PersonRequest,
    found: Application,
    *,
    answering: tuple[UUID, AnswerForm] | None = None,
    status: int = 200,
) -> HttpResponse:
    tasks = own_tasks(request, found)
    context = standing_of(found, answering=answering, at=timezone.now()) | {
        "tasks": tasks,
        "done": sum(task.is_done for task in tasks),
        "next_task": next((task for task in tasks if not task.is_done), None),
    }
    return render(request, "credit/application.html", context, status=status)


def own_tasks(request: PersonRequest, found: Application) -> list[Task]:
    at = timezone.now()
    limits = wallet.limits_of(account=own_wallet(request.user), at=at)
    given = consenting.standing(found, at=at)
    return tasks_of(found, given=given.keys(), limits=limits, on=timezone.localdate(at))


@wallet_page
@require_http_methods(["GET", "HEAD", "POST"])
def step(request: PersonRequest, application_id: UUID, step: str) -> HttpResponse:
    """One step, saved by itself; then on to the next that is not done."""
    found, asked = own_application(request, application_id), rules.BY_SLUG[step]
    if found.state != State.DRAFT:
        return redirect("loan_application", found.pk)
    form = _step_form(request, found, step)
    context = {"application": found, "step": asked, "form": form}
    if request.method != "POST":
        return render(request, "credit/step.html", context)
    if not form.is_valid():
        return render(request, "credit/step.html", context, status=422)
    try:
        saved = applying.save_step(
            application_id=found.pk,
            user=request.user,
            slug=step,
            facts=cast(Any, form).facts(),
            at=timezone.now(),
        )
    except ApplicationInvalid as refusal:
        for field, error in refusal.errors.items():
            form.add_error(field if field in form.fields else None, str(error))
        return render(request, "credit/step.html", context, status=422)
    except StateRefused as refusal:
        messages.error(request, str(refusal))
        return redirect("loan_application", found.pk)
    return _onward(request, saved)


def _onward(request: PersonRequest, saved: Application) -> HttpResponse:
    open_tasks = [task.slug for task in own_tasks(request, saved) if not task.is_done]
    if not open_tasks:
        return redirect("loan_application_send", saved.pk)
    if open_tasks[0] in rules.BY_SLUG:
        return redirect("loan_application_step", saved.pk, open_tasks[0])
    return redirect("loan_application", saved.pk)


def _step_form(request: PersonRequest, found: Application, slug: str) -> forms.Form:
    data = request.POST if request.method == "POST" else None
    initial = {name: getattr(found, name) for name in rules.BY_SLUG[slug].fields}
    for name in ("amount", "income", "expenses", "debts"):
        if initial.get(name) is not None:
            initial[name] = plain_amount(initial[name])
    if slug == "loan":
        loans = Loan.objects.visible_to(request.user).filter(application__state=State.ACTIVE)
        initial["refinances"] = found.refinances_id
        return LoanStep(data, initial=initial, loans=loans if loans.exists() else None)
    if slug == "lenders":
        # Released before they think of it is only what they chose before.
        initial["released"] = [name for name in found.released if name not in ALWAYS]
    return FORMS[slug](data, initial=initial)


@wallet_page
@require_http_methods(["GET", "HEAD", "POST"])
def send(request: PersonRequest, application_id: UUID) -> HttpResponse:
    """All of it once more, with what it would cost a month; a POST sends it."""
    found = own_application(request, application_id)
    if found.state != State.DRAFT:
        return redirect("loan_application", found.pk)
    if request.method != "POST":
        return _send_page(request, found, [])
    try:
        applying.submit(application_id=found.pk, user=request.user, at=timezone.now())
    except GuardUnmet as refusal:
        missing = rules.missing(found, on=timezone.localdate())
        return _send_page(request, found, words.unmet(refusal, missing), status=422)
    except AnotherGoesOn as refusal:
        return _send_page(request, found, [str(refusal)], other=refusal.data["application"], status=409)
    except StateRefused:
        return redirect("loan_application", found.pk)
    messages.success(request, _("We have your application. We tell you as soon as it is decided."))
    return redirect("loan_application", found.pk)


def _send_page(
    request: PersonRequest, found: Application, missing: list[str], *, other: str = "", status: int = 200
) -> HttpResponse:
    tasks = own_tasks(request, found)
    context = {
        "application": found,
        "missing": missing,
        "other": other,
        "open_tasks": [task for task in tasks if not task.is_done],
        "affording": affording_of(found, on=timezone.localdate()),
        "released": words.released(found),
        "given": consenting.standing(found, at=timezone.now()).values(),
    }
    return render(request, "credit/send.html", context, status=status)


@wallet_page
@require_POST
def withdraw(request: PersonRequest, application_id: UUID) -> HttpResponse:
    """A second press finds it withdrawn."""
    return _done(
        request,
        application_id,
        lambda: applying.withdraw(application_id=application_id, user=request.user, at=database_now()),
        _("It is withdrawn. Nothing was charged, and lenders see it no more."),
    )


@wallet_page
@require_POST
def answer(request: PersonRequest, application_id: UUID, question_id: UUID) -> HttpResponse:
    """Answer one question of an officer."""
    found = own_application(request, application_id)
    question = get_object_or_404(Question, pk=question_id, application=found)
    form = AnswerForm(request.POST, auto_id=f"id_{question.pk}_%s")
    if not form.is_valid():
        return _page(request, found, answering=(question.pk, form), status=422)
    return _done(
        request,
        application_id,
        lambda: applying.answer_question(
            question_id=question.pk,
            user=request.user,
            text=form.cleaned_data["answer"],
            at=timezone.now(),
        ),
        _("We have your answer."),
    )


def _done(request: PersonRequest, application_id: UUID, act: Callable[[], object], said: str) -> HttpResponse:
    own_application(request, application_id)
    try:
        act()
    except DomainError as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, said)
    return redirect("loan_application", application_id)
