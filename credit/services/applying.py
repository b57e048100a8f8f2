"""Applying for a loan: begun, answered step by step, sent, and taken back while nothing is accepted."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts import audit
from accounts.models import User
from core.actors import acting_as_service
from core.errors import DomainError
from credit import application_rules as rules
from credit import scoring_tasks
from credit.application_rules import Errors
from credit.application_tasks import takes
from credit.consents import NEEDED
from credit.models import Application, Loan, Question
from credit.notices import applying as notices
from credit.notices import offers
from credit.refusals import ApplicationNotFound, IdReused, LoanNotFound
from credit.services import consenting
from credit.services.ending_bids import end_all
from credit.services.locking import lock_application
from credit.services.steps import step
from credit.states import Actor, Event, Guard, State, StateRefused
from wallet import services as wallet
from wallet.models import Account
from wallet.services import Limits

# Applications that a person may have before one is accepted.
MOST_OPEN = 3
OPEN = (State.DRAFT, State.SUBMITTED, State.INCOMPLETE, State.LISTED, State.OFFERED)
# Sent, and not yet a loan or over: of these a person has one at a time.
GOES_ON = (State.SUBMITTED, State.INCOMPLETE, State.LISTED, State.OFFERED, State.ACCEPTED, State.SIGNED)
LONGEST_ANSWER = 2000


class ApplicationInvalid(DomainError):
    """`errors` says by field what may not be answered so; `data["fields"]` names the fields."""

    code = "credit_application_invalid"
    message = _("Some answers cannot be taken so.")
    public = ("fields",)

    def __init__(self, errors: Errors) -> None:
        self.errors: Errors = errors
        super().__init__(fields=sorted(errors))


class TooManyApplications(DomainError):
    code = "credit_too_many_applications"
    kind = "conflict"
    message = _("You have three applications. Send one of them, or withdraw what you no longer need.")


class AnotherGoesOn(DomainError):
    """`data["application"]` is the one that was sent before."""

    code = "credit_another_goes_on"
    kind = "conflict"
    message = _(
        "Another application of yours is under way. One at a time: finish or withdraw that one first."
    )


class QuestionNotFound(DomainError):
    code = "credit_question_not_found"
    kind = "not_found"
    message = _("There is no such question.")


class AnswerInvalid(DomainError):
    code = "credit_answer_invalid"
    message: str | Promise = _("Write an answer of at most 2,000 characters.")


def start(
    *, application_id: UUID, user: User, at: datetime, amount: int | None = None, count: int | None = None
) -> Application:
    """Begin an application, `amount` (minor units) and number of instalments as they were looked at.

    A repeat returns the first. Raises IdReused, TooManyApplications; what cannot be asked for is left empty.
    """
    with acting_as_service(), transaction.atomic():
        User.objects.select_for_update(no_key=True).get(pk=user.pk)
        found = Application.objects.filter(pk=application_id).first()
        if found is not None:
            if found.user_id != user.pk:
                raise IdReused(field="application")
            return found
        if Application.objects.filter(user=user, state__in=OPEN).count() >= MOST_OPEN:
            raise TooManyApplications
        asked = rules.errors_in("loan", {"amount": amount, "count": count}, on=timezone.localdate(at))
        application = Application.objects.create(
            pk=application_id,
            user=user,
            currency_id="NGN",
            amount=None if "amount" in asked else amount,
            count=None if "count" in asked else count,
            made_at=at,
            changed_at=at,
        )
        audit.record(action="credit.application.started", target=application)
        return application


def save_step(
    *, application_id: UUID, user: User, slug: str, facts: Mapping[str, Any], at: datetime
) -> Application:
    """Keep one step's answers, all of its fields; amounts are minor units, `refinances` a loan's id.

    Raises ApplicationNotFound, StateRefused once it was sent, ApplicationInvalid, LoanNotFound, KeyError for no step.
    """
    fields = rules.BY_SLUG[slug].fields
    given = {name: facts.get(name) for name in fields}
    with acting_as_service(), transaction.atomic():
        application = lock_application(application_id, user_id=user.pk)
        if application.state != State.DRAFT:
            raise StateRefused(state=application.state, event="save")
        errors = rules.errors_in(slug, given, on=timezone.localdate(at))
        if errors:
            raise ApplicationInvalid(errors)
        kept = rules.settled(slug, given)
        if kept.get("refinances"):
            kept["refinances"] = _own_loan(user, kept["refinances"])
        for name, value in kept.items():
            setattr(application, name, value)
        application.changed_at = at
        application.save(update_fields=[*fields, "changed_at"])
        audit.record(action="credit.application.saved", target=application, step=slug)
        return application


def submit(*, application_id: UUID, user: User, at: datetime) -> Application:
    """Send a complete application: from here on it is looked at, and no longer changed. Sent again, it stays sent.

    Raises ApplicationNotFound, AnotherGoesOn, GuardUnmet naming what is missing, StateRefused.
    """
    with acting_as_service(), transaction.atomic():
        User.objects.select_for_update(no_key=True).get(pk=user.pk)
        application = lock_application(application_id, user_id=user.pk)
        if application.state == State.SUBMITTED:
            return application
        others = Application.objects.filter(user=user, state__in=GOES_ON).exclude(pk=application.pk)
        going_on = others.values_list("pk", flat=True).first()
        if going_on is not None and application.state == State.DRAFT:
            raise AnotherGoesOn(application=str(going_on))
        step(application, Event.SUBMIT, who=Actor.BORROWER, at=at, holding=holding(application, at=at))
        application.submitted_at = application.complete_at = at
        application.save(update_fields=["submitted_at", "complete_at"])
        notices.submitted(application)
        scoring_tasks.score_soon(application.pk)
        return application


def holding(application: Application, *, at: datetime) -> list[Guard]:
    """Return what holds of all that sending an application asks for."""
    given = consenting.standing(application, at=at)
    found = {
        Guard.KYC_TIER: takes(limits(application, at=at), application.amount),
        Guard.CONSENT: all(kind in given for kind in NEEDED),
        Guard.COMPLETE_FILE: not rules.missing(application, on=timezone.localdate(at)),
    }
    return [guard for guard, holds in found.items() if holds]


def limits(application: Application, *, at: datetime) -> Limits:
    """Return what holds for the wallet that the loan would be paid out to."""
    account_id = wallet.open_wallet(owner_id=application.user_id, currency=application.currency_id)
    return wallet.limits_of(account=Account.objects.get(pk=account_id), at=at)


def withdraw(*, application_id: UUID, user: User, at: datetime, reason: str = "") -> Application:
    """Give an application up, which is free while nothing is accepted; offers end, and what they set aside is free.

    Withdrawn again, it stays withdrawn. Raises ApplicationNotFound, StateRefused.
    """
    with acting_as_service(), transaction.atomic():
        application = lock_application(application_id, user_id=user.pk)
        if application.state != State.WITHDRAWN:
            stood = end_all(application, at=at)
            step(application, Event.WITHDRAW, who=Actor.BORROWER, at=at, reason=reason)
            offers.tell_lenders(stood, "loan.offer_not_chosen")
        return application


def answer_question(
    *, question_id: UUID, user: User, text: str, at: datetime, document_id: UUID | None = None
) -> Question:
    """Answer what an officer asked. With the last answer the application is complete again and its clock runs anew.

    Raises QuestionNotFound, AnswerInvalid, StateRefused.
    """
    text = text.strip()
    if not 1 <= len(text) <= LONGEST_ANSWER:
        raise AnswerInvalid
    with acting_as_service(), transaction.atomic():
        application = _asked(question_id, user)
        question = Question.objects.get(pk=question_id)
        if question.answered_at is not None:
            return question
        if application.state != State.INCOMPLETE:
            raise StateRefused(state=application.state, event=str(Event.ANSWER))
        question.answer, question.document_id, question.answered_at = text, document_id, at
        question.save(update_fields=["answer", "document", "answered_at"])
        if not application.questions.filter(answered_at=None).exists():
            step(application, Event.ANSWER, who=Actor.BORROWER, at=at)
            application.complete_at, application.deadline = at, None
            application.save(update_fields=["complete_at", "deadline"])
            scoring_tasks.score_soon(application.pk)
        return question


def _asked(question_id: UUID, user: User) -> Application:
    found = Question.objects.filter(pk=question_id).values_list("application_id", flat=True).first()
    if found is None:
        raise QuestionNotFound
    try:
        return lock_application(found, user_id=user.pk)
    except ApplicationNotFound as error:
        raise QuestionNotFound from error


def _own_loan(user: User, loan_id: UUID) -> Loan:
    """A loan of theirs that is still paid back. Raises LoanNotFound."""
    found = Loan.objects.visible_to(user).filter(pk=loan_id, application__state=State.ACTIVE).first()
    if found is None:
        raise LoanNotFound
    return found
