"""Wallets for tests, opened and funded through the ledger."""

from django.conf import settings

from accounts.models import Customer, User
from core.actors import acting_as_service
from core.ids import posting_id
from wallet import services as wallet
from wallet.models import Account, PaymentGateway


def make_wallet(user: User, *, amount: int = 0, tier: int = 0) -> Account:
    """Open the person's wallet and deposit `amount` kobo; with a tier, raise its owner to that first."""
    with acting_as_service():
        if tier:
            Customer.objects.filter(user=user).update(tier=tier)
        account_id = wallet.open_wallet(owner_id=user.id)
        if amount:
            clearing = wallet.system_account("PAYSTACK_CLEARING")
            wallet.post(posting_id=posting_id(), lines=[wallet.Line("DEPOSIT", clearing, account_id, amount)])
        return Account.objects.get(pk=account_id)


def install_sandbox() -> PaymentGateway:
    """Make the sandbox our gateway, as the demo world does."""
    return wallet.install_gateway(
        code="paystack",
        kind="PAYSTACK",
        name="Paystack",
        currencies=["NGN"],
        credentials={"secret_key": settings.PAYSTACK_SANDBOX_SECRET_KEY},
    )
