import itertools
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any
from unittest.mock import patch

import httpx
import pytest
from allauth.mfa.models import Authenticator
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.models import User
from accounts.services import api_keys
from accounts.tests.factories import bearer, make_organization, make_person, prove_factor, sign_in
from core.actors import acting_as, acting_as_service
from core.api import ids
from core.ids import posting_id, uuid7
from core.models import IdempotencyKey
from wallet import services as wallet
from wallet.api.scopes import SCOPES
from wallet.gateways.base import Checkout, GatewayUnavailable
from wallet.models import Account, Payment, Transaction

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


def make_wallet(user: User, *, amount: int = 0) -> Account:
    """Open the person's wallet and deposit `amount` kobo, through the ledger."""
    with acting_as_service():
        account_id = wallet.open_wallet(owner_id=user.id)
        if amount:
            clearing = wallet.system_account("PAYSTACK_CLEARING")
            wallet.post(posting_id=posting_id(), lines=[wallet.Line("DEPOSIT", clearing, account_id, amount)])
        return Account.objects.get(pk=account_id)


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


@pytest.fixture
def world(db: None) -> World:
    return World()


@pytest.fixture
def committed_world(transactional_db: None) -> World:
    return World()


def acc(account: Account) -> str:
    return ids.encode("acc", account.pk)


def problem(response: HttpResponse, status: int, code: str) -> dict[str, Any]:
    assert response.status_code == status, response.content
    assert response["Content-Type"] == "application/problem+json"
    body = json.loads(response.content)
    assert body["code"] == code and body["status"] == status and body["request_id"] == response["Request-Id"]
    return body


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
        assert world.bolas_api.get(url).json() == {**transfer, "source": None}

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


def deposit_order(world: World, **changes: Any) -> dict[str, Any]:
    return {"account": acc(world.purse), "amount": 50_000, "currency": "NGN", **changes}


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
        code="paystack", kind="PAYSTACK", name="Paystack", currencies=["NGN"], secret_key="sk_test_1"
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


class TestWhoMayAsk:
    def test_nobody_gets_nothing(self, world: World) -> None:
        response = APIClient().get("/api/v1/accounts")
        problem(response, 401, "not_authenticated")
        assert response["WWW-Authenticate"].startswith("Bearer")

    @pytest.mark.parametrize("header", ["Bearer alj_live_nonsense", "Bearer a.b.c"])
    def test_a_wrong_key_or_token_is_refused(self, world: World, header: str) -> None:
        response = APIClient().get("/api/v1/accounts", headers={"Authorization": header})
        problem(response, 401, "authentication_failed")

    @pytest.mark.parametrize("header", ["Bearer x", "Basic YTpi", "Bearer", "Bearer ", "x", ""])
    def test_what_is_no_key_and_no_token_signs_nobody_in(self, world: World, header: str) -> None:
        response = APIClient().get("/api/v1/accounts", headers={"Authorization": header})
        assert response.status_code == 401 and response["WWW-Authenticate"].startswith("Bearer")
        assert response.json()["code"] in ("not_authenticated", "authentication_failed")

    @pytest.mark.parametrize(
        ("method", "url", "scope"),
        [
            ("get", "accounts", "accounts:read"),
            ("get", "accounts/x", "accounts:read"),
            ("get", "accounts/x/entries", "transactions:read"),
            ("get", "transactions/x", "transactions:read"),
            ("post", "transfers", "transfers:write"),
            ("get", "transfers/x", "transactions:read"),
            ("post", "deposits", "deposits:write"),
            ("get", "deposits/x", "transactions:read"),
        ],
    )
    def test_a_missing_scope_is_named(self, world: World, method: str, url: str, scope: str) -> None:
        client = client_with_key(*(each for each in SCOPES if each != scope))
        body = problem(getattr(client, method)(f"/api/v1/{url}"), 403, "scope_missing")
        assert body["data"] == {"scope": scope} and scope in body["detail"]

    def test_a_session_does_not_write_and_a_token_needs_no_csrf_token(self, world: World) -> None:
        client = Client(enforce_csrf_checks=True)
        sign_in(client, world.ada)
        order = {"data": world.order(), "content_type": "application/json"}
        problem(client.post("/api/v1/transfers", **order), 401, "not_authenticated")
        headers = {**bearer(world.ada), "Idempotency-Key": "rent"}
        prove_factor(world.ada)
        answer = client.post("/api/v1/transfers", **order, headers=headers)
        assert answer.status_code == 201 and "sessionid" not in answer.cookies

    def test_money_moves_only_by_a_token_whose_session_proved_a_factor_just_now(self, world: World) -> None:
        headers = {**bearer(world.ada), "Idempotency-Key": "rent"}
        order = {"data": world.order(), "content_type": "application/json", "headers": headers}
        asked = problem(Client().post("/api/v1/transfers", **order), 403, "step_up_required")
        assert asked["data"] == {"max_age": 300, "methods": ["totp"]}
        with acting_as_service():
            Authenticator.objects.all().delete()
        problem(Client().post("/api/v1/transfers", **order), 403, "mfa_enrolment_required")
        assert world.balance(world.purse) == 100_000
        prove_factor(world.ada)
        assert Client().post("/api/v1/transfers", **order).status_code == 201

    def test_pages_of_other_sites_are_not_told_that_they_may_ask(self, world: World) -> None:
        elsewhere = {"Origin": "https://elsewhere.example", "Access-Control-Request-Method": "GET"}
        for answer in (
            world.api.options("/api/v1/accounts", headers=elsewhere),
            world.api.get("/api/v1/accounts", headers=elsewhere),
        ):
            assert not [name for name in answer.headers if name.lower().startswith("access-control")]


