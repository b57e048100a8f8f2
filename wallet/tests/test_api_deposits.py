"""Starting a deposit by the API: one checkout for each key, whatever the gateway does."""

from collections.abc import Iterator
from typing import Any
from unittest.mock import patch

import httpx
import pytest
from django.db import connection
from django.http import HttpResponse

from core.actors import acting_as_service
from core.api import ids
from core.ids import uuid7
from wallet import services as wallet
from wallet.gateways.base import Checkout, GatewayUnavailable
from wallet.models import Payment
from wallet.tests.api import World, acc, deposit_order, problem


class FakeGateway:
    """Opens a checkout page for each reference, or is away."""

    def __init__(self) -> None:
        self.references: list[str] = []
        self.error: Exception | None = None

    def start_checkout(self, *, reference: str, **_facts: Any) -> Checkout:
        assert not connection.in_atomic_block
        self.references.append(reference)
        if self.error:
            raise self.error
        return Checkout(reference, f"https://checkout.example/{len(self.references)}", "code")


@pytest.fixture
def gateway(committed_world: World) -> Iterator[FakeGateway]:
    wallet.install_gateway(
        code="paystack",
        kind="PAYSTACK",
        name="Paystack",
        currencies=["NGN"],
        credentials={"secret_key": "sk_test_1"},
    )
    fake = FakeGateway()
    with patch("wallet.services.gateways._paystack", return_value=fake):
        yield fake


class TestDeposits:
    def start(self, world: World, *, key: str = "d1", **changes: Any) -> HttpResponse:
        headers = {"Idempotency-Key": key}
        return world.api.post(
            "/api/v1/deposits", deposit_order(world, **changes), format="json", headers=headers
        )

    def test_a_deposit_opens_a_checkout(self, committed_world: World, gateway: FakeGateway) -> None:
        world = committed_world
        response = self.start(world)
        deposit = response.json()
        assert response.status_code == 201 and deposit["state"] == "PENDING"
        assert deposit["checkout_url"] == "https://checkout.example/1" and deposit["account"] == acc(
            world.purse
        )
        assert world.api.get(f"/api/v1/deposits/{deposit['id']}").json() == deposit
        problem(world.bolas_api.get(f"/api/v1/deposits/{deposit['id']}"), 404, "not_found")
        assert self.start(world)["Idempotent-Replayed"] == "true" and len(gateway.references) == 1

    @pytest.mark.parametrize(
        ("error", "status", "code"),
        [
            (GatewayUnavailable(), 503, "gateway_unavailable"),
            (httpx.ReadTimeout("slow"), 500, "internal_error"),
        ],
    )
    def test_a_repeat_after_a_failure_goes_on_with_the_same_payment(
        self, committed_world: World, gateway: FakeGateway, error: Exception, status: int, code: str
    ) -> None:
        gateway.error = error
        problem(self.start(committed_world), status, code)
        gateway.error = None
        assert self.start(committed_world).status_code == 201
        assert len(gateway.references) == 2 and len(set(gateway.references)) == 1
        with acting_as_service():
            assert Payment.objects.count() == 1

    def test_a_repeat_with_another_amount_is_refused(
        self, committed_world: World, gateway: FakeGateway
    ) -> None:
        self.start(committed_world)
        problem(self.start(committed_world, amount=60_000), 422, "idempotency_key_reused")

    @pytest.mark.parametrize(
        ("changes", "status", "code"),
        [
            ({"amount": 100}, 422, "deposit_too_small"),
            ({"currency": "USD"}, 422, "currency_mismatch"),
            ({"account": ids.encode("acc", uuid7())}, 404, "account_not_found"),
        ],
    )
    def test_what_cannot_be_deposited_is_refused_by_name(
        self, committed_world: World, gateway: FakeGateway, changes: dict[str, Any], status: int, code: str
    ) -> None:
        problem(self.start(committed_world, **changes), status, code)
        with acting_as_service():
            assert not Payment.objects.exists()
        assert self.start(committed_world, **changes)["Idempotent-Replayed"] == "true"
