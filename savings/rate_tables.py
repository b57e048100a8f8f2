"""Rate tables as people write them: from so many days and from such an amount on, percent a year. Pure.

Each cell holds up to where the next one of its row begins, and each row up to the next row, so two never overlap and
the last has no end. Amounts are minor units (kobo), terms days.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import groupby

from django.utils.translation import gettext_lazy as _

from core.errors import DomainError
from savings.interest import Method, Rate

MOST_RATE = Decimal(1000)
SMALLEST = Decimal("0.0001")
MOST_CELLS, LONGEST_TERM, MOST_AMOUNT = 200, 3660, 10**18
# A year of so many days, counted as one of so many: what a rate is worth by its day count.
YEARS = {"ACT/360": Decimal(365) / 360}


class TableUnsound(DomainError):
    """`data["line"]` counts from one, in the order given; None where it is about the whole table."""

    code = "savings_rates_unsound"
    message = _("These rates are no table.")
    public = ("line",)


@dataclass(frozen=True)
class Row:
    """A cell with both ends, half-open, and the year's interest on its floor times 100."""

    term: int
    term_end: int | None
    floor: int
    ceiling: int | None
    rate: Decimal
    base: Decimal


def check(table: Sequence[Rate]) -> None:
    """Raise TableUnsound for a table with gaps, with two cells in one place, or with what is no rate."""
    if not table:
        raise TableUnsound(_("Give at least one rate."), line=None)
    if len(table) > MOST_CELLS:
        raise TableUnsound(_("A table has 200 lines at most."), line=None)
    seen: dict[tuple[int, int], int] = {}
    for number, cell in enumerate(table, start=1):
        _check_cell(cell, number)
        first = seen.setdefault((cell.term, cell.floor), number)
        if first != number:
            words = _("Line %(line)s begins where line %(first)s does: only one rate can hold.")
            raise TableUnsound(words % {"line": number, "first": first}, line=number)
    for term, number in {cell.term: number for number, cell in enumerate(table, start=1)}.items():
        if (term, 0) not in seen:
            words = _("Below its first amount, the term of line %(line)s has no rate: begin it at 0.")
            raise TableUnsound(words % {"line": number}, line=number)


def _check_cell(cell: Rate, number: int) -> None:
    if not cell.rate.is_finite() or not 0 <= cell.rate <= MOST_RATE:
        words = _("Line %(line)s: a rate is between 0 and 1,000 percent a year.")
    elif cell.rate != cell.rate.quantize(SMALLEST):
        words = _("Line %(line)s: a rate has four decimals at most.")
    elif not 0 <= cell.term <= LONGEST_TERM:
        words = _("Line %(line)s: a term is between 0 and 3,660 days.")
    elif not 0 <= cell.floor <= MOST_AMOUNT:
        words = _("Line %(line)s: an amount is zero or more, and not that large.")
    else:
        return
    raise TableUnsound(words % {"line": number}, line=number)


def rows(table: Sequence[Rate], method: str) -> Iterator[Row]:
    """Yield each cell with its ends and its base, for a table that `check` lets pass."""
    ordered = sorted(table, key=lambda cell: (cell.term, cell.floor))
    terms = [(term, list(cells)) for term, cells in groupby(ordered, key=lambda cell: cell.term)]
    term_ends = [*(term for term, _cells in terms[1:]), None]
    for (term, cells), term_end in zip(terms, term_ends, strict=True):
        below = Decimal(0)
        for cell, ceiling in zip(cells, [*(cell.floor for cell in cells[1:]), None], strict=True):
            base = below if method == Method.MARGINAL else cell.floor * cell.rate
            yield Row(term, term_end, cell.floor, ceiling, cell.rate, base)
            below += ((ceiling or 0) - cell.floor) * cell.rate


def yearly(table: Sequence[Rate], method: str, *, term: int, balance: int) -> Decimal:
    """Return what a balance earns in a year, times 100. Raises ValueError for a term below the table's first."""
    reached = [row for row in rows(table, method) if row.term <= term and row.floor <= balance]
    if not reached:
        raise ValueError(f"No rate holds for a term of {term}.")
    row = reached[-1]
    return row.base + (balance - row.floor) * row.rate


def is_lower(
    new: Sequence[Rate], old: Sequence[Rate], *, methods: tuple[str, str], day_counts: tuple[str, str]
) -> bool:
    """Whether some balance of an open-ended saving earns less in a year under `new` than under `old`.

    `methods` and `day_counts` are those of the new table, then of the old. What a year earns is straight between two
    floors, so it is asked at both ends of each piece, and for what lies above the last.
    """
    floors = sorted({cell.floor for cell in (*new, *old)})
    asked = {max(at, 0) for floor in floors for at in (floor - 1, floor, floor + 1)}
    asked.add(max(floors[-1], 1) * 1_000_000)
    worth = [YEARS.get(convention, Decimal(1)) for convention in day_counts]
    return any(
        yearly(new, methods[0], term=0, balance=balance) * worth[0]
        < yearly(old, methods[1], term=0, balance=balance) * worth[1]
        for balance in asked
    )
