"""What waits for an officer: opened once of a kind, claimed by one person for as long as their lease lasts.

A lease that ran out is nobody's: whoever asks sees the case as waiting.
"""

from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from accounts import audit
from accounts.models import User
from core.actors import acting_as_service
from core.errors import DomainError
from credit.models import Application, BureauReport, Case

LEASE = timedelta(minutes=20)
MOST_CLAIMS = 5
WORK, OVERRIDE = "credit.work_credit", "credit.override_score"
Kind = Case.Kind
# Which are decided on the case screen, how urgent each is, and within how many days.
WORKED: dict[str, tuple[int, int]] = {
    Kind.UNDECIDED: (60, 2),
    Kind.REFERRED: (40, 3),
    Kind.DISPUTE: (50, 10),
    Kind.REVIEW: (70, 14),
}


class CaseNotFound(DomainError):
    code = "credit_case_not_found"
    kind = "not_found"
    message = _("There is no such case.")


class CaseDecided(DomainError):
    code = "credit_case_decided"
    kind = "conflict"
    message = _("This case is decided already.")


class NothingToClaim(DomainError):
    code = "credit_nothing_to_claim"
    kind = "not_found"
    message = _("No case waits for you.")


class TooManyClaims(DomainError):
    code = "credit_too_many_claims"
    kind = "limited"
    message = _("You hold as many cases as one person may. Decide on one, or let go of it.")


class ClaimedByAnother(DomainError):
    code = "credit_claimed_by_another"
    kind = "conflict"
    message = _("A colleague is looking at this case.")


class NotClaimed(DomainError):
    code = "credit_not_claimed"
    kind = "conflict"
    message = _("You do not hold this case, or no longer. Claim it first.")


class NotForYou(DomainError):
    code = "credit_case_not_for_you"
    kind = "forbidden"
    message = _("This case is for somebody else: it is your own, or takes another right or another person.")


class NoteEmpty(DomainError):
    code = "credit_note_empty"
    message = _("Write something, in 2,000 letters at most.")


def open_case(application: Application, kind: str, *, at: datetime, text: str = "") -> Case:
    """Open a case under the application's lock, or return the open one of its kind."""
    found = application.cases.filter(kind=kind, decided_at=None).first()
    if found is not None:
        return found
    urgency, days = WORKED[kind]
    case = Case.objects.create(
        application=application,
        kind=kind,
        priority=urgency,
        text=text[:1000],
        due_at=at + timedelta(days=days),
    )
    audit.record(action="credit.case.opened", target=case, kind=kind, application=str(application.pk))
    return case


def waiting() -> QuerySet[Case]:
    """The cases that nobody has decided on, of the kinds that are decided on the case screen."""
    return Case.objects.filter(decided_at=None, kind__in=list(WORKED))


def free(*, at: datetime) -> Q:
    """The condition on a case that nobody holds."""
    return Q(claimed_by=None) | Q(leased_until__lte=at)


def for_turn_of(user: User) -> Q:
    """The condition on a case that this person may decide on: as the first, or as the second of two.

    What somebody marked as disputed they do not settle.
    """
    turns = Q(pk=None)
    if user.has_perm(WORK):
        turns |= Q(recommended_by=None)
    if user.has_perm(OVERRIDE):
        turns |= Q(recommended_by__isnull=False) & ~Q(recommended_by=user.pk)
    marked = BureauReport.objects.filter(application=OuterRef("application"), disputed_by=user.pk)
    return turns & ~Q(application__user_id=user.pk) & ~Q(Exists(marked), kind=Kind.DISPUTE)


def claim_next(*, by: User, at: datetime) -> Case:
    """Give this person the most urgent case that nobody holds and that they may decide on.

    Two who ask at once never get the same one. Raises NothingToClaim, TooManyClaims.
    """
    with acting_as_service():
        _room_for(by, at)
        found = waiting().filter(free(at=at), for_turn_of(by))
        case = (
            found.select_for_update(skip_locked=True, of=("self",))
            .order_by("-priority", "due_at", "id")
            .first()
        )
        if case is None:
            raise NothingToClaim
        return take(case, by, at)


def claim(*, case_id: UUID, by: User, at: datetime) -> Case:
    """Give this person a case of their choice; one that they hold already stays theirs for longer.

    Raises CaseNotFound, CaseDecided, ClaimedByAnother, NotForYou, TooManyClaims.
    """
    with acting_as_service():
        _room_for(by, at, beside=case_id)
        case = locked(case_id)
        if is_held(case, at=at) and case.claimed_by_id != by.pk:
            raise ClaimedByAnother
        if not waiting().filter(for_turn_of(by), pk=case_id).exists():
            raise NotForYou
        return take(case, by, at)


def release(*, case_id: UUID, by: User, at: datetime) -> None:
    """Put a case that this person holds back into the queue. Raises CaseNotFound, CaseDecided, NotClaimed."""
    with acting_as_service():
        case = held(case_id=case_id, by=by, at=at)
        case.claimed_by, case.leased_until = None, None
        case.save(update_fields=["claimed_by", "leased_until"])
        audit.record(action="credit.case.released", target=case, actor_id=by.pk)


def look(*, case_id: UUID, by: User, at: datetime) -> bool:
    """Make the lease of whoever holds a case last from now on; return whether this person holds it."""
    with acting_as_service():
        mine = Case.objects.filter(pk=case_id, decided_at=None, claimed_by=by, leased_until__gt=at)
        return bool(mine.update(leased_until=at + LEASE))


def note(*, case_id: UUID, by: User, text: str) -> None:
    """Keep a note for colleagues in the case's trail. Raises CaseNotFound, NotForYou, NoteEmpty."""
    text = text.strip()
    if not 1 <= len(text) <= 2000:
        raise NoteEmpty
    with acting_as_service():
        if not by.has_perm(WORK):
            raise NotForYou
        case = Case.objects.filter(pk=case_id).first()
        if case is None:
            raise CaseNotFound
        audit.record(action="credit.case.noted", target=case, actor_id=by.pk, text=text)


def held(*, case_id: UUID, by: User, at: datetime) -> Case:
    """Lock a case that this person holds now. Raises CaseNotFound, CaseDecided, NotClaimed."""
    case = locked(case_id)
    if case.claimed_by_id != by.pk or not is_held(case, at=at):
        raise NotClaimed
    return case


def locked(case_id: UUID) -> Case:
    """Lock an open case. Raises CaseNotFound, CaseDecided."""
    case = Case.objects.select_for_update(of=("self",)).filter(pk=case_id, kind__in=list(WORKED)).first()
    if case is None:
        raise CaseNotFound
    if case.decided_at is not None:
        raise CaseDecided
    return case


def is_held(case: Case, *, at: datetime) -> bool:
    return case.claimed_by_id is not None and case.leased_until is not None and case.leased_until > at


def _room_for(by: User, at: datetime, beside: UUID | None = None) -> None:
    """Raises TooManyClaims. Whoever asks twice at once waits for themselves here."""
    User.objects.select_for_update(no_key=True).only("pk").get(pk=by.pk)
    others = waiting().filter(claimed_by=by, leased_until__gt=at)
    if beside is not None:
        others = others.exclude(pk=beside)
    if others.count() >= MOST_CLAIMS:
        raise TooManyClaims


def take(case: Case, by: User, at: datetime) -> Case:
    """Give a case that the caller has locked, and that nobody else holds, to a person."""
    case.claimed_by, case.leased_until = by, at + LEASE
    case.save(update_fields=["claimed_by", "leased_until"])
    audit.record(action="credit.case.claimed", target=case, actor_id=by.pk)
    return case
