"""Calling the API as Ada and as Bola."""

import itertools
import json
from typing import Any

from django.http import HttpResponse
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.models import User
from accounts.services import api_keys
from accounts.tests.factories import bearer, make_organization, make_person, prove_factor
from core.actors import acting_as_service
from core.api import ids
from wallet import services as wallet
from wallet.api.scopes import SCOPES
from wallet.models import Account
from wallet.tests.factories import make_wallet

_keys = itertools.count(1)


def client_of(user: User) -> APIClient:
    """A client with an access token of this person, who has just proven a second factor."""
    client = APIClient(raise_request_exception=False)
    client.credentials(HTTP_AUTHORIZATION=bearer(user)["Authorization"])
    prove_factor(user)
    return client


def client_with_key(*scopes: str) -> APIClient:
    """A client with the key of an organisation, with all scopes unless some are named."""
    owner = make_person(name="Chidi Eze")
    made = api_keys.make(
        organization_id=make_organization(owner=owner).pk,
        by=owner,
        name="test",
        mode="LIVE",
        scopes=scopes or SCOPES,
        at=timezone.now(),
    )
    client = APIClient(raise_request_exception=False)
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {made.secret}")
    return client


class World:
    """Ada has 1,000 naira and Bola nothing."""

    def __init__(self) -> None:
        self.ada, self.bola = make_person(name="Ada Obi"), make_person(name="Bola Ade")
        self.purse, self.other = make_wallet(self.ada, amount=100_000), make_wallet(self.bola)
        self.api, self.bolas_api = client_of(self.ada), client_of(self.bola)

    def order(self, **changes: Any) -> dict[str, Any]:
        order = {"source": acc(self.purse), "recipient": "bola_ade", "amount": 2_500, "currency": "NGN"}
        return {**order, "note": "Rice", **changes}

    def send(self, *, key: str = "", client: APIClient | None = None, **changes: Any) -> HttpResponse:
        headers = {"Idempotency-Key": key or f"key {next(_keys)}"}
        sender = client or self.api
        return sender.post("/api/v1/transfers", self.order(**changes), format="json", headers=headers)

    def balance(self, account: Account) -> int:
        with acting_as_service():
            return wallet.balance_of(account.pk)


def acc(account: Account) -> str:
    return ids.encode("acc", account.pk)


def problem(response: HttpResponse, status: int, code: str) -> dict[str, Any]:
    assert response.status_code == status, response.content
    assert response["Content-Type"] == "application/problem+json"
    body = json.loads(response.content)
    assert body["code"] == code and body["status"] == status and body["request_id"] == response["Request-Id"]
    return body


def deposit_order(world: World, **changes: Any) -> dict[str, Any]:
    return {"account": acc(world.purse), "amount": 50_000, "currency": "NGN", **changes}
