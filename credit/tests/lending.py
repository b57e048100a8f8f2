"""What tests of loans share: reading published figures, which count in naira where we count in kobo."""

from decimal import Decimal
from typing import Any

from credit.standing import Row

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
