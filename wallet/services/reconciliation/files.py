"""Reading a company's file: bytes to text to rows. Nothing of a file is believed, and nothing of it is calculated.

What cannot be read at all is refused whole; a line that cannot be read is named with its number and its fault, and
then nothing of the file is taken in.
"""

import csv
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from io import StringIO
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core.errors import DomainError
from core.money import minor_units
from wallet.gateways.capabilities import LedgerRow
from wallet.models import ColumnMapping
from wallet.services.reconciliation.importing import made_up_ids

LARGEST = 20 * 1024 * 1024
MOST_ROWS, MOST_COLUMNS, LONGEST_CELL = 200_000, 60, 1000
MOST_FAULTS = 50
DELIMITERS = ",;\t|"
# What a column of a file may be to us; the first three must be there, the amount in one of its two ways.
FIELDS = {
    "at": gettext_lazy("Date and time"),
    "change": gettext_lazy("Amount, signed"),
    "credit": gettext_lazy("Money in"),
    "debit": gettext_lazy("Money out"),
    "fee": gettext_lazy("Fee taken off"),
    "reference": gettext_lazy("Our reference"),
    "gateway_id": gettext_lazy("Their id of the row"),
    "description": gettext_lazy("Description"),
    "balance": gettext_lazy("Balance after it"),
    "currency": gettext_lazy("Currency"),
}
DATE_FORMATS = {
    "ISO": gettext_lazy("2026-11-30 14:05:00, or 2026-11-30T14:05:00Z"),
    "%d/%m/%Y %H:%M:%S": "30/11/2026 14:05:00",
    "%d/%m/%Y %H:%M": "30/11/2026 14:05",
    "%d/%m/%Y": "30/11/2026",
    "%d-%m-%Y": "30-11-2026",
    "%d-%b-%Y": "30-Nov-2026",
    "%m/%d/%Y %I:%M:%S %p": "11/30/2026 2:05:00 PM",
    "%m/%d/%Y": "11/30/2026",
}
_AMOUNT = re.compile(
    r"\(?\s*[-+\N{MINUS SIGN}]?\s*(?:₦|NGN)?\s*[-+\N{MINUS SIGN}]?\s*([0-9][0-9., \u00a0']*)\s*\)?"
)
# How spreadsheets write a number that must stay text.
_QUOTED = re.compile(r'="([^"]*)"')
FIRST_DAY, LAST_DAY = date(2000, 1, 1), date(2100, 1, 1)


class FileRefused(DomainError):
    code = "file_refused"
    message = gettext_lazy("This file cannot be read.")


@dataclass(frozen=True)
class Sheet:
    """A file as a table: its head, and its lines with their numbers."""

    head: list[str]
    lines: list[tuple[int, list[str]]]


@dataclass(frozen=True)
class Fault:
    line: int
    text: str


@dataclass(frozen=True)
class Parsed:
    """What a file says under a mapping: its rows, or why it says nothing yet (the first faults, and how many)."""

    rows: list[LedgerRow]
    faults: list[Fault]
    fault_count: int


class _Unreadable(ValueError):
    """The words are for people."""


def sheet_of(content: bytes) -> Sheet:
    """Return a file as a table. Raises FileRefused."""
    if not content:
        raise FileRefused(_("The file is empty."))
    if len(content) > LARGEST:
        raise FileRefused(_("The file is larger than 20 MB. Split it by days."))
    text = _text(content)
    delimiter = max(DELIMITERS, key=text[: text.find("\n") + 1 or None].count)
    csv.field_size_limit(LONGEST_CELL * 10)
    reader = csv.reader(StringIO(text, newline=""), delimiter=delimiter, strict=True)
    lines: list[tuple[int, list[str]]] = []
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                lines.append((reader.line_num, [cell.strip() for cell in cells]))
            if len(lines) > MOST_ROWS + 1:
                raise FileRefused(_("The file has more than 200,000 lines. Split it by days."))
    except csv.Error as error:
        raise FileRefused(
            _("Line %(line)s is no line of a CSV file.") % {"line": reader.line_num}, said=str(error)
        ) from error
    if len(lines) < 2:
        raise FileRefused(_("The file has a head at most, and no lines."))
    head = lines[0][1]
    if len(head) > MOST_COLUMNS:
        raise FileRefused(_("The file has more than 60 columns."))
    return Sheet(head, lines[1:])


