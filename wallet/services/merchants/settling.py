"""A merchant takes out what it was paid: to a bank account of its organisation, or to the wallet of one of its owners.

Owners alone say which bank accounts there are; administrators too may have money sent there. How it is sent, and what
becomes of it, is the business of `payouts`.
"""

from datetime import datetime
from uuid import UUID

from accounts import audit
from accounts.models import User
from core.actors import acting_as_service
from wallet.models import Account, BankAccount, Merchant, MerchantSettlement, Payout
from wallet.services import bank_accounts, payouts
from wallet.services.accounts import open_wallet
from wallet.services.bank_accounts import BankAccountGone, Found
from wallet.services.merchants.applying import managing, tell_owners
from wallet.services.payouts.quoting import LARGEST, PayoutQuote, fee_of
from wallet.services.posting import Line, post

KIND = "SETTLEMENT"
PURPOSE = Payout.Purpose.SETTLEMENT
# The fee depends on the amount and stands beside it; so often its size is corrected for "everything".
CORRECTIONS = 6


def add_bank_account(*, merchant: Merchant, by: User, found: Found, at: datetime) -> BankAccount:
    """Keep a bank account that the organisation can be paid to; its owners are told.

    Raises OrganizationNotFound, RoleNotEnough for whoever is not an owner, TooManyBankAccounts.
    """
    with acting_as_service():
        mine = managing(merchant=merchant, by=by, owner=True)
        return bank_accounts.save_for_organization(organization=mine.organization, found=found, at=at)


def remove_bank_account(*, merchant: Merchant, by: User, account: BankAccount, at: datetime) -> None:
    """Take a bank account off the organisation's list; what is on its way there arrives.

    Raises OrganizationNotFound, RoleNotEnough for whoever is not an owner, BankAccountGone.
    """
    with acting_as_service():
        managing(merchant=merchant, by=by, owner=True)
        if account.organization_id != merchant.organization_id:
            raise BankAccountGone
        bank_accounts.remove_bank_account(account=account, at=at)
        end_daily(merchant=merchant, account=account)


def end_daily(*, merchant: Merchant, account: BankAccount | None = None) -> None:
    """Send a merchant's balance no more by itself, or no more to `account`. The caller has locked the organisation."""
    merchant.refresh_from_db(fields=["settles_to", "settles_from", "settles_since"])
    if merchant.settles_to_id is None or (account is not None and merchant.settles_to_id != account.pk):
        return
    merchant.settles_to = merchant.settles_from = merchant.settles_since = None
    merchant.save(update_fields=["settles_to", "settles_from", "settles_since"])
    audit.record(action="wallet.merchant.settles_by_hand", target=merchant)
    tell_owners(merchant, "merchant.settles_by_hand")


def bank_accounts_of(merchant: Merchant) -> list[BankAccount]:
    """Return the organisation's bank accounts, newest first. The caller has asked who may see them."""
    with acting_as_service():
        theirs = BankAccount.objects.saved().filter(organization=merchant.organization_id)
        return list(theirs.select_related("organization").order_by("-id"))


def payouts_of(merchant: Merchant, *, limit: int) -> list[Payout]:
    """Return what was last sent to banks, newest first. The caller has asked who may see it."""
    with acting_as_service():
        sent = Payout.objects.filter(account=merchant.account_id, purpose=PURPOSE)
        sent = sent.select_related("bank_account")
        return list(sent.order_by("-id")[:limit])


def payout_of(merchant: Merchant, payout_id: UUID) -> Payout | None:
    with acting_as_service():
        sent = Payout.objects.filter(account=merchant.account_id).select_related("bank_account")
        return sent.filter(pk=payout_id).first()


def everything(*, account: Account, at: datetime) -> int:
    """Return the largest amount (minor units) that can be sent with its fee; at most what one payout may carry."""

    def cost(amount: int) -> int:
        return fee_of(account=account, amount=amount, purpose=PURPOSE, at=at).total if amount > 0 else 0

    most, found = min(account.available, LARGEST), 0
    tried = most
    for _again in range(CORRECTIONS):
        fee = cost(tried)
        if tried + fee <= account.available:
            found = max(found, tried)
        following = max(0, min(account.available - fee, LARGEST))
        if following == tried:
            break
        tried = following
    return found


def quote_settlement(
    *, merchant: Merchant, account: Account, bank_account: BankAccount, amount: int, at: datetime
) -> PayoutQuote:
    """Say what sending `amount` (minor units) to a bank costs. Raises what `quote_payout` raises."""
    if bank_account.organization_id != merchant.organization_id:
        raise BankAccountGone
    return payouts.quote_payout(
        account=account, bank_account=bank_account, amount=amount, at=at, purpose=PURPOSE
    )


def settle_to_bank(
    *,
    merchant: Merchant,
    by: User | None,
    payout_id: UUID,
    bank_account: BankAccount,
    amount: int,
    expected_fee: int | None,
    at: datetime,
) -> Payout:
    """Set `amount` (minor units) and its fee aside for a bank account of the organisation, once per payout id.

    The organisation's own program speaks by its key (`by` is None then). Have it ordered once this is committed. Raises
    OrganizationNotFound, RoleNotEnough for whoever does not manage the organisation, and what `request_payout` raises.
    """
    with acting_as_service():
        if by is not None:
            managing(merchant=merchant, by=by)
        account = Account.objects.get(pk=merchant.account_id)
        payout = payouts.request_payout(
            payout_id=payout_id,
            account=account,
            bank_account=bank_account,
            amount=amount,
            at=at,
            purpose=PURPOSE,
            expected_fee=expected_fee,
        )
        audit.record(
            action="wallet.merchant.settled",
            target=merchant,
            actor_id=by.pk if by else None,
            amount=amount,
            payout=str(payout.pk),
        )
    return payout


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
