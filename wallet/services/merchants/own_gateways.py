"""A merchant that brings its own account with a gateway: cards are charged there, and the money never comes to us.

Its keys are a gateway's row like ours, sealed, and never active: no deposit of a customer is sent there. It may tell us
at an address of its own that somebody paid; of what else it tells, nothing is kept.
"""

from django.utils.translation import gettext_lazy as _

from accounts import audit
from accounts.models import User
from core.actors import acting_as_service
from core.errors import DomainError
from wallet.models import Merchant, Payment, PaymentGateway, WebhookEvent
from wallet.services.accounts import NGN
from wallet.services.gateways import adapter_of, install_gateway, try_credentials
from wallet.services.merchants.applying import managing
from wallet.services.webhooks import receive_webhook

PAID = "charge.success"
PREFIXES = ("sk_test_", "sk_live_")


class NoSuchGateway(DomainError):
    code = "merchant_gateway_not_found"
    kind = "not_found"
    message = _("No merchant brought this gateway.")


class KeyRefused(DomainError):
    code = "gateway_key_refused"
    message = _(
        "A secret key of Paystack begins with sk_live_ or sk_test_. Copy it from your dashboard there."
    )


def bring_gateway(*, merchant: Merchant, by: User, secret_key: str) -> Merchant:
    """Charge cards at the merchant's own Paystack account from now on, or with another key of it: an owner's right.

    The key is tried there first. Calls outside. Raises OrganizationNotFound, RoleNotEnough, KeyRefused,
    CredentialsRefused, CredentialsUntried.
    """
    secret_key = secret_key.strip()
    if not secret_key.startswith(PREFIXES) or not secret_key.isascii() or not 20 <= len(secret_key) <= 100:
        raise KeyRefused
    with acting_as_service():
        managing(merchant=merchant, by=by, owner=True)
    try_credentials(kind=PaymentGateway.Kind.PAYSTACK, credentials={"secret_key": secret_key})
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


def receive_own_webhook(*, code: str, raw: bytes, signature: str | None) -> tuple[WebhookEvent | None, bool]:
    """Keep a genuine webhook about a payment that began here, and say whether it is new; None for any other.

    Also of a gateway that its merchant has left meanwhile. Raises NoSuchGateway, ForgedSignature, UnreadableNotice.
    """
    with acting_as_service():
        gateways = PaymentGateway.objects.filter(code__startswith=PaymentGateway.BROUGHT)
        gateway = gateways.filter(pk=code).first()
        if gateway is None:
            raise NoSuchGateway
        adapter = adapter_of(gateway)
        adapter.verify_signature(raw, signature)
        notice = adapter.read_notice(raw)
        ours = Payment.objects.filter(gateway=gateway, reference=notice.reference or "")
        if notice.event != PAID or not ours.exists():
            return None, False
        return receive_webhook(gateway=gateway, raw=raw, signature=signature)


def _code(merchant: Merchant) -> str:
    return f"{PaymentGateway.BROUGHT}{merchant.pk.hex[-20:]}"
