"""Limits by the API: read for one's own accounts, and refused by name with what is left."""

from datetime import datetime

import pytest
from django.utils import timezone

from accounts.models import Customer
from core.actors import acting_as_service
from wallet.models import PausedTransfer
from wallet.services import open_wallet
from wallet.tests.api import World, acc, client_with_key, problem
from wallet.tests.ledger import make_rule

DAILY = 50_000_00


def test_an_accounts_limits_tell_what_is_used_and_left_today(world: World) -> None:
    world.send(amount=2_500)
    told = world.api.get(f"/api/v1/accounts/{acc(world.purse)}/limits").json()
    sending, receiving = told.pop("daily")
    assert told == {
        "account": acc(world.purse),
        "object": "limits",
        "currency": "NGN",
        "tier": 1,
        "single_amount": None,
        "balance_cap": 300_000_00,
    }
    assert (sending["kind"], sending["limit"], sending["used"]) == ("SENDING", DAILY, 2_500)
    assert sending["left"] == DAILY - 2_500 and sending["day"] == timezone.localdate().isoformat()
    assert datetime.fromisoformat(sending["resets_at"]) > timezone.now()
    assert (receiving["kind"], receiving["limit"], receiving["left"]) == ("RECEIVING", None, None)


def test_an_account_that_is_no_wallet_has_no_daily_limits(world: World) -> None:
    with acting_as_service():
        held = open_wallet(owner_id=world.ada.pk, kind="HELD")
    world.purse.pk = held
    assert world.api.get(f"/api/v1/accounts/{acc(world.purse)}/limits").json()["daily"] == []


def test_anothers_limits_are_not_found_and_a_key_needs_the_scope(world: World) -> None:
    url = f"/api/v1/accounts/{acc(world.purse)}/limits"
    problem(world.bolas_api.get(url), 404, "not_found")
    problem(client_with_key("transactions:read").get(url), 403, "scope_missing")


@pytest.mark.parametrize(
    ("limits", "code", "limit", "used"),
    [
        ({"daily_sending": 3_000}, "daily_sending_limit_exceeded", 3_000, 2_500),
        ({"single_amount": 2_999}, "single_amount_exceeded", 2_999, 0),
    ],
)
def test_a_transfer_over_a_limit_is_refused_by_name_with_what_is_left(
    world: World, limits, code, limit, used
):
    world.send(amount=2_500)
    make_rule(1, **limits)
    body = problem(world.send(amount=3_000), 422, code)
    facts = body["data"]
    assert {name: facts[name] for name in ("limit", "used", "available", "amount", "tier")} == {
        "limit": limit,
        "used": used,
        "available": limit - used,
        "amount": 3_000,
        "tier": 1,
    }
    assert datetime.fromisoformat(facts["resets_at"]) > timezone.now()
    assert world.balance(world.purse) == 97_500
    with acting_as_service():
        assert not PausedTransfer.objects.exists()


def test_of_the_recipients_limit_the_sender_learns_nothing_more(world: World) -> None:
    with acting_as_service():
        Customer.objects.filter(user=world.bola).update(tier=2)
    make_rule(2, daily_receiving=100)
    assert "data" not in problem(world.send(amount=101), 422, "daily_receiving_limit_exceeded")
