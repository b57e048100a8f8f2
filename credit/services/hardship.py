"""Asking for help with a loan: by its borrower, before anything is charged for being late; and what becomes of it.

Whatever is done to help is a measure (`measures.py`), which takes two people. Amounts are minor units (kobo).
"""

from datetime import datetime
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from accounts import audit
from accounts.models import User
from core.actors import acting_as_service
from core.errors import DomainError
from credit.models import HardshipRequest, Loan
from credit.notices import hardship as notices
from credit.refusals import LoanNotFound
from credit.states import State, StateRefused

Wish = HardshipRequest.Wish
# Whoever still owes something may ask, also what was written off.
OWING = frozenset({State.ACTIVE, State.CHARGED_OFF, State.WRITTEN_OFF})
LEAST_TEXT, MOST_TEXT = 3, 1000


class AskedAlready(DomainError):
    code = "loan_help_asked_already"
    kind = "conflict"
    message = _("You have asked already. We are looking at it.")


class HelpInvalid(DomainError):
    """`data["field"]` names what is wrong."""

    code = "loan_help_invalid"
    message = _("Please check what you entered.")
    public = ("field",)


class RequestNotFound(DomainError):
    code = "loan_help_not_found"
    kind = "not_found"
    message = _("There is no such request, or it was answered.")


def ask(
    *, loan_id: UUID, user: User, wish: str, text: str, can_pay: int | None, at: datetime
) -> HardshipRequest:
    """Ask for help with a loan. `can_pay` is what one is able to pay each month (minor units), where one knows.

    Raises LoanNotFound, StateRefused where nothing is owed, HelpInvalid, AskedAlready.
    """
    if wish not in Wish.values:
        raise HelpInvalid(field="wish")
    if not LEAST_TEXT <= len(text.strip()) <= MOST_TEXT:
        raise HelpInvalid(field="text")
    if can_pay is not None and can_pay < 0:
        raise HelpInvalid(field="can_pay")
    with acting_as_service(), transaction.atomic():
        loan = _own(loan_id, user)
        if loan.application.state not in OWING:
            raise StateRefused(state=loan.application.state, event="ask_for_help")
        try:
            with transaction.atomic():
                asked = HardshipRequest.objects.create(
                    loan=loan, wish=wish, text=text.strip(), can_pay=can_pay, made_at=at
                )
        except IntegrityError as error:
            if "hardship_open_once" in str(error):
                raise AskedAlready from None
            raise
        audit.record(action="credit.hardship.asked", target=loan, wish=wish, can_pay=can_pay)
    return asked


def withdraw(*, request_id: UUID, user: User, at: datetime) -> HardshipRequest:
    """Take back what one asked for. Raises RequestNotFound, also once it was answered."""
    with acting_as_service(), transaction.atomic():
        asked = _lock(request_id, user_id=user.pk)
        return _end(asked, HardshipRequest.State.WITHDRAWN, at=at)


def answer(*, request_id: UUID, granted: bool, words: str, at: datetime) -> HardshipRequest:
    """Answer in words that the borrower reads. Raises RequestNotFound, HelpInvalid."""
    if not LEAST_TEXT <= len(words.strip()) <= MOST_TEXT:
        raise HelpInvalid(field="answer")
    state = HardshipRequest.State.GRANTED if granted else HardshipRequest.State.REFUSED
    with acting_as_service(), transaction.atomic():
        asked = _end(_lock(request_id), state, at=at, words=words.strip())
        notices.answered(asked)
    return asked


def _own(loan_id: UUID, user: User) -> Loan:
    loan = Loan.objects.visible_to(user).select_related("application").filter(pk=loan_id).first()
    if loan is None:
        raise LoanNotFound
    return loan


def _lock(request_id: UUID, *, user_id: UUID | None = None) -> HardshipRequest:
    found = HardshipRequest.objects.filter(pk=request_id, state=HardshipRequest.State.ASKED)
    if user_id is not None:
        found = found.filter(loan__user_id=user_id)
    asked = found.select_related("loan").select_for_update(of=("self",), no_key=True).first()
    if asked is None:
        raise RequestNotFound
    return asked


def _end(asked: HardshipRequest, state: str, *, at: datetime, words: str = "") -> HardshipRequest:
    asked.state, asked.answer, asked.ended_at = state, words, at
    asked.save(update_fields=["state", "answer", "ended_at"])
    audit.record(action=f"credit.hardship.{state.lower()}", target=asked.loan, request=str(asked.pk))
    return asked
