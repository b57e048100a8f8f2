"""Who asks the API, and which account of theirs it is about."""

from contextlib import nullcontext
from typing import cast
from uuid import UUID

from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request

from accounts import api_keys
from accounts.models import User
from core.actors import acting_as_anon
from core.api.views import ApiView
from wallet.api.scopes import DEPOSITS_WRITE, TRANSACTIONS_READ
from wallet.models import Account
from wallet.refusals import AccountNotFound, AccountSaves, CurrencyMismatch


class OutsideView(ApiView):
    """A view that calls the outside world: no transaction is open while it learns who asks."""

    def perform_authentication(self, request: Request) -> None:
        with nullcontext() if api_keys.is_broken(request.headers) else acting_as_anon():
            super().perform_authentication(request)


class ReadOrWrite(OutsideView):
    """A list that is added to: seeing it, and adding to it, have a scope each."""

    request: Request

    @property
    def required_scope(self) -> str:  # type: ignore[override]
        return TRANSACTIONS_READ if self.request.method in SAFE_METHODS else DEPOSITS_WRITE


def caller(request: Request) -> User:
    """Who asks: the permissions have let nobody else through."""
    return cast(User, request.user)


def own_account(request: Request, account_id: UUID, currency: str) -> Account:
    """The caller's account. Raises AccountNotFound, also for another's, AccountSaves, and CurrencyMismatch."""
    account = Account.objects.visible_to(request.user).filter(pk=account_id).first()
    if account is None:
        raise AccountNotFound
    if account.kind == Account.Kind.SAVINGS:
        raise AccountSaves
    if account.currency_id != currency:
        raise CurrencyMismatch
    return account
