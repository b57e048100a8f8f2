"""The range of a file that a request asks for (RFC 9110, section 14). Pure."""

import re
from dataclasses import dataclass
from datetime import datetime

from django.utils.http import http_date

_ONE_RANGE = re.compile(r"bytes=\s*(\d{0,19})\s*-\s*(\d{0,19})\s*", re.ASCII | re.IGNORECASE)


class RangeOutside(Exception):
    """The file has none of the bytes asked for."""


@dataclass(frozen=True)
class Range:
    start: int
    length: int

    def told(self, size: int) -> str:
        return f"bytes {self.start}-{self.start + self.length - 1}/{size}"


def range_of(text: str, *, size: int) -> Range | None:
    """Return the one range that a `Range` header names; None where the whole file is to be sent. Raises RangeOutside.

    Several ranges at once, and what is no range, are answered with the whole file, as is allowed.
    """
    found = _ONE_RANGE.fullmatch(text)
    if found is None or found.group(1, 2) == ("", ""):
        return None
    first, last = found.groups()
    if not first:
        length = min(int(last), size)
        if not length:
            raise RangeOutside
        return Range(size - length, length)
    start = int(first)
    if last and int(last) < start:
        return None
    if start >= size:
        raise RangeOutside
    end = min(int(last), size - 1) if last else size - 1
    return Range(start, end - start + 1)


def still_the_same(text: str, *, etag: str, modified_at: datetime) -> bool:
    """Whether `If-Range` names the file as it is, so that a range of it continues what the client has."""
    return not text or text == etag or text == http_date(modified_at.timestamp())
