"""What a customer declared, beside what services say of it: whether it agrees, and masked until it is revealed."""

import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.models import KycApplication, KycCheck
from accounts.services.kyc.checks import facts_of
from core.masking import DOTS, masked_name
from core.staff import EMPTY

AGREES, DIFFERS, UNKNOWN = "agrees", "differs", "unknown"
FIELDS: tuple[tuple[str, str | Promise], ...] = (
    ("first_name", _("First name")),
    ("middle_name", _("Middle name")),
    ("last_name", _("Last name")),
    ("date_of_birth", _("Date of birth")),
    ("address", _("Address")),
    ("city", _("Town")),
    ("region", _("State")),
    ("country", _("Country")),
)
_NAMES = ("first_name", "middle_name", "last_name")
_OPEN = ("region", "country")
_WHOLE_NAMES = ("name", "account_name", "full_name")


@dataclass(frozen=True)
class Said:
    """What one service says of a field: `shown` as the reader may see it."""

    source: str
    shown: str
    verdict: str


@dataclass(frozen=True)
class Line:
    """A field as it was declared, beside what services say of it."""

    label: str | Promise
    declared: str
    said: list[Said]


def lines_of(application: KycApplication, checks: Iterable[KycCheck], *, revealed: bool) -> Iterator[Line]:
    """Yield each field beside what was verified of it."""
    facts = [(str(check.get_kind_display()), facts_of(check)) for check in checks]
    for field, label in FIELDS:
        declared = text_of(getattr(application, field))
        said = [
            Said(
                source,
                shown(field, str(told[field]), revealed),
                verdict_of(field, declared, str(told[field])),
            )
            for source, told in facts
            if told.get(field)
        ]
        if declared or said:
            yield Line(label, shown(field, declared, revealed), said)
    whole = [
        Said(source, shown("first_name", str(told[key]), revealed), same_person(application, str(told[key])))
        for source, told in facts
        for key in _WHOLE_NAMES
        if told.get(key)
    ]
    if whole:
        yield Line(_("Whole name"), shown("first_name", application.declared_name, revealed), whole)


def shown(field: str, value: str, revealed: bool) -> str:
    """A value as staff see it before and after they said why."""
    if not value:
        return EMPTY
    if revealed or field in _OPEN:
        return value
    return masked_name(value) if field in _NAMES else DOTS


def verdict_of(field: str, declared: str, said: str) -> str:
    if not declared:
        return UNKNOWN
    return AGREES if _plain(declared) == _plain(said) else DIFFERS


def same_person(application: KycApplication, whole: str) -> str:
    """Whether a whole name holds first and last name, in whichever order, and no other that was not declared."""
    named = set(_plain(whole).split())
    needed = set(_plain(f"{application.first_name} {application.last_name}").split())
    declared = set(_plain(application.declared_name).split())
    return AGREES if needed and needed <= named <= declared else DIFFERS


def text_of(value: Any) -> str:
    return "" if value is None else str(value)


def _plain(text: str) -> str:
    """Without case, accents and punctuation: `Adé-Ọlá` as `ade ola`."""
    letters = unicodedata.normalize("NFKD", text.casefold())
    kept = "".join(
        letter if letter.isalnum() else " " for letter in letters if not unicodedata.combining(letter)
    )
    return " ".join(kept.split())
