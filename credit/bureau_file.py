"""A monthly file as a credit bureau reads it: a line for each loan between a head and a tail with control totals. Pure.

Lines are CSV in UTF-8, ended by a line feed. Amounts are naira with two places, days ISO, months 2026-11.

`H`: form, subscriber, bureau, month, key of the file.
`D`: loan, month, `C` where it corrects that month, BVN, family name, given name, born, opened, lent, balance, overdue,
days late, status.
`T`: lines `D`, corrections, sums of lent, balance and overdue, hash (SHA-256) of all before this line.
"""

import csv
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from hashlib import sha256
from io import StringIO

FORM, SUBSCRIBER = "ALAJO-1", "ALAJO"


@dataclass(frozen=True)
class FileLine:
    """One loan at the end of a month; amounts are minor units (kobo)."""

    loan: str
    month: date
    is_correction: bool
    bvn: str = field(repr=False)
    family_name: str
    given_name: str
    born: date | None = field(repr=False)
    opened: date
    lent: int
    balance: int
    overdue: int
    days_late: int
    status: str


@dataclass(frozen=True)
class Totals:
    """Control totals: how many lines, how many of them correct, and sums in minor units (kobo)."""

    rows: int
    corrections: int
    lent: int
    balance: int
    overdue: int


def file_for(*, bureau: str, month: date, key: str, lines: Iterable[FileLine]) -> tuple[bytes, Totals]:
    """Return a file and its control totals: the same lines make the same bytes."""
    lines = list(lines)
    told = Totals(
        len(lines),
        sum(line.is_correction for line in lines),
        sum(line.lent for line in lines),
        sum(line.balance for line in lines),
        sum(line.overdue for line in lines),
    )
    text = StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["H", FORM, SUBSCRIBER, bureau, f"{month:%Y-%m}", key])
    writer.writerows(_fields(line) for line in lines)
    body = text.getvalue().encode()
    sums = [naira(told.lent), naira(told.balance), naira(told.overdue)]
    tail = ["T", str(told.rows), str(told.corrections), *sums, sha256(body).hexdigest()]
    return body + f"{','.join(tail)}\n".encode(), told


def naira(kobo: int) -> str:
    return f"{kobo // 100}.{kobo % 100:02d}"


def _fields(line: FileLine) -> list[str]:
    return [
        *("D", line.loan, f"{line.month:%Y-%m}", "C" if line.is_correction else "", line.bvn),
        *(line.family_name, line.given_name, line.born.isoformat() if line.born else ""),
        *(line.opened.isoformat(), naira(line.lent), naira(line.balance), naira(line.overdue)),
        *(str(line.days_late), line.status),
    ]
