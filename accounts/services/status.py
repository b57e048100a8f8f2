"""The status of a customer: restricted, frozen, and let go again; by staff, by a rule, or by its owner.

    status.set_status(customer=…, to="NO_DEBIT", cause="STAFF", reason_code="REVIEW", text=…, by=…, at=…, until=None)
    status.lift(customer=…, cause="STAFF", reason_code="SETTLED", text=…, by=…, at=…)

Each writes the change, a line in the trail, and tells the customer in words that say no more than they may know
(`accounts.status_words`). What lies beneath a status comes back when it is lifted (`accounts.statuses`). Rules that
restrict by themselves are in `status_rules`.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from accounts import audit, letters, status_words, statuses
from accounts.models import Customer, CustomerStatusChange, Notification, ScreeningHit, Session, User
from accounts.services import apps, sessions
from accounts.services.notices import notify
from accounts.statuses import FOLLOWS, Layer
from core.actors import acting_as_service
from core.errors import DomainError
from realtime import services as realtime

S, CAUSE = Customer.Status, CustomerStatusChange.Cause
CHANGED = "account.status_changed"
STEPS = 10
# Restrictions that staff and rules set; the owner's lock and the end of an account have ways of their own.
RESTRICTIONS = (S.NO_DEBIT, S.NO_CREDIT, S.FROZEN)


class NotACustomer(DomainError):
    code = "not_a_customer"
    kind = "not_found"
    message = _("This person is no customer.")


class AccountIsClosed(DomainError):
    code = "account_is_closed"
    kind = "conflict"
    message = _("This account was closed by its owner.")


class OwnAccount(DomainError):
    code = "own_account"
    kind = "forbidden"
    message = _("Nobody decides on their own account. Ask a colleague.")


class StatusNotAllowed(DomainError):
    """`data["status"]` is the one that holds."""

    code = "status_not_allowed"
    kind = "conflict"
    message = _("This cannot follow what holds now. Lift that first.")


class AlreadySo(DomainError):
    code = "status_already_so"
    kind = "conflict"
    message = _("This holds already, for the same reason and the same time.")


class NotRestricted(DomainError):
    code = "status_not_restricted"
    kind = "conflict"
    message = _("This customer is not restricted.")


class UntilNotAhead(DomainError):
    code = "status_until_not_ahead"
    message = _("Choose a moment that is yet to come.")


class HitsUndecided(DomainError):
    code = "status_hits_undecided"
    kind = "conflict"
    message = _("A screening hit stands against this customer. It is decided first.")


def set_status(
    *,
    customer: Customer,
    to: str,
    cause: str,
    reason_code: str,
    text: str,
    by: User | None,
    at: datetime,
    until: datetime | None = None,
) -> CustomerStatusChange:
    """Restrict or freeze a customer, until a moment or until it is lifted, and tell them. Frozen ends their sessions.

    Raises OwnAccount, NotACustomer, AccountIsClosed, StatusNotAllowed, AlreadySo, UntilNotAhead.
    """
    with acting_as_service():
        held = _held(customer.pk, by)
        now = layer_of(held)
        if to not in RESTRICTIONS or to not in FOLLOWS[held.status]:
            raise StatusNotAllowed(status=held.status)
        if held.status == S.FROZEN != to:
            raise StatusNotAllowed(status=held.status)
        if held.status == S.LOCKED and to != S.FROZEN:
            raise StatusNotAllowed(status=held.status)
        if until is not None and until <= at:
            raise UntilNotAhead
        if (now.status, now.reason_code, now.until) == (to, reason_code, until):
            raise AlreadySo
        change = write(
            customer=held,
            to=to,
            cause=cause,
            reason_code=reason_code,
            text=text,
            by=by,
            at=at,
            until=until,
        )
        if to == S.FROZEN:
            sessions.end_all(user=held.user, reason=Session.Reason.FROZEN, at=at)
            apps.shut_out_all(user_id=held.pk, reason="frozen", at=at)
        deed = "frozen" if to == S.FROZEN else "restricted"
        _announce(held, change, deed, Layer(to, cause, reason_code, until))
    return change


def lift(
    *, customer: Customer, cause: str, reason_code: str, text: str, by: User | None, at: datetime
) -> CustomerStatusChange:
    """Let go of what restricts a customer now, and tell them; what lies beneath it holds again.

    Raises OwnAccount, NotACustomer, AccountIsClosed, NotRestricted, HitsUndecided.
    """
    with acting_as_service():
        held = _held(customer.pk, by)
        if held.status == S.ACTIVE:
            raise NotRestricted
        if held.status == S.FROZEN and _stands_against(held):
            raise HitsUndecided
        below = statuses.beneath(held.status, changes_of(held), at)
        change = write(
            customer=held, to=below.status, cause=cause, reason_code=reason_code, text=text, by=by, at=at
        )
        _announce(held, change, "unrestricted", below)
    return change


def write(
    *,
    customer: Customer,
    to: str,
    cause: str,
    reason_code: str,
    by: User | None,
    at: datetime,
    text: str = "",
    until: datetime | None = None,
    lock_reason: str = "",
) -> CustomerStatusChange:
    """Give a locked row its status, and write down that it changed; whoever calls has asked whether that may be.

    A lock that comes back after a freeze is lifted by staff alone: `lock_reason` says so unless the caller knows more.
    """
    before, customer.status = customer.status, to
    if to not in FOLLOWS[before]:
        raise StatusNotAllowed(status=before)
    customer.lock_reason = (lock_reason or Customer.LockReason.DOUBTFUL) if to == S.LOCKED else ""
    customer.locked_at = at if to in (S.FROZEN, S.LOCKED) else None
    customer.recovered_at = None
    customer.closed_at = at if to == S.CLOSED else None
    customer.save(update_fields=["status", "lock_reason", "locked_at", "recovered_at", "closed_at"])
    return CustomerStatusChange.objects.create(
        customer=customer,
        from_status=before,
        to_status=to,
        cause=cause,
        reason_code=reason_code,
        text=text,
        by=by,
        at=at,
        until=until,
    )


def layer_of(customer: Customer) -> Layer:
    """Return the status of a customer with its reason and end, as staff and rules know them."""
    if customer.status == S.ACTIVE:
        return statuses.ACTIVE
    return statuses.current(customer.status, changes_of(customer))


def changes_of(customer: Customer) -> list[CustomerStatusChange]:
    """Return every change of a customer's status, the oldest first."""
    return list(CustomerStatusChange.objects.filter(customer=customer).order_by("id"))


