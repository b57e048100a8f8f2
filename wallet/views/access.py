"""Whose wallet a page is about."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpResponseBase
from django.shortcuts import redirect
from django.views.decorators.cache import never_cache

from accounts.models import Customer, User
from accounts.requests import PersonRequest
from wallet import services
from wallet.models import Account

Page = Callable[..., HttpResponseBase]


class NotACustomer(Exception):
    """The person signed in does not bank with us: staff."""


def own_wallet(user: User) -> Account:
    """Return the customer's wallet, opened at the first visit. Raises NotACustomer."""
    wallets = Account.objects.visible_to(user).wallets().filter(currency="NGN")
    found = wallets.first()
    if found is not None:
        return found
    if not Customer.objects.filter(user=user).exists():
        raise NotACustomer
    services.open_wallet(owner_id=user.pk)
    return wallets.get()


def wallet_page(view: Page) -> Page:
    """Mark a page about the caller's own money: never kept by a cache; staff are sent to the start page."""

    @never_cache
    @wraps(view)
    def page(request: PersonRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        try:
            return view(request, *args, **kwargs)
        except NotACustomer:
            return redirect("home")

    return page
