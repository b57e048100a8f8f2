"""Calling the API about savings."""

import itertools
from typing import Any

from django.http import HttpResponse
from rest_framework.test import APIClient

from accounts.models import User
from core.actors import acting_as_service
from core.api import ids
from savings.interest import Every, Terms
from savings.models import SavingsPlan, UserSavings
from savings.tests.world import TEN
from wallet.models import Account

# Nothing is paid on the way, whatever day it is.
AT_END = Terms(bands=TEN.bands, paid=Every.END)
_keys = itertools.count(1)


def post(client: APIClient, path: str, body: Any = None, key: str = "") -> HttpResponse:
    headers = {"Idempotency-Key": key or f"saving {next(_keys)}"}
    return client.post(f"/api/v1/{path}", {} if body is None else body, format="json", headers=headers)


def spl(plan: SavingsPlan) -> str:
    return ids.encode("spl", plan.pk)


def sav(saving: UserSavings) -> str:
    return ids.encode("sav", saving.pk)


def purse(user: User) -> int:
    """What is in the person's wallet, in minor units (kobo)."""
    with acting_as_service():
        return Account.objects.get(owner=user, kind="WALLET").balance
