"""Searches at the credit bureaux: soft to score, hard once an offer is accepted, never without consent.

Each is written down before anybody is asked, under the application's lock, so that two workers do not ask twice; the
call itself runs outside every transaction. A worker that died leaves a row that counts as no answer after `LEASE`.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from accounts import audit
from accounts.models import User
from accounts.services.kyc.identified import identified
from core import encryption, outbound
from core.actors import acting_as_service
from core.errors import DomainError
from credit import bureaux
from credit.bureaux import Answer, Person, Report, SearchFailed, SomebodyElse
from credit.models import Application, BureauReport, Case, Consent
from credit.services.locking import lock_application
from credit.states import State

LEASE = timedelta(minutes=2)
# For how long an answer is good, and after which waits a bureau that gave none is asked again.
GOOD_FOR = timedelta(days=30)
WAITS = tuple(timedelta(minutes=minutes) for minutes in (2, 10, 60, 360))
Kind = BureauReport.Kind
_NEEDS = {
    Kind.SOFT: (State.SUBMITTED, Consent.Kind.SOFT_SEARCH),
    Kind.HARD: (State.ACCEPTED, Consent.Kind.HARD_SEARCH),
}
PLACE = "credit_bureaureport.sealed"


class NoConsent(DomainError):
    """`data["kind"]` names the consent that is missing, was taken back, or has run out."""

    code = "credit_consent_missing"
    kind = "conflict"
    message = _("This takes the applicant's consent, and there is none that stands.")
    public = ("kind",)


class SearchRefused(DomainError):
    code = "credit_search_refused"
    kind = "conflict"
    message = _("A search is not made for an application in this state.")
    public = ("state",)


class SearchUnderway(DomainError):
    code = "credit_search_underway"
    kind = "unavailable"
    message = _("A search is on its way. Try again in a moment.")


class BureauUnavailable(DomainError):
    """`data["bureaux"]` names those that gave no answer."""

    code = "credit_bureau_unavailable"
    kind = "unavailable"
    message = _("A credit bureau gave no answer. Nothing can be decided yet; it is asked again.")
    public = ("bureaux",)


@dataclass(frozen=True)
class Searched:
    """Which bureaux gave no answer, and whether they were asked often enough."""

    missing: tuple[str, ...] = ()
    given_up: bool = False


def search_soft(*, application_id: UUID, at: datetime) -> Searched:
    """Ask each bureau that has not answered and is due. Nothing is asked that was answered in the last 30 days.

    Raises ApplicationNotFound, SearchRefused, NoConsent, SearchUnderway, NotIdentified.
    """
    return _search(application_id, Kind.SOFT, at)


def search_hard(*, application_id: UUID, at: datetime) -> list[BureauReport]:
    """Make the hard searches of an accepted application, and return their reports.

    Raises ApplicationNotFound, SearchRefused, NoConsent, SearchUnderway, NotIdentified, BureauUnavailable.
    """
    searched = _search(application_id, Kind.HARD, at)
    if searched.missing:
        raise BureauUnavailable(bureaux=list(searched.missing))
    with acting_as_service():
        application = Application.objects.get(pk=application_id)
        return list(standing_reports(application, kind=Kind.HARD, at=at).values())


def standing_reports(application: Application, *, kind: str, at: datetime) -> dict[str, BureauReport]:
    """Return the newest good answer of each bureau that has one."""
    rows = application.reports.filter(kind=kind, state="ANSWERED", asked_at__gt=at - GOOD_FOR)
    return {row.bureau: row for row in rows.order_by("asked_at", "id")}


def report_in(row: BureauReport) -> Report:
    """Return what an answered report says, in our one shape."""
    assert row.mapped is not None
    return Report.of(row.mapped)


def raw_answer(row: BureauReport) -> str:
    """Return what came back, letter by letter. Raises DecryptionFailed."""
    return encryption.open_sealed(row.sealed, aad=f"{PLACE}.{row.pk}")


def _search(application_id: UUID, kind: Kind, at: datetime) -> Searched:
    outbound.require_no_transaction()
    codes = bureaux.codes()
    for code in codes:
        row = _begin(application_id, code, kind, at)
        if row is not None:
            _ask(row, at)
    with acting_as_service():
        application = Application.objects.get(pk=application_id)
        there = standing_reports(application, kind=kind, at=at)
        missing = tuple(code for code in codes if code not in there)
        waits = [_due(application, code, kind) for code in missing]
    if not codes:
        return Searched(("none",), given_up=True)
    return Searched(missing, given_up=bool(missing) and all(wait is None for wait in waits))


def is_due(application: Application, *, at: datetime, kind: Kind = Kind.SOFT) -> bool:
    """Whether a search is due, or none is needed any more: what waits for a bureau's turn is left alone."""
    there = standing_reports(application, kind=kind, at=at)
    missing = [_due(application, code, kind) for code in bureaux.codes() if code not in there]
    return not missing or any(wait is None or wait <= at for wait in missing)


