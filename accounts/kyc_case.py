"""What the case screen shows of an application: masked until it was revealed, and bounded however much there is."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.core import signing
from django.utils.translation import gettext_lazy as _

from accounts.kyc import waiting
from accounts.kyc.hits import Hit, hits_of
from accounts.kyc_compare import FIELDS, Line, lines_of, text_of
from accounts.models import (
    AuditEvent,
    IdentityNumber,
    KycApplication,
    KycCheck,
    KycDecision,
    KycDocument,
    User,
)
from accounts.services.kyc.checks import latest_of_each
from accounts.services.kyc.duplicates import Duplicate, duplicates_of
from core.encryption import blind_index
from core.staff import EMPTY, Panel, link, link_to_row, moment

LATEST = 50
_TONES = {"MATCH": "success", "CLEAR": "success", "MISMATCH": "error", "HIT": "error"}
_SEEN = "kyc.seen"


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
    checks = latest_of_each(application)
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
    of_customer = KycDecision.objects.filter(application__customer=application.customer_id)
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
    fields = {field: text_of(getattr(application, field)) for field, _label in FIELDS}
    marks = {field: blind_index(value, purpose=_SEEN)[:12] for field, value in fields.items()}
    return {**marks, **{str(each.pk): each.state for each in _sent(application)}}


def _sent(application: KycApplication) -> list[KycDocument]:
    return list(application.documents.order_by("-id")[:LATEST])


def waits(application: KycApplication, at: datetime) -> tuple[str, str, int]:
    """How long a case has waited, as a step, its words, and whole hours."""
    since = application.submitted_at or application.created_at
    step = waiting.step_of(since, at)
    return step, str(dict(waiting.STEPS)[step]), int((at - since).total_seconds() // 3600)


def open_for(user: User, application_id: UUID) -> str:
    """Return a token by which this reader, who revealed a case, sees its pictures for as long as a lease lasts."""
    return signing.TimestampSigner(salt="kyc.open").sign(f"{user.pk}.{application_id}")


def is_open_for(user: User, application_id: UUID, token: str, *, lasts: timedelta) -> bool:
    try:
        found = signing.TimestampSigner(salt="kyc.open").unsign(token, max_age=lasts)
    except signing.BadSignature:
        return False
    return found == f"{user.pk}.{application_id}"
