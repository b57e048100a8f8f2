"""Requests over the API: asked once for each key, paid whole behind a proof, and nobody else's."""

import itertools
from typing import Any

from django.http import HttpResponse
from rest_framework.test import APIClient

from accounts.tests.factories import make_person
from wallet.tests.api import World, acc, client_of, client_with_key, problem

_keys = itertools.count(1)
ASK = {"recipient": "bola_ade", "amount": 30_000, "currency": "NGN", "note": "Danfo"}


def post(client: APIClient, path: str = "", body: Any = None, key: str = "") -> HttpResponse:
    headers = {"Idempotency-Key": key or f"request {next(_keys)}"}
    return client.post(f"/api/v1/payment-requests{path}", body or {}, format="json", headers=headers)


def test_asking_paying_and_seeing_it(world: World) -> None:
    first, second = (
        post(world.bolas_api, body={**ASK, "recipient": "ada_obi"}, key="k") for _again in range(2)
    )
    assert first.status_code == 201 and first.content == second.content
    asked = first.json()
    assert (asked["direction"], asked["state"], asked["person"]["handle"]) == ("OUTGOING", "OPEN", "ada_obi")
    seen = world.api.get("/api/v1/payment-requests?direction=INCOMING").json()["data"]
    assert [(each["id"], each["person"]["handle"]) for each in seen] == [(asked["id"], "bola_ade")]
    paid = post(world.api, f"/{asked['id']}/pay", {"source": acc(world.purse)})
    assert paid.status_code == 200 and paid.json()["state"] == "PAID"
    assert (world.balance(world.purse), world.balance(world.other)) == (70_000, 30_000)
    assert world.api.get(f"/api/v1/transfers/{paid.json()['transfer']}").json()["amount"] == 30_000
    problem(post(world.api, f"/{asked['id']}/pay", {"source": acc(world.purse)}), 409, "payment_request_over")


def test_declining_cancelling_and_reminding_belong_to_one_side(world: World) -> None:
    one, two = (post(world.api, body=ASK).json()["id"] for _each in range(2))
    problem(post(world.api, f"/{one}/decline"), 404, "payment_request_not_found")
    problem(post(world.bolas_api, f"/{one}/cancel"), 404, "payment_request_not_found")
    problem(post(world.api, f"/{one}/remind"), 429, "payment_request_reminder")
    assert post(world.bolas_api, f"/{one}/decline", {"words": "No"}).json()["state"] == "DECLINED"
    assert post(world.api, f"/{two}/cancel").json()["state"] == "CANCELLED"
    assert len(world.api.get("/api/v1/payment-requests?state=DECLINED").json()["data"]) == 1


def test_a_third_person_and_a_key_find_nothing(world: World) -> None:
    name = post(world.api, body=ASK).json()["id"]
    chidi = client_of(make_person(name="Chidi Eze"))
    assert chidi.get(f"/api/v1/payment-requests/{name}").status_code == 404
    assert chidi.get("/api/v1/payment-requests").json()["data"] == []
    key = client_with_key("payment_requests:read", "payment_requests:write")
    problem(key.get("/api/v1/payment-requests"), 403, "person_needed")
    problem(post(key, body=ASK), 403, "person_needed")


def test_who_is_not_there_and_what_cannot_be_asked_is_named(world: World) -> None:
    problem(post(world.api, body={**ASK, "recipient": "nobody"}), 404, "recipient_not_found")
    problem(post(world.api, body={**ASK, "recipient": "ada_obi"}), 422, "payment_request_oneself")
    problem(post(world.api, body={**ASK, "amount": 99}), 422, "payment_request_amount")
