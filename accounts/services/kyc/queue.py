"""Who looks at which application: each is one agent's for as long as their lease lasts.

A lease that ran out is nobody's, whether or not the sweep has been by: whoever asks sees it as waiting.
"""

from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts import audit
from accounts.kyc import reasons
from accounts.models import KycApplication, User
from accounts.models.kyc import KycApplicationQuerySet
from accounts.roles import APPROVE_KYC, REVIEW_KYC
from accounts.services.kyc.moving import WrongState, locked, move
from core.actors import acting_as_service
from core.errors import DomainError

LEASE = timedelta(minutes=20)
MOST_CLAIMS = 5
AT_ONCE = 500
State = KycApplication.State


class NothingToClaim(DomainError):
    code = "kyc_nothing_to_claim"
    kind = "not_found"
    message = _("No case waits for you.")


class TooManyClaims(DomainError):
    code = "kyc_too_many_claims"
    kind = "limited"
    message = _("You hold as many cases as one person may. Decide on one, or let go of it.")


class ClaimedByAnother(DomainError):
    code = "kyc_claimed_by_another"
    kind = "conflict"
    message = _("A colleague is looking at this case.")


class NotClaimed(DomainError):
    code = "kyc_not_claimed"
    kind = "conflict"
    message = _("You do not hold this case, or no longer. Claim it first.")


class NotForYou(DomainError):
    code = "kyc_not_for_you"
    kind = "forbidden"
    message = _("This case is for somebody else: it is your own, or takes another right or another person.")


def free(*, at: datetime) -> Q:
    """The condition on a case that nobody holds."""
    return Q(state=State.SUBMITTED) | Q(state=State.IN_REVIEW) & (
        Q(claimed_by=None) | Q(leased_until__lte=at)
    )


def for_turn_of(user: User) -> Q:
    """The condition on a case that this person may decide on: as the first, or as the second of two."""
    turns = Q(pk=None)
    if user.has_perm(REVIEW_KYC):
        turns |= Q(recommended_by=None)
    if user.has_perm(APPROVE_KYC):
        turns |= Q(recommended_by__isnull=False) & ~Q(recommended_by=user.pk)
    return turns & ~Q(customer_id=user.pk)


def claim_next(*, by: User, at: datetime) -> KycApplication:
    """Give this person the most urgent case that nobody holds and that they may decide on.

    Two who ask at once never get the same one. Raises NothingToClaim, TooManyClaims.
    """
    with acting_as_service():
        _room_for(by, at)
        waiting = KycApplication.objects.queued().filter(free(at=at), for_turn_of(by))
        application = (
            waiting.select_for_update(skip_locked=True, of=("self",))
            .order_by("-priority", "submitted_at", "id")
            .first()
        )
        if application is None:
            raise NothingToClaim
        return _take(application, by, at)


def claim(*, application_id: UUID, by: User, at: datetime) -> KycApplication:
    """Give this person a case of their choice; one that they hold already stays theirs for longer.

    Raises WrongState, ClaimedByAnother, NotForYou, TooManyClaims, KycApplication.DoesNotExist.
    """
    with acting_as_service():
        _room_for(by, at, beside=application_id)
        application = locked(application_id)
        if application.state not in KycApplication.QUEUED_STATES:
            raise WrongState(state=application.state)
        if application.is_claimed_by(by, at):
            application.leased_until = at + LEASE
            application.save(update_fields=["leased_until"])
            return application
        if application.leased_until is not None and application.leased_until > at:
            raise ClaimedByAnother
        if not KycApplication.objects.filter(for_turn_of(by), pk=application_id).exists():
            raise NotForYou
        return _take(application, by, at)


def release(*, application_id: UUID, by: User, at: datetime) -> None:
    """Put a case that this person holds back into the queue. Raises NotClaimed."""
    with acting_as_service():
        application = held(application_id=application_id, by=by, at=at)
        let_go(application)
        move(application=application, to=State.SUBMITTED, by=by, at=at, reason_code=reasons.LET_GO)
        audit.record(action="kyc.application.released", target=application, actor_id=by.pk)


def look(*, application_id: UUID, by: User, at: datetime) -> bool:
    """Make the lease of whoever holds a case last from now on; return whether this person holds it."""
    with acting_as_service():
        held_now = KycApplication.objects.filter(
            pk=application_id, state=State.IN_REVIEW, claimed_by=by, leased_until__gt=at
        )
        return bool(held_now.update(leased_until=at + LEASE))


def return_lapsed(*, at: datetime) -> int:
    """Put cases whose lease ran out back into the queue, `AT_ONCE` at most; return how many."""
    with acting_as_service():
        lapsed = KycApplication.objects.filter(state=State.IN_REVIEW, leased_until__lte=at)
        found = list(
            lapsed.select_for_update(skip_locked=True, of=("self",)).order_by("leased_until")[:AT_ONCE]
        )
        for application in found:
            _lapse(application, at)
    return len(found)


def held(*, application_id: UUID, by: User, at: datetime) -> KycApplication:
    """Lock a case that this person holds now. Raises NotClaimed, KycApplication.DoesNotExist."""
    application = locked(application_id)
    if application.state != State.IN_REVIEW or not application.is_claimed_by(by, at):
        raise NotClaimed
    return application


def let_go(application: KycApplication) -> None:
    """Take the claim off a locked case, to be saved with what comes next."""
    application.claimed_by, application.leased_until = None, None


def claims_of(user: User, *, at: datetime) -> KycApplicationQuerySet:
    """The cases that this person holds."""
    return KycApplication.objects.filter(state=State.IN_REVIEW, claimed_by=user, leased_until__gt=at)


def _room_for(by: User, at: datetime, beside: UUID | None = None) -> None:
    """Raises TooManyClaims. Whoever asks twice at once waits for themselves here."""
    User.objects.select_for_update(no_key=True).only("pk").get(pk=by.pk)
    others = claims_of(by, at=at)
    if beside is not None:
        others = others.exclude(pk=beside)
    if others.count() >= MOST_CLAIMS:
        raise TooManyClaims


def _take(application: KycApplication, by: User, at: datetime) -> KycApplication:
    if application.state == State.IN_REVIEW:
        _lapse(application, at)
    application.claimed_by, application.leased_until = by, at + LEASE
    move(application=application, to=State.IN_REVIEW, by=by, at=at)
    audit.record(action="kyc.application.claimed", target=application, actor_id=by.pk)
    return application


def _lapse(application: KycApplication, at: datetime) -> None:
    let_go(application)
    move(application=application, to=State.SUBMITTED, by=None, at=at, reason_code=reasons.LEASE_RAN_OUT)
