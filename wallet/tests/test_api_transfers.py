"""Sending money by the API: once for each key, and refused by name."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any
from unittest.mock import patch

import pytest
from django.db import connection
from rest_framework.test import APIClient

from accounts.tests.factories import make_person
from core.actors import acting_as, acting_as_service
from core.api import ids
from core.ids import uuid7
from core.models import IdempotencyKey
from wallet.models import Transaction
from wallet.tests.api import World, acc, client_of, deposit_order, make_wallet, problem


class TestTransfers:
    def test_money_is_sent_once_and_both_sides_can_read_it(self, world: World) -> None:
        response = world.send(recipient="@Bola_Ade")
        transfer = response.json()
        assert response.status_code == 201 and world.balance(world.purse) == 97_500
        assert transfer["sender"] == {"handle": "ada_obi", "display_name": "Ada Obi"}
        assert transfer["recipient"] == {"handle": "bola_ade", "display_name": "Bola Ade"}
        assert (transfer["amount"], transfer["currency"], transfer["note"]) == (2_500, "NGN", "Rice")
        url = f"/api/v1/transfers/{transfer['id']}"
        assert world.api.get(url).json() == transfer
        assert world.bolas_api.get(url).json() == {**transfer, "source": None, "fees": None, "total": None}

    def test_a_party_reads_a_transaction_without_the_others_balance(self, world: World) -> None:
        url = f"/api/v1/transactions/{world.send().json()['transaction']}"
        sent, got = world.api.get(url).json(), world.bolas_api.get(url).json()
        assert sent["debit"]["balance"] == 97_500 and sent["debit"]["account"] == acc(world.purse)
        assert sent["credit"] == {
            **dict.fromkeys(("account", "version", "balance")),
            "person": got["credit"]["person"],
        }
        assert (
            got["credit"]["balance"] == 2_500 and got["debit"]["balance"] is got["debit"]["version"] is None
        )
        assert got["debit"]["person"] == {"handle": "ada_obi", "display_name": "Ada Obi"}

    def test_who_is_no_party_finds_nothing(self, world: World) -> None:
        transfer = world.send().json()
        chidi = client_of(make_person(name="Chidi"))

        def body(url: str) -> dict[str, Any]:
            found = problem(chidi.get(url), 404, "not_found")
            return {name: value for name, value in found.items() if name not in ("instance", "request_id")}

        others = body(f"/api/v1/transactions/{transfer['transaction']}")
        assert others == body(f"/api/v1/transfers/{transfer['id']}")
        assert others == body(f"/api/v1/transactions/{ids.encode('txn', uuid7())}")
        assert others == body("/api/v1/transactions/nonsense")

    def test_a_deposit_is_no_transfer_but_a_transaction_with_the_system(self, world: World) -> None:
        entry = world.api.get(f"/api/v1/accounts/{acc(world.purse)}/entries").json()["data"][0]
        transaction = world.api.get(f"/api/v1/transactions/{entry['transaction']}").json()
        assert transaction["debit"] == dict.fromkeys(("account", "version", "balance", "person"))
        problem(world.api.get(f"/api/v1/transfers/trf{entry['transaction'][3:]}"), 404, "not_found")

    @pytest.mark.parametrize(
        ("changes", "status", "code"),
        [
            ({"amount": 100_001}, 422, "insufficient_funds"),
            ({"recipient": "nobody_here"}, 404, "recipient_not_found"),
            ({"recipient": "ada_obi"}, 422, "same_account"),
            ({"currency": "USD"}, 422, "currency_mismatch"),
            ({"source": ids.encode("acc", uuid7())}, 404, "account_not_found"),
        ],
    )
    def test_the_domain_refuses_by_name(
        self, world: World, changes: dict[str, Any], status: int, code: str
    ) -> None:
        problem(world.send(**changes), status, code)
        assert world.balance(world.purse) == 100_000

    def test_a_refusal_tells_what_is_available(self, world: World) -> None:
        assert problem(world.send(amount=100_001), 422, "insufficient_funds")["data"] == {
            "available": 100_000
        }

    def test_nobody_sends_from_anothers_account(self, world: World) -> None:
        response = world.send(client=world.bolas_api, recipient="bola_ade")
        problem(response, 404, "account_not_found")

    @pytest.mark.parametrize(
        ("changes", "pointer", "code"),
        [
            ({"amount": 0}, "/amount", "amount_not_positive"),
            ({"amount": -1}, "/amount", "amount_not_positive"),
            ({"amount": 1.5}, "/amount", "amount_fractional"),
            ({"amount": "100"}, "/amount", "amount_invalid"),
            ({"amount": True}, "/amount", "amount_invalid"),
            ({"amount": None}, "/amount", "null"),
            ({"amount": 2**63}, "/amount", "amount_too_large"),
            ({"source": "acc_short"}, "/source", "id_invalid"),
            ({"source": 7}, "/source", "id_invalid"),
            ({"currency": "ngn"}, "/currency", "invalid"),
            ({"currency": ["NGN"]}, "/currency", "invalid"),
            ({"recipient": ""}, "/recipient", "blank"),
            ({"recipient": 5}, "/recipient", "invalid"),
            ({"note": "n" * 141}, "/note", "max_length"),
            ({"fee": 0}, "/fee", "unknown_field"),
            ({"a/b~": 0}, "/a~1b~0", "unknown_field"),
        ],
    )
    def test_what_cannot_be_is_refused_where_it_stands(
        self, world: World, changes: dict[str, Any], pointer: str, code: str
    ) -> None:
        [error] = problem(world.send(**changes), 400, "invalid")["errors"]
        assert (error["pointer"], error["code"]) == (pointer, code)
        with acting_as_service():
            assert not IdempotencyKey.objects.exists()

    @pytest.mark.parametrize(
        ("body", "type", "status", "code"),
        [
            (b"{", "application/json", 400, "malformed_json"),
            (b"", "application/json", 400, "invalid"),
            (b"[]", "application/json", 400, "invalid"),
            (b"null", "application/json", 400, "invalid"),
            (b'{"note": "\\u0000"}', "application/json", 400, "nul_character"),
            (b'{"amount": 1, "amount": 2}', "application/json", 400, "duplicate_key"),
            (b'{"amount": NaN}', "application/json", 400, "not_a_number"),
            (b"\xff", "application/json", 400, "not_utf8"),
            (b"[" * 30 + b"]" * 30, "application/json", 400, "json_too_deep"),
            (b'{"note": "' + b"n" * 1024 * 1024 + b'"}', "application/json", 413, "body_too_large"),
            (b"amount=1", "application/x-www-form-urlencoded", 415, "unsupported_media_type"),
            (b"{}", "text/plain", 415, "unsupported_media_type"),
        ],
    )
    def test_a_body_that_is_none_is_a_problem(
        self, world: World, body: bytes, type: str, status: int, code: str
    ) -> None:
        response = world.api.post(
            "/api/v1/transfers", body, content_type=type, headers={"Idempotency-Key": "k"}
        )
        problem(response, status, code)

    def test_a_money_post_needs_a_key(self, world: World) -> None:
        for url in ("/api/v1/transfers", "/api/v1/deposits"):
            body = world.order() if url.endswith("transfers") else deposit_order(world)
            problem(world.api.post(url, body, format="json"), 400, "idempotency_key_missing")

    def test_unknown_parameters_are_refused_on_posts_too(self, world: World) -> None:
        response = world.api.post("/api/v1/transfers?dry_run=1", world.order(), format="json")
        assert problem(response, 400, "invalid")["errors"][0]["parameter"] == "dry_run"


class TestIdempotency:
    def test_a_repeat_has_the_same_body_and_moves_nothing(self, world: World) -> None:
        first, second = world.send(key="rent"), world.send(key="rent")
        assert second.content == first.content and second.status_code == 201
        assert second["Idempotent-Replayed"] == "true" and world.balance(world.purse) == 97_500

    def test_a_repeat_after_the_money_came_is_refused_as_before(self, world: World) -> None:
        first = world.send(key="rent", amount=200_000)
        make_wallet(world.ada, amount=500_000)
        second = world.send(key="rent", amount=200_000)
        assert (second.status_code, second.content) == (422, first.content)
        assert world.send(amount=200_000).status_code == 201

    def test_another_body_under_the_same_key_is_refused(self, world: World) -> None:
        world.send(key="rent")
        problem(world.send(key="rent", amount=2_501), 422, "idempotency_key_reused")

    def test_the_key_of_another_person_is_another_key(self, world: World) -> None:
        world.send(key="rent", amount=5_000)
        back = world.send(
            key="rent", client=world.bolas_api, source=acc(world.other), recipient="ada_obi", amount=5_000
        )
        assert back.status_code == 201 and world.balance(world.purse) == 100_000

    def test_the_key_remembers_the_posting(self, world: World) -> None:
        transfer = world.send(key="rent").json()
        with acting_as(world.ada):
            assert ids.encode("trf", IdempotencyKey.objects.get().subject_id) == transfer["id"]

    def test_twenty_repeats_at_once_post_once(self, committed_world: World) -> None:
        world, barrier = committed_world, Barrier(20)

        def one(_n: int) -> int:
            try:
                barrier.wait(20)
                client = APIClient(raise_request_exception=False)
                client._credentials = world.api._credentials  # type: ignore[attr-defined]
                return world.send(key="rent", client=client).status_code
            finally:
                connection.close()

        with ThreadPoolExecutor(20) as pool:
            answers = list(pool.map(one, range(20)))
        assert set(answers) <= {201, 409} and 201 in answers
        assert world.balance(world.purse) == 97_500
        assert world.send(key="rent")["Idempotent-Replayed"] == "true"

    def test_a_crash_after_the_posting_leaves_neither_money_nor_key(self, committed_world: World) -> None:
        world = committed_world
        with patch("wallet.api.views._transfer", side_effect=RuntimeError("power cut")):
            problem(world.send(key="rent"), 500, "internal_error")
        with acting_as_service():
            assert not IdempotencyKey.objects.exists()
            assert Transaction.objects.filter(kind="TRANSFER").count() == 0
        assert world.balance(world.purse) == 100_000
        assert world.send(key="rent").status_code == 201
