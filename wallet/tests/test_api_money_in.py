"""Cards, account numbers, deposits and refunds by the API, through the sandbox."""

import pytest
from rest_framework.test import APIClient

from accounts.tests.factories import bearer, make_person
from core.actors import acting_as_service
from core.api import ids
from core.ids import uuid7
from wallet.models import SavedCard
from wallet.sandbox.cards import CARDS
from wallet.tests.api import acc, client_of, problem
from wallet.tests.deposits import balance, fault
from wallet.tests.factories import make_wallet
from wallet.tests.money_in import ask_refund, give_bvn, keep, paid, payments

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def ada():
    return make_person(name="Ada Obi", email="ada@alajo.test")


@pytest.fixture
def purse(ada):
    return make_wallet(ada, tier=3)


@pytest.fixture
def api(ada, purse) -> APIClient:
    return client_of(ada)


@pytest.fixture
def bolas(db) -> APIClient:
    return client_of(make_person(name="Bola Ade"))


def post(api: APIClient, what: str, body: dict, key: str = "k1"):
    return api.post(f"/api/v1/{what}", body, format="json", headers={"Idempotency-Key": key})


def test_a_card_is_kept_listed_charged_and_forgotten(paystack, ada, purse, api, bolas):
    deposit = ids.encode("dep", paid(purse).pk)
    kept = post(api, "cards", {"deposit": deposit})
    card = kept.json()
    assert kept.status_code == 201 and (card["brand"], card["last4"]) == ("visa", "4081")
    assert (
        api.get("/api/v1/cards").json()["data"] == [card] and bolas.get("/api/v1/cards").json()["data"] == []
    )
    order = {"account": acc(purse), "amount": 100_000, "currency": "NGN", "card": card["id"]}
    made, again = post(api, "deposits", order), post(api, "deposits", order)
    assert made.status_code == 201 and made.json() == again.json()
    assert (made.json()["state"], made.json()["method"], balance(purse)) == ("SUCCEEDED", "CARD", 350_000)
    assert api.get("/api/v1/deposits").json()["data"][0]["id"] == made.json()["id"]
    for caller, status in ((bolas, 404), (api, 204), (api, 404)):
        assert caller.delete(f"/api/v1/cards/{card['id']}").status_code == status
    with acting_as_service():
        assert not SavedCard.objects.exists()


def test_a_persons_token_charges_a_card_only_with_a_fresh_proof(paystack, ada, purse):
    card = keep(paid(purse), ada)
    api = APIClient(raise_request_exception=False)
    api.credentials(HTTP_AUTHORIZATION=bearer(ada)["Authorization"])
    order = {"account": acc(purse), "amount": 100_000, "currency": "NGN"}
    refused = post(api, "deposits", {**order, "card": ids.encode("crd", card.pk)})
    assert refused.status_code == 403 and balance(purse) == 250_000
    assert post(api, "deposits", order, key="k2").status_code == 201


def test_a_card_of_nobody_is_unknown_and_charges_nothing(paystack, purse, api):
    order = {"account": acc(purse), "amount": 100_000, "currency": "NGN", "card": ids.encode("crd", uuid7())}
    problem(post(api, "deposits", order), 404, "card_not_found")
    problem(post(api, "cards", {"deposit": ids.encode("dep", uuid7())}), 404, "not_found")
    assert payments() == []


def test_a_card_without_a_token_is_not_kept(paystack, purse, api):
    payment = paid(purse, card=CARDS["507850785078507853"])
    problem(post(api, "cards", {"deposit": ids.encode("dep", payment.pk)}), 409, "card_not_kept")


def test_without_the_banks_answer_a_deposit_by_card_is_pending_and_its_repeat_the_same(
    paystack, ada, purse, api
):
    card = ids.encode("crd", keep(paid(purse), ada).pk)
    fault("DROP_REPLY", endpoint="charge_authorization")
    fault("HTML_503", remaining=3, endpoint="verify")
    fault("DROP_WEBHOOK")
    order = {"account": acc(purse), "amount": 100_000, "currency": "NGN", "card": card}
    made, again = post(api, "deposits", order), post(api, "deposits", order)
    assert made.json()["state"] == "PENDING" and again.json()["id"] == made.json()["id"]
    assert len(payments()) == 2


def test_an_account_number_is_asked_for_and_a_repeat_is_the_same(paystack, ada, purse, api, bolas):
    order = {"account": acc(purse), "currency": "NGN"}
    problem(post(api, "account-numbers", order), 409, "kyc_bvn_needed")
    give_bvn(ada)
    made, again = post(api, "account-numbers", order, "k2"), post(api, "account-numbers", order, "k3")
    assert made.status_code == 201 and made.json() == again.json()
    assert (made.json()["state"], len(made.json()["account_number"])) == ("ACTIVE", 10)
    assert api.get("/api/v1/account-numbers").json()["data"] == [made.json()]
    assert bolas.get("/api/v1/account-numbers").json()["data"] == []


def test_refunds_are_shown_to_whose_deposits_they_are_of(paystack, purse, api, bolas):
    payment = paid(purse)
    refund = ask_refund(payment, note="Order cancelled")
    [shown] = api.get("/api/v1/refunds").json()["data"]
    assert (shown["deposit"], shown["amount"], shown["state"], shown["note"], shown["transaction"]) == (
        ids.encode("dep", payment.pk),
        100_000,
        "HELD",
        "Order cancelled",
        None,
    )
    address = f"/api/v1/refunds/{ids.encode('rfd', refund.pk)}"
    assert api.get(address).json() == shown
    problem(bolas.get(address), 404, "not_found")
