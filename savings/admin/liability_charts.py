"""What a plan owes over time as geometry: columns that a template draws as SVG, beside a table of the same numbers."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

WIDTH, HEIGHT, BOTTOM, TOP = 480, 180, 24, 8
WIDEST = 26


@dataclass(frozen=True)
class Column:
    """One period: its bar in units of the drawing, and where its name stands, where it has room for one."""

    label: Any
    middle: float
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True)
class Chart:
    columns: list[Column]
    lines: list[float]
    width: int = WIDTH
    height: int = HEIGHT
    label_y: int = HEIGHT - 6


def columns(values: Sequence[tuple[Any, int]], *, most: int) -> Chart:
    """Return columns of (label, value) on a scale that ends at `most`: the same for all plans, so that they compare."""
    room, base = HEIGHT - TOP - BOTTOM, HEIGHT - BOTTOM
    slot = WIDTH / max(len(values), 1)
    width = min(WIDEST, slot * 0.6)
    drawn = []
    for number, (label, value) in enumerate(values):
        # What is not nothing is seen: two units at least.
        height = max(2.0, room * value / max(most, 1)) if value > 0 else 0.0
        middle = slot * (number + 0.5)
        drawn.append(
            Column(
                label,
                round(middle, 1),
                round(middle - width / 2, 1),
                round(base - height, 1),
                round(width, 1),
                round(height, 1),
            )
        )
    return Chart(drawn, [round(base - room * part, 1) for part in (0, 0.5, 1)])
