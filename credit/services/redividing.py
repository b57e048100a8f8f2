"""What is taken back changes where later payments went, and what each lender got of them: the money follows.

Amounts are minor units (kobo).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Sum

from core.ids import posting_id
from credit.models import LoanTransaction, Payout, Share
from credit.pooling import pay_out
from credit.proof import Step, sum_paid, walk
from credit.refusals import NotPossible
from credit.schedule import roll
from credit.services.folding import Kind, numbered_events
from credit.services.holding import Held
from credit.services.noting import Part
from credit.services.sharing import holdings_of, lent_in, shares_of
from credit.terms_data import terms_of
from wallet import services as wallet
from wallet.services import Line

PAYMENTS = frozenset({Kind.REPAYMENT, Kind.PAY_OFF})
NAMES = ("principal", "interest", "charges")
Got = tuple[int, int, int]
NOTHING: Got = (0, 0, 0)


@dataclass(frozen=True)
class Redivision:
    """What each share gets more (less, below zero) once a transaction is taken back, and the lines that see to it.

    `parts` have what the transaction itself gave, `lines` do not: that goes back by its own posting. `overpaid` is what
    all payments then come to too much.
    """

    parts: Sequence[tuple[Share, Got]]
    lines: Sequence[Line]
    overpaid: int

    def post(self, held: Held) -> UUID | None:
        """Move what is to move, and return the posting; None where nothing is."""
        if not self.lines:
            return None
        posting = posting_id()
        wallet.post(posting_id=posting, lines=self.lines, description=held.loan.number)
        return posting

    def parts_of(self, posting: UUID) -> list[Part]:
        return [Part(share, posting, *got) for share, got in self.parts if any(got)]


def redivide(held: Held, without: LoanTransaction) -> Redivision:
    """Work out what each share would have, had this transaction never been. Raises NotPossible."""
    events = numbered_events(held.loan)
    try:
        terms = terms_of(held.loan.terms)
        before = walk(terms, events)
        after = walk(terms, [one for one in events if one[0] != without.number])
    except ValueError as error:
        raise NotPossible(why=str(error)) from error
    shares = shares_of(held.loan)
    wanted, has = _shared(shares, after, lent_in(held.loan)), _has(shares)
    own = _has(shares, of=without) if without.kind in PAYMENTS else {}
    moved = {
        share.pk: _less(wanted[share.pk], _less(has[share.pk], own.get(share.pk, NOTHING)))
        for share in shares
    }
    old = sum_paid(step for step in before if step.number != without.number)
    new = sum_paid(after)
    charge = "LOAN_FEE" if old.penalties == new.penalties else "LOAN_PENALTY"
    parts = [(share, _less(wanted[share.pk], has[share.pk])) for share in shares]
    return Redivision(parts, _lines(held, shares, moved, charge), after[-1].after.overpaid if after else 0)


def _shared(
    shares: Sequence[Share], steps: Sequence[Step], lent_in: Mapping[int, Mapping[UUID, int]]
) -> dict[UUID, Got]:
    """What each share gets of payments, one after the other, as `sharing.divided` divides each."""
    got, lent = {share.pk: NOTHING for share in shares}, {share.pk: 0 for share in shares}
    for step in steps:
        for key, amount in lent_in.get(step.number, {}).items():
            lent[key] += amount
        if step.paid is None:
            continue
        balance = roll(step.before, step.event.on).balance
        out = {key: lent[key] - one[0] for key, one in got.items()}
        holdings = holdings_of(shares, balance=balance, out=out)
        main = pay_out(
            holdings, principal=step.paid.principal, interest=step.paid.interest, charges=step.paid.fees
        )
        late = pay_out(holdings, principal=0, interest=0, charges=step.paid.penalties)
        for one, other in zip(main, late, strict=True):
            more = (one.principal, one.interest, one.charges + other.charges)
            got[one.id] = _plus(got[one.id], more)
    return got


def _has(shares: Sequence[Share], *, of: LoanTransaction | None = None) -> dict[UUID, Got]:
    """What each share got of payments so far, or of one of them."""
    payouts = Payout.objects.filter(share__in=shares, transaction__kind__in=(*PAYMENTS, Kind.REVERSAL))
    if of is not None:
        payouts = payouts.filter(transaction=of)
    sums = payouts.values_list("share").annotate(*(Sum(name) for name in NAMES))
    found = {key: (principal, interest, charges) for key, principal, interest, charges in sums}
    return {share.pk: found.get(share.pk, NOTHING) for share in shares}


def _lines(held: Held, shares: Sequence[Share], moved: dict[UUID, Got], charge: str) -> list[Line]:
    """Money goes by way of what was paid too much: first to lenders, then from them."""
    waiting = wallet.system_account("LOAN_OVERPAYMENTS", held.loan.currency_id)
    kinds = ("LOAN_PRINCIPAL", "LOAN_INTEREST", charge)
    to, back = [], []
    for share in shares:
        lender = share.provider.account_id
        for kind, amount in zip(kinds, moved[share.pk], strict=True):
            if amount > 0:
                to.append(Line(kind, waiting, lender, amount))
            elif amount < 0:
                back.append(Line(kind, lender, waiting, -amount))
    return [*to, *back]


def _plus(one: Got, other: Got) -> Got:
    return one[0] + other[0], one[1] + other[1], one[2] + other[2]


def _less(one: Got, other: Got) -> Got:
    return one[0] - other[0], one[1] - other[1], one[2] - other[2]
