"""Rows for spreadsheets. A cell that a program would take for a formula stays the text that it is."""

import csv
from collections.abc import Iterable, Iterator, Sequence
from io import StringIO
from typing import Any

# What spreadsheets begin a formula by, also behind spaces and in full width.
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


class Number(str):
    """A number that we wrote ourselves, such as `-12.50`: it stays one, unlike other text with a sign in front."""


def inert(value: Any) -> str:
    """Return a value as text that no spreadsheet calculates: with an apostrophe in front where it might."""
    if isinstance(value, Number):
        return str(value)
    text = "" if value is None else str(value)
    return f"'{text}" if text.startswith(FORMULA) or text.lstrip().startswith(FORMULA) else text


def as_csv(header: Sequence[Any], rows: Iterable[Sequence[Any]]) -> str:
    """Return rows as CSV, every cell inert, with the mark by which spreadsheets know UTF-8."""
    return b"".join(csv_lines(header, rows)).decode()


def csv_lines(header: Sequence[Any], rows: Iterable[Sequence[Any]]) -> Iterator[bytes]:
    """Yield the same a line at a time: as many rows as there are take no more memory than one."""
    out = StringIO()
    writer = csv.writer(out)
    out.write("\ufeff")
    writer.writerow([inert(cell) for cell in header])
    yield out.getvalue().encode()
    for row in rows:
        out.seek(0)
        out.truncate()
        writer.writerow([inert(cell) for cell in row])
        yield out.getvalue().encode()
