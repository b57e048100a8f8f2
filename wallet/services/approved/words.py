"""How proposals name accounts and amounts to the people who decide on them."""

from uuid import UUID

from core.templatetags.money import money
from wallet.models import Account
from wallet.refusals import AccountNotFound
from wallet.services.accounts import balance_of

NOTHING = "–"


def account_named(key: str) -> Account:
    """Raises AccountNotFound."""
    found = Account.objects.select_related("owner").filter(pk=UUID(key)).first()
    if found is None:
        raise AccountNotFound(account=key)
    return found


def name_of(account: Account) -> str:
    """An account by the name staff know it by: its code, or whose it is, masked, with its id."""
    if account.owner is None:
        return account.code or str(account)
    owner = str(getattr(account.owner, "staff_name", account.owner))
    return f"{owner}, {account.get_kind_display()} {account.pk}"


def before_and_after(account: Account, *, debited: int, credited: int) -> str:
    """What an account's balance would become."""
    change = credited - debited if account.normal_side == "CREDIT" else debited - credited
    before = balance_of(account.pk)
    return f"{money(before, account.currency_id)} → {money(before + change, account.currency_id)}"
