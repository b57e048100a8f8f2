"""Taking the second factors off a person who lost them: one member of staff asks, another decides."""

from datetime import datetime, timedelta
from uuid import UUID

from allauth.mfa.models import Authenticator
from django.utils.translation import gettext_lazy as _

from accounts import audit
from accounts.models import FactorReset, Session, User
from accounts.services import account_life, sessions, status
from core.actors import acting_as_service
from core.errors import DomainError

OPEN_FOR = timedelta(hours=24)


class ResetAsked(DomainError):
    code = "factor_reset_asked"
    kind = "conflict"
    message = _("A reset was asked for already and waits for a second person.")


class NothingToReset(DomainError):
    code = "nothing_to_reset"
    kind = "conflict"
    message = _("This person has no second factor.")


class ResetNotFound(DomainError):
    code = "factor_reset_not_found"
    kind = "not_found"
    message = _("There is no such request, or it was decided or ran out.")


class SecondPersonNeeded(DomainError):
    code = "second_person_needed"
    kind = "forbidden"
    message = _("You asked for this reset, so somebody else must decide.")


def ask(*, user: User, by: User, reason: str, at: datetime) -> FactorReset:
    """Ask that all second factors of a person be taken off, and tell them so.

    Raises OwnAccount, NothingToReset, ResetAsked.
    """
    with acting_as_service():
        if user.pk == by.pk:
            raise status.OwnAccount
        User.objects.select_for_update().get(pk=user.pk)
        if not Authenticator.objects.filter(user=user).exists():
            raise NothingToReset
        asked = FactorReset.objects.filter(target=user, state=FactorReset.State.ASKED)
        asked.filter(expires_at__lte=at).update(state=FactorReset.State.EXPIRED)
        if asked.exists():
            raise ResetAsked
        reset = FactorReset.objects.create(
            target=user, reason=reason, asked_by=by, asked_at=at, expires_at=at + OPEN_FOR
        )
        audit.record(
            action="accounts.factor_reset.asked",
            target=user,
            actor_id=by.pk,
            reason=reason,
            reset=str(reset.pk),
        )
        # Whoever asks may only pretend to be the customer: they hear of it before anybody decides.
        account_life.let_know(user=user, event="factor_reset_asked", at=at)
    return reset


def decide(*, reset_id: UUID, by: User, approve: bool, at: datetime) -> FactorReset:
    """Carry out or decline a reset that somebody else asked for.

    Raises ResetNotFound, SecondPersonNeeded, OwnAccount.
    """
    with acting_as_service():
        reset = (
            FactorReset.objects.open(at)
            .select_for_update(of=("self",))
            .select_related("target")
            .filter(pk=reset_id)
            .first()
        )
        if reset is None:
            raise ResetNotFound
        if reset.asked_by_id == by.pk:
            raise SecondPersonNeeded
        if reset.target_id == by.pk:
            raise status.OwnAccount
        reset.state = FactorReset.State.DONE if approve else FactorReset.State.DECLINED
        reset.decided_by, reset.decided_at = by, at
        reset.save(update_fields=["state", "decided_by", "decided_at"])
        if approve:
            _take_off(reset, by, at)
        else:
            audit.record(
                action="accounts.factor_reset.declined",
                target=reset.target,
                actor_id=by.pk,
                reset=str(reset.pk),
            )
    return reset


def open_reset_of(*, user: User, at: datetime) -> FactorReset | None:
    """The reset of this person that waits for a decision."""
    return FactorReset.objects.open(at).filter(target=user).first()


def _take_off(reset: FactorReset, by: User, at: datetime) -> None:
    Authenticator.objects.filter(user=reset.target).delete()
    sessions.end_all(user=reset.target, reason=Session.Reason.FACTOR_CHANGED, at=at)
    account_life.tell(user=reset.target, event="factors_reset", by=by, reason=reset.reason, at=at)
