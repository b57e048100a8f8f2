"""What the case screen shows of an application: masked until it was revealed, and bounded however much there is."""

import json
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.core import signing
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.kyc import waiting
from accounts.kyc.findings import latest_checks
from accounts.kyc.hits import Hit, hits_of
from accounts.models import AuditEvent, IdentityNumber, KycApplication, KycCheck, KycDocument, User
from accounts.services.kyc import decisions
from accounts.services.kyc.duplicates import Duplicate, duplicates_of
from core.encryption import blind_index, open_sealed
from core.masking import DOTS, masked_name
from core.staff import EMPTY, Panel, link, link_to_row, moment

LATEST = 50
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
_TONES = {"MATCH": "success", "CLEAR": "success", "MISMATCH": "error", "HIT": "error"}
_SEEN = "kyc.seen"


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


@dataclass(frozen=True)
class CheckLine:
    check: KycCheck
    tone: str
    is_old: bool


@dataclass(frozen=True)
class Case:
    """Everything on the screen of one application, for one reader."""

    application: KycApplication
    lines: list[Line]
    checks: list[CheckLine]
    documents: list[KycDocument]
    earlier: list[KycDocument]
    numbers: list[IdentityNumber]
    duplicates: list[Duplicate]
    hits: list[Hit]
    notes: list[Any]
    panels: list[Panel]


def case_of(application: KycApplication, *, revealed: bool, at: datetime) -> Case:
    """Read a case. Names, dates and addresses are masked unless it is revealed; numbers are masked in either case."""
    checks = latest_checks(application)
    documents = list(application.documents.order_by("-id")[:LATEST])
    gone = (KycDocument.State.REPLACED, KycDocument.State.DELETED)
    notes = list(application.notes.select_related("by__profile").order_by("-id")[:LATEST])
    held = IdentityNumber.objects.filter(customer_id=application.customer_id, released_at=None)
    return Case(
        application=application,
        lines=list(lines_of(application, checks, revealed=revealed)),
        checks=[
            CheckLine(check, _TONES.get(check.outcome, "pending"), check.revision < application.revision)
            for check in checks
        ],
        documents=[each for each in reversed(documents) if each.state not in gone],
        earlier=[each for each in documents if each.state in gone],
        numbers=list(held.order_by("kind")),
        duplicates=duplicates_of(application=application, at=at),
        hits=hits_of(application),
        notes=notes,
        panels=[_decisions(application), states_of(application), _looks(application)],
    )


def lines_of(application: KycApplication, checks: Iterable[KycCheck], *, revealed: bool) -> Iterator[Line]:
    """Yield each field beside what was verified of it."""
    facts = [(str(check.get_kind_display()), facts_of(check)) for check in checks]
    for field, label in FIELDS:
        declared = _text(getattr(application, field))
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


def facts_of(check: KycCheck) -> dict[str, Any]:
    """Return what a service said. Raises core.encryption.DecryptionFailed."""
    if not check.facts:
        return {}
    found: dict[str, Any] = json.loads(
        open_sealed(check.facts, aad=f"{check._meta.db_table}.facts.{check.pk}")
    )
    return found


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


def colleague(user: User) -> str:
    """A member of staff by the name that colleagues know."""
    return user.display_name or user.staff_name


def seal_seen(application: KycApplication) -> str:
    """Return what an agent has before their eyes, as fingerprints, for `changed_since` to compare later."""
    return signing.dumps(_fingerprints(application), salt=_SEEN)


def changed_since(application: KycApplication, seen: str) -> list[str]:
    """Return what of an application is not as it was when `seal_seen` looked; nothing where that cannot be told."""
    try:
        before: dict[str, str] = signing.loads(seen, salt=_SEEN)
    except signing.BadSignature:
        return []
    labels = {field: str(label) for field, label in FIELDS}
    after = _fingerprints(application)
    documents = {
        str(each.pk): f"{each.get_kind_display()}, {each.get_side_display()}" for each in _sent(application)
    }
    changed = [
        labels.get(name, documents.get(name, "")) for name, mark in after.items() if before.get(name) != mark
    ]
    return [label for label in changed if label]


