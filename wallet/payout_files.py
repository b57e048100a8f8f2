"""Reading a file of payouts: what a line says, and what is wrong with it. Pure: no database, no clock.

A file is CSV with a first line of names: `account_number`, `bank` (a code or a name) and `amount`, and if wanted
`name` and `note`. It comes from spreadsheets, so it may begin with a mark, be UTF-16, use semicolons or tabs, and have
lost the zeros in front of a number.
"""

import csv
import io
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import ClassVar

from django.utils.translation import gettext_lazy as _

from core.errors import DomainError
from core.money import InvalidAmount, parse_amount
from core.spreadsheets import FORMULA
from wallet import nuban

MOST_ROWS, MOST_BYTES = 1_000, 1024 * 1024
LONGEST_NAME, LONGEST_NOTE, LONGEST_CELL = 200, 140, 500
NGN = "NGN"
# Names of columns, as people write them.
_COLUMNS = {
    "account_number": {"account_number", "account number", "account", "number", "nuban", "account no"},
    "bank": {"bank", "bank_code", "bank code", "bank_name", "bank name"},
    "amount": {"amount", "amount_naira", "amount (ngn)", "amount_ngn"},
    "name": {"name", "account_name", "account name", "beneficiary"},
    "note": {"note", "narration", "reason", "description"},
}
_NEEDED = ("account_number", "bank", "amount")
# Every one of these keeps a line from being paid.
NO_NUMBER, LOST_ZEROS, NO_BANK, NO_AMOUNT = "NO_NUMBER", "LOST_ZEROS", "NO_BANK", "NO_AMOUNT"
TOO_SMALL, TOO_LARGE, TOO_LONG, FORMULA_CELL = "TOO_SMALL", "TOO_LARGE", "TOO_LONG", "FORMULA"
ERRORS = frozenset([NO_NUMBER, LOST_ZEROS, NO_BANK, NO_AMOUNT, TOO_SMALL, TOO_LARGE, TOO_LONG, FORMULA_CELL])
# These are shown, and the line is paid all the same.
TWICE, CHECK_DIGIT = "TWICE", "CHECK_DIGIT"


class FileRefused(DomainError):
    """A file of which not a single line is read."""

    code: ClassVar[str] = "file_refused"
    message = _("This file could not be read.")


class FileTooLarge(FileRefused):
    code = "file_too_large"
    message = _(
        "A file has at most 1,000 lines and 1 MB. Split this one, and send the parts one after the other."
    )


@dataclass
class Row:
    """A line as it was read. `problems` holds what is wrong with it, and what is only worth a look."""

    number: int
    account_number: str = field(default="", repr=False)
    bank_code: str = ""
    bank_name: str = ""
    name: str = ""
    amount: int = 0
    note: str = ""
    problems: list[str] = field(default_factory=list)

    @property
    def is_wrong(self) -> bool:
        return bool(ERRORS.intersection(self.problems))


def read(raw: bytes, *, banks: Mapping[str, str], smallest: int, largest: int) -> list[Row]:
    """Return each line of a file, wrong ones among them. `banks` are names by code; amounts in kobo.

    Raises FileRefused, FileTooLarge.
    """
    if len(raw) > MOST_BYTES:
        raise FileTooLarge
    lines = _lines(_text(raw))
    try:
        columns = _columns(next(lines, []))
        by_name = {name.casefold(): code for code, name in banks.items()}
        rows: list[Row] = []
        for number, cells in enumerate(lines, start=2):
            if not any(cell.strip() for cell in cells):
                continue
            if len(rows) == MOST_ROWS:
                raise FileTooLarge
            said = {name: cells[at].strip() if at < len(cells) else "" for name, at in columns.items()}
            rows.append(_row(number, said, banks, by_name, smallest, largest))
    except csv.Error as error:
        raise FileRefused(_("This is not a CSV file. Save the sheet as CSV, and try again.")) from error
    if not rows:
        raise FileRefused(_("The file has no lines below its first one, which names the columns."))
    _mark_twice(rows)
    return rows


def _text(raw: bytes) -> str:
    """Spreadsheets write UTF-8 with or without a mark, or UTF-16 with one. Raises FileRefused."""
    encoding = "utf-16" if raw.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8-sig"
    try:
        text = raw.decode(encoding)
    except UnicodeDecodeError as error:
        raise FileRefused(_("The file is not UTF-8. Save it as “CSV UTF-8”, and try again.")) from error
    if "\0" in text:
        raise FileRefused(_("This is not a CSV file. Save the sheet as CSV, and try again."))
    return text


def _lines(text: str) -> Iterator[list[str]]:
    first = text.partition("\n")[0]
    delimiter = max(",;\t", key=first.count)
    return csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)


def _columns(header: list[str]) -> dict[str, int]:
    """Where each column stands. Raises FileRefused, naming the first that is missing."""
    named = [" ".join(cell.split()).casefold() for cell in header]
    found: dict[str, int] = {}
    for column, names in _COLUMNS.items():
        at = next((at for at, name in enumerate(named) if name in names), None)
        if at is not None:
            found[column] = at
    for column in _NEEDED:
        if column not in found:
            raise FileRefused(
                _("The first line names the columns, and “%(column)s” is missing there.") % {"column": column}
            )
    return found


def _row(
    number: int,
    said: dict[str, str],
    banks: Mapping[str, str],
    by_name: Mapping[str, str],
    smallest: int,
    largest: int,
) -> Row:
    row = Row(number, name=said.get("name", ""), note=said.get("note", ""))
    code = said["bank"] if said["bank"] in banks else by_name.get(said["bank"].casefold(), "")
    row.bank_code, row.bank_name = code, banks.get(code, "")
    if not code:
        row.problems.append(NO_BANK)
    _read_number(row, said["account_number"])
    _read_amount(row, said["amount"], smallest, largest)
    if any(cell.startswith(FORMULA) for cell in (row.name, row.note)):
        row.problems.append(FORMULA_CELL)
    if len(row.name) > LONGEST_NAME or len(row.note) > LONGEST_NOTE:
        row.problems.append(TOO_LONG)
        row.name, row.note = row.name[:LONGEST_NAME], row.note[:LONGEST_NOTE]
    return row


def _read_number(row: Row, said: str) -> None:
    digits = re.sub(r"[\s'’-]", "", said)
    if nuban.is_number(digits):
        row.account_number = digits
        if row.bank_code and nuban.looks_wrong(row.bank_code, digits):
            row.problems.append(CHECK_DIGIT)
    elif re.fullmatch(r"[0-9]{5,9}", digits) or re.fullmatch(r"[0-9.]+[eE]\+?[0-9]+", digits):
        row.problems.append(LOST_ZEROS)
    else:
        row.problems.append(NO_NUMBER)


def _read_amount(row: Row, said: str, smallest: int, largest: int) -> None:
    try:
        row.amount = parse_amount(said[:LONGEST_CELL], NGN)
    except InvalidAmount:
        row.problems.append(NO_AMOUNT)
        return
    if not smallest <= row.amount <= largest:
        row.problems.append(TOO_SMALL if row.amount < smallest else TOO_LARGE)


def _mark_twice(rows: list[Row]) -> None:
    """A line that says the same as one before it may be a slip: it is marked, and nothing more."""
    seen: set[tuple[str, str, int]] = set()
    for row in rows:
        same = (row.bank_code, row.account_number, row.amount)
        if row.account_number and same in seen:
            row.problems.append(TWICE)
        seen.add(same)
