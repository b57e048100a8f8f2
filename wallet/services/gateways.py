"""Which gateway takes a deposit, and the adapter that speaks to it."""

import json
from functools import lru_cache
from uuid import UUID

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from accounts import audit
from core import encryption
from core.actors import acting_as_service
from core.errors import DomainError
from wallet.gateways.base import Gateway
from wallet.gateways.paystack import Paystack
from wallet.models import PaymentGateway
from wallet.services.accounts import system_account

# What a gateway owes us, by its kind.
CLEARING = {
    PaymentGateway.Kind.PAYSTACK: "PAYSTACK_CLEARING",
    PaymentGateway.Kind.XPRESS_PAY: "XPRESS_PAY_CLEARING",
    PaymentGateway.Kind.XPRESS_WALLET: "XPRESS_WALLET_CLEARING",
}


class NoGateway(DomainError):
    code = "no_gateway"
    kind = "unavailable"
    message = _("Adding money is not available at the moment.")


def install_gateway(
    *, code: str, kind: str, name: str, currencies: list[str], secret_key: str
) -> PaymentGateway:
    """Add a gateway, or give the one of this code a new name, currencies and key, which is stored sealed."""
    sealed = encryption.seal(json.dumps({"secret_key": secret_key}), aad=_aad(code))
    facts = {"kind": kind, "name": name, "currencies": currencies, "credentials": sealed}
    with acting_as_service():
        gateway, is_new = PaymentGateway.objects.update_or_create(code=code, defaults=facts)
        audit.record(action="wallet.gateway.installed", target=gateway, currencies=currencies, is_new=is_new)
    return gateway


def credential_names(gateway: PaymentGateway) -> list[str]:
    """Return what this gateway's credentials consist of, by name: never what they are."""
    return sorted(_credentials(gateway))


def rotate_credentials(
    *, code: str, credentials: dict[str, str], by: UUID | None = None, approval: UUID | None = None
) -> PaymentGateway:
    """Seal new credentials over the old ones; whoever asks for the adapter from the commit on gets one with these."""
    with acting_as_service():
        gateway = PaymentGateway.objects.select_for_update().get(pk=code)
        gateway.credentials = encryption.seal(json.dumps(credentials), aad=_aad(code))
        gateway.save(update_fields=["credentials"])
        facts = {"approval": str(approval)} if approval else {}
        audit.record(action="wallet.gateway.credentials_rotated", target=gateway, actor_id=by, **facts)
    return gateway


def gateway_for(currency: str) -> PaymentGateway:
    """Return the active gateway of the best priority that takes `currency`; raises NoGateway."""
    found = PaymentGateway.objects.filter(active=True, currencies__contains=[currency]).order_by(
        "priority", "code"
    )
    gateway = found.first()
    if gateway is None:
        raise NoGateway
    return gateway


def adapter_of(gateway: PaymentGateway) -> Gateway:
    """Return the adapter of a gateway. A rotated key makes a new one, without a restart."""
    return _paystack(_credentials(gateway)["secret_key"], settings.PAYSTACK_BASE_URL)


def _credentials(gateway: PaymentGateway) -> dict[str, str]:
    opened: dict[str, str] = json.loads(encryption.open_sealed(gateway.credentials, aad=_aad(gateway.code)))
    return opened


@lru_cache(maxsize=32)
def _paystack(secret_key: str, base_url: str) -> Paystack:
    return Paystack(secret_key=secret_key, base_url=base_url)


def clearing_of(gateway: PaymentGateway, currency: str) -> UUID:
    """Return the account that shows what the gateway owes us."""
    return system_account(CLEARING[PaymentGateway.Kind(gateway.kind)], currency)


def _aad(code: str) -> str:
    return f"wallet_paymentgateway.credentials.{code}"
