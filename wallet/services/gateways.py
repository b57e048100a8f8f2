"""Gateways: their credentials, the adapter that speaks to each, and the form of what we call a payment there."""

import json
from collections.abc import Mapping
from functools import lru_cache
from typing import cast
from uuid import UUID

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from accounts import audit
from core import encryption
from core.actors import acting_as_service
from core.errors import DomainError
from core.ids import base62, uuid7
from core.outbound import require_no_transaction
from wallet.gateways.base import Gateway, GatewayRefused, GatewayUnavailable
from wallet.gateways.paystack import Paystack
from wallet.gateways.xpress_pay import XpressPay
from wallet.gateways.xpress_wallet import XpressWallet
from wallet.models import PaymentGateway
from wallet.services import credentials as forms
from wallet.services.accounts import system_account
from wallet.services.breaker import Breaker, Guarded, Health

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


class CredentialsRefused(DomainError):
    code = "credentials_refused"
    message = _(
        "The gateway does not know these credentials. Nothing was changed: copy them anew from its dashboard."
    )


class CredentialsUntried(DomainError):
    code = "credentials_untried"
    kind = "unavailable"
    message = _(
        "The gateway does not answer, so these credentials could not be tried. Nothing was changed: try again in a "
        "few minutes."
    )


def install_gateway(
    *,
    code: str,
    kind: str,
    name: str,
    currencies: list[str],
    credentials: dict[str, str],
    priority: int = 100,
) -> PaymentGateway:
    """Add a gateway, or give the one of this code a new name, currencies and credentials, which are stored sealed.

    Raises CredentialsUnfit.
    """
    forms.check(kind=kind, credentials=credentials)
    sealed = encryption.seal(json.dumps(credentials), aad=_aad(code))
    facts = {"kind": kind, "name": name, "currencies": currencies, "credentials": sealed}
    with acting_as_service():
        gateway, is_new = PaymentGateway.objects.update_or_create(
            code=code, defaults=facts, create_defaults={**facts, "priority": priority}
        )
        audit.record(action="wallet.gateway.installed", target=gateway, currencies=currencies, is_new=is_new)
    return gateway


def credential_names(gateway: PaymentGateway) -> list[str]:
    """Return what this gateway's credentials consist of, by name: never what they are."""
    return forms.names_of(gateway.kind)


def rotate_credentials(
    *, code: str, credentials: dict[str, str], by: UUID | None = None, approval: UUID | None = None
) -> PaymentGateway:
    """Seal new credentials over the old ones; whoever asks for the adapter from the commit on gets one with these.

    Raises CredentialsUnfit.
    """
    with acting_as_service():
        gateway = PaymentGateway.objects.select_for_update().get(pk=code)
        forms.check(kind=gateway.kind, credentials=credentials)
        gateway.credentials = encryption.seal(json.dumps(credentials), aad=_aad(code))
        gateway.save(update_fields=["credentials"])
        facts = {"approval": str(approval)} if approval else {}
        audit.record(action="wallet.gateway.credentials_rotated", target=gateway, actor_id=by, **facts)
    return gateway


def try_credentials(*, kind: str, credentials: Mapping[str, str]) -> None:
    """Ask a gateway something harmless with credentials that are to be its new ones. Calls outside.

    Raises CredentialsUnfit, CredentialsRefused, CredentialsUntried.
    """
    forms.check(kind=kind, credentials=credentials)
    require_no_transaction()
    try:
        _adapter(kind, credentials).check_credentials()
    except GatewayRefused as refusal:
        raise CredentialsRefused from refusal
    except GatewayUnavailable as error:
        raise CredentialsUntried from error


def adapter_of(gateway: PaymentGateway) -> Gateway:
    """Return the adapter of a gateway, behind its breaker. A rotated key makes a new one, without a restart."""
    if gateway.kind not in forms.FIELDS:
        raise NoGateway
    return _guarded(_adapter(gateway.kind, _opened(gateway.code, gateway.credentials)), gateway.code)


@lru_cache(maxsize=64)
def _opened(code: str, sealed: str) -> Mapping[str, str]:
    """The credentials of a gateway, known as they lie sealed: others are sealed otherwise."""
    opened: dict[str, str] = json.loads(encryption.open_sealed(sealed, aad=_aad(code)))
    return opened


@lru_cache(maxsize=64)
def _guarded(adapter: Paystack | XpressPay | XpressWallet, code: str) -> Gateway:
    return cast(Gateway, Guarded(adapter, Breaker(code)))


def _base_url(kind: str) -> str:
    return {
        PaymentGateway.Kind.PAYSTACK: settings.PAYSTACK_BASE_URL,
        PaymentGateway.Kind.XPRESS_PAY: settings.XPRESS_PAY_BASE_URL,
        PaymentGateway.Kind.XPRESS_WALLET: settings.XPRESS_WALLET_BASE_URL,
    }[PaymentGateway.Kind(kind)]


def _adapter(kind: str, keys: Mapping[str, str]) -> Paystack | XpressPay | XpressWallet:
    url = _base_url(kind)
    if kind == PaymentGateway.Kind.PAYSTACK:
        return _paystack(keys["secret_key"], url)
    if kind == PaymentGateway.Kind.XPRESS_PAY:
        return _xpress_pay(keys["public_key"], keys["door"], url)
    return _xpress_wallet(keys["secret_key"], keys["door"], url)


def health_of(gateway: PaymentGateway) -> Health:
    """Tell how a gateway has answered of late."""
    return Breaker(gateway.code).health()


def new_reference(gateway: PaymentGateway) -> str:
    """Return a name for a payment that the gateway takes: XpressPay only letters and digits, 6 to 30 of them."""
    name = base62(uuid7())
    return f"alj{name}" if gateway.kind == PaymentGateway.Kind.XPRESS_PAY else f"alj-{name}"


@lru_cache(maxsize=32)
def _paystack(secret_key: str, base_url: str) -> Paystack:
    return Paystack(secret_key=secret_key, base_url=base_url)


@lru_cache(maxsize=32)
def _xpress_pay(public_key: str, door: str, base_url: str) -> XpressPay:
    declined = settings.XPRESS_PAY_DECLINED
    return XpressPay(public_key=public_key, door=door, declined=declined, base_url=base_url)


@lru_cache(maxsize=32)
def _xpress_wallet(secret_key: str, door: str, base_url: str) -> XpressWallet:
    return XpressWallet(secret_key=secret_key, door=door, base_url=base_url)


def clearing_of(gateway: PaymentGateway, currency: str) -> UUID:
    """Return the account that shows what the gateway owes us."""
    return system_account(CLEARING[PaymentGateway.Kind(gateway.kind)], currency)


def _aad(code: str) -> str:
    return f"wallet_paymentgateway.credentials.{code}"
