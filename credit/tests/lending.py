"""What tests of loans share: one loan to follow by hand, and reading published figures, which count in naira."""

from datetime import date
from decimal import Decimal
from typing import Any

from credit.periods import Calendar
from credit.replay import Disburse, Event, replay
from credit.schedule import plan
from credit.standing import Row, Standing
from credit.terms import Terms

KOBO = 100


def kobo(naira: Any) -> int:
    amount = Decimal(naira) * KOBO
    assert amount == int(amount)
    return int(amount)


def figures(row: Row, columns: list[str]) -> list[Any]:
    """A row of ours in the columns of a published one."""
    values: dict[str, Any] = {
        "n": row.number,
        "period": row.number,
        "due": row.due.isoformat(),
        "opening": row.opening + row.advanced,
        "interest": row.interest,
        "principal": row.principal,
        "closing": row.closing,
        "balance": row.closing,
        "paid": row.paid,
        "paid_in_advance": row.paid_ahead,
        "paid_late": row.paid_late,
    }
    values |= dict.fromkeys(("payment", "total", "instalment"), row.payment)
    return [values[column] for column in columns]


def published(figure: Any, column: str) -> Any:
    """A published figure in our unit."""
    return figure if column in ("n", "period", "due") else kobo(figure)


def same(rows: tuple[Row, ...], wanted: dict[str, Any]) -> None:
    """Assert that our rows are the published ones, all figures of them; some may not be published."""
    columns = wanted["columns"]
    by_number = {row.number: row for row in rows}
    for position, line in enumerate(wanted["rows"]):
        number = line[columns.index("n")] if "n" in columns else position + 1
        ours = figures(by_number[number], columns)
        theirs = [published(figure, column) for figure, column in zip(line, columns, strict=True)]
        assert ours == theirs, f"row {number}: {columns}"


# 1,000 naira at 24 % a year, by the month in four

START = date(2026, 1, 1)
LENT = Disburse(START, 100_000)
FEBRUARY, MARCH, APRIL = date(2026, 2, 1), date(2026, 3, 1), date(2026, 4, 1)
ROW = 26_262  # 1,000 at 2 % a month in four


def terms(count: int = 4, **more: Any) -> Terms:
    return Terms(Decimal(more.pop("rate", 24)), Calendar(START), count, **more)


def after(*events: Event, **more: Any) -> Standing:
    return replay(terms(**more), [LENT, *events])


def payments(standing: Standing) -> list[int]:
    return [row.payment for row in plan(standing, standing.day)]


def row(standing: Standing, number: int) -> Row:
    return plan(standing, standing.day)[number - 1]
