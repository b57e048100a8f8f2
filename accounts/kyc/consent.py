"""What a customer agrees to before an application is sent. Each version is a file that is never edited again.

A new text is a new file, with its hash in `HASHES`; an application keeps the version and the words it was given under.
"""

from functools import lru_cache
from pathlib import Path

VERSION = "2026-11-30"
# SHA-256 of each text there ever was.
HASHES = {"2026-11-30": "41074d143211a77239a3948196ca3537e6f7d706e3dbaf62ad03a3603420ae0d"}
_TEXTS = Path(__file__).parent / "texts"


@lru_cache
def text_of(version: str = VERSION) -> str:
    return (_TEXTS / f"consent-{version}.txt").read_text(encoding="utf-8")
