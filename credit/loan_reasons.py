"""What wallets tell of loans: whose accounts the lenders' are, and why money went to them or came."""

from collections.abc import Iterable, Iterator
from uuid import UUID

from django.db.models import Q
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core.templatetags.money import money
from credit.models import LoanTransaction, Payout, Provider
from wallet.models import Entry
from wallet.services import counterparties, explaining
from wallet.services.explaining import Cause

KINDS = frozenset(
    {
        *("LOAN_PAYOUT", "LOAN_PRINCIPAL", "LOAN_INTEREST", "LOAN_FEE", "LOAN_PENALTY"),
        *("LOAN_OVERPAID", "LOAN_REFUND", "LOAN_RECOVERY", "REVERSAL"),
    }
)


def causes(entry: Entry) -> Iterator[Cause]:
    """The loan that a movement belongs to, what happened to it by that, and where the whole payment went."""
    if entry.kind not in KINDS:
        return
    parts = Payout.objects.filter(posting_id=entry.posting_id).values("transaction")
    rows = LoanTransaction.objects.select_related("loan")
    row = rows.filter(Q(posting_id=entry.posting_id) | Q(pk__in=parts)).order_by("pk").first()
    if row is None:
        return
    page = reverse("loan", args=[row.loan_id])
    yield Cause(gettext_lazy("Loan"), row.loan.number, row.loan, href=page)
    text = f"{row.get_kind_display()} · {date_format(row.on, 'j F Y')}"
    yield Cause(gettext_lazy("What happened"), text, row.loan, href=page)
    if row.interest or row.principal or row.fees or row.penalties:
        yield Cause(gettext_lazy("Where the payment went"), _split(row, entry.currency), row.loan, href=page)


def _split(row: LoanTransaction, currency: str) -> str:
    parts = (
        (_("interest"), row.interest),
        (_("principal"), row.principal),
        (_("fees"), row.fees),
        (_("late charges"), row.penalties),
        (_("too much"), row.overpaid),
    )
    return ", ".join(f"{money(amount, currency)} {words}" for words, amount in parts if amount)


def names_of(account_ids: Iterable[UUID]) -> dict[UUID, str]:
    """What lenders are called, by their accounts."""
    return dict(Provider.objects.filter(account__in=account_ids).values_list("account_id", "display_name"))


def register() -> None:
    explaining.sources.append(causes)
    counterparties.namers.append(names_of)
