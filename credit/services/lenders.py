"""Becoming a lender: an organisation applies, two members of staff admit it, and its people keep its facts right."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts import audit
from accounts import services as accounts
from accounts.models import Approval, Membership, Notification, Organization, User
from accounts.services import organizations
from accounts.services.organizations import OrganizationNotFound, RoleNotEnough
from core.actors import OrganizationCaller, acting_as_service
from core.errors import DomainError
from credit.models import Bid, Commission, Loan, Provider
from credit.refusals import ProviderNotFound
from wallet import services as wallet
from wallet.models import Account

State = Provider.State


class AlreadyALender(DomainError):
    code = "lender_exists"
    kind = "conflict"
    message = _("This organisation has applied already.")


class LenderStateRefused(DomainError):
    """`data["state"]` is the state that it is in."""

    code = "lender_state_refused"
    kind = "conflict"
    message = _("This cannot be done with a lender in its state.")
    public = ("state",)


class LicenceOver(DomainError):
    code = "lender_licence_over"
    message = _("The licence has to hold beyond today.")


class CommissionRefused(DomainError):
    code = "lender_commission_refused"
    message = _("A commission is between 0 and 100 percent, from today or a later day on, once a day.")


class LendingGoesOn(DomainError):
    code = "lending_goes_on"
    kind = "conflict"
    message = _("This organisation still has money, offers or loans here: end those first.")


@dataclass(frozen=True)
class Facts:
    """What borrowers see of a lender."""

    display_name: str
    licence_number: str
    complaints_email: str
    about: str = ""
    complaints_phone: str = ""


def apply_as_lender(*, organization_id: UUID, by: User, facts: Facts, at: datetime) -> Provider:
    """Ask that an organisation may lend; its account is opened now, and lends once staff agree.

    Raises OrganizationNotFound, RoleNotEnough for whoever is not an owner, AlreadyALender.
    """
    with acting_as_service(), transaction.atomic():
        mine = organizations.locked(organization_id=organization_id, by=by)
        if not mine.owns:
            raise RoleNotEnough
        provider = Provider(
            organization=mine.organization,
            account_id=wallet.open_lender(organization_id=organization_id),
            **_cleaned(facts),
        )
        try:
            with transaction.atomic():
                provider.save(force_insert=True)
        except IntegrityError as error:
            raise AlreadyALender from error
        audit.record(
            action="credit.lender.applied", target=provider, actor_id=by.pk, name=provider.display_name
        )
    return provider


def change_lender(*, provider: Provider, by: User, facts: Facts) -> Provider:
    """Change what borrowers see; the licence is changed by applying to staff. Raises as `managing`."""
    cleaned = _cleaned(facts)
    del cleaned["licence_number"]
    with acting_as_service(), transaction.atomic():
        managing(provider=provider, by=by)
        changed = [name for name, value in cleaned.items() if getattr(provider, name) != value]
        for name, value in cleaned.items():
            setattr(provider, name, value)
        provider.save(update_fields=list(cleaned))
        audit.record(action="credit.lender.changed", target=provider, actor_id=by.pk, fields=changed)
    return provider


def managing(*, provider: Provider, by: User, owner: bool = False) -> Membership:
    """Lock a lender's organisation; return what `by` is there. Raises OrganizationNotFound, RoleNotEnough."""
    mine = organizations.locked(organization_id=provider.organization_id, by=by)
    if not (mine.owns if owner else mine.manages):
        raise RoleNotEnough
    return mine


def acting_for(*, provider: Provider, by: User | OrganizationCaller) -> UUID | None:
    """Lock a lender's organisation; return which manager acts, None for its own program. Raises as `managing`."""
    if not isinstance(by, OrganizationCaller):
        managing(provider=provider, by=by)
        return by.pk
    own = Organization.objects.select_for_update(no_key=True).open().filter(pk=provider.organization_id)
    if by.pk != provider.organization_id or own.first() is None:
        raise OrganizationNotFound
    return None


def admit(*, provider_id: UUID, licensed_until: date, reason: str, at: datetime) -> Provider:
    """Let a lender lend until its licence ends. An approval asks this. Raises ProviderNotFound, LicenceOver."""
    if licensed_until <= timezone.localdate(at):
        raise LicenceOver
    with acting_as_service(), transaction.atomic():
        provider = _locked(provider_id)
        provider.licensed_until = licensed_until
        return _decide(provider, State.ACTIVE, Account.State.ACTIVE, reason=reason, at=at)


