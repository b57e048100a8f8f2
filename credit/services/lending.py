"""Money goes out: a signed contract becomes a loan, in the transaction that pays it out."""

from datetime import datetime
from uuid import UUID

from django.utils import timezone

from credit.models import Application, Contract, Loan, LoanStanding, LoanTransaction, Position, Share
from credit.replay import Disburse
from credit.services.folding import Kind
from credit.services.held import Held
from credit.services.holding import effective
from credit.services.noting import Part, enter
from credit.standing import begin
from credit.terms_data import rules_of, standing_data, terms_data
from wallet import services as wallet
from wallet.services import Line

_LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def open_loan(
    *, application: Application, contract: Contract, posting_ids: dict[UUID, UUID], at: datetime
) -> LoanTransaction:
    """Pay a contract out to the borrower's wallet, each share from what it has set aside, and begin the loan's days.

    `posting_ids` has one for each share, stored before. The caller holds the application's lock and takes the step.
    Raises a LedgerRefusal, and then nothing was paid.
    """
    today = timezone.localdate(at)
    rules = rules_of(contract.rules)
    terms = rules.terms(amount=contract.amount, rate=contract.rate, count=contract.count, start=today)
    loan = Loan.objects.create(
        application=application,
        user_id=application.user_id,
        contract=contract,
        number=loan_number(application.pk),
        currency_id=application.currency_id,
        amount=contract.amount,
        terms=terms_data(terms),
        late=contract.late,
        effective_rate=contract.apr,
        opened_on=today,
    )
    standing = begin(terms)
    position = Position.objects.create(loan=loan, next_day=today)
    record = LoanStanding.objects.create(loan=loan, data=standing_data(standing))
    held = Held(loan, application, position, record, standing, today, at)
    shares = list(contract.shares.select_related("provider").order_by("pk"))
    target = wallet.open_wallet(owner_id=application.user_id, currency=application.currency_id)
    parts = [_pay_out(share, target, posting_ids[share.pk], held) for share in shares]
    return enter(
        held,
        Disburse(today, contract.amount),
        kind=Kind.DISBURSEMENT,
        amount=contract.amount,
        posting_id=posting_ids[shares[0].pk],
        parts=parts,
        data={"fees": contract.fees},
    )


def loan_number(application_id: UUID) -> str:
    """Return what people call a loan by: letters that cannot be mixed up, made from its id."""
    number, letters = application_id.int & ((1 << 50) - 1), ""
    for _ in range(10):
        number, digit = divmod(number, 32)
        letters = _LETTERS[digit] + letters
    return f"L-{letters[:5]}-{letters[5:]}"


def _pay_out(share: Share, target: UUID, posting_id: UUID, held: Held) -> Part:
    lender = share.provider.account_id
    lines = [Line("LOAN_PAYOUT", lender, target, share.received)]
    if share.our_fee:
        lines.append(Line("LOAN_COMMISSION", lender, wallet.system_account("FEE_INCOME"), share.our_fee))
    if share.our_tax:
        lines.append(Line("VAT", lender, wallet.system_account("VAT_PAYABLE"), share.our_tax))
    wallet.commit_hold_lines(
        hold_id=share.hold_id,
        posting_id=posting_id,
        lines=lines,
        description=held.loan.number,
        effective_at=effective(held.at),
    )
    return Part(share, posting_id, principal=-share.amount, charges=share.fees)
