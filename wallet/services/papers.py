"""Drawing our papers: facts go in as JSON, a tagged PDF (PDF/UA-1) comes out, the same bytes each time.

Nothing of it depends on when or where it is drawn: the date in the file is that of the document, fonts are those of the
typesetter, and its number is made from its content.
"""

import json
import re
import unicodedata
from datetime import UTC, date, datetime
from functools import lru_cache
from io import BytesIO
from pathlib import Path
from typing import Any

import segno
import typst
from django.conf import settings
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import get_language, gettext, to_locale

from core.money import DEFAULT_LOCALE, MINUS, format_money, minor_units
from wallet.models import Document
from wallet.services import documents

TEMPLATES = Path(__file__).resolve().parent.parent / "typst"
LOGO = settings.BASE_DIR / "static" / "img" / "logo.svg"
# Latin with all its marks, Greek, Cyrillic, punctuation, signs of currencies; what our own texts need besides.
DRAWN = (
    ("\u0020", "\u0481"),
    ("\u1e00", "\u1eff"),
    ("\u2010", "\u2027"),
    ("\u20a0", "\u20bf"),
    ("\u2212", "\u2212"),
)
# A list of more rows is set in rows of one height. What surely fits its second column, in letters, and how wide that
# is, in units of the size of the type.
TIGHT_FROM, SAFE, WIDE = 1_000, 26, 24.5
NOT_DRAWN = "\u25a1"
# What nearly every text is made of: so it need not be asked letter by letter.
SURELY_DRAWN = re.compile("[ -~\u00a1-\u00ac\u00ae-\u024f\u2010-\u2027\u20a6\u2212]*")


def draw(*, template: str, document: Document, facts: dict[str, Any]) -> bytes:
    """Return a document as PDF. `facts` are what its template shows."""
    address, code = documents.address_of(document.code), documents.spelled(document.code)
    words = {
        "check_title": gettext("Is this paper genuine?"),
        "check_text": gettext(
            "Scan the code, or open the address: it says whether we issued this, and when."
        ),
        "qr_alt": gettext("QR code with the address where this paper is confirmed"),
        **facts.get("words", {}),
    }
    shown = {
        **facts,
        "words": words,
        "code": code,
        "address": address,
        "qr": _square(address),
        "sha256": document.sha256,
        "footer": f"{document.get_kind_display()} {code}",
    }
    return _drawn(template, shown, document.language, document.issued_at)


def _square(address: str) -> str:
    """An address as a QR code, in SVG."""
    drawn = BytesIO()
    segno.make(address, error="m").save(drawn, kind="svg", border=0, dark="#1c1a2b", xmldecl=False, nl=False)
    return drawn.getvalue().decode()


def draw_list(*, facts: dict[str, Any], at: datetime) -> bytes:
    """Return rows on paper that is no document: nobody can check it."""
    return _drawn(
        "list", {**facts, "footer": f"{facts['title']} · {facts['period']}"}, get_language() or "en", at
    )


def _drawn(template: str, facts: dict[str, Any], language: str, at: datetime) -> bytes:
    made = at.astimezone(UTC)
    words = {"page": gettext("Page {page} of {pages}"), **facts["words"]}
    data = {
        **facts,
        "words": words,
        "language": language,
        "logo": LOGO.read_text(encoding="utf-8"),
        "made": [made.year, made.month, made.day, made.hour, made.minute, made.second],
    }
    return typst.compile(
        str(TEMPLATES / f"{template}.typ"),
        root=str(TEMPLATES),
        ignore_system_fonts=True,
        format="pdf",
        pdf_standards="ua-1",
        sys_inputs={"data": json.dumps(printable(data), ensure_ascii=False)},
        timestamp=int(at.timestamp()),
    )


def printable(value: Any) -> Any:
    """Return facts with letters that the fonts have, a square for any other, and nothing that turns the writing round.

    The standard refuses a page with a letter that cannot be drawn; a name may hold any there is.
    """
    if isinstance(value, str):
        text = unicodedata.normalize("NFC", value)
        return text if SURELY_DRAWN.fullmatch(text) else "".join(_drawable(letter) for letter in text)
    if isinstance(value, dict):
        return {name: printable(one) for name, one in value.items()}
    return [printable(one) for one in value] if isinstance(value, list | tuple) else value


def _drawable(letter: str) -> str:
    if unicodedata.category(letter)[0] == "C":
        return ""
    return letter if any(first <= letter <= last for first, last in DRAWN) else NOT_DRAWN


def money(amount: int, currency: str, *, sign: bool = False) -> str:
    locale = to_locale(get_language() or "en")
    return format_money(amount, currency, DEFAULT_LOCALE if locale == "en" else locale, sign=sign)


def fitted(rows: list[list[str]]) -> tuple[list[list[str]], bool]:
    """Return rows as a long list has them: what is too wide for the second column cut. A short list keeps all."""
    if len(rows) <= TIGHT_FROM:
        return rows, False
    return [[row[0], _cut(row[1]), *row[2:]] for row in rows], True


def cut_note() -> str:
    return gettext("Long notes are cut on this paper; the CSV file has them whole.")


def _cut(text: str) -> str:
    if len(text) < SAFE:
        return text
    width = 0.0
    for at, letter in enumerate(text):
        width += 0.95 if letter in "MWmw@—" else 0.72 if letter.isupper() or not letter.isascii() else 0.52
        if width > WIDE:
            return text[: max(at - 1, 0)].rstrip() + "…"
    return text


def figure(amount: int, currency: str) -> str:
    """Return an amount for a column whose currency stands above it: `1,234.50`."""
    units = minor_units(currency)
    whole, rest = divmod(abs(amount), 10**units)
    mark = MINUS if amount < 0 else ""
    return f"{mark}{whole:,}.{rest:0{units}}" if units else f"{mark}{whole:,}"


def day(moment: datetime) -> str:
    return _day(localtime(moment).date(), get_language() or "en")


@lru_cache(maxsize=512)
def _day(day: date, language: str) -> str:
    return date_format(day, "j M Y")


def moment(moment: datetime) -> str:
    return date_format(localtime(moment), "j F Y, H:i")
