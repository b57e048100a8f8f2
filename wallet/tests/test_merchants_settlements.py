"""Settlements by the API: asked for once for each key, listed with those made by themselves, and nobody else's."""

from typing import Any

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.models import Session, User
from accounts.tests.factories import make_person
from core.actors import acting_as_service
from core.api.ids import encode
from wallet.models import BankAccount, Merchant, Payout
from wallet.services.merchants import daily
from wallet.tests.api import client_of, client_with_key, problem
from wallet.tests.factories import install_sandbox, make_wallet
from wallet.tests.payouts import bank_account_of
from wallet.tests.selling import again, buy, key_of, make_link, make_merchant
from wallet.tests.test_merchants_api import post
from wallet.tests.test_merchants_daily import bank_of, morning, run, switch_on

HAS = 2_000_000
pytestmark = pytest.mark.django_db


@pytest.fixture
def merchant(ada: User, bola: User) -> Merchant:
    install_sandbox()
    made = make_merchant(bola)
    buy(ada, make_wallet(ada, amount=HAS, tier=3), make_link(made, amount=HAS))
    return again(made)


@pytest.fixture
def bank(merchant: Merchant, bola: User) -> BankAccount:
    return bank_of(merchant, bola)


@pytest.fixture
def api(merchant: Merchant, bola: User) -> APIClient:
    return key_of(merchant, bola)


def order(bank: BankAccount, **changes: Any) -> dict[str, Any]:
    return {"bank_account": encode("ban", bank.pk), "amount": 500_000, "currency": "NGN", **changes}


def test_it_is_made_once_for_a_key_and_read_again(
    api: APIClient, merchant: Merchant, bank: BankAccount
) -> None:
    first, second = (post(api, "settlements", order(bank), key="s") for _again in range(2))
    assert first.status_code == second.status_code == 201 and first.content == second.content
    made = first.json()
    assert (made["object"], made["state"], made["merchant"]) == (
        "settlement",
        "HELD",
        encode("mer", merchant.pk),
    )
    assert (made["amount"], made["day"], made["bank_account"]) == (500_000, None, encode("ban", bank.pk))
    assert api.get(f"/api/v1/settlements/{made['id']}").json() == made
    assert api.get("/api/v1/settlements").json()["data"] == [made]
    assert again(merchant).account.held == made["amount"] + made["fee"]
    problem(post(api, "settlements", order(bank, amount=500_001), key="s"), 422, "idempotency_key_reused")


def test_everything_is_what_leaves_room_for_its_fee(
    api: APIClient, merchant: Merchant, bank: BankAccount
) -> None:
    body = order(bank)
    del body["amount"]
    made = post(api, "settlements", body).json()
    account = again(merchant).account
    assert made["amount"] + made["fee"] == account.held and account.available in (0, 1)


def test_one_that_went_by_itself_names_its_day(api: APIClient, merchant: Merchant, bola: User) -> None:
    switch_on(merchant, bola)
    run(morning())
    (made,) = api.get("/api/v1/settlements").json()["data"]
    assert made["day"] == timezone.localdate().isoformat()
    assert daily.runs_of(merchant, limit=1)[0].payout_id is not None


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        ({"amount": HAS}, 422, "insufficient_funds"),
        ({"amount": 9_999}, 422, "payout_too_small"),
        ({"currency": "USD"}, 422, "currency_mismatch"),
        ({"expected_fee": 1}, 409, "fee_changed"),
        ({"bank_account": "ban_01bXeVKNyARWzt9Zc36oSj"}, 404, "not_found"),
        ({"amount": "500000"}, 400, "invalid"),
        ({"note": "x"}, 400, "invalid"),
    ],
)
def test_what_cannot_be_sent_is_refused(
    api: APIClient, bank: BankAccount, changes: dict[str, Any], status: int, code: str
) -> None:
    problem(post(api, "settlements", order(bank, **changes)), status, code)
    with acting_as_service():
        assert Payout.objects.count() == 0


def test_the_accounts_it_may_go_to_are_the_organisations(
    api: APIClient, merchant: Merchant, bank: BankAccount, bola: User
) -> None:
    own = bank_account_of(bola)
    place = f"/api/v1/merchants/{encode('mer', merchant.pk)}/bank-accounts"
    (listed,) = api.get(place).json()["data"]
    assert (listed["id"], listed["last_four"]) == (encode("ban", bank.pk), "0220")
    problem(post(api, "settlements", order(own)), 404, "not_found")
    assert client_with_key("settlements:read").get(place).status_code == 404


def test_another_organisation_and_a_key_without_the_scope(
    api: APIClient, merchant: Merchant, bank: BankAccount, bola: User
) -> None:
    made = post(api, "settlements", order(bank)).json()
    others = client_with_key("settlements:read", "settlements:write")
    assert others.get("/api/v1/settlements").json()["data"] == []
    assert others.get(f"/api/v1/settlements/{made['id']}").status_code == 404
    problem(post(others, "settlements", order(bank)), 404, "merchant_not_found")
    reader = key_of(merchant, bola, "settlements:read")
    assert reader.get("/api/v1/settlements").status_code == 200
    problem(post(reader, "settlements", order(bank)), 403, "scope_missing")
    problem(key_of(merchant, bola, "payment_links:read").get("/api/v1/settlements"), 403, "scope_missing")


def test_a_test_key_rehearses_and_keeps_nothing(merchant: Merchant, bank: BankAccount, bola: User) -> None:
    rehearsing = key_of(merchant, bola, mode="TEST")
    assert post(rehearsing, "settlements", order(bank)).status_code == 201
    assert rehearsing.get("/api/v1/settlements").json()["data"] == []
    assert again(merchant).account.held == 0


def test_people_see_it_where_they_manage(api: APIClient, merchant: Merchant, bank: BankAccount) -> None:
    made = post(api, "settlements", order(bank)).json()
    for role, many in (("ADMIN", 1), ("MEMBER", 0)):
        person = make_person(name=f"{role.title()} Eze")
        with acting_as_service():
            merchant.organization.memberships.create(user=person, role=role)
        client = client_of(person)
        assert len(client.get("/api/v1/settlements").json()["data"]) == many
        assert client.get(f"/api/v1/settlements/{made['id']}").status_code == (200 if many else 404)


def test_a_person_proves_who_they_are_first(merchant: Merchant, bank: BankAccount, bola: User) -> None:
    client = client_of(bola)
    with acting_as_service():
        Session.objects.update(methods=[])
    problem(post(client, "settlements", order(bank)), 403, "step_up_required")


def test_pages_by_cursor(api: APIClient, bank: BankAccount) -> None:
    made = [post(api, "settlements", order(bank, amount=100_000 + n)).json()["id"] for n in range(3)]
    page = api.get("/api/v1/settlements?limit=2").json()
    rest = api.get(f"/api/v1/settlements?limit=2&starting_after={page['data'][-1]['id']}").json()
    assert [each["id"] for each in page["data"] + rest["data"]] == made[::-1] and not rest["has_more"]