def told_of(customer: Customer) -> status_words.Told | None:
    """Return what a customer reads of what restricts them now; None where nothing does."""
    if customer.status == S.ACTIVE:
        return None
    with acting_as_service():
        layer = layer_of(customer)
    reason = status_words.shown(layer.reason_code)
    return status_words.told(status=customer.status, reason_shown=reason, until=layer.until)


@dataclass(frozen=True)
class Step:
    """A change of a customer's status as they read it."""

    at: datetime
    told: status_words.Told


def steps_of(customer: Customer) -> list[Step]:
    """Return the latest changes of a customer's status in the words that they may read, the newest first."""
    with acting_as_service():
        latest = list(CustomerStatusChange.objects.filter(customer=customer).order_by("-id")[:STEPS])
    return [
        Step(
            change.at,
            status_words.told(
                status=change.to_status,
                reason_shown=status_words.shown(change.reason_code),
                until=change.until,
            ),
        )
        for change in latest
    ]


def _held(key: UUID, by: User | None) -> Customer:
    if by is not None and by.pk == key:
        raise OwnAccount
    held = Customer.objects.select_for_update(of=("self",)).select_related("user").filter(pk=key).first()
    if held is None:
        raise NotACustomer
    if held.status == S.CLOSED:
        raise AccountIsClosed
    return held


def _stands_against(customer: Customer) -> bool:
    """Whether a hit that froze a customer, or would have, is not cleared."""
    return any(
        hit.is_exact or hit.state == ScreeningHit.State.CONFIRMED
        for hit in ScreeningHit.objects.standing().filter(customer=customer)
    )


def _announce(held: Customer, change: CustomerStatusChange, deed: str, layer: Layer) -> None:
    """Write down what was done, and tell the customer by notice, mail and socket. Why stays in the trail.

    `layer` is what holds from now on, of whose reason the customer reads; of a lift, that of the lift where nothing
    is left that holds.
    """
    audit.record(
        action=f"accounts.user.{deed}",
        target=held.user,
        actor_id=change.by_id,
        reason=change.text,
        reason_code=change.reason_code,
        status=change.to_status,
        cause=change.cause,
    )
    reason = status_words.shown(layer.reason_code or change.reason_code)
    until = layer.until.isoformat() if layer.until else None
    data = {"status": change.to_status, "reason": reason, "until": until}
    notify(notices=[Notification(user=held.user, event=f"security.{deed}", data=data)])
    realtime.publish(
        topic=f"user:{held.pk}", event=CHANGED, payload={"status": change.to_status, "until": until}
    )
    letters.send(
        template="security/mail/status",
        to=held.user.email,
        at=change.at,
        told=status_words.told(status=change.to_status, reason_shown=reason, until=layer.until),
        security_url=letters.page("security"),
    )
