"""Whether what moved in the ledger is what a loan's own rows say: nothing is closed before that is so."""

from collections.abc import Iterable
from uuid import UUID

from django.db import connection
from django.db.models import Q, Sum

from core.ids import nth
from credit.models import Loan, LoanTransaction, Payout
from credit.services.holding import Held
from credit.services.sharing import live_payments
from credit.standing import charged, stretches_until
from credit.terms import Counts
from wallet.models import Transaction

Kind = LoanTransaction.Kind
# The ledger's kind for each part of a payment.
LINES = {
    "interest": "LOAN_INTEREST",
    "principal": "LOAN_PRINCIPAL",
    "fees": "LOAN_FEE",
    "penalties": "LOAN_PENALTY",
    "overpaid": "LOAN_OVERPAID",
}
_POSTINGS_AT_ONCE = 50


def moved_by(posting_ids: Iterable[UUID]) -> dict[UUID, dict[str, int]]:
    """Return what each posting moved, by kind; minor units."""
    ids, moved = list(posting_ids), dict[UUID, dict[str, int]]()
    for start in range(0, len(ids), _POSTINGS_AT_ONCE):
        wanted = Q()
        for one in ids[start : start + _POSTINGS_AT_ONCE]:
            wanted |= Q(id__range=(one, nth(one, 255)))
        sums = Transaction.objects.filter(wanted).values_list("posting_id", "kind").annotate(Sum("amount"))
        for posting, kind, amount in sums:
            moved.setdefault(posting, {})[kind] = amount
    return moved


def is_out(posting: UUID) -> bool:
    """Whether its month was taken out of the books."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select exists (select from wallet_archivedmonth where %s >= since and %s < until)",
            [posting, posting],
        )
        [found] = cursor.fetchone()
    return bool(found)


def differences(loan: Loan) -> list[str]:
    """Name each payment whose postings, or whose shares' parts, are not what its row says.

    A month that was taken out of the books is proven by its own files.
    """
    rows = live_payments(loan)
    out = {row.posting_id for row in rows if row.posting_id and is_out(row.posting_id)}
    moved = moved_by(row.posting_id for row in rows if row.posting_id and row.posting_id not in out)
    shared = _shared_of(rows)
    found = []
    for row in rows:
        wanted = {kind: getattr(row, name) for name, kind in LINES.items() if getattr(row, name)}
        if row.posting_id is None or (row.posting_id not in out and moved.get(row.posting_id, {}) != wanted):
            found.append(f"payment {row.number}: the ledger moved something else")
        parts = (row.principal, row.interest, row.fees + row.penalties)
        if shared.get(row.pk, (0, 0, 0)) != parts:
            found.append(f"payment {row.number}: the shares got something else")
    return found


def _shared_of(rows: Iterable[LoanTransaction]) -> dict[UUID, tuple[int, int, int]]:
    """What the shares got of each payment: principal, interest, charges."""
    sums = Payout.objects.filter(transaction__in=rows).values_list("transaction").order_by("transaction")
    found = sums.annotate(Sum("principal"), Sum("interest"), Sum("charges"))
    return {pk: (principal, interest, charges) for pk, principal, interest, charges in found}


def unexplained(held: Held) -> int:
    """Return by how much all that was paid differs from what was lent, earned, charged and paid too much.

    Zero once nothing is owed: then what accrued is what was posted.
    """
    loan, standing = held.loan, held.standing
    paid = sum(row.amount for row in live_payments(loan))
    charges = LoanTransaction.objects.filter(
        loan=loan, kind__in=(Kind.FEE, Kind.PENALTY), reversed_by=None
    ).aggregate(sum=Sum("amount"))
    until = held.today
    if standing.terms.paying.counts is Counts.PERIOD and until > standing.start:
        until = standing.period.due
    running = charged(standing, stretches_until(standing, until))
    # Interest that was paid ahead and is not earned any more is settled when its row is due.
    earned = held.position.charged + max(
        running, standing.ahead_interest - standing.carried - standing.put_off
    )
    return paid - standing.lent - earned - (charges["sum"] or 0) - standing.overpaid