def _begin(application_id: UUID, code: str, kind: Kind, at: datetime) -> BureauReport | None:
    """Write down that a bureau is to be asked; None where it has answered, or is not due yet."""
    with acting_as_service():
        application = lock_application(application_id)
        consent = _allowed(application, kind, at)
        if code in standing_reports(application, kind=kind, at=at):
            return None
        rows = application.reports.filter(bureau=code, kind=kind)
        for row in rows.filter(state="ASKED"):
            if row.asked_at > at - LEASE:
                raise SearchUnderway
            _fail(row, "nobody came back", at)
        due = _due(application, code, kind)
        if due is None or due > at:
            return None
        row = BureauReport.objects.create(
            application=application, bureau=code, kind=kind, consent=consent, asked_at=at
        )
        audit.record(action="credit.report.asked", target=row, bureau=code, kind=kind)
        return row


def _allowed(application: Application, kind: Kind, at: datetime) -> Consent:
    """Raises SearchRefused, NoConsent."""
    state, needed = _NEEDS[kind]
    if application.state != state:
        raise SearchRefused(state=application.state)
    return standing_consent(application, needed, at=at)


def standing_consent(application: Application, kind: str, *, at: datetime) -> Consent:
    """Return the consent of a kind that stands. Raises NoConsent."""
    consents = Consent.objects.filter(application=application, kind=kind, withdrawn_at=None)
    found = consents.filter(given_at__lte=at, expires_at__gt=at).first()
    if found is None:
        raise NoConsent(kind=str(kind))
    return found


def _due(application: Application, code: str, kind: Kind) -> datetime | None:
    """When a bureau may be asked (again); None once a soft search was tried often enough, a hard one never.

    What failed before the file was complete, or before an officer had it tried again, counts no more.
    """
    failed = application.reports.filter(bureau=code, kind=kind, state="FAILED")
    since = [application.complete_at or application.made_at]
    settled = application.cases.filter(kind=Case.Kind.UNDECIDED, decided_at__isnull=False)
    since += [case.decided_at for case in settled.order_by("-decided_at")[:1] if case.decided_at]
    tries = list(
        failed.filter(asked_at__gte=max(since)).order_by("-asked_at").values_list("asked_at", flat=True)
    )
    if not tries:
        return max(since)
    if len(tries) <= len(WAITS):
        return tries[0] + WAITS[len(tries) - 1]
    return tries[0] + WAITS[-1] if kind is Kind.HARD else None


def _ask(row: BureauReport, at: datetime) -> None:
    """Call, and write down what came of it."""
    with acting_as_service():
        user = User.objects.select_related("profile").get(pk=row.application.user_id)
    try:
        who = identified(user=user, purpose=f"credit bureau {row.bureau}")
        person = Person(who.first_name, who.last_name, who.bvn, who.birth_date)
        answer = bureaux.bureau_of(row.bureau).search(person, kind=row.kind, reference=row.pk.hex)
    except DomainError as refused:
        with acting_as_service():
            _fail(row, refused.code, at)
        raise
    except SearchFailed as failed:
        with acting_as_service():
            body = "" if isinstance(failed, SomebodyElse) else failed.body
            _fail(row, f"{failed.name}: {failed}", at, body)
        return
    refusal = _take_in(row, answer, at)
    if refusal is not None:
        raise refusal


def _take_in(row: BureauReport, answer: Answer, at: datetime) -> DomainError | None:
    """Keep an answer; return why not, where it may not be kept any more: nothing of it is then."""
    with acting_as_service():
        application = lock_application(row.application_id)
        try:
            _allowed(application, Kind(row.kind), at)
        except DomainError as refused:
            _fail(row, refused.code, at)
            return refused
        _keep(row, "ANSWERED", at, body=answer.body, mapped=answer.report.data())
        return None


def _fail(row: BureauReport, why: str, at: datetime, body: str = "") -> None:
    _keep(row, "FAILED", at, body=body, error=why[:300])


def _keep(row: BureauReport, state: str, at: datetime, *, body: str = "", **facts: Any) -> None:
    facts |= {"state": state, "answered_at": at}
    if body:
        facts |= {
            "sealed": encryption.seal(body, aad=f"{PLACE}.{row.pk}"),
            "sha256": sha256(body.encode()).hexdigest(),
        }
    if BureauReport.objects.filter(pk=row.pk, state="ASKED").update(**facts):
        audit.record(action=f"credit.report.{state.lower()}", target=row, bureau=row.bureau)
