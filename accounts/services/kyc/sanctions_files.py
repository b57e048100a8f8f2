"""Reading a sanctions list from CSV: line by line, believing nothing, naming the line of whatever is wrong.

UTF-8, with or without a byte order mark. The first line names the columns, in any order:

| column | holds |
|---|---|
| `id` | the list's own name for the entry, once in a file |
| `name` | the name in full |
| `aliases` | other names, parted by `;` |
| `born` | `YYYY-MM-DD`, or `YYYY` where only the year is known |
| `country` | two letters |
| `programme` | why they are listed |

`id` and `name` are needed, the others may be left out.
"""

import csv
import hashlib
import json
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import IO

from accounts.kyc import names
from accounts.kyc.screening import questions

NEEDED, COLUMNS = {"id", "name"}, {"id", "name", "aliases", "born", "country", "programme"}
LONGEST_LINE = 1_000_000  # bytes
MOST_ALIASES = 100
LONGEST = {"id": 100, "name": 300, "programme": 200}
_BORN = re.compile(r"[0-9]{4}(?:-[0-9]{2}-[0-9]{2})?", re.ASCII)
_COUNTRY = re.compile(r"[A-Z]{2}", re.ASCII)


class BadLine(ValueError):
    """What is wrong with a line, in words; `line` is its number."""

    def __init__(self, line: int, words: str) -> None:
        super().__init__(f"line {line}: {words}")
        self.line = line


@dataclass(frozen=True)
class Entry:
    line: int
    external_id: str
    name: str
    aliases: list[str]
    searched: str
    born: str
    country: str
    programme: str
    content: str


class Reader:
    """Reads entries from a file that is open for reading bytes; knows its SHA-256 once it is read."""

    def __init__(self, file: IO[bytes], *, list_name: str) -> None:
        self._file, self._list_name = file, list_name
        self._digest = hashlib.sha256()
        self._line = 0

    @property
    def sha256(self) -> str:
        return self._digest.hexdigest()

    def __iter__(self) -> Iterator[Entry | BadLine]:
        """Yield an entry or what is wrong, for each row. Raises BadLine where nothing more can be read."""
        rows = csv.reader(self._lines(), strict=True)
        header: list[str] | None = None
        while True:
            begins = self._line + 1
            try:
                row = next(rows, None)
            except csv.Error as error:
                raise BadLine(begins, f"it is no CSV: {error}") from None
            if row is None:
                break
            if not row:
                continue
            if header is None:
                header = _header(row)
                continue
            try:
                yield self._entry(begins, header, row)
            except BadLine as bad:
                yield bad
        if header is None:
            raise BadLine(1, "the file is empty")

    def _lines(self) -> Iterator[str]:
        while raw := self._file.readline(LONGEST_LINE):
            self._line += 1
            self._digest.update(raw)
            if len(raw) == LONGEST_LINE:
                raise BadLine(self._line, "it is too long")
            try:
                text = raw.decode()
            except UnicodeDecodeError:
                raise BadLine(self._line, "it is not UTF-8") from None
            yield text.removeprefix("\ufeff") if self._line == 1 else text

    def _entry(self, line: int, header: list[str], row: list[str]) -> Entry:
        if len(row) != len(header):
            raise BadLine(line, f"it has {len(row)} columns, not {len(header)}")
        cells = {column: _plain(line, column, cell) for column, cell in zip(header, row, strict=True)}
        for column in sorted(NEEDED):
            if not cells[column]:
                raise BadLine(line, f"{column} is missing")
        for column, longest in LONGEST.items():
            if len(cells.get(column, "")) > longest:
                raise BadLine(line, f"{column} is longer than {longest} letters")
        aliases = _aliases(line, cells.get("aliases", ""))
        if not names.words(cells["name"]):
            raise BadLine(line, "name has no letters")
        pairs = [pair for each in (cells["name"], *aliases) for pair in questions(names.words(each))]
        born, country = _born(line, cells.get("born", "")), cells.get("country", "").upper()
        if country and not _COUNTRY.fullmatch(country):
            raise BadLine(line, "country has two letters")
        programme = cells.get("programme", "")
        said = [self._list_name, cells["id"], cells["name"], sorted(aliases), born, country, programme]
        return Entry(
            line=line,
            external_id=cells["id"],
            name=cells["name"],
            aliases=aliases,
            searched=" | ".join(dict.fromkeys(pairs)),
            born=born,
            country=country,
            programme=programme,
            content=hashlib.sha256(json.dumps(said).encode()).hexdigest(),
        )


def _header(row: list[str]) -> list[str]:
    found = [cell.strip().lower() for cell in row]
    for problem, columns in (
        ("there is no column", NEEDED - set(found)),
        ("nobody knows the column", set(found) - COLUMNS),
        ("there are two columns", {column for column in found if found.count(column) > 1}),
    ):
        if columns:
            raise BadLine(1, f"{problem} {', '.join(sorted(columns))!r}")
    return found


def _plain(line: int, column: str, cell: str) -> str:
    """A cell with single blanks between its words. A formula is text like any other: nothing here is calculated."""
    text = " ".join(cell.split())
    if any(unicodedata.category(letter) in ("Cc", "Cs", "Cn", "Co") for letter in text):
        raise BadLine(line, f"{column} holds what cannot be printed")
    return text


def _aliases(line: int, text: str) -> list[str]:
    found = list(dict.fromkeys(part for each in text.split(";") if (part := each.strip())))
    if len(found) > MOST_ALIASES:
        raise BadLine(line, f"there are more than {MOST_ALIASES} aliases")
    if any(len(each) > LONGEST["name"] for each in found):
        raise BadLine(line, f"an alias is longer than {LONGEST['name']} letters")
    return found


def _born(line: int, text: str) -> str:
    if text:
        try:
            if not _BORN.fullmatch(text):
                raise ValueError
            date.fromisoformat(text if len(text) > 4 else f"{text}-01-01")
        except ValueError:
            raise BadLine(line, "born is YYYY-MM-DD or YYYY") from None
    return text
