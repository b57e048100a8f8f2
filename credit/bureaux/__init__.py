"""Credit bureaux: one narrow question, one shape of answer, and an adapter for each bureau's own wire.

An adapter sends a search and maps what came back, and hands monthly files over. Whatever goes wrong is a `SearchFailed`
by name: no answer in time, nonsense, a file of somebody else. "Nobody of that name" is an answer. Which bureaux are
asked says the setting CREDIT_BUREAUX: by code, the adapter's class, its address and its key.
"""

from dataclasses import asdict, dataclass, field
from datetime import date
from typing import Any, ClassVar, Protocol

from django.conf import settings
from django.utils.module_loading import import_string

CLEAR, LATE, DEFAULT = "CLEAR", "LATE", "DEFAULT"
STANDINGS = (CLEAR, LATE, DEFAULT)  # from the best to the worst


class SearchFailed(Exception):
    """There is nothing to go by. `name` says why in one word or two; `body` is what came back, if it may be kept."""

    name: ClassVar[str] = "failed"

    def __init__(self, detail: str = "", *, body: str = "") -> None:
        super().__init__(detail)
        self.body = body


class Unreachable(SearchFailed):
    name = "unreachable"


class Refused(SearchFailed):
    """It answered, and would not search: our key, its limits, its own fault."""

    name = "refused"


class Nonsense(SearchFailed):
    name = "nonsense"


class SomebodyElse(SearchFailed):
    """The file is another person's, or answers another question: nothing of it is kept."""

    name = "somebody_else"


@dataclass(frozen=True)
class Person:
    """Who is searched for; the number is never shown or logged."""

    first_name: str
    last_name: str
    bvn: str = field(repr=False)
    born: date | None = field(repr=False)


@dataclass(frozen=True)
class Line:
    """One loan on file. Amounts are minor units (kobo); `late_days` is how late it was at worst in two years."""

    lender: str
    opened: str
    standing: str
    owed: int
    monthly: int
    late_days: int


@dataclass(frozen=True)
class Report:
    """What a bureau knows of somebody. Not found is a file of its own; a thin one has too few loans to tell from."""

    found: bool
    inquiries: int = 0
    lines: tuple[Line, ...] = ()

    @property
    def standing(self) -> str | None:
        """The worst of its loans; None where there is none."""
        return max((line.standing for line in self.lines), key=STANDINGS.index, default=None)

    def data(self) -> dict[str, Any]:
        return {**asdict(self), "lines": [asdict(line) for line in self.lines]}

    @classmethod
    def of(cls, data: dict[str, Any]) -> "Report":
        return cls(data["found"], data["inquiries"], tuple(Line(**line) for line in data["lines"]))


@dataclass(frozen=True)
class Answer:
    """What came back, as it came, and what it means."""

    body: str = field(repr=False)
    report: Report


class Bureau(Protocol):
    """One bureau, and how it is spoken to."""

    name: str

    def __init__(self, *, url: str, key: str) -> None: ...

    def search(self, person: Person, *, kind: str, reference: str) -> Answer:
        """Search and return what is on file; `kind` is SOFT or HARD. Outside every transaction.

        Raises SearchFailed.
        """

    def submit(self, content: bytes, *, key: str, sha256: str) -> str:
        """Hand a monthly file over under its key, and return the receipt; the same file again has the same receipt.

        `sha256` is its hash, which the bureau repeats. Outside every transaction. Raises SearchFailed: Refused where
        the bureau does not take it.
        """


def codes() -> list[str]:
    """The bureaux that are asked, in order."""
    return list(settings.CREDIT_BUREAUX)


def bureau_of(code: str) -> Bureau:
    """Return the adapter of a bureau. Raises KeyError."""
    link = settings.CREDIT_BUREAUX[code]
    adapter: type[Bureau] = import_string(link["adapter"])
    return adapter(url=link["url"], key=link["key"])


def name_of(code: str) -> str:
    """What a bureau is called, also one that is asked no more."""
    return bureau_of(code).name if code in settings.CREDIT_BUREAUX else code
