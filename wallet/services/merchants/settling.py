"""A merchant takes out what it was paid."""

from datetime import datetime
from uuid import UUID

from accounts import audit
from accounts.models import User
from core.actors import acting_as_service
from wallet.models import Merchant, MerchantSettlement
from wallet.services.accounts import open_wallet
from wallet.services.merchants.applying import managing
from wallet.services.posting import Line, post

KIND = "SETTLEMENT"


def settle_to_wallet(
    *, merchant: Merchant, by: User, posting_id: UUID, amount: int, at: datetime
) -> MerchantSettlement:
    """Move `amount` (minor units) from a merchant's account to the wallet of one of its owners, once per posting id.

    Raises OrganizationNotFound, RoleNotEnough for whoever is not an owner, InsufficientFunds, or another LedgerRefusal.
    """
    with acting_as_service():
        managing(merchant=merchant, by=by, owner=True)
        found = MerchantSettlement.objects.filter(posting_id=posting_id, merchant=merchant).first()
        if found is not None:
            return found
        settlement = MerchantSettlement.objects.create(
            organization_id=merchant.organization_id,
            merchant=merchant,
            posting_id=posting_id,
            amount=amount,
            made_by=by,
            created_at=at,
        )
        wallet = open_wallet(owner_id=by.pk)
        post(
            posting_id=posting_id,
            lines=[Line(KIND, merchant.account_id, wallet, amount)],
            description=merchant.display_name,
        )
        audit.record(action="wallet.merchant.settled", target=merchant, actor_id=by.pk, amount=amount)
    return settlement
