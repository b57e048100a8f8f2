"""The end of an account, closed by its owner; and of sessions, ended by staff."""

from collections.abc import Iterator
from datetime import datetime

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts import audit, letters, life
from accounts.life import Blocker
from accounts.models import (
    AppGrant,
    Customer,
    CustomerStatusChange,
    Membership,
    Notification,
    Organization,
    Session,
    User,
)
from accounts.models.people import Role
from accounts.services import apps, avatars, sessions, status
from accounts.services.kyc import applications
from accounts.services.notices import notify
from core.actors import acting_as_service
from core.errors import DomainError


class AccountNotClosable(DomainError):
    code = "account_not_closable"
    kind = "conflict"
    message = gettext_lazy("Something must be settled before the account can be closed.")


def blockers_of(*, user: User) -> list[Blocker]:
    """Return what must be settled before this person's account can be closed."""
    with acting_as_service():
        found = [*_own_blockers(user)]
        for ask in life.blockers:
            found += ask(user)
    return found


def close_account(*, user: User, at: datetime) -> None:
    """Close a person's account for good: nobody signs in, no money moves, what the law wants kept is kept.

    Raises AccountNotClosable (`data["blockers"]` are their titles), and what a receiver of `life.closing` raises.
    """
    with acting_as_service():
        # Two owners of one organisation must not leave it at the same moment.
        firms = Organization.objects.filter(memberships__user=user).values("pk")
        list(Organization.objects.select_for_update().filter(pk__in=firms).order_by("pk"))
        user = User.objects.select_for_update().get(pk=user.pk)
        customer = Customer.objects.select_for_update().filter(pk=user.pk).first()
        blockers = blockers_of(user=user)
        if blockers:
            raise AccountNotClosable(blockers=[str(blocker.title) for blocker in blockers])
        applications.withdraw_of_leaving(user=user, at=at)
        life.closing.send(sender=User, user=user, at=at)
        if customer:
            status.write(
                customer=customer,
                to=Customer.Status.CLOSED,
                cause=CustomerStatusChange.Cause.OWNER,
                reason_code="CLOSED",
                by=user,
                at=at,
            )
        user.is_active = False
        user.save(update_fields=["is_active", "updated_at"])
        Membership.objects.filter(user=user).delete()
        avatars.forget(user=user, at=at)
        apps.shut_out_all(user_id=user.pk, reason="closed", at=at)
        sessions.end_all(user=user, reason=Session.Reason.CLOSED, at=at)
        audit.record(action="accounts.user.closed", target=user, actor_id=user.pk)
        letters.send(template="security/mail/closed", to=user.email, at=at)


def end_sessions(*, user: User, by: User, reason: str, at: datetime) -> int:
    """End every session of a person, as staff, and what apps hold of them; return how many sessions ended."""
    with acting_as_service():
        ended = sessions.end_all(user=user, reason=Session.Reason.STAFF, at=at)
        apps.shut_out_all(user_id=user.pk, reason="staff", at=at)
        tell(user=user, event="sessions_ended", by=by, reason=reason, at=at)
    return ended


def end_staff_sessions(*, by: User | None, reason: str, at: datetime) -> int:
    """End every session of every member of staff, the caller's own too, and what apps hold of them.

    Returns how many sessions ended.
    """
    with acting_as_service():
        staff = User.objects.filter(role__in=[Role.AGENT, Role.ADMIN])
        theirs = Session.objects.filter(user__in=staff)
        ended = sessions.end_many(sessions=theirs, reason=Session.Reason.STAFF, at=at)
        let_in = AppGrant.objects.filter(user__in=staff, revoked_at=None).values("user_id").distinct()
        for grant in let_in.order_by("user_id"):
            apps.shut_out_all(user_id=grant["user_id"], reason="staff", at=at)
        audit.record(
            action="accounts.staff.sessions_ended",
            actor_id=by.pk if by else None,
            reason=reason,
            ended=ended,
            alarm=True,
        )
    return ended


def tell(*, user: User, event: str, by: User, reason: str, at: datetime) -> None:
    """Write down what staff did to a person's account, and let them know by notice and mail. The reason stays here."""
    audit.record(action=f"accounts.user.{event}", target=user, actor_id=by.pk, reason=reason)
    let_know(user=user, event=event, at=at)


def let_know(*, user: User, event: str, at: datetime) -> None:
    """Tell a person, by notice and mail, what staff did or are about to do."""
    notify(notices=[Notification(user=user, event=f"security.{event}", data={})])
    letters.send(
        template="security/mail/by_staff",
        to=user.email,
        event=event,
        at=at,
        history_url=letters.page("security_history"),
    )


def _own_blockers(user: User) -> Iterator[Blocker]:
    customer = Customer.objects.filter(pk=user.pk).first()
    if customer is None:
        yield Blocker(_("You are staff"), _("An administrator removes staff accounts."))
    elif customer.status == Customer.Status.LOCKED:
        yield Blocker(
            _("Your money is locked"),
            _("Unlock it first, so that we know it is you who closes the account."),
            reverse("security"),
        )
    elif _is_held_back(customer):
        yield Blocker(
            _("Your account is restricted"),
            _("What restricts it must be settled first. Under Security you read what it is, and what to do."),
            reverse("security"),
        )
    others = Membership.objects.filter(role=Membership.Role.OWNER, user__is_active=True).exclude(user=user)
    alone = (
        Organization.objects.filter(
            memberships__user=user, memberships__role=Membership.Role.OWNER, closed_at=None
        )
        .exclude(pk__in=others.values("organization_id"))
        .order_by("name", "pk")
    )
    for organization in alone:
        yield Blocker(
            _("%(name)s would have no owner") % {"name": organization.name},
            _("Make somebody else an owner of this organisation, or close it."),
        )


def _is_held_back(customer: Customer) -> bool:
    """Whether a customer is restricted by more than the want of a number, which nobody needs who leaves."""
    if customer.status == Customer.Status.ACTIVE:
        return False
    return status.layer_of(customer).reason_code != "IDENTITY_MISSING"
