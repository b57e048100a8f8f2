"""Tables of figures as staff see them: the same numbers on the page, in its chart, and as CSV."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.html import format_html

from accounts import audit
from core.spreadsheets import Number, as_csv
from core.staff import EMPTY, amount
from core.templatetags.rates import percent
from credit.admin import portfolio_charts as charts

CURRENCY = "NGN"


@dataclass(frozen=True)
class Money:
    kobo: int


@dataclass(frozen=True)
class Percent:
    """A share; None is of nothing."""

    value: Decimal | None
    is_low: bool = False


@dataclass(frozen=True)
class Plain:
    """A number of no unit, to so many places; None is of nothing."""

    value: Decimal | None
    places: int = 4

    @property
    def text(self) -> str:
        return "" if self.value is None else f"{self.value:.{self.places}f}"


@dataclass(frozen=True)
class Mark:
    """A word that says how a figure is to be taken; `tone` is a badge's."""

    text: str
    tone: str = "error"


@dataclass(frozen=True)
class Table:
    """A table of the page, with its own CSV under `key`, and the chart of the same numbers, if it has one."""

    key: str
    title: str | Promise
    note: str | Promise
    head: Sequence[str | Promise]
    rows: Sequence[Sequence[Any]]
    chart: charts.Chart | None = None
    legend: Sequence[tuple[int, str]] = ()

    @property
    def shown(self) -> list[list[Any]]:
        return [[_shown(cell) for cell in row] for row in self.rows]

    @property
    def is_number(self) -> list[tuple[Any, bool]]:
        """Each column's name, and whether numbers stand in it."""
        first = self.rows[0] if self.rows else []
        numbers = [isinstance(cell, Money | Percent | Plain | int) for cell in first] or [False] * len(
            self.head
        )
        return list(zip(self.head, numbers, strict=True))


def _shown(cell: Any) -> Any:
    if isinstance(cell, Money):
        return amount(cell.kobo, CURRENCY)
    if isinstance(cell, Percent):
        return (
            EMPTY
            if cell.value is None
            else format_html('<span class="amount">{}</span>', percent(cell.value))
        )
    if isinstance(cell, date):
        return date_format(cell, "j M Y")
    if isinstance(cell, int):
        return format_html('<span class="amount">{}</span>', f"{cell:,}")
    if isinstance(cell, Plain):
        return format_html('<span class="amount">{}</span>', cell.text or EMPTY)
    if isinstance(cell, Mark):
        return format_html('<span class="badge badge--{}">{}</span>', cell.tone, cell.text)
    return cell


def _plain(cell: Any) -> Any:
    """A cell as a spreadsheet reads it: money in naira with two places, shares in percent."""
    if isinstance(cell, Money):
        return Number(f"{Decimal(cell.kobo) / 100:.2f}")
    if isinstance(cell, Percent):
        return "" if cell.value is None else Number(f"{cell.value:.2f}")
    if isinstance(cell, Plain):
        return Number(cell.text) if cell.text else ""
    if isinstance(cell, Mark):
        return cell.text
    return cell.isoformat() if isinstance(cell, date) else cell


def csv_of(request: HttpRequest, table: Table, *, name: str, action: str, **target: Any) -> HttpResponse:
    """Answer with a table as a file, `name` without its ending, and write down who took it under `action`."""
    rows = [[_plain(cell) for cell in row] for row in table.rows]
    audit.record(action=action, actor_id=request.user.pk, table=table.key, rows=len(rows), **target)
    answer = HttpResponse(as_csv(table.head, rows), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    answer["Cache-Control"] = "no-store"
    return answer
