"""The banks that a gateway pays out to: its list, kept here and read anew each day."""

from datetime import datetime
from typing import cast

from django.utils.translation import gettext_lazy as _

from accounts import audit
from core.actors import acting_as_service
from core.errors import DomainError
from core.outbound import require_no_transaction
from wallet.gateways.capabilities import KnowsBanks, PaysOut
from wallet.models import Bank, PaymentGateway
from wallet.services.gateways import adapter_of
from wallet.services.routing import first_that_answers

NGN = "NGN"


class NoPayouts(DomainError):
    code = "no_payouts"
    kind = "unavailable"
    message = _("Paying out to banks is not available at the moment.")


class BankUnknown(DomainError):
    code = "bank_unknown"
    message = _("Choose a bank from the list.")


def payout_gateway(currency: str = NGN, amount: int | None = None) -> PaymentGateway:
    """Return the gateway for a payout: the first by priority, then by its fee, of those that answer.

    While none answers it is the first of all. Without an amount any that pays out in `currency` will do. Raises
    NoPayouts.
    """
    with acting_as_service():
        active = PaymentGateway.objects.filter(active=True, currencies__contains=[currency])
        if amount is not None:
            active = active.exclude(payout_min_amount__gt=amount).exclude(payout_max_amount__lt=amount)
        found = [
            gateway for gateway in active.order_by("priority", "payout_fee_flat", "code") if pays_out(gateway)
        ]
    chosen = first_that_answers(found)
    if chosen is None:
        raise NoPayouts
    return chosen


def pays_out(gateway: PaymentGateway) -> bool:
    adapter = adapter_of(gateway)
    return isinstance(adapter, PaysOut) and isinstance(adapter, KnowsBanks)


def payouts_of(gateway: PaymentGateway) -> PaysOut:
    """Return the adapter that pays out. Raises NoPayouts for a company that does not."""
    adapter = adapter_of(gateway)
    if not isinstance(adapter, PaysOut):
        raise NoPayouts
    return adapter


def bank_choices(*, gateway: PaymentGateway) -> list[Bank]:
    return list(Bank.objects.filter(gateway=gateway, listed=True).order_by("name", "code"))


def bank_of(*, gateway: PaymentGateway, code: str) -> Bank:
    """Return a bank on the gateway's list. Raises BankUnknown."""
    bank = Bank.objects.filter(gateway=gateway, code=code, listed=True).first()
    if bank is None:
        raise BankUnknown
    return bank


def read_banks(*, gateway: PaymentGateway, at: datetime) -> int:
    """Read a gateway's list of banks anew and return how many there are. One that is gone is not offered any more.

    Calls outside. An empty answer changes nothing. Raises GatewayRefused, GatewayUnavailable.
    """
    require_no_transaction()
    found = cast(KnowsBanks, adapter_of(gateway)).banks()
    if not found:
        return 0
    rows = [Bank(gateway=gateway, code=bank.code, name=bank.name, listed=True, read_at=at) for bank in found]
    with acting_as_service():
        Bank.objects.bulk_create(
            rows,
            update_conflicts=True,
            unique_fields=["gateway", "code"],
            update_fields=["name", "listed", "read_at"],
        )
        gone = Bank.objects.filter(gateway=gateway, listed=True).exclude(read_at=at).update(listed=False)
        audit.record(action="wallet.banks.read", target=gateway, banks=len(rows), gone=gone)
    return len(rows)
