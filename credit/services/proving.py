"""Proving a loan: all that is kept of it is worked out again from its events, and compared. Nothing is written.

What is kept: the standing and the position, where each payment went, every version of the schedule, the shares' parts,
and the ledger's postings. Amounts are minor units (kobo).
"""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date
from decimal import Decimal

from credit.allocation import Paid
from credit.models import Loan, LoanStanding, LoanTransaction, Position
from credit.positions import facts_of
from credit.proof import Step, walk
from credit.replay import Event, quote
from credit.schedule import plan, roll
from credit.services import proving_money
from credit.services.folding import Kind, event_of
from credit.standing import Standing, begin
from credit.states import State
from credit.terms_data import late_of, standing_data, terms_of

# Days are added up to ten places each, and put right with the next event.
ROUNDED = Decimal("0.0001")
OF_POSITION = (
    *("charged", "principal", "due_interest", "due_principal", "fees", "penalties", "overpaid"),
    *("next_due_on", "due_since"),
)
OF_PAYMENT = ("interest", "principal", "fees", "penalties", "ahead", "overpaid")
OF_INSTALMENT = ("start", "due", "opening", "interest", "principal")
PAYMENTS = frozenset({Kind.REPAYMENT, Kind.PAY_OFF})
Same = tuple[str, object, object]


@dataclass(frozen=True)
class Difference:
    """Something that is kept and is not what the events come to. `what` names it: `position.principal`."""

    what: str
    kept: str
    found: str

    def __str__(self) -> str:
        return f"{self.what}: {self.kept} is kept, {self.found} is worked out"


@dataclass(frozen=True)
class Proof:
    """A loan's life step by step, where it leads on `on`, and what is kept otherwise: nothing where all is right."""

    loan: Loan
    on: date
    rows: Sequence[LoanTransaction]
    steps: Sequence[Step]
    standing: Standing | None
    compared: int
    differences: Sequence[Difference]
    taken_back: frozenset[int] = field(default_factory=frozenset)


def prove(loan: Loan) -> list[Difference]:
    """Return what is kept of a loan otherwise than its events come to."""
    return list(proof_of(loan).differences)


def proof_of(loan: Loan) -> Proof:
    """Work a loan out again from its events, and compare all that is kept of it.

    Needs a transaction of the service: nothing happens to the loan meanwhile.
    """
    position = Position.objects.select_for_update(no_key=True).get(pk=loan.pk)
    rows = list(
        LoanTransaction.objects.filter(loan=loan).select_related("reverses", "schedule").order_by("number")
    )
    record = LoanStanding.objects.get(pk=loan.pk)
    taken_back = frozenset(row.reverses.number for row in rows if row.reverses is not None)
    steps: list[Step] = []
    standing, on, compared = None, loan.opened_on, _numbers(rows, record)
    try:
        steps = walk(terms_of(loan.terms), _events(rows))
        on = date.fromisoformat(record.data["day"])
        standing = _on(_after(loan, steps), on)
        compared += [
            *_standing(standing, record),
            *_position(loan, position, standing, rows),
            *_payments(rows, steps),
            *_schedules(loan, rows),
            *proving_money.compared(loan, rows, steps),
        ]
    except (ValueError, KeyError, IndexError, TypeError) as error:
        compared.append(("events", "cannot have happened", f"{type(error).__name__}: {error}"))
    differences = [Difference(what, str(kept), str(found)) for what, kept, found in compared if kept != found]
    return Proof(loan, on, rows, steps, standing, len(compared), differences, taken_back)


def _events(rows: Iterable[LoanTransaction], *, until: int | None = None) -> list[tuple[int, Event]]:
    """What happened by one transaction and had not been taken back by then."""
    known = [row for row in rows if until is None or row.number <= until]
    gone = {row.reverses_id for row in known if row.reverses_id}
    return [
        (row.number, event_of(row))
        for row in known
        if row.kind in LoanTransaction.FOLDED and row.pk not in gone
    ]


