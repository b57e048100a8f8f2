"""What borrowers read of running loans and of refusals, in plain words. Amounts are minor units (kobo)."""

from django.utils.translation import gettext as _

from core.errors import DomainError
from core.templatetags.money import money
from credit.models import LoanTransaction
from credit.refusals import NotPossible
from credit.services.drawable import PartTooLarge, PartTooSmall
from credit.states import State, StateRefused
from wallet.refusals import InsufficientFunds

Kind = LoanTransaction.Kind
# A state's tone, as components/status.html draws it.
TONES = {
    State.ACTIVE: "success",
    State.CLOSED_MET: "success",
    State.CLOSED_REFINANCED: "neutral",
    State.OVERPAID: "pending",
    State.CHARGED_OFF: "error",
    State.WRITTEN_OFF: "error",
}
ICONS = {
    Kind.DISBURSEMENT: "arrow-down-left",
    Kind.REPAYMENT: "arrow-up-right",
    Kind.PAY_OFF: "circle-check",
    Kind.FEE: "receipt",
    Kind.PENALTY: "circle-alert",
    Kind.REFUND: "undo-2",
}


def tone(state: str) -> str:
    return TONES.get(State(state), "neutral")


def icon(kind: str) -> str:
    return ICONS.get(Kind(kind), "calendar-sync")


def draw_refusal(refused: DomainError, currency: str) -> str:
    """Why no such part is paid out, with its amounts as people write them, and what the borrower can do."""
    if isinstance(refused, PartTooSmall):
        return _("The smallest part is %(amount)s.") % {"amount": money(refused.data["least"], currency)}
    if isinstance(refused, PartTooLarge):
        return _("There is %(amount)s left to ask for.") % {"amount": money(refused.data["left"], currency)}
    if isinstance(refused, StateRefused | NotPossible):
        return _("Nothing more can be paid out of this loan as it stands.")
    return str(refused.message)


def refusal(refused: DomainError, currency: str) -> str:
    """Why something cannot be done, with its amounts as people write them."""
    if isinstance(refused, StateRefused):
        return _("Nothing can be paid on this loan as it stands: look at its page.")
    if isinstance(refused, NotPossible):
        return _("This amount cannot be paid on the loan as it stands.")
    if isinstance(refused, InsufficientFunds):
        available = refused.data.get("available")
        if available is not None:
            return _("Your wallet has %(amount)s. Add money, or pay less.") % {
                "amount": money(int(available), currency)
            }
    return str(refused.message)
