"""Which gateway pays a payout: chosen like that of a deposit, until it is ordered; then it stays where it is."""

import re
from dataclasses import dataclass

from accounts.kyc import names
from core.actors import acting_as_service
from core.outbound import require_no_transaction
from wallet.gateways.base import GatewayRefused, GatewayUnavailable
from wallet.gateways.capabilities import KnowsBanks
from wallet.models import Bank, BankAccount, PaymentGateway, Payout
from wallet.services.bank_accounts import number_of
from wallet.services.banks import NoPayouts, payout_gateway
from wallet.services.gateways import adapter_of

# What the lists of two gateways write differently in the name of one bank.
_LEFT_OUT = {"bank", "plc", "limited", "ltd", "nigeria", "nig", "of", "the"}


@dataclass(frozen=True)
class Way:
    """A gateway, and its code of the bank."""

    gateway: PaymentGateway
    bank_code: str


def way_of(payout: Payout) -> Way:
    """Return by which gateway a payout goes: the best that takes it and answers, as far as it knows the very account.

    Another than the one that named the account must know its bank by the same name, and give the same name of its
    holder: else it stays with the first. One that was ordered stays anyway. Calls outside.
    """
    own = Way(payout.gateway, payout.bank_account.bank_code)
    if payout.orders:
        return own
    with acting_as_service():
        try:
            best = payout_gateway(payout.currency_id, payout.amount)
        except NoPayouts:
            return own
    try:
        code = code_at(account=payout.bank_account, gateway=best)
    except GatewayUnavailable:
        code = None
    return own if code is None else Way(best, code)


def code_at(*, account: BankAccount, gateway: PaymentGateway) -> str | None:
    """Return a gateway's code of an account's bank, None where it does not know the very account.

    The one that named the account knows it. Calls outside. Raises GatewayUnavailable.
    """
    if gateway.pk == account.gateway_id:
        return account.bank_code
    with acting_as_service():
        code = _same_bank(account, gateway)
    return code if code and _is_same_account(account, gateway, code) else None


def _same_bank(account: BankAccount, gateway: PaymentGateway) -> str | None:
    """Return another gateway's code of an account's bank; None where its list has none, or two, of this name."""
    wanted = _plain(account.bank_name)
    listed = Bank.objects.filter(gateway=gateway, listed=True).values_list("code", "name")
    codes = [code for code, name in listed if _plain(name) == wanted]
    return codes[0] if len(codes) == 1 and wanted else None


def _plain(name: str) -> str:
    return " ".join(word for word in re.findall(r"[a-z0-9]+", name.casefold()) if word not in _LEFT_OUT)


def _is_same_account(account: BankAccount, gateway: PaymentGateway, bank_code: str) -> bool:
    """Raises GatewayUnavailable."""
    require_no_transaction()
    adapter = adapter_of(gateway)
    if not isinstance(adapter, KnowsBanks):
        return False
    try:
        holder = adapter.resolve_account(account_number=number_of(account), bank_code=bank_code)
    except GatewayRefused:
        return False
    return names.score(account.holder_name, holder) >= names.MATCH