def _after(loan: Loan, steps: Sequence[Step]) -> Standing:
    """Where it stands after all of them; with a payout that was taken back nothing ever happened."""
    return steps[-1].after if steps else begin(terms_of(loan.terms))


def _on(standing: Standing, on: date) -> Standing:
    return roll(standing, on) if standing.lent and on > standing.day else standing


def _numbers(rows: Sequence[LoanTransaction], record: LoanStanding) -> list[Same]:
    numbers = [row.number for row in rows]
    return [
        ("transactions.numbers", numbers, list(range(1, len(rows) + 1))),
        ("standing.transactions", record.transactions, len(rows)),
    ]


def _standing(standing: Standing, record: LoanStanding) -> list[Same]:
    """The kept standing may wait for its next row; it is as of its own day."""
    found = standing_data(standing)
    names = sorted({*found, *record.data})
    return [(f"standing.{name}", record.data.get(name), found.get(name)) for name in names]


def _position(
    loan: Loan, position: Position, standing: Standing, rows: Sequence[LoanTransaction]
) -> list[Same]:
    """As of the last day that was closed, which may be after the last event."""
    on = max(position.next_day or standing.day, standing.day)
    now = _on(standing, on)
    charged = sum(row.charged for row in now.rows)
    facts = asdict(
        facts_of(now, on=on, charged=charged, late=late_of(loan.late), charged_row=position.charged_row)
    )
    kept = [(f"position.{name}", getattr(position, name), facts[name]) for name in OF_POSITION]
    gone = {row.reverses_id for row in rows if row.reverses_id}
    penalties = sum(row.amount for row in rows if row.kind == Kind.PENALTY and row.pk not in gone)
    kept += [
        ("position.recovered", position.recovered, _recovered(rows)),
        ("position.penalties_charged", position.penalties_charged, penalties),
    ]
    if abs(position.accrued - facts["accrued"]) > ROUNDED:
        kept.append(("position.accrued", position.accrued, facts["accrued"]))
    if loan.application.state == State.CLOSED_MET:
        kept.append(("loan.owed", 0, quote(now, on).total))
    return kept


def _recovered(rows: Sequence[LoanTransaction]) -> int:
    """What came in since it was given up; once that is undone it is a payment."""
    undone = max((row.number for row in rows if row.kind == Kind.WRITE_OFF_UNDONE), default=0)
    return sum(row.amount for row in rows if row.kind == Kind.RECOVERY and row.number > undone)


def _payments(rows: Sequence[LoanTransaction], steps: Sequence[Step]) -> list[Same]:
    """Where each payment went when it was made, by what had happened and was not taken back by then."""
    found: list[Same] = []
    paid_of = {step.number: step.paid for step in steps}
    took_back = any(row.reverses_id for row in rows)
    for row in rows:
        if row.kind not in PAYMENTS:
            continue
        paid = _paid_then(row, rows) if took_back else paid_of[row.number] or Paid()
        found += [(f"{row.number}.{name}", getattr(row, name), getattr(paid, name)) for name in OF_PAYMENT]
    return found


def _paid_then(row: LoanTransaction, rows: Sequence[LoanTransaction]) -> Paid:
    then = walk(terms_of(row.loan.terms), _events(rows, until=row.number))
    return then[-1].paid or Paid()


def _schedules(loan: Loan, rows: Sequence[LoanTransaction]) -> list[Same]:
    """Each version of the schedule, from what had happened by then."""
    found: list[Same] = []
    for version in loan.schedules.select_related("transaction").order_by("number"):
        steps = walk(terms_of(loan.terms), _events(rows, until=version.transaction.number))
        standing = _on(_after(loan, steps), version.on)
        wanted = {row.number: row for row in plan(standing, standing.day) if row.due > version.on}
        kept = {one.number: one for one in version.instalments.all()}
        name = f"schedule.{version.number}"
        found.append((f"{name}.rows", sorted(kept), sorted(wanted)))
        for number in kept.keys() & wanted.keys():
            found += [
                (
                    f"{name}.{number}.{each}",
                    getattr(kept[number], each),
                    getattr(wanted[number], each),
                )
                for each in OF_INSTALMENT
            ]
    return found
