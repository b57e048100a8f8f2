"""One way for all that two people do to a loan: tried and taken back, shown before and after, done by the second word.

A payload names the loan, holds what the deed needs as text and integers, and what the borrower reads of it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.approvals import ApprovalAction, Described, Payload
from accounts.models import Approval
from core.errors import DomainError
from core.ids import posting_id
from core.templatetags.money import signed_money
from credit.models import DelinquencyPause, Loan, LoanStanding, Position
from credit.refusals import LoanNotFound
from credit.services.approved.pictures import before_and_after, picture_of
from credit.services.holding import Held, hold
from credit.services.modifying import gain_of
from wallet.services.approved.adjustments import OwnMoney

LONGEST_WORDS = 300

Run = Callable[[Held, Payload, UUID], object]
Words = Callable[[Loan, Payload], Described]


class LoanChanged(DomainError):
    code = "loan_changed"
    kind = "conflict"
    message = gettext_lazy("The loan changed in this very moment. Look at it again.")


class WordsMissing(DomainError):
    code = "loan_words_missing"
    message = gettext_lazy("Say what the borrower reads, in 300 characters at most.")


@dataclass(frozen=True)
class Deed:
    """`run` does it to a held loan, under the posting id that it may need; `words` says what is wished."""

    code: str
    label: str | Promise
    run: Run
    words: Words
    posts: bool = False
    amount: Callable[[Payload], int | None] = lambda _payload: None


def action_of(deed: Deed) -> ApprovalAction:
    return ApprovalAction(
        code=deed.code,
        label=deed.label,
        propose="credit.propose_loan_change",
        approve="credit.approve_loan_change",
        check=partial(_check, deed),
        target_version=version,
        describe=partial(_describe, deed),
        apply=partial(_apply, deed),
        amount=deed.amount,
        posts=deed.posts,
    )


def target_of(payload: Payload) -> str:
    return f"loan {payload['loan']}"


def loan_in(payload: Payload) -> Loan:
    """Raises LoanNotFound."""
    loans = Loan.objects.select_related("application", "contract", "user")
    found = loans.filter(pk=UUID(payload["loan"])).first()
    if found is None:
        raise LoanNotFound
    return found


def version(payload: Payload) -> str:
    """Anything that happens to the loan is another state of affairs; days go by all the time."""
    loan = loan_in(payload)
    happened = LoanStanding.objects.values_list("transactions", flat=True).get(pk=loan.pk)
    pauses = DelinquencyPause.objects.filter(loan=loan).count()
    return f"{loan.application.state} {happened} {pauses}"


def _check(deed: Deed, payload: Payload) -> None:
    """Raises LoanNotFound, WordsMissing, and whatever doing it now would be refused for."""
    if not 1 <= len(payload["words"].strip()) <= LONGEST_WORDS:
        raise WordsMissing
    _rehearse(deed, payload)


def _describe(deed: Deed, payload: Payload) -> Described:
    loan = loan_in(payload)
    said: list[tuple[str | Promise, str | Promise]] = [
        (_("Loan"), f"{loan.number}, {getattr(loan.user, 'staff_name', loan.user)}"),
        *deed.words(loan, payload),
    ]
    try:
        said += _rehearse(deed, payload)
    except DomainError as refusal:
        said.append((_("Cannot be done now"), str(refusal)))
    return [*said, (_("What the borrower reads"), payload["words"])]


def _rehearse(deed: Deed, payload: Payload) -> Described:
    """Do it and take it back; return what is other than before, with the new schedule."""
    at = timezone.now()
    with transaction.atomic():
        held = hold(loan_in(payload).pk, user_id=None, at=at)
        before = picture_of(held)
        deed.run(held, payload, posting_id())
        said = before_and_after(before, picture_of(held), held.loan.currency_id)
        gain = gain_of(held.loan, held.record.transactions)
        if gain is not None:
            label = _("For the lender, at the original effective rate")
            said.append((label, signed_money(gain, held.loan.currency_id)))
        transaction.set_rollback(True)
    return said


def _apply(deed: Deed, payload: Payload, approval: Approval, at: datetime) -> None:
    """Do it under the approval's own posting id. Raises OwnMoney, LoanChanged, and why it cannot be done."""
    loan = loan_in(payload)
    if loan.user_id in {approval.maker_id, approval.checker_id, approval.second_checker_id}:
        raise OwnMoney
    # Before its days are closed, which may charge it: nothing else happened to it since it was looked at.
    Position.objects.select_for_update(no_key=True).get(pk=loan.pk)
    if version(payload) != approval.target_version:
        raise LoanChanged
    held = hold(loan.pk, user_id=None, at=at)
    deed.run(held, payload, approval.posting_id or posting_id())
