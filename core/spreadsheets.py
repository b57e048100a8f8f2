"""Rows for spreadsheets. A cell that a program would take for a formula stays the text that it is."""

import csv
from collections.abc import Iterable, Sequence
from io import StringIO
from typing import Any

# What spreadsheets begin a formula by, also behind spaces and in full width.
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def inert(value: Any) -> str:
    """Return a value as text that no spreadsheet calculates: with an apostrophe in front where it might."""
    text = "" if value is None else str(value)
    return f"'{text}" if text.startswith(FORMULA) or text.lstrip().startswith(FORMULA) else text


def as_csv(header: Sequence[Any], rows: Iterable[Sequence[Any]]) -> str:
    """Return rows as CSV, every cell inert, with the mark by which spreadsheets know UTF-8."""
    out = StringIO()
    writer = csv.writer(out)
    for row in (header, *rows):
        writer.writerow([inert(cell) for cell in row])
    return "\ufeff" + out.getvalue()
