"""What may still be paid out of a signed loan, and what a part of it comes to. Nothing is written here.

Amounts are minor units (kobo). All of it needs the service.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from django.db.models import Sum
from django.utils.translation import gettext_lazy as _

from core.errors import DomainError
from credit.drawdown import Carried, Slice, divide_part
from credit.models import Application, Contract, Disbursement, Loan, Payout
from credit.refusals import NotPossible
from credit.replay import Disburse, happen
from credit.schedule import plan, roll
from credit.services.agreements import open_payouts
from credit.services.folding import Kind
from credit.services.lending import paid_out
from credit.services.reading import standing_on, transactions_of
from credit.standing import Row, Standing, begin
from credit.states import State
from credit.terms_data import rules_of


class NothingToDraw(DomainError):
    """All of it was paid out, or what was left has gone back to the lenders."""

    code = "loan_nothing_to_draw"
    kind = "conflict"
    message = _("Nothing of this loan is left to be paid out.")


class DrawingOver(DomainError):
    """`data["until"]` was the last day."""

    code = "loan_drawing_over"
    kind = "conflict"
    message = _("The last day to ask for more of this loan is over.")
    public = ("until",)


class PartTooSmall(DomainError):
    """`data["least"]` is the smallest part."""

    code = "loan_part_too_small"
    message = _("This is less than the smallest part that was agreed.")
    public = ("least",)


class PartTooLarge(DomainError):
    """`data["left"]` is what is left to be paid out."""

    code = "loan_part_too_large"
    message = _("This is more than is left to be paid out.")
    public = ("left",)


class InArrears(DomainError):
    code = "loan_in_arrears"
    kind = "conflict"
    message = _("An instalment of this loan is late. Pay it first; then you can ask for more.")


@dataclass(frozen=True)
class Drawable:
    """What may be asked for of a signed contract: what was paid out and is left, the smallest part, the last day."""

    amount: int
    drawn: int
    left: int
    least: int
    parts: int
    parts_left: int
    until: date
    of_share: Mapping[UUID, int]


@dataclass(frozen=True)
class Portion:
    """What one share gives of a part, out of which hold, and what is to stay set aside for it after that."""

    payout: Disbursement
    slice: Slice
    rest: int

    @property
    def hold_id(self) -> UUID:
        return self.payout.hold_id or self.payout.share.hold_id


@dataclass(frozen=True)
class Preview:
    """What asking for so much today comes to: what is received, and the next instalment before and after it."""

    amount: int
    fees: int
    lent: int
    next_due: date
    next_amount: int
    was_amount: int

    @property
    def received(self) -> int:
        return self.amount - self.fees


def drawable_of(contract: Contract) -> Drawable | None:
    """Return what may still be asked for of a contract, whatever the day; None where that is nothing."""
    found = open_payouts(contract)
    if not found or contract.draw_until is None:
        return None
    rule = rules_of(contract.rules).drawdown
    of_share = {key: one.left for key, one in _carried(found).items()}
    left = sum(of_share.values())
    return Drawable(
        amount=contract.amount,
        drawn=contract.amount - left,
        left=left,
        least=min(rule.smallest(contract.amount), left),
        parts=rule.parts,
        parts_left=rule.parts - parts_paid(contract),
        until=contract.draw_until,
        of_share=of_share,
    )


def open_to(contract: Contract, application: Application, *, today: date) -> Drawable | None:
    """Return what its borrower may ask for on a day; None where that is nothing."""
    found = drawable_of(contract)
    goes_on = contract.ended_at is None and application.state in (State.SIGNED, State.ACTIVE)
    return found if found is not None and goes_on and today <= found.until else None


def portions_of(contract: Contract, amount: int, today: date) -> list[Portion]:
    """Divide a part among the shares.

    Raises NothingToDraw, DrawingOver, PartTooSmall, PartTooLarge.
    """
    drawable = drawable_of(contract)
    if drawable is None:
        raise NothingToDraw
    if today > drawable.until:
        raise DrawingOver(until=drawable.until.isoformat())
    if amount > drawable.left:
        raise PartTooLarge(left=drawable.left)
    if amount < drawable.least:
        raise PartTooSmall(least=drawable.least)
    found = open_payouts(contract)
    carried = _carried(found)
    return [
        Portion(one, part, carried[one.pk].after(part).reserve)
        for one, part in zip(found, divide_part(amount, carried.values()), strict=True)
    ]


def is_late(standing: Standing, today: date) -> bool:
    """Whether an instalment that was due before today is not paid."""
    rows = roll(standing, max(today, standing.day)).rows
    return any(row.due < today and (row.unpaid_interest or row.unpaid_principal) for row in rows)


def preview_part(contract: Contract, amount: int, *, today: date) -> Preview:
    """Return what a part would come to. Raises as `portions_of`, and InArrears, NotPossible."""
    fees = sum(one.slice.fees for one in portions_of(contract, amount, today))
    loan = Loan.objects.filter(contract=contract).first()
    if loan is not None:
        before = standing_on(loan, transactions_of(loan), on=today)
        if is_late(before, today):
            raise InArrears
    else:
        rules = rules_of(contract.rules)
        before = begin(
            rules.terms(amount=contract.amount, rate=contract.rate, count=contract.count, start=today)
        )
    try:
        after = happen(before, Disburse(today, amount))
    except ValueError as error:
        raise NotPossible(why=str(error)) from error
    now, was = _coming(after, today)[0], _coming(before, today)[:1]
    return Preview(
        amount, fees, after.lent, now.due, now.payment - now.paid, sum(r.payment - r.paid for r in was)
    )


def _coming(standing: Standing, today: date) -> list[Row]:
    """The rows to come that ask for anything."""
    return [row for row in plan(standing, today) if row.due > today and row.payment] if standing.lent else []


def _carried(found: Sequence[Disbursement]) -> Mapping[UUID, Carried]:
    """Each share as it was agreed, with what was paid out of it."""
    shares = [one.share for one in found]
    payouts = Payout.objects.filter(share__in=shares, transaction__kind=Kind.DISBURSEMENT)
    drawn = dict(payouts.values_list("share").annotate(sum=-Sum("principal")))
    return {
        share.pk: Carried(
            share.pk, share.amount, share.fees, share.our_fee, share.our_tax, drawn.get(share.pk, 0)
        )
        for share in shares
    }


def parts_paid(contract: Contract) -> int:
    """How many parts were paid out."""
    loan = Loan.objects.filter(contract=contract).first()
    return len(paid_out(loan)) if loan is not None else 0
