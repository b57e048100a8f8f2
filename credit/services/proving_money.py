"""The money of a loan, for its proof: what the ledger moved and what the shares got, against its events.

Amounts are minor units (kobo).
"""

from collections.abc import Sequence
from uuid import UUID

from django.db.models import F, Q, Sum

from core.ids import nth
from credit.models import Loan, LoanTransaction, Payout
from credit.proof import Step, sum_paid
from credit.services.balancing import LINES, is_out, moved_by
from credit.services.folding import Kind
from wallet.models import Transaction

Same = tuple[str, object, object]
Row = LoanTransaction
PAYMENTS = frozenset({Kind.REPAYMENT, Kind.PAY_OFF})
# What moves money between a borrower and the lenders after the pay-out.
OF_LENDERS = (*PAYMENTS, Kind.REVERSAL, Kind.RECOVERY, Kind.WRITE_OFF_UNDONE)
# The second posting of what was taken back: later payments go elsewhere since.
REDIVIDED = "redivided"


def compared(loan: Loan, rows: Sequence[Row], steps: Sequence[Step]) -> list[Same]:
    """Return what is kept of the money beside what it should be; `proving` tells them apart."""
    return [*_postings(loan, rows), *_shares(loan, rows, steps), *_lenders(loan, rows)]


def _postings(loan: Loan, rows: Sequence[Row]) -> list[Same]:
    """Each row's posting, by kind of line. A month that was taken out of the books is proven by its own files."""
    wanted = {row: found for row in rows if row.posting_id and (found := _wanted(row))}
    here = [row.posting_id for row in wanted if row.posting_id and not is_out(row.posting_id)]
    moved = moved_by(here)
    return [
        (f"{row.number}.ledger", _words(moved.get(row.posting_id, {})), _words(kinds))
        for row, kinds in wanted.items()
        if row.posting_id in here
    ] + _paid_out(loan, rows)


def _wanted(row: Row) -> dict[str, int]:
    """What a row's posting moves, by kind; nothing for one that is looked at otherwise."""
    if row.kind in PAYMENTS:
        return {kind: getattr(row, name) for name, kind in LINES.items() if getattr(row, name)}
    if row.kind == Kind.REVERSAL and row.reverses is not None and row.reverses.kind in PAYMENTS:
        return {"REVERSAL": row.amount}
    if row.kind == Kind.REFUND:
        return {"LOAN_REFUND": row.amount}
    if row.kind in (Kind.RECOVERY, Kind.WRITE_OFF_UNDONE):
        return {"LOAN_RECOVERY": row.amount}
    return {}


def _words(moved: dict[str, int]) -> str:
    return ", ".join(f"{kind} {amount}" for kind, amount in sorted(moved.items())) or "nothing"


def _paid_out(loan: Loan, rows: Sequence[Row]) -> list[Same]:
    """Each payout, and all of them together: what the loan is of, and no more than was signed."""
    out = [row for row in rows if row.kind == Kind.DISBURSEMENT]
    lent, fees = sum(row.amount for row in out), sum(row.data["fees"] for row in out)
    found: list[Same] = [
        ("loan.amount", loan.amount, lent),
        ("loan.above_contract", max(lent - loan.contract.amount, 0), 0),
    ]
    if lent == loan.contract.amount:
        found.append(("loan.fees", fees, loan.contract.fees))
    for row in out:
        parts = list(Payout.objects.filter(transaction=row))
        found += [
            (f"{row.number}.shares", -sum(one.principal for one in parts), row.amount),
            (f"{row.number}.fees", sum(one.charges for one in parts), row.data["fees"]),
        ]
        if any(is_out(one.posting_id) for one in parts):
            continue
        moved = moved_by(one.posting_id for one in parts).values()
        paid = sum(one.get("LOAN_PAYOUT", 0) for one in moved)
        found.append((f"{row.number}.ledger", paid, row.amount - row.data["fees"]))
    return found


def _shares(loan: Loan, rows: Sequence[Row], steps: Sequence[Step]) -> list[Same]:
    """What the shares got of all payments that stand, together, is what went there."""
    paid = sum_paid(steps)
    parts = Payout.objects.filter(transaction__loan=loan, transaction__kind__in=(*PAYMENTS, Kind.REVERSAL))
    sums = parts.aggregate(principal=Sum("principal"), interest=Sum("interest"), charges=Sum("charges"))
    return [
        ("shares.principal", sums["principal"] or 0, paid.principal),
        ("shares.interest", sums["interest"] or 0, paid.interest),
        ("shares.charges", sums["charges"] or 0, paid.fees + paid.penalties),
    ]


def _lenders(loan: Loan, rows: Sequence[Row]) -> list[Same]:
    """What each lender's account received for this loan, less what it gave back, is what its parts say."""
    moving = [row for row in rows if row.kind in OF_LENDERS]
    postings = [row.posting_id for row in moving if row.posting_id]
    postings += [UUID(row.data[REDIVIDED]) for row in moving if row.data.get(REDIVIDED)]
    if any(is_out(one) for one in postings):
        return []
    parts = (
        Payout.objects.filter(transaction__in=moving)
        .values_list("share__provider__account_id")
        .annotate(got=Sum(F("principal") + F("interest") + F("charges")))
    )
    wanted = dict(parts)
    return [
        (f"lender.{account}", _received(account, postings), wanted[account])
        for account in sorted(wanted, key=str)
    ]


def _received(account: UUID, postings: Sequence[UUID]) -> int:
    found = Q(pk__in=())
    for one in postings:
        found |= Q(id__range=(one, nth(one, 255)))
    moved = Transaction.objects.filter(found)
    came = moved.filter(credit_account=account).aggregate(sum=Sum("amount"))["sum"] or 0
    went = moved.filter(debit_account=account).aggregate(sum=Sum("amount"))["sum"] or 0
    return came - went