class TestLimits:
    @pytest.fixture(autouse=True)
    def small(self, settings: Any) -> None:
        settings.API_RATE_LIMITS = {"default": "3/minute", "anonymous": "2/minute", "money": "1/minute"}

    def test_each_reply_says_how_many_requests_are_left(self, world: World) -> None:
        responses = [world.api.get("/api/v1/accounts") for _ in range(3)]
        assert [r["RateLimit"].partition(";t=")[0] for r in responses] == [
            f'"default";r={n}' for n in (2, 1, 0)
        ]
        assert responses[0]["RateLimit-Policy"] == '"default";q=3;w=60'
        refused = world.api.get("/api/v1/accounts")
        problem(refused, 429, "throttled")
        assert 1 <= int(refused["Retry-After"]) <= 120 and refused["RateLimit"].startswith('"default";r=0')
        assert world.bolas_api.get("/api/v1/accounts").status_code == 200

    def test_money_has_a_limit_of_its_own(self, world: World) -> None:
        assert world.send()["RateLimit-Policy"] == '"default";q=3;w=60, "money";q=1;w=60'
        problem(world.send(), 429, "throttled")
        assert world.api.get("/api/v1/accounts").status_code == 200

    def test_a_person_is_one_caller_however_many_tokens(self, world: World) -> None:
        for _ in range(3):
            assert client_of(world.ada).get("/api/v1/accounts").status_code == 200
        problem(client_of(world.ada).get("/api/v1/accounts"), 429, "throttled")

    def test_strangers_are_counted_by_address(self, world: World) -> None:
        wrong = {"Authorization": "Bearer alj_test_guess"}
        for _ in range(2):
            problem(APIClient().get("/api/v1/accounts", headers=wrong), 401, "authentication_failed")
        problem(APIClient().get("/api/v1/accounts", headers=wrong), 429, "throttled")
        elsewhere = APIClient().get("/api/v1/accounts", headers=wrong, REMOTE_ADDR="192.0.2.7")
        problem(elsewhere, 401, "authentication_failed")

    def test_hits_at_once_do_not_pass_the_limit(self, committed_world: World, settings: Any) -> None:
        settings.API_RATE_LIMITS = {"default": "10/minute"}
        credentials = committed_world.api._credentials  # type: ignore[attr-defined]

        def one(_n: int) -> int:
            try:
                client = APIClient()
                client._credentials = credentials  # type: ignore[attr-defined]
                return client.get("/api/v1/accounts").status_code
            finally:
                connection.close()

        with ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(one, range(24)))
        assert answers.count(200) == 10 and answers.count(429) == 14

    def test_without_valkey_requests_pass_uncounted(self, world: World, settings: Any) -> None:
        settings.CACHES = {"default": {**settings.CACHES["default"], "LOCATION": "redis://127.0.0.1:1/0"}}
        response = world.api.get("/api/v1/accounts")
        assert response.status_code == 200 and "RateLimit" not in response.headers


class TestManners:
    def test_what_is_not_there_is_a_problem(self, world: World) -> None:
        problem(world.api.get("/api/v1/nothing"), 404, "not_found")
        problem(world.api.get("/api/v1/accounts/"), 404, "not_found")

    @pytest.mark.parametrize("method", ["put", "patch", "delete", "options", "post"])
    def test_a_method_that_is_not_offered_is_a_problem(self, world: World, method: str) -> None:
        problem(getattr(world.api, method)("/api/v1/accounts"), 405, "method_not_allowed")

    def test_a_fault_tells_nothing(self, committed_world: World) -> None:
        with patch("wallet.models.ledger.AccountQuerySet.visible_to", side_effect=RuntimeError("secret")):
            response = committed_world.api.get("/api/v1/accounts")
        problem(response, 500, "internal_error")
        assert b"secret" not in response.content

    def test_any_accept_header_is_answered_in_json(self, world: World) -> None:
        response = world.api.get("/api/v1/accounts", headers={"Accept": "text/html"})
        assert response.status_code == 200 and response["Content-Type"] == "application/json"
