"""Paying into a saving from its owner's wallet."""

from datetime import date, datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import Sum

from accounts import audit
from accounts.models import User
from core.actors import acting_as_service
from savings import events, projection
from savings.models import Move, PlanTerms, SavingsPlan
from savings.projection import UpFront
from savings.refusals import (
    MovementReused,
    SavingFrozen,
    SavingOver,
    TakesMoneyOnce,
    TermsChanged,
    TierCapExceeded,
    TooLittle,
    TooMuch,
)
from savings.services.holding import Held, effective, hold, value_day_of, wallet_of
from savings.services.steps import step
from savings.services.terms import check_length, terms_in_force, terms_of
from savings.services.wishes import earns_now
from savings.states import OVER, Event
from wallet import services as wallet
from wallet.models import Account
from wallet.services import Line

DAY = timedelta(days=1)


def contribute(*, saving_id: UUID, user: User, amount: int, posting_id: UUID, at: datetime) -> Move:
    """Pay `amount` (minor units) from the customer's wallet into a saving, once per posting id.

    It counts from the day's end, after the plan's cut-off from the next day's. The first one starts a draft.

    Raises SavingNotFound, SavingFrozen, SavingOver, TakesMoneyOnce, TooLittle, TooMuch,
    TierCapExceeded, TermsChanged, SavingInvalid, MovementReused, and a LedgerRefusal; and then nothing was done.
    """
    with acting_as_service(), transaction.atomic():
        return pay_in(hold(saving_id, user_id=user.pk, at=at), amount=amount, posting_id=posting_id, at=at)


def pay_in(held: Held, *, amount: int, posting_id: UUID, at: datetime) -> Move:
    """As `contribute`, for a saving that is held already."""
    saving = held.saving
    found = Move.objects.filter(pk=posting_id).first()
    if found is not None:
        if (found.saving_id, found.amount) != (saving.pk, amount):
            raise MovementReused
        return found
    terms = terms_of(saving, held.today)
    day = value_day_of(held, at, terms)
    _check(held, terms, amount, day)
    source = wallet_of(saving.user_id, saving.plan.currency_id)
    lines = [Line("SAVING", source.pk, saving.account_id, amount)]
    if saving.state == "DRAFT":
        if saving.terms_id and terms.pk != terms_in_force(saving.plan_id, held.today).pk:
            raise TermsChanged
        lines += start(held, terms, amount, day, source, at)
    wallet.post(posting_id=posting_id, lines=lines, description=saving.name, effective_at=effective(at))
    _check_tier(source, at)
    move = Move.objects.create(
        posting_id=posting_id, saving=saving, kind=Move.Kind.CONTRIBUTION, amount=amount, value_date=day
    )
    audit.record(action="savings.saving.contributed", target=saving, amount=amount, posting=str(posting_id))
    events.moved(saving, move)
    return move


def _check(held: Held, terms: PlanTerms, amount: int, day: date) -> None:
    saving = held.saving
    if saving.state == "FROZEN":
        raise SavingFrozen
    if saving.state in OVER or held.is_over:
        raise SavingOver
    if saving.plan.kind == SavingsPlan.Kind.FIXED and saving.state != "DRAFT":
        raise TakesMoneyOnce
    if saving.matures_on is not None and day >= saving.matures_on:
        raise SavingOver
    check_amount(terms, amount, held.balance)


def check_amount(terms: PlanTerms, amount: int, balance: int = 0) -> None:
    """Raise TooLittle or TooMuch where terms do not let an amount be added to a balance (minor units)."""
    if amount < max(terms.minimum, 1):
        raise TooLittle(minimum=max(terms.minimum, 1))
    if terms.maximum is not None and balance + amount > terms.maximum:
        raise TooMuch(maximum=terms.maximum, left=max(terms.maximum - balance, 0))


def start(held: Held, terms: PlanTerms, amount: int, day: date, source: Account, at: datetime) -> list[Line]:
    """Begin a saving's days with its first money, and return what is posted with it: interest that is paid up front.

    Raises SavingInvalid where the terms do not cover the time that is left.
    """
    saving, position = held.saving, held.position
    saving.opened_on = day
    position.next_day, position.earns = day, earns_now(saving.user_id)
    lines: list[Line] = []
    if saving.matures_on is not None:
        position.term = (saving.matures_on - day).days
        check_length(terms, position.term, field="target_date")
        position.last_day = saving.matures_on - DAY
        up_front = up_front_of(terms, amount, day, saving.matures_on) if position.earns else UpFront()
        saving.paid_at_start, saving.tax_at_start = up_front.interest, up_front.tax
        position.carry = position.carry - up_front.interest
        lines = _up_front_lines(source, up_front)
    saving.save(update_fields=["opened_on", "matures_on", "paid_at_start", "tax_at_start"])
    position.save(update_fields=["next_day", "last_day", "term", "earns", "carry"])
    step(saving, Event.ACTIVATE, at=at)
    return lines


def up_front_of(terms: PlanTerms, amount: int, start: date, end: date) -> UpFront:
    """Return what terms pay on the first day for the days from `start` on, before `end`; often nothing."""
    if not terms.up_front:
        return UpFront()
    return projection.up_front(terms.for_term((end - start).days), start=start, end=end, amount=amount)


def _up_front_lines(source: Account, up_front: UpFront) -> list[Line]:
    expense = wallet.system_account("INTEREST_EXPENSE", source.currency_id)
    taxes = wallet.system_account("WITHHOLDING_TAX", source.currency_id)
    lines = [
        Line("INTEREST", expense, source.pk, up_front.interest),
        Line("WITHHOLDING_TAX", source.pk, taxes, up_front.tax),
    ]
    return [line for line in lines if line.amount]


def _check_tier(source: Account, at: datetime) -> None:
    """What the wallet may hold, wallet and savings hold together. Asked after posting, when nobody else moves both."""
    cap = wallet.limits_of(account=source, at=at).balance_cap
    if cap is None:
        return
    kinds = (Account.Kind.WALLET, Account.Kind.SAVINGS)
    owned = Account.objects.filter(owner=source.owner_id, kind__in=kinds, currency=source.currency_id)
    if (owned.aggregate(total=Sum("balance"))["total"] or 0) > cap:
        raise TierCapExceeded(cap=cap)
