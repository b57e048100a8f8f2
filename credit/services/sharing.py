"""What each lender of a loan gets of a payment, and the ledger's lines for it. Minor units.

A share is owed what it lent so far and what of its interest became principal, less the principal that came back.
"""

from collections.abc import Mapping, Sequence
from fractions import Fraction
from uuid import UUID

from django.db.models import Sum

from credit.allocation import Paid
from credit.models import Loan, Payout, Share
from credit.models import LoanTransaction as Row
from credit.pooling import Holding, divide, give_back, pay_out
from credit.services.noting import Part
from wallet import services as wallet
from wallet.services import Line


def shares_of(loan: Loan) -> list[Share]:
    return list(Share.objects.filter(contract_id=loan.contract_id).select_related("provider").order_by("pk"))


def holdings_of(
    shares: Sequence[Share], *, balance: int, out: Mapping[UUID, int] | None = None
) -> list[Holding]:
    """Return what each share is owed of `balance`, the loan's principal before a payment.

    `out` is what each share lent so far and did not get back; what its payouts say where it is not given.

    The balance is more than they lent and did not get back where interest became principal: that is divided by what
    each earns. It is less where a payment that was taken back made another one pay principal.
    """
    if out is None:
        out = principal_out(shares)
    owed = {share.pk: max(out.get(share.pk, 0), 0) for share in shares}
    more = balance - sum(owed.values())
    if more > 0:
        weights = {share.pk: share.amount * Fraction(share.rate) for share in shares}
        if not any(weights.values()):
            weights = {share.pk: Fraction(share.amount) for share in shares}
        grown = divide(more, weights)
        owed = {key: owed[key] + grown[key] for key in owed}
    elif more < 0:
        less = give_back(-more, owed)
        owed = {key: owed[key] - less[key] for key in owed}
    return [Holding(one.pk, max(one.amount, owed[one.pk]), owed[one.pk], one.rate) for one in shares]


def principal_out(shares: Sequence[Share]) -> dict[UUID, int]:
    """Return the principal that each share lent and did not get back; minor units."""
    payouts = Payout.objects.filter(share__in=shares)
    return dict(payouts.values_list("share").annotate(sum=-Sum("principal")))


def lent_in(loan: Loan) -> dict[int, dict[UUID, int]]:
    """Return what each share lent with each payout, by the number of its transaction; minor units."""
    found: dict[int, dict[UUID, int]] = {}
    payouts = Payout.objects.filter(transaction__loan=loan, transaction__kind=Row.Kind.DISBURSEMENT)
    for number, share, principal in payouts.values_list("transaction__number", "share", "principal"):
        found.setdefault(number, {})[share] = -principal
    return found


def divided(
    loan: Loan, paid: Paid, *, balance: int, posting_id: UUID, source: UUID
) -> tuple[list[Part], list[Line]]:
    """Divide a payment from an account among the shares: a part for each, and the lines that pay it.

    `balance` is the principal before it. What was paid too much is nobody's yet: it waits in an account of ours.
    """
    shares = shares_of(loan)
    holdings = holdings_of(shares, balance=balance)
    main = pay_out(holdings, principal=paid.principal, interest=paid.interest, charges=paid.fees)
    late = pay_out(holdings, principal=0, interest=0, charges=paid.penalties)
    parts, lines = [], []
    for share, one, other in zip(shares, main, late, strict=True):
        parts.append(Part(share, posting_id, one.principal, one.interest, one.charges + other.charges))
        amounts = (
            ("LOAN_INTEREST", one.interest),
            ("LOAN_PRINCIPAL", one.principal),
            ("LOAN_FEE", one.charges),
            ("LOAN_PENALTY", other.charges),
        )
        lines += [Line(kind, source, share.provider.account_id, amount) for kind, amount in amounts if amount]
    if paid.overpaid:
        waiting = wallet.system_account("LOAN_OVERPAYMENTS", loan.currency_id)
        lines.append(Line("LOAN_OVERPAID", source, waiting, paid.overpaid))
    return parts, lines


def live_payments(loan: Loan) -> list[Row]:
    """Return the payments of a loan that were not taken back, in order."""
    kinds = (Row.Kind.REPAYMENT, Row.Kind.PAY_OFF)
    return list(Row.objects.filter(loan=loan, kind__in=kinds, reversed_by=None).order_by("number"))
