"""The portfolio as geometry: stacked columns and lines that a template draws as SVG, beside tables of the same numbers.
Pure.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal
from typing import Any

WIDTH, HEIGHT, TOP, BOTTOM, LEFT, RIGHT = 640, 240, 12, 28, 8, 8
WIDEST = Decimal(36)


@dataclass(frozen=True)
class Segment:
    """One part of a column; `place` counts parts from the ground up, beginning with 1."""

    place: int
    y: Decimal
    height: Decimal


@dataclass(frozen=True)
class Column:
    label: str
    middle: Decimal
    x: Decimal
    width: Decimal
    segments: list[Segment]


@dataclass(frozen=True)
class Line:
    """`points` as SVG writes them; `place` counts lines from 1."""

    label: str
    place: int
    points: str
    x: Decimal
    y: Decimal


@dataclass(frozen=True)
class Chart:
    columns: Sequence[Column] = ()
    lines: Sequence[Line] = ()
    grid: Sequence[tuple[Decimal, str]] = ()
    labels: Sequence[tuple[Decimal, str]] = ()
    width: int = WIDTH
    height: int = HEIGHT
    label_y: int = HEIGHT - 8


def stacked(values: Sequence[tuple[Any, Sequence[int]]]) -> Chart:
    """Return columns of (label, parts from the ground up), the highest as high as there is room."""
    most = max([1, *(sum(parts) for _label, parts in values)])
    room, base = HEIGHT - TOP - BOTTOM, Decimal(HEIGHT - BOTTOM)
    slot = Decimal(WIDTH) / max(len(values), 1)
    width = min(WIDEST, slot * 6 / 10)
    columns = []
    for number, (label, parts) in enumerate(values):
        middle, y, segments = slot * (2 * number + 1) / 2, base, []
        for place, part in enumerate(parts, start=1):
            # What is not nothing is seen.
            height = max(Decimal(1), Decimal(room) * part / most) if part > 0 else Decimal(0)
            y -= height
            segments.append(Segment(place, _tenth(y), _tenth(height)))
        columns.append(
            Column(str(label), _tenth(middle), _tenth(middle - width / 2), _tenth(width), segments)
        )
    return Chart(columns=columns, grid=[(_tenth(base - Decimal(room) * n / 2), "") for n in range(3)])


def bars(values: Sequence[tuple[Any, Decimal, int]], *, marks: Sequence[Decimal]) -> Chart:
    """Return bars of (label, how high, which part it is drawn as), and a line across at each mark."""
    top = max([Decimal(0), *(value for _label, value, _place in values), *marks]) * 11 / 10
    room, base = HEIGHT - TOP - BOTTOM, Decimal(HEIGHT - BOTTOM)
    slot = Decimal(WIDTH) / max(len(values), 1)
    width = min(WIDEST, slot * 6 / 10)
    columns = []
    for number, (label, value, place) in enumerate(values):
        middle, height = slot * (2 * number + 1) / 2, max(Decimal(1), room * value / top)
        segment = Segment(place, _tenth(base - height), _tenth(height))
        columns.append(
            Column(str(label), _tenth(middle), _tenth(middle - width / 2), _tenth(width), [segment])
        )
    grid = [(_tenth(base), ""), *((_tenth(base - room * mark / top), f"{mark:f}") for mark in marks)]
    return Chart(columns=columns, grid=grid)


def lines(values: Sequence[tuple[Any, Sequence[Decimal]]], *, steps: int, from_nothing: bool = True) -> Chart:
    """Return lines of (label, percent at each step), on one scale that begins, unless said otherwise, with nothing
    at step 0."""
    highest = max([Decimal(1), *(each for _label, found in values for each in found)])
    top = 5 * (highest / 5).to_integral_value(ROUND_CEILING)
    room, base = HEIGHT - TOP - BOTTOM, Decimal(HEIGHT - BOTTOM)
    step = Decimal(WIDTH - LEFT - RIGHT) / max(steps, 1)

    def at(n: int, percent: Decimal) -> tuple[Decimal, Decimal]:
        return _tenth(LEFT + step * n), _tenth(base - Decimal(room) * percent / top)

    drawn = []
    for place, (label, found) in enumerate(values, start=1):
        points = [at(0, Decimal(0))] if from_nothing else []
        points += [at(n, each) for n, each in enumerate(found, start=1)]
        text = " ".join(f"{x},{y}" for x, y in points)
        drawn.append(Line(str(label), place, text, *points[-1]))
    return Chart(
        lines=drawn,
        grid=[(at(0, top * n / 2)[1], f"{top * n / 2:f}%") for n in range(3)],
        labels=[(at(n, Decimal(0))[0], str(n)) for n in range(1, steps + 1)],
    )


def _tenth(number: Decimal) -> Decimal:
    return number.quantize(Decimal("0.1"))
