"""A loan's rows and its events, each made from the other; and the position that follows from where it stands."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import Exists, OuterRef

from credit.models import Loan, LoanStanding, LoanTransaction, Position
from credit.positions import Facts, facts_of
from credit.replay import (
    Capitalise,
    ChangeRate,
    Charge,
    Disburse,
    Event,
    ReAge,
    Repay,
    Reschedule,
    happen,
)
from credit.schedule import roll
from credit.standing import Standing, begin
from credit.terms import Effect
from credit.terms_data import late_of, standing_data, standing_of, terms_of

Kind = LoanTransaction.Kind


def events_of(loan: Loan) -> list[Event]:
    """Return all that happened to a loan and was not taken back, in order: what `replay` folds."""
    return [event for _number, event in numbered_events(loan)]


def numbered_events(loan: Loan) -> list[tuple[int, Event]]:
    """Return them with the numbers of their transactions."""
    taken_back = LoanTransaction.objects.filter(reverses=OuterRef("pk"))
    rows = LoanTransaction.objects.filter(loan=loan, kind__in=LoanTransaction.FOLDED).exclude(
        Exists(taken_back)
    )
    return [(row.number, event_of(row)) for row in rows.order_by("number")]


def event_of(row: LoanTransaction) -> Event:
    """Return the event that a transaction stands for. Raises KeyError for a kind that is none."""
    data = row.data
    first_due = date.fromisoformat(data["first_due"]) if data.get("first_due") else None
    match row.kind:
        case Kind.DISBURSEMENT:
            return Disburse(row.on, row.amount)
        # What paid it off was an amount of money: without an earlier payment it would not be enough any more.
        case Kind.REPAYMENT | Kind.PAY_OFF:
            return Repay(row.on, row.amount, Effect(data["effect"]) if data.get("effect") else None)
        case Kind.FEE | Kind.PENALTY:
            return Charge(row.on, row.amount, is_penalty=row.kind == Kind.PENALTY)
        case Kind.RATE_CHANGE:
            return ChangeRate(row.on, Decimal(data["rate"]), bool(data.get("keeps_instalment")))
        case Kind.RESCHEDULE:
            return Reschedule(row.on, data["count"], first_due)
        case Kind.RE_AGE:
            return ReAge(row.on, data["count"], first_due)
        case Kind.CAPITALISATION:
            return Capitalise(row.on)
    raise KeyError(f"{row.kind} is no event of the schedule")


def data_of(event: Event) -> dict[str, Any]:
    """Return what a row keeps of an event beside its kind, day and amount."""
    match event:
        case Repay(effect=Effect() as effect):
            return {"effect": str(effect)}
        case ChangeRate():
            return {"rate": str(event.rate), "keeps_instalment": event.keeps_instalment}
        case Reschedule() | ReAge():
            first_due = event.first_due.isoformat() if event.first_due else None
            return {"count": event.count, "first_due": first_due}
    return {}


@dataclass(frozen=True)
class Fold:
    """A loan worked out from its first event: where it stands, and the interest of all rows that are due."""

    standing: Standing
    charged: int


def fold(loan: Loan, *, on: date | None = None) -> Fold:
    """Work a loan out again from all its events, and go on to a day. Raises ValueError for what cannot have been."""
    standing = begin(terms_of(loan.terms))
    for event in events_of(loan):
        standing = happen(standing, event)
    if on is not None and on > standing.day and standing.lent:
        standing = roll(standing, on)
    return Fold(standing, sum(row.charged for row in standing.rows))


def kept(record: LoanStanding, loan: Loan) -> Standing:
    """Return the standing that is kept of a loan."""
    return standing_of(record.data, terms_of(loan.terms))


def write(position: Position, record: LoanStanding, loan: Loan, standing: Standing, *, charged: int) -> Facts:
    """Put a standing and what follows from it into a loan's rows. The caller has the lock of its position.

    `charged` is the interest of all rows that are due. A loan of which nothing is owed earns no more.
    """
    facts = facts_of(
        standing,
        on=standing.day,
        charged=charged,
        late=late_of(loan.late),
        charged_row=position.charged_row,
    )
    for name in FIELDS:
        setattr(position, name, getattr(facts, name))
    record.data = standing_data(standing)
    if position.next_day is None and facts.next_event_on is not None:
        position.next_day = standing.day  # it was over, and is owed again
    position.save(update_fields=[*FIELDS, "next_day"])
    record.save(update_fields=["data", "transactions"])
    return facts


# Of the facts, what a position holds under the same name.
FIELDS = (
    *("next_event_on", "per_day", "accrued", "charged", "principal", "due_interest", "due_principal"),
    *("fees", "penalties", "overpaid", "next_due_on", "next_due_amount", "due_since"),
)
