"""Months as bars: where each stands in a drawing of fixed size, so that a template only has to write numbers down."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from wallet.services.spending import Month

WIDTH, HEIGHT, TOP, BOTTOM, LEFT = 640, 240, 16, 30, 8
GAP = 3


@dataclass(frozen=True)
class Bar:
    """One bar, in units of the drawing."""

    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True)
class Column:
    """A month's two bars and where its name stands."""

    first_day: date
    middle: float
    money_in: Bar
    money_out: Bar
    left: float
    width: float


@dataclass(frozen=True)
class Chart:
    columns: Sequence[Column]
    lines: Sequence[float]
    width: int = WIDTH
    height: int = HEIGHT
    base: int = HEIGHT - BOTTOM
    label_y: int = HEIGHT - 10


def chart_of(months: Sequence[Month]) -> Chart:
    """Place the bars of months beside one another, the highest as high as there is room."""
    highest = max([1, *(max(month.money_in, month.money_out) for month in months)])
    room, base = HEIGHT - TOP - BOTTOM, HEIGHT - BOTTOM
    slot = (WIDTH - 2 * LEFT) / max(len(months), 1)
    bar = min(18.0, slot * 0.32)

    def placed(amount: int, x: float) -> Bar:
        # What is not nothing is seen: two units at least.
        height = max(2.0, room * amount / highest) if amount else 0.0
        return Bar(round(x, 1), round(base - height, 1), round(bar, 1), round(height, 1))

    columns = []
    for number, month in enumerate(months):
        middle = LEFT + slot * (number + 0.5)
        columns.append(
            Column(
                month.first_day,
                round(middle, 1),
                placed(month.money_in, middle - bar - GAP / 2),
                placed(month.money_out, middle + GAP / 2),
                round(middle - slot / 2, 1),
                round(slot, 1),
            )
        )
    return Chart(columns, [round(base - room * part, 1) for part in (0.25, 0.5, 0.75, 1.0)])
