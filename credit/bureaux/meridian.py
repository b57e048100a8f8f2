"""Meridian Credit Bureau: nested JSON, amounts as text in naira, words for standings."""

import json
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from credit.bureaux import CLEAR, DEFAULT, LATE, Answer, Line, Nonsense, Person, Report, SomebodyElse
from credit.bureaux.calling import ask, hand_over, whole

STANDINGS = {"performing": CLEAR, "settled": CLEAR, "watchlist": LATE, "substandard": LATE, "lost": DEFAULT}


class Meridian:
    name = "Meridian Credit Bureau"

    def __init__(self, *, url: str, key: str) -> None:
        self._url, self._key = url.rstrip("/"), key

    def search(self, person: Person, *, kind: str, reference: str) -> Answer:
        asked = {
            "reference": reference,
            "enquiry": {"type": kind.lower()},
            "subject": {
                "bvn": person.bvn,
                "given_name": person.first_name,
                "family_name": person.last_name,
                "date_of_birth": person.born.isoformat() if person.born else None,
            },
        }
        headers = {"Authorization": f"Bearer {self._key}", "Content-Type": "application/json"}
        text, found = ask(f"{self._url}/v2/enquiries/", content=json.dumps(asked).encode(), headers=headers)
        try:
            return Answer(text, self._report(found, person, reference))
        except (KeyError, TypeError, ValueError, InvalidOperation):
            raise Nonsense("not the shape agreed", body=text) from None

    def submit(self, content: bytes, *, key: str, sha256: str) -> str:
        headers = {"Authorization": f"Bearer {self._key}"}
        found = hand_over(f"{self._url}/v2/files/", content, key=key, sha256=sha256, headers=headers)
        if found.get("sha256") != sha256 or not isinstance(found.get("receipt"), str):
            raise Nonsense("no receipt for this file")
        return str(found["receipt"])

    def _report(self, found: dict[str, Any], person: Person, reference: str) -> Report:
        if found["reference"] != reference:
            raise SomebodyElse("another reference")
        if found["result"] == "no_hit":
            return Report(found=False)
        if found["result"] != "hit":
            raise ValueError(found["result"])
        subject = found["subject"]
        if subject["bvn_last_four"] != person.bvn[-4:] or (
            person.born and date.fromisoformat(subject["date_of_birth"]) != person.born
        ):
            raise SomebodyElse("another person")
        lines = tuple(_line(one) for one in found["facilities"])
        return Report(True, whole(found["enquiries_last_6_months"], most=10_000), lines)


def _line(one: dict[str, Any]) -> Line:
    return Line(
        lender=str(one["lender"])[:60],
        opened=date.fromisoformat(one["opened"]).isoformat(),
        standing=STANDINGS[one["classification"]],
        owed=_kobo(one["balance"]),
        monthly=_kobo(one["instalment"]),
        late_days=whole(one["max_days_past_due"], most=10_000),
    )


def _kobo(naira: Any) -> int:
    """Raises TypeError, ValueError, InvalidOperation."""
    if not isinstance(naira, str):
        raise TypeError("an amount is text")
    kobo = Decimal(naira) * 100
    if kobo != kobo.to_integral_value():
        raise ValueError("parts of a kobo")
    return whole(int(kobo))
