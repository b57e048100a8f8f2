"""Who may ask the API, how often, and how it answers."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any
from unittest.mock import patch

import pytest
from allauth.mfa.models import Authenticator
from django.db import connection
from django.test import Client
from rest_framework.test import APIClient

from accounts.tests.factories import bearer, prove_factor, sign_in
from core.actors import acting_as_service
from wallet.api.scopes import SCOPES
from wallet.tests.api import World, client_of, client_with_key, problem


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
