"""Something falls due: where a loan stands then, with the late charges its rows have come to. Nothing is written."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple
from uuid import UUID

from credit.delinquency import Pause, days_late
from credit.penalties import LateCharge, late_charge
from credit.positions import facts_of
from credit.replay import Charge, happen
from credit.schedule import roll
from credit.services.folding import FIELDS
from credit.standing import Row, Standing
from credit.terms_data import Data, late_in, standing_data, standing_of, terms_in


class Kept(NamedTuple):
    """What is kept of a loan, as far as it is needed here: `terms` and `late` as JSON text. Minor units."""

    loan_id: UUID
    charged: int
    charged_row: int
    penalties_charged: int
    standing: Data
    transactions: int
    terms: str
    late: str


@dataclass(frozen=True)
class Folded:
    """What `credit.close_day` is told of a loan, and the late charges that are in it: row and amount (kobo)."""

    loan_id: UUID
    data: dict[str, Any]
    charges: list[tuple[Row, int]]


def fold_on(kept: Kept, on: date, *, charges: bool, pauses: Iterable[Pause] = ()) -> Folded:
    """Return where a loan stands on a day, of which that is kept with which the day before began.

    Without `charges` no late charge is made, but its time has passed. Raises ValueError and others for what cannot be.
    """
    before, late = standing_of(kept.standing, terms_in(kept.terms)), late_in(kept.late)
    after = roll(before, on)
    looked_at = _late_rows(after, late, kept.charged_row, on, list(pauses))
    charged_row = max((row.number for row in looked_at), default=kept.charged_row)
    made = _charges(after, late, looked_at, kept.penalties_charged) if charges else []
    for _row, amount in made:
        after = happen(after, Charge(on, amount, is_penalty=True))
    facts = facts_of(
        after,
        on=on,
        charged=kept.charged + sum(row.charged for row in after.rows if row.number >= before.number),
        late=late,
        charged_row=charged_row,
    )
    data = {name: getattr(facts, name) for name in FIELDS}
    data |= {
        "loan_id": kept.loan_id,
        "charged_row": charged_row,
        "penalties_charged": kept.penalties_charged + sum(amount for _row, amount in made),
        "data": standing_data(after),
        "transactions": kept.transactions + len(made),
    }
    return Folded(kept.loan_id, data, made)


def _late_rows(
    standing: Standing, late: LateCharge, charged_row: int, on: date, pauses: list[Pause]
) -> list[Row]:
    """The rows that are unpaid and late enough to be charged for, none during a pause."""
    if not late.percent or any(since <= on < until for since, until in pauses):
        return []
    return [
        row
        for row in standing.rows
        if row.number > charged_row
        and (row.unpaid_interest or row.unpaid_principal)
        and days_late(row.due, day=on, pauses=pauses) > late.days_free
    ]


def _charges(standing: Standing, late: LateCharge, rows: list[Row], before: int) -> list[tuple[Row, int]]:
    made = []
    for row in rows:
        amount = late_charge(late, standing, row.number, charged_before=before)
        if amount:
            made.append((row, amount))
            before += amount
    return made
