"""The charts of reconciliation as geometry: what a template draws as SVG, beside a table of the same numbers."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

WIDTH, LABELS, BAR, GAP = 420, 150, 24, 12


@dataclass(frozen=True)
class Bar:
    label: Any
    text: Any
    x: int
    y: int
    width: int
    tone: str

    @property
    def middle(self) -> int:
        return self.y + BAR // 2 + 5


@dataclass(frozen=True)
class Chart:
    bars: list[Bar]
    height: int
    zero: int
    width: int = WIDTH


def bars(values: Sequence[tuple[Any, Any, int, str]]) -> Chart:
    """Return horizontal bars of (label, text, value, tone) on one scale, from a zero line that fits them all."""
    most = max((value for _label, _text, value, _tone in values), default=0)
    least = min((value for _label, _text, value, _tone in values), default=0)
    high, low = max(most, 0), min(least, 0)
    room, span = WIDTH - LABELS, (high - low) or 1
    zero = LABELS + round(room * -low / span)
    drawn = []
    for number, (label, text, value, tone) in enumerate(values):
        width = max(2, round(room * abs(value) / span)) if value else 0
        drawn.append(Bar(label, text, zero - width if value < 0 else zero, number * (BAR + GAP), width, tone))
    return Chart(drawn, len(values) * (BAR + GAP), zero)
