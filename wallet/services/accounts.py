"""Opening accounts, reading balances, and saying what an account lets pass."""

from datetime import datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from accounts import audit
from core.actors import as_service_for_one_statement
from wallet.models import Account
from wallet.services.posting import run

NGN = "NGN"
_OPEN = (
    "select wallet.open_account(%s, %s, %s), exists ("
    "select from wallet_account where owner_id = %s and kind = %s and currency_id = %s)"
)


def open_wallet(*, owner_id: UUID, currency: str = NGN, kind: str = Account.Kind.WALLET) -> UUID:
    """Return the owner's account of this kind, opened when there is none; its cap is the tier's."""
    with transaction.atomic():
        # The statement does not see what it opens: `was_open` is how it was before.
        found, was_open = run(_OPEN, [owner_id, kind, currency] * 2)[0]
        account_id = UUID(str(found))
        if not was_open:
            audit.record(
                action="wallet.account.opened",
                target=Account(pk=account_id),
                owner=str(owner_id),
                kind=kind,
                currency=currency,
            )
    return account_id


def open_lender(*, organization_id: UUID, currency: str = NGN) -> UUID:
    """Return the account out of which an organisation lends, opened when there is none; it never goes below nought."""
    statement = "select wallet.open_system_account(%s, 'LENDER', %s, 'CREDIT', false, 0)"
    return UUID(str(_value(statement, [f"lender:{organization_id}", currency])))


def open_seller(*, organization_id: UUID, currency: str = NGN) -> UUID:
    """Return the account on which an organisation's sales come in, opened when there is none; never below nought."""
    statement = "select wallet.open_system_account(%s, 'SELLER', %s, 'CREDIT', false, 0)"
    return UUID(str(_value(statement, [f"seller:{organization_id}", currency])))


@lru_cache(maxsize=64)
def _system_account(database: str, code: str, currency: str) -> UUID:
    # A customer who pays a fee sees none of the operator's accounts.
    with as_service_for_one_statement():
        return Account.objects.values_list("pk", flat=True).get(code=code, currency=currency, owner=None)


def system_account(code: str, currency: str = NGN) -> UUID:
    """Return one of the operator's own accounts by its code. They never change, so each process asks once."""
    return _system_account(connection.settings_dict["NAME"], code, currency)


def balance_of(account_id: UUID) -> int:
    """Return the balance (minor units, positive on the normal side); a hot account's is its checkpoint and since."""
    return int(_value("select wallet.balance_of(%s)", [account_id]))


def balance_at(account_id: UUID, at: datetime, *, known: bool = True) -> int:
    """Return the balance at a past moment: as we knew it then, or (`known=False`) by when things happened."""
    return int(_value("select wallet.balance_at(%s, %s, %s)", [account_id, at, known]))


def set_state(*, account: Account, state: str, reason: str) -> None:
    """Freeze, thaw or close an account. Raises AccountNotEmpty for one that still holds money, AccountClosed."""
    with transaction.atomic():
        _value("select wallet.set_state(%s, %s)", [account.pk, state])
        audit.record(action="wallet.account.state_set", target=account, state=state, reason=reason)


def _value(statement: str, parameters: list[Any]) -> Any:
    return run(statement, parameters)[0][0]
