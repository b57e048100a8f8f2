"""Money goes out: a signed contract becomes a loan, in the transaction that pays it out, or the first part of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.utils import timezone

from credit.drawdown import Slice
from credit.models import Application, Contract, Loan, LoanStanding, LoanTransaction, Position, Share
from credit.replay import Disburse
from credit.services.folding import Kind
from credit.services.held import Held
from credit.services.holding import effective
from credit.services.noting import Part, enter
from credit.standing import begin
from credit.terms_data import rules_of, standing_data, terms_data
from credit.titles import loan_number
from wallet import services as wallet
from wallet.services import Line


@dataclass(frozen=True)
class Outgoing:
    """What one share pays out, of what is held for it, under which posting."""

    share: Share
    slice: Slice
    hold_id: UUID
    posting_id: UUID


def open_loan(
    *, application: Application, contract: Contract, posting_ids: dict[UUID, UUID], at: datetime
) -> LoanTransaction:
    """Pay a contract out to the borrower's wallet, each share from what it has set aside, and begin the loan's days.

    `posting_ids` has one for each share, stored before. The caller holds the application's lock and takes the step.
    Raises a LedgerRefusal, and then nothing was paid.
    """
    shares = contract.shares.select_related("provider").order_by("pk")
    outgoing = [
        Outgoing(
            share,
            Slice(share.pk, share.amount, share.fees, share.our_fee, share.our_tax),
            share.hold_id,
            posting_ids[share.pk],
        )
        for share in shares
    ]
    held = begin_loan(application=application, contract=contract, amount=contract.amount, at=at)
    return lend(held, outgoing)


def begin_loan(*, application: Application, contract: Contract, amount: int, at: datetime) -> Held:
    """Begin the days of a loan of which so much (minor units) is about to be paid out. The caller holds the lock."""
    today = timezone.localdate(at)
    rules = rules_of(contract.rules)
    terms = rules.terms(amount=contract.amount, rate=contract.rate, count=contract.count, start=today)
    loan = Loan.objects.create(
        application=application,
        user_id=application.user_id,
        contract=contract,
        number=loan_number(application.pk),
        currency_id=application.currency_id,
        amount=amount,
        terms=terms_data(terms),
        late=contract.late,
        effective_rate=contract.apr,
        opened_on=today,
    )
    standing = begin(terms)
    position = Position.objects.create(loan=loan, next_day=today)
    record = LoanStanding.objects.create(loan=loan, data=standing_data(standing))
    return Held(loan, application, position, record, standing, today, at)


def lend(held: Held, outgoing: Sequence[Outgoing]) -> LoanTransaction:
    """Pay out to the borrower's wallet what each share gives, and let the loan grow by it.

    Raises DayGone, NotPossible, a LedgerRefusal; and then nothing was paid.
    """
    loan = held.loan
    target = wallet.open_wallet(owner_id=loan.user_id, currency=loan.currency_id)
    parts = [_pay_out(one, target, held) for one in outgoing]
    amount = sum(one.slice.amount for one in outgoing)
    return enter(
        held,
        Disburse(held.today, amount),
        kind=Kind.DISBURSEMENT,
        amount=amount,
        posting_id=outgoing[0].posting_id,
        parts=parts,
        data={"fees": sum(one.slice.fees for one in outgoing)},
    )


def paid_out(loan: Loan) -> list[LoanTransaction]:
    """Return the payouts of a loan that were not taken back, in order."""
    rows = LoanTransaction.objects.filter(loan=loan, kind=Kind.DISBURSEMENT, reversed_by=None)
    return list(rows.order_by("number"))


def received_of(payouts: Sequence[LoanTransaction]) -> int:
    """Return what the borrower received of payouts: their fees were kept back; minor units."""
    return sum(row.amount - row.data["fees"] for row in payouts)


def _pay_out(out: Outgoing, target: UUID, held: Held) -> Part:
    lender, part = out.share.provider.account_id, out.slice
    lines = [Line("LOAN_PAYOUT", lender, target, part.received)]
    if part.our_fee:
        lines.append(Line("LOAN_COMMISSION", lender, wallet.system_account("FEE_INCOME"), part.our_fee))
    if part.our_tax:
        lines.append(Line("VAT", lender, wallet.system_account("VAT_PAYABLE"), part.our_tax))
    wallet.commit_hold_lines(
        hold_id=out.hold_id,
        posting_id=out.posting_id,
        lines=lines,
        description=held.loan.number,
        effective_at=effective(held.at),
    )
    return Part(out.share, out.posting_id, principal=-part.amount, charges=part.fees)