def _text(content: bytes) -> str:
    """Return what a file says, without the mark that some programs put in front."""
    encoding = "utf-16" if content[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    try:
        text = content.decode(encoding)
    except UnicodeError as error:
        raise FileRefused(_("The file is not in UTF-8. Save it as “CSV UTF-8” and send it again.")) from error
    if "\0" in text:
        raise FileRefused(_("This is no CSV file. Save the table as “CSV UTF-8” and send it again."))
    return text


def missing_of(columns: dict[str, int]) -> list[str]:
    """Return what a mapping lacks before any row can be read with it."""
    lacks = [] if "at" in columns else [str(FIELDS["at"])]
    if "change" not in columns and not ("credit" in columns or "debit" in columns):
        lacks.append(str(FIELDS["change"]))
    return lacks


def parse(*, sheet: Sheet, mapping: ColumnMapping, currency: str) -> Parsed:
    """Read a table by a mapping. Every line is a row, or has a fault."""
    rows: list[LedgerRow] = []
    faults: list[Fault] = []
    told = 0
    for number, cells in sheet.lines:
        try:
            rows.append(_row(cells, mapping, currency))
        except _Unreadable as error:
            told += 1
            if len(faults) < MOST_FAULTS:
                faults.append(Fault(number, str(error)))
    ids: Iterator[str] = made_up_ids(
        (r.at.isoformat(), r.change, r.reference, r.description, r.balance) for r in rows
    )
    named = [
        row if row.gateway_id else _with_id(row, made_up) for row, made_up in zip(rows, ids, strict=True)
    ]
    return Parsed(named, faults, told)


def _with_id(row: LedgerRow, made_up: str) -> LedgerRow:
    return LedgerRow(**{**row.__dict__, "gateway_id": made_up})


def _row(cells: Sequence[str], mapping: ColumnMapping, currency: str) -> LedgerRow:
    def cell(field: str) -> str:
        at = mapping.columns.get(field)
        return _plain(cells[at], field) if at is not None and at < len(cells) else ""

    stated = cell("currency").upper() or currency
    if not re.fullmatch(r"[A-Z]{3}", stated):
        raise _Unreadable(_("“%(text)s” is no currency.") % {"text": stated[:20]})
    change = _change(cell, mapping, stated)
    if not change:
        raise _Unreadable(_("No amount."))
    balance = cell("balance")
    return LedgerRow(
        gateway_id=cell("gateway_id")[:100],
        source="OTHER",
        source_id="",
        reference=cell("reference")[:120],
        change=change,
        balance=_amount(balance, mapping, stated) if balance else None,
        currency=stated,
        description=cell("description")[:300],
        at=_moment(cell("at"), mapping),
    )


def _plain(text: str, field: str) -> str:
    """Return a cell's text. Raises _Unreadable for one that a spreadsheet would calculate, or that hides something."""
    quoted = _QUOTED.fullmatch(text)
    text = quoted[1] if quoted else text
    if len(text) > LONGEST_CELL:
        raise _Unreadable(_("“%(field)s” is longer than 1,000 characters.") % {"field": FIELDS[field]})
    if text.startswith(("=", "@", "＝", "＠")):
        raise _Unreadable(_("“%(field)s” is a formula and no value.") % {"field": FIELDS[field]})
    if any(ord(letter) < 32 or ord(letter) == 127 for letter in text):
        text = " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())
    return text


def _change(cell: Callable[[str], str], mapping: ColumnMapping, currency: str) -> int:
    """What moved: a signed amount, or money in less money out; less the fee where the amount is before it."""
    if "change" in mapping.columns:
        change = _amount(cell("change"), mapping, currency) if cell("change") else 0
    else:
        into, out = (
            abs(_amount(cell(name), mapping, currency)) if cell(name) else 0 for name in ("credit", "debit")
        )
        if into and out:
            raise _Unreadable(_("Money in and money out in one line."))
        change = into - out
    fee = cell("fee")
    return change - (abs(_amount(fee, mapping, currency)) if fee else 0)


def _amount(text: str, mapping: ColumnMapping, currency: str) -> int:
    """Return an amount in minor units, below zero where it has a minus or stands in brackets. Raises _Unreadable."""
    fault = _Unreadable(_("“%(text)s” is no amount.") % {"text": text[:40]})
    found = _AMOUNT.fullmatch(text.strip())
    if not found or text.count("(") != text.count(")"):
        raise fault
    point, gap = (",", ".") if mapping.decimal_comma else (".", ",")
    whole, _point, fraction = re.sub(r"[ \u00a0']", "", found[1]).partition(point)
    groups = whole.split(gap)
    if not re.fullmatch(r"[0-9]*", fraction) or any(len(group) != 3 for group in groups[1:]) or not groups[0]:
        raise fault
    units = 0 if mapping.in_kobo else minor_units(currency)
    if len(fraction.rstrip("0")) > units or len("".join(groups)) > 15 or not "".join(groups).isdigit():
        raise fault
    amount = int("".join(groups) + fraction[:units].ljust(units, "0"))
    signs = sum(text.count(sign) for sign in "-\N{MINUS SIGN}(")
    if signs > 1:
        raise fault
    return -amount if signs else amount


def _moment(text: str, mapping: ColumnMapping) -> datetime:
    """Return when it was; a time without a zone is in the mapping's. Raises _Unreadable."""
    fault = _Unreadable(_("“%(text)s” is no date of this form.") % {"text": text[:40]})
    try:
        if mapping.date_format == "ISO":
            found = datetime.fromisoformat(text)
        else:
            found = datetime.strptime(text, mapping.date_format)  # noqa: DTZ007 -- given its zone below
    except ValueError:
        raise fault from None
    if not FIRST_DAY <= found.date() < LAST_DAY:
        raise fault
    return found if found.tzinfo else found.replace(tzinfo=ZoneInfo(mapping.zone))
