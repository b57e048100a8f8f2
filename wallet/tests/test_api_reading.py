"""The API tells a person of their own accounts and entries, a page at a time."""

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.tests.factories import sign_in
from core.api import ids
from core.ids import uuid7
from wallet.tests.api import World, acc, client_with_key, deposit_order, problem


class TestAccounts:
    def test_one_sees_ones_own_accounts(self, world: World) -> None:
        body = world.api.get("/api/v1/accounts").json()
        assert body["object"] == "list" and body["has_more"] is False
        [account] = body["data"]
        assert account["id"] == acc(world.purse) and account["object"] == "account"
        assert (account["balance"], account["held"], account["available"]) == (100_000, 0, 100_000)
        assert account["currency"] == "NGN" and account["opened_at"].endswith("Z")
        assert world.api.get(f"/api/v1/accounts/{account['id']}").json() == account

    def test_a_browsers_session_is_not_taken(self, world: World) -> None:
        client = Client()
        sign_in(client, world.ada)
        with CaptureQueriesContext(connection) as queries:
            problem(client.get("/api/v1/accounts"), 401, "not_authenticated")
        assert not [query for query in queries if "browsersession" in query["sql"]]

    def test_an_organisation_has_no_wallets_and_sees_nobodys(self, world: World) -> None:
        transfer = world.send().json()
        shop = client_with_key()
        assert shop.get("/api/v1/accounts").json()["data"] == []
        problem(shop.get(f"/api/v1/accounts/{acc(world.purse)}"), 404, "not_found")
        problem(shop.get(f"/api/v1/accounts/{acc(world.purse)}/entries"), 404, "not_found")
        problem(shop.get(f"/api/v1/transactions/{transfer['transaction']}"), 404, "not_found")
        problem(shop.get(f"/api/v1/transfers/{transfer['id']}"), 404, "not_found")
        problem(world.send(client=shop), 404, "account_not_found")
        assert world.balance(world.purse) == 97_500

    def test_what_an_organisation_asked_once_is_answered_once(self, committed_world: World) -> None:
        world, shop = committed_world, client_with_key()
        first, second = (world.send(client=shop, key="rent") for _ in range(2))
        assert second.content == first.content and second["Idempotent-Replayed"] == "true"
        headers = {"Idempotency-Key": "rent"}
        for _ in range(2):
            answer = shop.post("/api/v1/deposits", deposit_order(world), format="json", headers=headers)
            assert (answer.status_code, answer.json()["code"]) == (404, "account_not_found")
        assert answer["Idempotent-Replayed"] == "true"
        assert world.send(key="rent").status_code == 201
        problem(world.send(client=client_with_key(), key="rent", amount=1), 404, "account_not_found")

    def test_another_persons_account_is_as_unknown_as_none(self, world: World) -> None:
        def body(id: str) -> dict[str, Any]:
            found = problem(world.api.get(f"/api/v1/accounts/{id}"), 404, "not_found")
            return {name: value for name, value in found.items() if name not in ("instance", "request_id")}

        others, unknown = body(acc(world.other)), body(ids.encode("acc", uuid7()))
        assert others == unknown == body("nonsense") == body(str(world.purse.pk)) == body("acc_" + "z" * 22)
        for entries in (acc(world.other), "nonsense"):
            problem(world.api.get(f"/api/v1/accounts/{entries}/entries"), 404, "not_found")

    def test_a_list_takes_three_queries_at_most(self, world: World) -> None:
        assert queries(world, "/api/v1/accounts") <= 3

    def test_ids_serve_as_cursors(self, world: World) -> None:
        assert world.api.get("/api/v1/accounts", {"starting_after": acc(world.purse)}).json()["data"] == []
        response = world.api.get("/api/v1/accounts", {"starting_after": str(world.purse.pk)})
        assert problem(response, 400, "invalid")["errors"][0]["code"] == "cursor_invalid"

    @pytest.mark.parametrize("query", ["offset=1", "limit=1&limit=2", "format=html", "kind=WALLET"])
    def test_what_a_list_does_not_know_is_refused(self, world: World, query: str) -> None:
        [error] = problem(world.api.get(f"/api/v1/accounts?{query}"), 400, "invalid")["errors"]
        assert error["parameter"] == query.partition("=")[0]


def queries(world: World, url: str) -> int:
    """How many queries a page takes beyond those that find out who asks."""
    with CaptureQueriesContext(connection) as alone:
        assert world.api.get("/api/v1/accounts/nonsense").status_code == 404
    with CaptureQueriesContext(connection) as full:
        assert world.api.get(url).status_code == 200
    return len(full) - len(alone)


class TestEntries:
    @pytest.fixture
    def url(self, world: World) -> str:
        for amount in range(1, 6):
            assert world.send(amount=amount).status_code == 201
        return f"/api/v1/accounts/{acc(world.purse)}/entries"

    def test_history_is_walked_by_version(self, world: World, url: str) -> None:
        first = world.api.get(url, {"limit": 4}).json()
        assert [entry["version"] for entry in first["data"]] == [6, 5, 4, 3] and first["has_more"]
        rest = world.api.get(url, {"limit": 4, "starting_after": 3}).json()
        assert [entry["version"] for entry in rest["data"]] == [2, 1] and not rest["has_more"]
        newest = first["data"][0]
        assert (newest["change"], newest["balance"], newest["side"]) == (-5, 100_000 - 15, "DEBIT")
        assert set(newest) == {
            *("object", "version", "transaction", "kind", "side", "change", "currency", "balance"),
            *("description", "effective_at", "recorded_at"),
        }

    def test_history_is_filtered_by_kind_and_time(self, world: World, url: str) -> None:
        def versions(**query: str) -> list[int]:
            return [entry["version"] for entry in world.api.get(url, query).json()["data"]]

        third = world.api.get(url).json()["data"][3]["recorded_at"]
        assert versions(kind="DEPOSIT") == [1]
        assert versions(since=third) == [6, 5, 4, 3] and versions(until=third) == [2, 1]
        assert versions(since="2001-01-01T00:00:00+01:00", until="2001-01-02T00:00:00Z") == []

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("kind", "deposit"),
            ("kind", ""),
            ("since", "yesterday"),
            ("since", "2026-01-01"),
            ("until", "2026-01-01T00:00:00"),
            ("until", "0001-01-01T00:00:00+14:00"),
            ("limit", "0"),
            ("starting_after", "x"),
            ("colour", "red"),
        ],
    )
    def test_a_filter_that_cannot_be_is_refused_by_name(self, world: World, name: str, value: str) -> None:
        response = world.api.get(f"/api/v1/accounts/{acc(world.purse)}/entries", {name: value})
        assert problem(response, 400, "invalid")["errors"][0]["parameter"] == name

    def test_a_page_takes_four_queries_at_most(self, world: World, url: str) -> None:
        assert queries(world, url) <= 4
