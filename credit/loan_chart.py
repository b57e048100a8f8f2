"""A schedule as stacked bars, interest upon principal: where each stands in a drawing of fixed size. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from credit.services.reading import ScheduleRow

WIDTH, HEIGHT, TOP, BOTTOM, LEFT = 640, 240, 16, 30, 8
MOST_NAMES = 12


@dataclass(frozen=True)
class Bar:
    """One instalment: principal from the ground up, interest on top of it, in units of the drawing.

    `paid_height` is how much of the principal is paid where not all of the instalment is.
    """

    x: float
    width: float
    principal_y: float
    principal_height: float
    interest_y: float
    interest_height: float
    paid_y: float
    paid_height: float
    middle: float
    due: date
    is_paid: bool
    is_late: bool
    is_named: bool


@dataclass(frozen=True)
class Chart:
    """`by_day`: two bars or more are of one month, so a month does not name one."""

    bars: Sequence[Bar]
    lines: Sequence[float]
    by_day: bool
    has_paid: bool
    has_late: bool
    width: int = WIDTH
    height: int = HEIGHT
    base: int = HEIGHT - BOTTOM
    label_y: int = HEIGHT - 10


def chart_of(rows: Sequence[ScheduleRow]) -> Chart:
    """Place a bar for each row, the highest as high as there is room."""
    highest = max([1, *(row.payment for row in rows)])
    room, base = HEIGHT - TOP - BOTTOM, HEIGHT - BOTTOM
    slot = (WIDTH - 2 * LEFT) / max(len(rows), 1)
    width = min(28.0, slot * 0.7)
    every = -(-len(rows) // MOST_NAMES) if rows else 1
    bars = []
    for place, row in enumerate(rows):
        middle = LEFT + slot * (place + 0.5)
        principal, interest = room * row.principal / highest, room * row.interest / highest
        paid = room * min(row.paid_principal, row.principal) / highest if row.unpaid > 0 else 0.0
        bars.append(
            Bar(
                x=round(middle - width / 2, 1),
                width=round(width, 1),
                principal_y=round(base - principal, 1),
                principal_height=round(principal, 1),
                interest_y=round(base - principal - interest, 1),
                interest_height=round(interest, 1),
                paid_y=round(base - paid, 1),
                paid_height=round(paid, 1),
                middle=round(middle, 1),
                due=row.due,
                is_paid=row.unpaid <= 0,
                is_late=row.is_late,
                is_named=place % every == 0,
            )
        )
    months = {(row.due.year, row.due.month) for row in rows}
    lines = [round(base - room * part, 1) for part in (0.25, 0.5, 0.75, 1.0)]
    return Chart(
        bars,
        lines,
        by_day=len(months) < len(rows),
        has_paid=any(bar.is_paid or bar.paid_height for bar in bars),
        has_late=any(bar.is_late for bar in bars),
    )
