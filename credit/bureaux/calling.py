"""How adapters call: one limit of time, one of length, and every failure by name."""

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django.conf import settings

from core import outbound
from credit.bureaux import Nonsense, Refused, Unreachable

LONGEST = 64 * 1024  # bytes of an answer
FILE_SECONDS = 300.0  # for which a monthly file may be on its way


def ask(
    url: str, *, content: bytes, headers: Mapping[str, str], within: float | None = None
) -> tuple[str, dict[str, Any]]:
    """Post and return the answer's text and the object in it, within so many seconds (those of a search).

    Raises Unreachable, Refused, Nonsense.
    """
    outbound.require_no_transaction()
    try:
        answer = outbound.post(
            url,
            content=content,
            headers=headers,
            within=within or settings.CREDIT_BUREAU_SECONDS,
            kept=LONGEST,
        )
    except outbound.UrlRefused as refused:
        raise Unreachable(refused.code) from None
    except outbound.CallFailed as failed:
        raise Unreachable(failed.name) from None
    text = answer.body.decode("utf-8", errors="replace")
    if answer.status != 200:
        raise Refused(f"HTTP {answer.status}", body=text)
    try:
        # No number passes through a float.
        found = json.loads(text, parse_float=Decimal)
    except ValueError:
        raise Nonsense("no JSON", body=text) from None
    if not isinstance(found, dict):
        raise Nonsense("no object", body=text)
    return text, found


def hand_over(
    url: str, content: bytes, *, key: str, sha256: str, headers: Mapping[str, str]
) -> dict[str, Any]:
    """Post a monthly file under its key and return the answer. Raises Unreachable, Refused, Nonsense."""
    about = {"Content-Type": "text/csv; charset=utf-8", "Idempotency-Key": key, "X-Content-SHA256": sha256}
    return ask(url, content=content, headers={**about, **headers}, within=FILE_SECONDS)[1]


def whole(value: Any, *, most: int = 10**15) -> int:
    """Return a number that is none below zero and not absurd. Raises ValueError."""
    if type(value) is not int or not 0 <= value <= most:
        raise ValueError("a number is out of its range")
    return value
