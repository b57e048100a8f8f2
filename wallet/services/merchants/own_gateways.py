"""A merchant that brings its own account with a gateway: cards are charged there, and the money never comes to us.

Its keys are a gateway's row like ours, sealed, and never active: no deposit of a customer is sent there.
"""

from django.utils.translation import gettext_lazy as _

from accounts import audit
from accounts.models import User
from core.actors import acting_as_service
from core.errors import DomainError
from wallet.models import Merchant, PaymentGateway
from wallet.services.accounts import NGN
from wallet.services.gateways import install_gateway
from wallet.services.merchants.applying import managing

PREFIXES = ("sk_test_", "sk_live_")


class KeyRefused(DomainError):
    code = "gateway_key_refused"
    message = _(
        "A secret key of Paystack begins with sk_live_ or sk_test_. Copy it from your dashboard there."
    )


def bring_gateway(*, merchant: Merchant, by: User, secret_key: str) -> Merchant:
    """Charge cards at the merchant's own Paystack account from now on, or with another key of it: an owner's right.

    Raises OrganizationNotFound, RoleNotEnough, KeyRefused.
    """
    secret_key = secret_key.strip()
    if not secret_key.startswith(PREFIXES) or not secret_key.isascii() or not 20 <= len(secret_key) <= 100:
        raise KeyRefused
    with acting_as_service():
        managing(merchant=merchant, by=by, owner=True)
        gateway = install_gateway(
            code=_code(merchant),
            kind=PaymentGateway.Kind.PAYSTACK,
            name=f"Paystack, {merchant.display_name}"[:60],
            currencies=[NGN],
            credentials={"secret_key": secret_key},
        )
        PaymentGateway.objects.filter(pk=gateway.pk).update(active=False)
        merchant.own_gateway = gateway
        merchant.save(update_fields=["own_gateway"])
        audit.record(action="wallet.merchant.gateway_brought", target=merchant, actor_id=by.pk)
    return merchant


def leave_gateway(*, merchant: Merchant, by: User) -> Merchant:
    """Charge cards at our own gateways again. What began at the merchant's own is still asked about there.

    Raises OrganizationNotFound, RoleNotEnough.
    """
    with acting_as_service():
        managing(merchant=merchant, by=by, owner=True)
        merchant.own_gateway = None
        merchant.save(update_fields=["own_gateway"])
        audit.record(action="wallet.merchant.gateway_left", target=merchant, actor_id=by.pk)
    return merchant


def _code(merchant: Merchant) -> str:
    return f"m-{merchant.pk.hex[-20:]}"
