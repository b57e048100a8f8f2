"""Giving a loan up, by two people: charged off, written off, and a write-off undone."""

from uuid import UUID

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.approvals import Described, Payload
from credit.models import Loan, Position
from credit.services import writing_off
from credit.services.approved.deeds import Deed, action_of, loan_in
from credit.services.holding import Held

CHARGE_OFF, WRITE_OFF, UNDO = "credit.charge_off", "credit.write_off", "credit.undo_write_off"


def _amount(payload: Payload) -> int:
    """By what is owed when it is proposed, more or less of interest on its way."""
    position = Position.objects.get(pk=loan_in(payload).pk)
    return position.principal + position.due_interest + position.fees + position.penalties


def _late(loan: Loan, _payload: Payload) -> Described:
    position = Position.objects.get(pk=loan.pk)
    return [(_("Days late, without pauses"), str(position.overdue_days))]


def _charge_off(held: Held, payload: Payload, _posting: UUID) -> object:
    return writing_off.charge_off(held, reason=payload["words"])


def _write_off(held: Held, payload: Payload, _posting: UUID) -> object:
    return writing_off.write_off(held, reason=payload["words"])


def _undo(held: Held, payload: Payload, _posting: UUID) -> object:
    return writing_off.undo_write_off(held, reason=payload["words"])


ACTIONS = tuple(
    action_of(deed)
    for deed in (
        Deed(CHARGE_OFF, gettext_lazy("Loan: charge off"), _charge_off, _late, amount=_amount),
        Deed(WRITE_OFF, gettext_lazy("Loan: write off"), _write_off, _late, amount=_amount),
        Deed(UNDO, gettext_lazy("Loan: undo the write-off"), _undo, _late),
    )
)