def states_of(application: KycApplication) -> Panel:
    rows = application.changes.select_related("by__profile").order_by("-id")[:LATEST]
    return Panel(
        _("History"),
        [_("State"), _("When"), _("By"), _("Reason"), _("Told to the customer")],
        [
            [
                each.get_to_state_display(),
                moment(each.at),
                _who(each.by, application),
                each.reason_code or EMPTY,
                each.message or EMPTY,
            ]
            for each in rows
        ],
    )


def _decisions(application: KycApplication) -> Panel:
    of_customer = decisions.KycDecision.objects.filter(application__customer=application.customer_id)
    rows = of_customer.select_related("by__profile").order_by("-id")[:LATEST]
    return Panel(
        _("Decisions on this customer"),
        [
            _("Decision"),
            _("When"),
            _("By"),
            _("Reason"),
            _("For colleagues"),
            _("Revision"),
            _("Application"),
        ],
        [
            [
                each.get_outcome_display(),
                moment(each.at),
                link(each.by, colleague(each.by)),
                each.reason_code,
                each.text,
                each.revision,
                _("This one")
                if each.application_id == application.pk
                else link_to_row(KycApplication, each.application_id),
            ]
            for each in rows
        ],
    )


def _looks(application: KycApplication) -> Panel:
    """Who looked at it, and why they saw what is masked."""
    events = AuditEvent.objects.filter(
        target_type=application._meta.label_lower, target_id=str(application.pk)
    ).order_by("-id")[:LATEST]
    found = list(events)
    people = User.objects.select_related("profile").in_bulk(
        {each.actor_id for each in found if each.actor_id}
    )
    return Panel(
        _("What was done and seen"),
        [_("Deed"), _("When"), _("Who"), _("Why, or what"), _("Request")],
        [
            [
                each.action,
                moment(each.recorded_at),
                _who(people.get(each.actor_id) if each.actor_id else None, application),
                each.data.get("reason") or each.data.get("document") or EMPTY,
                each.request_id or EMPTY,
            ]
            for each in found
        ],
    )


def _who(user: User | None, application: KycApplication) -> Any:
    if user is None:
        return EMPTY
    return _("The customer") if user.pk == application.customer_id else link(user, colleague(user))


def _fingerprints(application: KycApplication) -> dict[str, str]:
    fields = {field: _text(getattr(application, field)) for field, _label in FIELDS}
    marks = {field: blind_index(value, purpose=_SEEN)[:12] for field, value in fields.items()}
    return {**marks, **{str(each.pk): each.state for each in _sent(application)}}


def _sent(application: KycApplication) -> list[KycDocument]:
    return list(application.documents.order_by("-id")[:LATEST])


def _text(value: Any) -> str:
    return "" if value is None else str(value)


def _plain(text: str) -> str:
    """Without case, accents and punctuation: `Adé-Ọlá` as `ade ola`."""
    letters = unicodedata.normalize("NFKD", text.casefold())
    kept = "".join(
        letter if letter.isalnum() else " " for letter in letters if not unicodedata.combining(letter)
    )
    return " ".join(kept.split())


def waits(application: KycApplication, at: datetime) -> tuple[str, str, int]:
    """How long a case has waited, as a step, its words, and whole hours."""
    since = application.submitted_at or application.created_at
    step = waiting.step_of(since, at)
    return step, str(dict(waiting.STEPS)[step]), int((at - since).total_seconds() // 3600)


def open_for(user: User, application_id: UUID) -> str:
    """Return a token by which this reader, who revealed a case, sees its pictures for as long as a lease lasts."""
    return signing.TimestampSigner(salt="kyc.open").sign(f"{user.pk}.{application_id}")


def is_open_for(user: User, application_id: UUID, token: str, *, seconds: float) -> bool:
    try:
        found = signing.TimestampSigner(salt="kyc.open").unsign(token, max_age=seconds)
    except signing.BadSignature:
        return False
    return found == f"{user.pk}.{application_id}"
