"""Savanna Registry: a form goes out; flat capitals come back, amounts in kobo, days as dd/mm/yyyy, grades by letter."""

from datetime import date, datetime
from typing import Any
from urllib.parse import urlencode

from credit.bureaux import CLEAR, DEFAULT, LATE, Answer, Line, Nonsense, Person, Refused, Report, SomebodyElse
from credit.bureaux.calling import ask, hand_over, whole

FOUND, NOBODY = "00", "14"
STANDINGS = {"A": CLEAR, "B": LATE, "C": LATE, "D": DEFAULT, "Z": CLEAR}
KINDS = {"SOFT": "S", "HARD": "H"}


class Savanna:
    name = "Savanna Registry"

    def __init__(self, *, url: str, key: str) -> None:
        self._url, self._key = url.rstrip("/"), key

    def search(self, person: Person, *, kind: str, reference: str) -> Answer:
        asked = {
            "REF": reference,
            "MODE": KINDS[kind],
            "BVN": person.bvn,
            "NAME": f"{person.last_name}, {person.first_name}",
            "DOB": f"{person.born:%d/%m/%Y}" if person.born else "",
        }
        headers = {"X-Subscriber-Key": self._key, "Content-Type": "application/x-www-form-urlencoded"}
        text, found = ask(f"{self._url}/inquiry/", content=urlencode(asked).encode(), headers=headers)
        try:
            return Answer(text, self._report(found, person, reference))
        except (KeyError, TypeError, ValueError):
            raise Nonsense("not the shape agreed", body=text) from None

    def submit(self, content: bytes, *, key: str, sha256: str) -> str:
        headers = {"X-Subscriber-Key": self._key}
        found = hand_over(f"{self._url}/upload/", content, key=key, sha256=sha256, headers=headers)
        if found.get("CODE") != FOUND:
            raise Refused(f"code {str(found.get('CODE'))[:10]}")
        if found.get("HASH") != sha256 or not isinstance(found.get("RECEIPT"), str):
            raise Nonsense("no receipt for this file")
        return str(found["RECEIPT"])

    def _report(self, found: dict[str, Any], person: Person, reference: str) -> Report:
        if found["CODE"] not in (FOUND, NOBODY):
            raise Refused(f"code {str(found['CODE'])[:10]}")
        if found["REF"] != reference:
            raise SomebodyElse("another reference")
        if found["CODE"] == NOBODY:
            return Report(found=False)
        if found["BVN4"] != person.bvn[-4:] or (person.born and _day(found["DOB"]) != person.born):
            raise SomebodyElse("another person")
        rows = [found[f"L{number}"] for number in range(1, whole(found["LOANS"], most=500) + 1)]
        return Report(True, whole(found["INQ6"], most=10_000), tuple(_line(row) for row in rows))


def _line(row: list[Any]) -> Line:
    """Raises ValueError for a row of another length."""
    lender, opened, standing, owed, monthly, late = row
    return Line(
        lender=str(lender)[:60],
        opened=_day(opened).isoformat(),
        standing=STANDINGS[standing],
        owed=whole(owed),
        monthly=whole(monthly),
        late_days=whole(late, most=10_000),
    )


def _day(text: str) -> date:
    return datetime.strptime(text, "%d/%m/%Y").date()  # noqa: DTZ007 - a day has no zone