def suspend(*, provider_id: UUID, reason: str, at: datetime) -> Provider:
    """Stop a lender: it makes and pays out nothing new, and what borrowers owe it still comes in.

    Raises ProviderNotFound, LenderStateRefused.
    """
    with acting_as_service(), transaction.atomic():
        provider = _locked(provider_id)
        if provider.state != State.ACTIVE:
            raise LenderStateRefused(state=provider.state)
        return _decide(provider, State.SUSPENDED, Account.State.NO_DEBIT, reason=reason, at=at)


def set_commission(
    *, provider_id: UUID, percent: Decimal, from_date: date, approval: Approval | None, at: datetime
) -> Commission:
    """Say what a lender owes us of what it lends from a day on. Raises ProviderNotFound, CommissionRefused."""
    if not 0 <= percent <= 100 or from_date < timezone.localdate(at):
        raise CommissionRefused
    with acting_as_service(), transaction.atomic():
        provider = _locked(provider_id)
        if Commission.objects.filter(provider=provider, from_date=from_date).exists():
            raise CommissionRefused
        row = Commission.objects.create(
            provider=provider, from_date=from_date, percent=percent, approval=approval
        )
        audit.record(
            action="credit.lender.commission_set",
            target=provider,
            percent=str(percent),
            from_date=str(from_date),
        )
    return row


def commission_on(provider_id: UUID, on: date) -> Commission | None:
    """Return what holds on a day; None where nothing was agreed, and then nothing is owed."""
    begun = Commission.objects.filter(provider=provider_id, from_date__lte=on)
    return begun.order_by("-from_date").first()


def close(*, organization: Organization, **_signal: Any) -> None:
    """Whoever closes an organisation ends its lending first. Raises LendingGoesOn."""
    provider = Provider.objects.select_related("account").filter(organization=organization).first()
    if provider is None:
        return
    going_on = Loan.objects.filter(contract__shares__provider=provider, closed_on=None)
    offers = Bid.objects.filter(provider=provider, state=Bid.State.LIVE)
    if provider.account.balance or provider.account.held or going_on.exists() or offers.exists():
        raise LendingGoesOn
    provider.state, provider.reason = State.SUSPENDED, "organisation closed"
    provider.save(update_fields=["state", "reason"])
    if provider.account.state != Account.State.CLOSED:
        wallet.set_state(account=provider.account, state=Account.State.CLOSED, reason=provider.reason)


def tell_owners(provider: Provider, event: str, **facts: Any) -> None:
    """Leave a notice with each owner of a lender's organisation, in the running transaction."""
    data = {"lender": provider.display_name, "slug": provider.organization.slug, **facts}
    people = organizations.owners_of(provider.organization)
    accounts.notify(notices=[Notification(user_id=person, event=event, data=data) for person in people])


def _cleaned(facts: Facts) -> dict[str, Any]:
    return {
        "display_name": organizations.clean_name(facts.display_name),
        "about": " ".join(facts.about.split())[:500],
        "licence_number": " ".join(facts.licence_number.split())[:60],
        "complaints_email": facts.complaints_email,
        "complaints_phone": facts.complaints_phone,
    }


def _locked(provider_id: UUID) -> Provider:
    found = Provider.objects.select_for_update(of=("self",), no_key=True).filter(pk=provider_id)
    provider = found.select_related("account", "organization").first()
    if provider is None:
        raise ProviderNotFound
    return provider


def _decide(provider: Provider, state: str, account_state: str, *, reason: str, at: datetime) -> Provider:
    was, provider.state, provider.reason, provider.decided_at = provider.state, state, reason[:300], at
    provider.save(update_fields=["state", "reason", "decided_at", "licensed_until"])
    if provider.account.state != account_state:
        wallet.set_state(account=provider.account, state=account_state, reason=reason)
    event = "admitted" if state == State.ACTIVE else "suspended"
    audit.record(
        action=f"credit.lender.{event}",
        target=provider,
        was=was,
        reason=reason,
        licensed_until=str(provider.licensed_until),
    )
    tell_owners(provider, f"loan.lender_{event}")
    return provider
