"""Undoing a payout on its own day, by two people: the money goes back, and nothing was ever owed."""

from uuid import UUID

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.approvals import Described, Payload
from core.templatetags.money import money
from credit.models import Loan
from credit.services.approved.deeds import Deed, action_of, loan_in
from credit.services.cancelling import undo
from credit.services.holding import Held
from credit.services.lending import paid_out, received_of

UNDO = "credit.undo_payout"


def _words(loan: Loan, _payload: Payload) -> Described:
    received = money(received_of(paid_out(loan)), loan.currency_id)
    return [(_("Goes back from the borrower’s wallet"), received)]


def _undo(held: Held, payload: Payload, _posting: UUID) -> object:
    return undo(held, reason=payload["words"])


ACTIONS = (
    action_of(
        Deed(
            UNDO,
            gettext_lazy("Loan: undo today’s payout"),
            _undo,
            _words,
            amount=lambda payload: received_of(paid_out(loan_in(payload))),
        )
    ),
)
