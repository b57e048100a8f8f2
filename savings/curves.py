"""A balance over time as a line: where each day stands in a drawing of fixed size. Past days, and days to come."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

WIDTH, HEIGHT, TOP, BOTTOM, LEFT, RIGHT = 640, 240, 16, 30, 8, 8
POINTS = 30
DAY = timedelta(days=1)


@dataclass(frozen=True)
class Point:
    """What there is at a day's end, minor units."""

    day: date
    balance: int


@dataclass(frozen=True)
class Placed:
    """A point in units of the drawing."""

    x: float
    y: float
    point: Point


@dataclass(frozen=True)
class Curve:
    """The line so far, the line to come which begins where that ends, and the goal's height where it has one."""

    past: Sequence[Placed]
    coming: Sequence[Placed]
    target_y: float | None
    lines: Sequence[float]
    width: int = WIDTH
    height: int = HEIGHT
    base: int = HEIGHT - BOTTOM
    label_y: int = HEIGHT - 10

    @property
    def past_line(self) -> str:
        return _line(self.past)

    @property
    def coming_line(self) -> str:
        return _line([*self.past[-1:], *self.coming])

    @property
    def past_area(self) -> str:
        """The line, closed along the ground."""
        if not self.past:
            return ""
        first, last = self.past[0], self.past[-1]
        return f"{first.x},{self.base} {self.past_line} {last.x},{self.base}"

    @property
    def now(self) -> Placed | None:
        return self.past[-1] if self.past else None

    @property
    def first(self) -> date:
        return self.past[0].point.day

    @property
    def last(self) -> date:
        return [*self.past, *self.coming][-1].point.day

    @property
    def rows(self) -> Sequence[tuple[Point, bool]]:
        """The same as a table, oldest first; each with whether it is to come."""
        return [(each.point, False) for each in self.past] + [(each.point, True) for each in self.coming]


def curve_of(past: Sequence[Point], coming: Sequence[Point], *, target: int | None = None) -> Curve:
    """Place the points by their days, the highest as high as there is room."""
    points = [*past, *coming]
    highest = max([1, target or 0, *(point.balance for point in points)])
    first = points[0].day if points else date.min
    span = max((points[-1].day - first).days, 1) if points else 1
    room, base = HEIGHT - TOP - BOTTOM, HEIGHT - BOTTOM

    def height(amount: int) -> float:
        return round(base - room * max(amount, 0) / highest, 1)

    def placed(point: Point) -> Placed:
        x = LEFT + (WIDTH - LEFT - RIGHT) * (point.day - first).days / span
        return Placed(round(x, 1), height(point.balance), point)

    return Curve(
        past=[placed(point) for point in past],
        coming=[placed(point) for point in coming],
        target_y=height(target) if target else None,
        lines=[round(base - room * part, 1) for part in (0.25, 0.5, 0.75, 1.0)],
    )


def sampled(first: date, last: date, *, points: int = POINTS) -> list[date]:
    """Return days spread evenly from the first to the last, both among them."""
    days = (last - first).days
    if days < points:
        return [first + n * DAY for n in range(days + 1)]
    return [first + (days * n // (points - 1)) * DAY for n in range(points)]


def _line(points: Sequence[Placed]) -> str:
    return " ".join(f"{each.x},{each.y}" for each in points)
