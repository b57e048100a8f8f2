"""Becoming a seller: an organisation applies, staff say yes, and may pause it. What it keeps of its sales is dated."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts import audit
from accounts.models import Approval, Organization, User
from accounts.services import organizations
from accounts.services.organizations import RoleNotEnough
from core.actors import acting_as_service
from marketplace.models import Order, Seller, SellerCommission
from marketplace.models.sellers import MOST_BASIS_POINTS
from marketplace.refusals import (
    AlreadyASeller,
    CommissionRefused,
    SellerNotFound,
    SellerStateRefused,
    SellingGoesOn,
)
from marketplace.states import ENDED
from marketplace.states import State as OrderState
from wallet import services as wallet
from wallet.models import Account

State = Seller.State


@dataclass(frozen=True)
class Facts:
    """What buyers see of a seller, and how it deals with them; days."""

    display_name: str
    support_email: str
    about: str = ""
    ships_within: int = 3
    return_days: int = 7


def apply_as_seller(*, organization_id: UUID, by: User, facts: Facts) -> Seller:
    """Ask that an organisation may sell; its account is opened now, and sells once staff agree.

    Raises OrganizationNotFound, RoleNotEnough for whoever is not an owner, NameRefused, AlreadyASeller.
    """
    with acting_as_service(), transaction.atomic():
        mine = organizations.locked(organization_id=organization_id, by=by)
        if not mine.owns:
            raise RoleNotEnough
        seller = Seller(
            organization=mine.organization,
            account_id=wallet.open_seller(organization_id=organization_id),
            display_name=organizations.clean_name(facts.display_name),
            support_email=facts.support_email,
            about=" ".join(facts.about.split())[:500],
            ships_within=facts.ships_within,
            return_days=facts.return_days,
        )
        try:
            with transaction.atomic():
                seller.save(force_insert=True)
        except IntegrityError as error:
            raise AlreadyASeller from error
        audit.record(
            action="marketplace.seller.applied", target=seller, actor_id=by.pk, name=seller.display_name
        )
    return seller


def approve_seller(*, seller_id: UUID, reason: str, at: datetime) -> Seller:
    """Let a seller sell, for the first time or again. Raises SellerNotFound, SellerStateRefused."""
    return _decide(seller_id, was=(State.APPLIED, State.PAUSED), state=State.APPROVED, reason=reason, at=at)


def pause_seller(*, seller_id: UUID, reason: str, at: datetime) -> Seller:
    """Take a seller's goods out of the shop; its open orders go on. Raises SellerNotFound, SellerStateRefused."""
    return _decide(seller_id, was=(State.APPROVED,), state=State.PAUSED, reason=reason, at=at)


def set_commission(
    *, seller_id: UUID, basis_points: int, from_date: date, approval: Approval, at: datetime
) -> SellerCommission:
    """Say what we keep of what a seller sells from a day on. Raises SellerNotFound, CommissionRefused."""
    if not 0 <= basis_points <= MOST_BASIS_POINTS or from_date < timezone.localdate(at):
        raise CommissionRefused
    with acting_as_service(), transaction.atomic():
        seller = _locked(seller_id)
        if SellerCommission.objects.filter(seller=seller, from_date=from_date).exists():
            raise CommissionRefused
        row = SellerCommission.objects.create(
            seller=seller, basis_points=basis_points, from_date=from_date, approval=approval
        )
        audit.record(
            action="marketplace.seller.commission_set",
            target=seller,
            basis_points=basis_points,
            from_date=from_date.isoformat(),
        )
    return row


def commission_on(seller_id: UUID, on: date) -> SellerCommission | None:
    """Return what holds on a day; None where nothing was agreed, and then nothing is kept."""
    begun = SellerCommission.objects.filter(seller=seller_id, from_date__lte=on)
    return begun.order_by("-from_date").first()


def close(*, organization: Organization, **_signal: Any) -> None:
    """Whoever closes an organisation ends its selling first. Raises SellingGoesOn."""
    seller = Seller.objects.select_related("account").filter(organization=organization).first()
    if seller is None:
        return
    open_orders = Order.objects.filter(seller=seller).exclude(state__in=(*ENDED, OrderState.COMPLETED))
    if seller.account.balance or seller.account.held or open_orders.exists():
        raise SellingGoesOn
    seller.state, seller.reason = State.PAUSED, "organisation closed"
    seller.save(update_fields=["state", "reason"])
    if seller.account.state != Account.State.CLOSED:
        wallet.set_state(account=seller.account, state=Account.State.CLOSED, reason=seller.reason)


def _locked(seller_id: UUID) -> Seller:
    seller = Seller.objects.select_for_update(no_key=True).filter(pk=seller_id).first()
    if seller is None:
        raise SellerNotFound
    return seller


def _decide(seller_id: UUID, *, was: tuple[str, ...], state: str, reason: str, at: datetime) -> Seller:
    with acting_as_service(), transaction.atomic():
        seller = _locked(seller_id)
        if seller.state not in was:
            raise SellerStateRefused(state=seller.state)
        before, seller.state, seller.reason, seller.decided_at = seller.state, state, reason[:300], at
        seller.save(update_fields=["state", "reason", "decided_at"])
        event = "approved" if state == State.APPROVED else "paused"
        audit.record(action=f"marketplace.seller.{event}", target=seller, was=before, reason=seller.reason)
    return seller
