"""Codes as Paystack gives them out, and how times and ids look there."""

import secrets
import string
from datetime import datetime

# Real ids passed 32 bits long ago.
FIRST_ID = 4_000_000_000
INTEGRATION = 463433

_LETTERS = string.ascii_lowercase + string.digits


def code(length: int = 15) -> str:
    return "".join(secrets.choice(_LETTERS) for _ in range(length))


def iso(at: datetime | None) -> str | None:
    return at.strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03d}Z" if at else None
