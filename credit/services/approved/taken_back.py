"""Taking back what happened to a loan, by two people: a payment that came back, a late charge that is waived."""

from uuid import UUID

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.approvals import Described, Payload
from core.templatetags.money import money
from credit.models import Loan, LoanTransaction
from credit.services import taking_back
from credit.services.approved.deeds import Deed, action_of
from credit.services.holding import Held
from credit.services.taking_back import TransactionNotFound

TAKE_BACK, WAIVE = "credit.take_back", "credit.waive"


def row_in(payload: Payload) -> LoanTransaction:
    """Raises TransactionNotFound."""
    rows = LoanTransaction.objects.filter(loan_id=UUID(payload["loan"]), pk=UUID(payload["transaction"]))
    found = rows.first()
    if found is None:
        raise TransactionNotFound
    return found


def _words(loan: Loan, payload: Payload) -> Described:
    row = row_in(payload)
    what = f"{row.get_kind_display()}, {date_format(row.on, 'j F Y')}"
    return [(_("What is taken back"), f"{what}, {money(row.amount, loan.currency_id)}")]


def _take_back(held: Held, payload: Payload, posting: UUID) -> object:
    return taking_back.take_payment_back(
        held, transaction_id=UUID(payload["transaction"]), posting_id=posting, reason=payload["words"]
    )


def _waive(held: Held, payload: Payload, _posting: UUID) -> object:
    return taking_back.waive(held, transaction_id=UUID(payload["transaction"]), reason=payload["words"])


ACTIONS = tuple(
    action_of(deed)
    for deed in (
        Deed(
            TAKE_BACK,
            gettext_lazy("Loan: take a payment back"),
            _take_back,
            _words,
            posts=True,
            amount=lambda payload: row_in(payload).amount,
        ),
        Deed(WAIVE, gettext_lazy("Loan: waive a late charge"), _waive, _words),
    )
)
