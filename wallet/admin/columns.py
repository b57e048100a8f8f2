"""How the pages name an account."""

from typing import Any

from django.contrib import admin
from django.utils.safestring import SafeString

from core.staff import EMPTY, link
from wallet.models import Account


def account_link(account: Account | None) -> SafeString | str:
    """An account by the name staff know it by: its code, or whose it is."""
    if account is None:
        return EMPTY
    owner = account.owner.staff_name if account.owner else ""
    return link(
        account, account.code or (owner if account.kind == Account.Kind.WALLET else f"{owner} {account.kind}")
    )


def account_column(name: str, label: Any) -> Any:
    @admin.display(description=label)
    def column(obj: Any) -> SafeString | str:
        return account_link(getattr(obj, name))

    column.__name__ = f"{name}_link"
    return column
