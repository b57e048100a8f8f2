"""Taking a part of a saving back into the wallet."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from django.db import transaction

from accounts import audit
from accounts.models import User
from core.actors import acting_as_service
from core.ids import nth
from savings import events
from savings.models import Move, PlanTerms, SavingsPlan, UserSavings
from savings.penalties import share
from savings.refusals import (
    CostChanged,
    Locked,
    MovementReused,
    NotEnoughSaved,
    SavingFrozen,
    StateRefused,
    TooLittle,
)
from savings.services.holding import Held, effective, hold, value_day_of, wallet_of
from savings.services.terms import terms_of
from savings.states import GIVES_MONEY
from wallet import services as wallet
from wallet.services import Line


@dataclass(frozen=True)
class Cost:
    """What taking an amount out would cost (minor units), and how many this month are still free; None is no end."""

    amount: int
    fee: int
    free_left: int | None

    @property
    def total(self) -> int:
        return self.amount + self.fee


def cost_of(*, saving: UserSavings, terms: PlanTerms, amount: int, on: date) -> Cost:
    """Return what a withdrawal on a day costs: free as often a month as the terms say, then percent of the amount."""
    if terms.free_withdrawals is None:
        return Cost(amount, 0, None)
    month = on.replace(day=1)
    taken = Move.objects.filter(saving=saving, kind=Move.Kind.WITHDRAWAL, value_date__gte=month).count()
    left = max(terms.free_withdrawals - taken, 0)
    return Cost(amount, 0 if left else share(amount, terms.withdrawal_fee), left)


def withdraw(
    *,
    saving_id: UUID,
    user: User,
    amount: int,
    posting_id: UUID,
    at: datetime,
    expected_fee: int | None = None,
) -> Move:
    """Move `amount` (minor units) to the customer's wallet, once per posting id; what it costs leaves the saving too.

    `expected_fee` is what was shown. Raises SavingNotFound, SavingFrozen, Locked, StateRefused, NotEnoughSaved,
    TooLittle, CostChanged, MovementReused, and a LedgerRefusal; and then nothing was done.
    """
    with acting_as_service(), transaction.atomic():
        held = hold(saving_id, user_id=user.pk, at=at)
        found = Move.objects.filter(pk=posting_id).first()
        if found is not None:
            if (found.saving_id, found.amount) != (saving_id, -amount):
                raise MovementReused
            return found
        terms = terms_of(held.saving, held.today)
        day = value_day_of(held, at, terms)
        cost = cost_of(saving=held.saving, terms=terms, amount=amount, on=day)
        _check(held, cost)
        if expected_fee is not None and expected_fee != cost.fee:
            raise CostChanged(expected=expected_fee, fee=cost.fee)
        return _take(held, cost, day, posting_id, at)


def _check(held: Held, cost: Cost) -> None:
    saving = held.saving
    if saving.state == "FROZEN":
        raise SavingFrozen
    if saving.state not in GIVES_MONEY:
        raise StateRefused(state=saving.state, event="withdraw")
    if saving.plan.kind == SavingsPlan.Kind.FIXED:
        raise Locked(matures_on=str(saving.matures_on))
    if cost.amount < 1:
        raise TooLittle(minimum=1)
    if cost.total > held.balance:
        raise NotEnoughSaved(available=held.balance, fee=cost.fee)


def _take(held: Held, cost: Cost, day: date, posting_id: UUID, at: datetime) -> Move:
    saving = held.saving
    penalties = wallet.system_account("SAVINGS_PENALTIES", saving.plan.currency_id)
    target = wallet_of(saving.user_id, saving.plan.currency_id)
    lines = [Line("UNSAVING", saving.account_id, target.pk, cost.amount)]
    moves = [
        Move(posting_id=posting_id, saving=saving, kind="WITHDRAWAL", amount=-cost.amount, value_date=day)
    ]
    if cost.fee:
        lines.append(Line("SAVING_FEE", saving.account_id, penalties, cost.fee))
        fee_id = nth(posting_id, 1)
        moves.append(Move(posting_id=fee_id, saving=saving, kind="FEE", amount=-cost.fee, value_date=day))
    wallet.post(posting_id=posting_id, lines=lines, description=saving.name, effective_at=effective(at))
    Move.objects.bulk_create(moves)
    audit.record(
        action="savings.saving.withdrawn",
        target=saving,
        amount=cost.amount,
        fee=cost.fee,
        posting=str(posting_id),
    )
    events.moved(saving, moves[0])
    return moves[0]
