"""A merchant's programs: links made once for each key, payments by cursor, money given back; others see nothing."""

import itertools
from typing import Any

import pytest
from django.test import Client
from rest_framework.test import APIClient

from accounts.models import User
from core.api.ids import encode
from wallet.api.merchants.scopes import SCOPES
from wallet.models import Merchant
from wallet.tests.api import client_of, client_with_key, problem
from wallet.tests.factories import make_wallet
from wallet.tests.selling import buy, has, key_of, make_link, make_merchant

_keys = itertools.count(1)
LINK = {"title": "Head tie", "amount": 450_000, "currency": "NGN"}


def post(client: APIClient, path: str, body: Any = None, key: str = "") -> Any:
    headers = {"Idempotency-Key": key or f"merchant {next(_keys)}"}
    return client.post(f"/api/v1/{path}", body or {}, format="json", headers=headers)


@pytest.fixture
def merchant(bola: User) -> Merchant:
    return make_merchant(bola)


def test_a_link_is_made_once_for_a_key_and_paid_at_its_address(merchant: Merchant, bola: User) -> None:
    api = key_of(merchant, bola)
    first, second = (post(api, "payment-links", LINK, key="k") for _again in range(2))
    assert first.status_code == second.status_code == 201 and first.content == second.content
    assert second["Idempotent-Replayed"] == "true"
    link = first.json()
    assert (link["state"], link["amount"], link["merchant"]) == (
        "ACTIVE",
        450_000,
        encode("mer", merchant.pk),
    )
    assert Client().get("/pay/" + link["url"].partition("/pay/")[2]).status_code == 200
    assert [each["id"] for each in api.get("/api/v1/payment-links").json()["data"]] == [link["id"]]
    assert post(api, f"payment-links/{link['id']}/pause").json()["state"] == "PAUSED"
    assert post(api, f"payment-links/{link['id']}/open").json()["state"] == "ACTIVE"
    assert api.get(f"/api/v1/payment-links/{link['id']}").json() == link


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"amount": 4_999}, "payment_link_refused"),
        ({"amount": "450000"}, "invalid"),
        ({"title": "see shop.example.com"}, "merchant_text_refused"),
        ({"title": ""}, "invalid"),
        ({"currency": "USD"}, "currency_mismatch"),
        ({"slug": "mine"}, "invalid"),
        ({"expires_at": "2020-01-01T00:00:00Z"}, "payment_link_refused"),
    ],
)
def test_what_cannot_be_a_link_is_named(
    merchant: Merchant, bola: User, changes: dict[str, Any], code: str
) -> None:
    assert post(key_of(merchant, bola), "payment-links", {**LINK, **changes}).json()["code"] == code


def test_payments_are_read_and_given_back(merchant: Merchant, ada: User, bola: User) -> None:
    purse, api = make_wallet(ada, amount=900_000), key_of(merchant, bola)
    sold = [buy(ada, purse, make_link(merchant)) for _each in range(3)]
    page = api.get("/api/v1/merchant-payments?limit=2").json()
    assert [each["id"] for each in page["data"]] == [encode("mpy", each.pk) for each in sold[:0:-1]]
    rest = api.get(f"/api/v1/merchant-payments?starting_after={page['data'][-1]['id']}").json()
    assert (page["has_more"], len(rest["data"]), rest["has_more"]) == (True, 1, False)
    one = page["data"][0]
    assert (one["net"], one["payer_name"], one["payer_email"]) == (235_219, "Ada Obi", "")
    path = f"merchant-payments/{one['id']}/refunds"
    twice = [post(api, path, {"amount": 50_000, "reason": "Torn"}, key="r") for _again in range(2)]
    assert [each.status_code for each in twice] == [201, 201] and twice[0].content == twice[1].content
    assert api.get(f"/api/v1/merchant-payments/{one['id']}").json()["refunded"] == 50_000
    assert has(purse.pk) == 900_000 - 3 * 250_000 + 50_000
    refused = problem(post(api, path, {"amount": 200_001}), 409, "merchant_refund_not_possible")
    assert refused["data"]["refundable"] == 200_000
    assert len(api.get("/api/v1/merchant-payments?state=PARTLY_REFUNDED").json()["data"]) == 1
    assert api.get("/api/v1/merchants").json()["data"][0]["balance"] == has(merchant.account_id)


def test_another_organisation_finds_nothing_and_a_missing_scope_is_named(
    merchant: Merchant, ada: User, bola: User
) -> None:
    sold = buy(ada, make_wallet(ada, amount=900_000), make_link(merchant))
    others, api = client_with_key(*SCOPES), key_of(merchant, bola, "payment_links:read")
    for path in ("merchants", "payment-links", "merchant-payments"):
        assert others.get(f"/api/v1/{path}").json()["data"] == []
    name = encode("mpy", sold.pk)
    assert others.get(f"/api/v1/merchant-payments/{name}").status_code == 404
    assert post(others, f"merchant-payments/{name}/refunds", {"amount": 1_000}).status_code == 404
    assert post(others, f"payment-links/{encode('pln', sold.link_id)}/pause").status_code == 404
    problem(post(others, "payment-links", LINK), 404, "merchant_not_found")
    problem(post(api, "payment-links", LINK), 403, "scope_missing")
    problem(api.get("/api/v1/merchant-payments"), 403, "scope_missing")


def test_a_test_key_rehearses_and_keeps_nothing(merchant: Merchant, bola: User) -> None:
    api = key_of(merchant, bola, mode="TEST")
    assert post(api, "payment-links", LINK).status_code == 201
    assert api.get("/api/v1/payment-links").json()["data"] == []


def test_a_person_acts_for_the_merchant_they_name(merchant: Merchant, ada: User, bola: User) -> None:
    make_merchant(bola, name="Bola Foods")
    api = client_of(bola)
    problem(post(api, "payment-links", LINK), 404, "merchant_not_found")
    named = {**LINK, "merchant": encode("mer", merchant.pk)}
    assert post(api, "payment-links", named).status_code == 201
    problem(post(client_of(ada), "payment-links", named), 404, "merchant_not_found")
