"""Ending a saving by its holder's word: early, with what that costs, or once it is over. First quoted, then done so."""

from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Sum
from django.utils import timezone

from accounts import audit
from accounts.models import User
from core.actors import acting_as_service
from core.ids import nth
from savings import notices, penalties
from savings.interest import Rounding
from savings.models import Accrual, ClosingQuote, Move, PlanTerms, Position, UserSavings
from savings.penalties import Ending
from savings.refusals import BeingLookedInto, QuoteOver, SavingFrozen, SavingNotFound, StateRefused
from savings.services.holding import Held, effective, hold, wallet_of
from savings.services.steps import step
from savings.services.terms import terms_of
from savings.services.wishes import wishes_of
from savings.states import ENDS_EARLY, Event
from wallet import services as wallet
from wallet.models import Account
from wallet.services import Line

QUOTED_FOR = timedelta(minutes=15)
DAY = timedelta(days=1)
Penalty = PlanTerms.Penalty


@dataclass(frozen=True)
class Figures:
    """What a quote says; see ClosingQuote. Two that are equal come to the same."""

    terms_id: UUID
    day: date
    is_early: bool
    ending: Ending

    @property
    def stored(self) -> dict[str, Any]:
        """The columns of a quote."""
        said = {"terms_id": self.terms_id, "day": self.day, "is_early": self.is_early}
        return said | asdict(self.ending)


def quote_closing(*, saving_id: UUID, user: User, at: datetime) -> ClosingQuote:
    """Quote what ending a saving now comes to, and keep the quote: 15 minutes, and not into the next day.

    Asked again within half of that, and nothing has changed, it is the same quote: looking often writes nothing.

    Raises SavingNotFound, SavingFrozen, StateRefused, BeingLookedInto.
    """
    with acting_as_service(), transaction.atomic():
        held = hold(saving_id, user_id=user.pk, at=at)
        figures = figures_of(held)
        alike = ClosingQuote.objects.filter(saving=held.saving, used_at=None, **figures.stored)
        recent = alike.filter(made_at__gt=at - QUOTED_FOR / 2, made_at__lte=at).order_by("-made_at").first()
        if recent is not None and recent.holds(at):
            return recent
        midnight = timezone.make_aware(datetime.combine(held.today + DAY, datetime.min.time()))
        quote = ClosingQuote.objects.create(
            saving=held.saving,
            **figures.stored,
            pays_out=figures.ending.pays_out,
            made_at=at,
            expires_at=min(at + QUOTED_FOR, midnight),
        )
        audit.record(action="savings.saving.quoted", target=held.saving, quote=str(quote.pk))
    return quote


def end_saving(*, quote_id: UUID, user: User, at: datetime) -> ClosingQuote:
    """End a saving exactly as it was quoted, and pay it to the customer's wallet; a repeat returns the same.

    Raises SavingNotFound, QuoteOver where anything has changed since, SavingFrozen, StateRefused, BeingLookedInto, and
    a LedgerRefusal; and then nothing was done.
    """
    with acting_as_service(), transaction.atomic():
        saving_id = ClosingQuote.objects.filter(pk=quote_id).values_list("saving_id", flat=True).first()
        if saving_id is None:
            raise SavingNotFound
        held = hold(saving_id, user_id=user.pk, at=at)
        quote = ClosingQuote.objects.get(pk=quote_id)
        if quote.used_at is not None:
            return quote
        if not quote.holds(at):
            raise QuoteOver
        figures = figures_of(held)
        if any(getattr(quote, name) != value for name, value in figures.stored.items()):
            raise QuoteOver
        _end(held, quote, at)
    return quote


def figures_of(held: Held) -> Figures:
    """Return what ending a held saving today comes to. Raises SavingFrozen, StateRefused, BeingLookedInto."""
    saving, position = held.saving, held.position
    if saving.state == "FROZEN":
        raise SavingFrozen
    if saving.state not in {*ENDS_EARLY, "MATURED"}:
        raise StateRefused(state=saving.state, event=str(Event.CLOSE))
    if position.parked_at is not None:
        raise BeingLookedInto
    terms = terms_of(saving, held.today)
    is_early = saving.matures_on is not None and saving.matures_on > held.today
    open_day = position.next_day or saving.matures_on or held.today
    paid, withheld = paid_so_far(saving, until=max(open_day, held.today))
    earned = allowed = position.carry + paid
    if is_early and terms.penalty == Penalty.LOWER_RATE:
        allowed = min(_at_lower_rate(held, terms), earned)
    is_share = is_early and terms.penalty == Penalty.SHARE
    ending = penalties.settle(
        balance=held.balance,
        earned=earned,
        allowed=allowed,
        paid=paid,
        withheld=withheld,
        tax=terms.tax,
        rounding=Rounding(terms.rounding),
        lost=penalties.share(held.balance, terms.penalty_percent) if is_share else 0,
    )
    return Figures(terms.pk, held.today, is_early, ending)


