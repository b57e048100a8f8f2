"""Which lender somebody acts for, and what of it stands now."""

from datetime import date, datetime
from uuid import UUID

from django.db.models import F, Sum

from accounts.models import Membership, User
from accounts.services.organizations import RoleNotEnough
from core.actors import OrganizationCaller
from credit.models import Commission, LoanProduct, ProductTerms, Provider
from credit.refusals import ProviderNotFound
from credit.services.products import ProductNotFound
from wallet.models import Account, Hold

Caller = User | OrganizationCaller


def provider_for(by: Caller, provider_id: UUID, *, manages: bool = True) -> Provider:
    """Return the lender that a member of its organisation, or its own program, acts for.

    Raises ProviderNotFound for another's, RoleNotEnough for a member who may only look where it takes a manager.
    """
    provider = Provider.objects.select_related("organization").filter(pk=provider_id).first()
    if provider is None or provider.organization.closed_at is not None:
        raise ProviderNotFound
    if isinstance(by, OrganizationCaller):
        if by.pk != provider.organization_id:
            raise ProviderNotFound
        return provider
    mine = Membership.objects.filter(organization=provider.organization_id, user=by).first()
    if mine is None:
        raise ProviderNotFound
    if manages and not mine.manages:
        raise RoleNotEnough
    return provider


def terms_on_offer(provider: Provider, product_id: UUID, on: date) -> ProductTerms:
    """Return the terms of one of a lender's open products that are in force. Raises ProductNotFound."""
    product = LoanProduct.objects.filter(pk=product_id, provider=provider, is_open=True).first()
    terms = ProductTerms.objects.filter(product=product_id).in_force(on).first() if product else None
    if product is None or terms is None:
        raise ProductNotFound
    return terms


def headroom_of(account_id: UUID, at: datetime) -> int:
    """Return what a lender may still promise, in minor units: what its account has, less what is set aside in time."""
    overdue = Hold.objects.open().filter(account=account_id, expires_at__lte=at)
    freed = overdue.aggregate(sum=Sum(F("amount") - F("committed")))["sum"] or 0
    return Account.objects.get(pk=account_id).available + int(freed)


def commission_on(provider_id: UUID, on: date) -> Commission | None:
    """Return what the lender owes us of what it lends, as of a day."""
    begun = Commission.objects.filter(provider=provider_id, from_date__lte=on)
    return begun.order_by("-from_date").first()
