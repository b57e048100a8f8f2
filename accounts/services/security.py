"""What keeps a person's account theirs: the lock when something was not them, a new password, and the way back."""

from datetime import datetime, timedelta
from uuid import UUID

from allauth.account.forms import EmailAwarePasswordResetTokenGenerator
from allauth.account.models import EmailAddress
from allauth.account.utils import user_pk_to_url_str
from allauth.mfa.models import Authenticator
from django.utils.translation import gettext_lazy as _

from accounts import audit, letters, statuses
from accounts.models import (
    AuditEvent,
    Customer,
    CustomerStatusChange,
    FlowState,
    Notification,
    OneTimeCode,
    Session,
    User,
)
from accounts.services import api_keys, apps, sessions, status
from accounts.services.notices import notify
from core.actors import acting_as_service
from core.errors import DomainError

# Who changed the address lately may be the thief: a mailed link would then go to the wrong person.
ADDRESS_SETTLED = timedelta(days=7)
OWNER = CustomerStatusChange.Cause.OWNER


class NotLocked(DomainError):
    code = "not_locked"
    kind = "conflict"
    message = _("Your money is not locked.")


class OnlyStaffUnlock(DomainError):
    code = "only_staff_unlock"
    kind = "forbidden"
    message = _("Your money was locked by our staff, and only they can unlock it. Please write to us.")


class NotRecovered(DomainError):
    code = "not_recovered"
    kind = "conflict"
    message = _("First choose a new password by the link we mailed you.")


class ProofNeeded(DomainError):
    code = "proof_needed"
    kind = "forbidden"
    message = _("Log in again with the new password and your second step, then unlock.")


def report(*, user: User, at: datetime, event_id: UUID | None = None) -> None:
    """Lock everything, because its owner says that something was not them.

    Money is locked, every session, token, code and app ends, as do the API keys that they made, the password opens
    nothing any more, every address but the main one is dropped, and a link to choose a new password is mailed. Staff
    see an alarm in the trail. Where an address was added or made the main one in the last days, only staff give the
    account back.
    """
    with acting_as_service():
        # First, since whoever makes a key locks the organisation before the person.
        keys = api_keys.revoke_made_by(user=user, reason="reported", at=at)
        user = User.objects.select_for_update().get(pk=user.pk)
        doubtful = _address_changed_since(user, at - ADDRESS_SETTLED)
        _lock(user, Customer.LockReason.DOUBTFUL if doubtful else Customer.LockReason.REPORTED, at)
        user.set_unusable_password()
        user.new_email = ""
        user.save(update_fields=["password", "new_email", "updated_at"])
        EmailAddress.objects.filter(user=user, primary=False).delete()
        OneTimeCode.objects.filter(user=user, expires_at__gt=at).update(expires_at=at)
        FlowState.objects.filter(user=user, expires_at__gt=at).update(expires_at=at)
        sessions.end_all(user=user, reason=Session.Reason.REPORTED, at=at)
        apps.shut_out_all(user_id=user.pk, reason="reported", at=at)
        audit.record(
            action="accounts.user.reported",
            target=user,
            actor_id=user.pk,
            alarm=True,
            event=str(event_id) if event_id else "",
            address_doubtful=doubtful,
            api_keys=keys,
        )
        notify(notices=[Notification(user=user, event="security.reported", data={})])
        letters.send(
            template="security/mail/reported",
            to=user.email,
            at=at,
            reset_url="" if doubtful else _reset_url(user),
            keys=keys,
        )


def password_replaced(*, user: User, at: datetime, by_mail: bool, keep: UUID | None = None) -> int:
    """Follow a new password: end every other session, and note it where a lock waits for it. Lifts no lock itself.

    `by_mail`: it was chosen by a link or code that only the owner of the address could have.
    """
    with acting_as_service():
        reason = Session.Reason.PASSWORD_CHANGED
        ended = sessions.end_all(user=user, reason=reason, at=at, keep=keep, actor_id=user.pk)
        if by_mail:
            locked = Customer.objects.filter(pk=user.pk, lock_reason=Customer.LockReason.REPORTED)
            locked.update(recovered_at=at)
    return ended


def unlock(*, user: User, session_id: UUID | None, at: datetime) -> None:
    """Unlock the money of a person who came back: new password by mail, then signed in by it and the second factor.

    An address that came after the lock may be a thief's who still had a way in, and a link mailed there proves nothing.
    Raises NotLocked, OnlyStaffUnlock, NotRecovered, ProofNeeded.
    """
    with acting_as_service():
        customer = Customer.objects.select_for_update().filter(pk=user.pk).first()
        if customer is None or customer.status not in (Customer.Status.LOCKED, Customer.Status.FROZEN):
            raise NotLocked
        if customer.lock_reason != Customer.LockReason.REPORTED:
            raise OnlyStaffUnlock
        if customer.locked_at and _address_changed_since(user, customer.locked_at):
            raise OnlyStaffUnlock
        if customer.recovered_at is None:
            raise NotRecovered
        session = user.sign_ins.live().filter(pk=session_id).first() if session_id else None
        if session is None or not _proven_since(session, customer.recovered_at):
            raise ProofNeeded
        below = statuses.beneath(customer.status, status.changes_of(customer), at)
        status.write(customer=customer, to=below.status, cause=OWNER, reason_code="RECOVERED", by=user, at=at)
        audit.record(action="accounts.user.unlocked", target=user, actor_id=user.pk)
        letters.send(template="security/mail/unlocked", to=user.email, at=at)


def _lock(user: User, reason: str, at: datetime) -> None:
    """Lock a customer, or start the recovery of one reported before anew; what staff alone lift stays theirs."""
    customer = Customer.objects.select_for_update().filter(pk=user.pk).first()
    if customer is None or customer.status in (Customer.Status.CLOSED, Customer.Status.FROZEN):
        return
    locked = customer.status == Customer.Status.LOCKED
    if locked and customer.lock_reason != Customer.LockReason.REPORTED:
        return
    status.write(
        customer=customer,
        to=Customer.Status.LOCKED,
        cause=OWNER,
        reason_code="REPORTED",
        by=user,
        at=at,
        lock_reason=reason,
    )


def _address_changed_since(user: User, since: datetime) -> bool:
    return AuditEvent.objects.filter(
        target_type=User._meta.label_lower,
        target_id=str(user.pk),
        action__in=["accounts.email.added", "accounts.email.changed"],
        recorded_at__gte=since,
    ).exists()


def _proven_since(session: Session, since: datetime) -> bool:
    """Whether the person signed in by the new password and, having a second factor, proved it, since then.

    A passkey alone is not enough: whoever was in the account could have added one.
    """
    proven = {proof["method"] for proof in session.methods if proof["timestamp"] >= int(since.timestamp())}
    strong = Authenticator.objects.filter(user=session.user_id).exclude(
        type=Authenticator.Type.RECOVERY_CODES
    )
    return "password" in proven and (not strong.exists() or bool(proven & sessions.SECOND_FACTORS))


def _reset_url(user: User) -> str:
    key = EmailAwarePasswordResetTokenGenerator().make_token(user)
    return letters.page("account_reset_password_from_key", user_pk_to_url_str(user), key)