def paid_so_far(saving: UserSavings, *, until: date) -> tuple[int, int]:
    """Return what interest a saving was paid for the days before one, before tax, and the tax withheld of it.

    What its ending paid or took back is counted.
    """
    if saving.opened_on is None:
        return 0, 0
    ended = ClosingQuote.objects.filter(saving=saving, used_at__isnull=False).first()
    rows = Accrual.objects.of(saving, since=saving.opened_on, before=until).filter(paid__gt=0)
    sums = rows.aggregate(paid=Sum("paid"), tax=Sum("tax"))
    later = saving.replays.aggregate(paid=Sum("interest"), tax=Sum("tax"))
    paid = saving.paid_at_start + (sums["paid"] or 0) + (later["paid"] or 0)
    tax = saving.tax_at_start + (sums["tax"] or 0) + (later["tax"] or 0)
    if ended is None:
        return paid, tax
    return paid + ended.interest - ended.taken_back, tax + ended.tax - ended.tax_back


def _at_lower_rate(held: Held, terms: PlanTerms) -> Decimal:
    """What the saving would have earned from its first day on at its terms' rate less the penalty."""
    saving, position = held.saving, held.position
    if saving.opened_on is None:
        return Decimal(0)
    rule = penalties.lowered(terms.for_term(position.term), terms.penalty_percent)
    by_day = wishes_of(saving.pk).by_day(rule, start=saving.opened_on)
    moves: dict[date, int] = {}
    for day, amount in Move.objects.filter(saving=saving).values_list("value_date", "amount"):
        moves[day] = moves.get(day, 0) + amount
    return penalties.earned_at(by_day, start=saving.opened_on, end=held.today, moves=moves)


def _end(held: Held, quote: ClosingQuote, at: datetime) -> None:
    saving = held.saving
    _post(held, quote, at)
    quote.used_at = at
    quote.save(update_fields=["used_at"])
    for event in _events(saving.state, is_early=quote.is_early):
        step(saving, event, at=at)
    stop(held)
    audit.record(action="savings.saving.ended", target=saving, quote=str(quote.pk), pays_out=quote.pays_out)
    notices.tell(saving, "saving.ended", amount=quote.pays_out)


def _events(state: str, *, is_early: bool) -> list[Event]:
    """The way from a state to CLOSED. A saving without an end matures by its holder's word."""
    if state == "MATURED":
        return [Event.CLOSE]
    resumed = [Event.RESUME] if state == "PAUSED" else []
    return [*resumed, Event.BREAK if is_early else Event.MATURE, Event.CLOSE]


def _post(held: Held, quote: ClosingQuote, at: datetime) -> None:
    saving, currency = held.saving, held.saving.plan.currency_id
    expense = wallet.system_account("INTEREST_EXPENSE", currency)
    taxes = wallet.system_account("WITHHOLDING_TAX", currency)
    kept = wallet.system_account("SAVINGS_PENALTIES", currency)
    target = wallet_of(saving.user_id, currency).pk
    own = saving.account_id
    lines = [
        Line("INTEREST", expense, own, quote.interest),
        Line("WITHHOLDING_TAX", own, taxes, quote.tax),
        Line("TAX_BACK", taxes, own, quote.tax_back),
        Line("INTEREST_BACK", own, expense, quote.taken_back),
        Line("SAVING_PENALTY", own, kept, quote.penalty),
        Line("UNSAVING", own, target, quote.pays_out),
    ]
    lines = [line for line in lines if line.amount]
    if not lines:
        return
    wallet.post(posting_id=quote.posting_id, lines=lines, description=saving.name, effective_at=effective(at))
    kinds = {"SAVING_PENALTY": Move.Kind.PENALTY, "UNSAVING": Move.Kind.WITHDRAWAL}
    Move.objects.bulk_create(
        Move(
            posting_id=nth(quote.posting_id, number),
            saving=saving,
            kind=kinds[line.kind],
            amount=-line.amount,
            value_date=held.today,
        )
        for number, line in enumerate(lines)
        if line.kind in kinds
    )


def stop(held: Held) -> None:
    """No day is closed any more, and the ledger takes nothing: the saving is empty."""
    Position.objects.filter(pk=held.saving.pk).update(
        next_day=None, last_day=None, balance=0, carry=0, capital=0
    )
    account = Account.objects.get(pk=held.saving.account_id)
    wallet.set_state(account=account, state="CLOSED", reason="the saving has ended")
