import json
from datetime import timedelta
from typing import Any

import pytest
import schemathesis
from django.core.management import call_command
from django.core.wsgi import get_wsgi_application
from django.test import Client
from django.utils import timezone
from hypothesis import HealthCheck, Phase, given, settings, strategies
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_schema_conformance,
    status_code_conformance,
)

from accounts.api.authentication import issue
from accounts.tests.factories import make_person
from core.api import catalogue
from wallet.api.scopes import SCOPES

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
    negative_data_rejection,
]


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    response = Client().get("/api/v1/schema")
    assert response.status_code == 200
    found: dict[str, Any] = json.loads(response.content)
    return found


def operations(document: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {
        operation["operationId"]: operation for path in document["paths"].values() for operation in path.values()
    }


def test_the_document_is_valid_and_without_warnings(tmp_path: Any) -> None:
    call_command("spectacular", validate=True, fail_on_warn=True, file=str(tmp_path / "schema.yml"))


class TestDocument:
    def test_it_is_open_to_all_and_openapi_3_1(self, document: dict[str, Any]) -> None:
        assert document["openapi"].startswith("3.1")
        assert set(operations(document)) == {
            *("list_accounts", "get_account", "list_entries", "get_transaction", "create_transfer"),
            *("get_transfer", "create_deposit", "get_deposit"),
        }

    def test_every_operation_names_its_scope_and_shows_an_example(self, document: dict[str, Any]) -> None:
        for operation in operations(document).values():
            [scope] = operation["security"][0]["token"]
            assert scope in SCOPES and scope in operation["description"]
            good = next(answer for status, answer in operation["responses"].items() if status in ("200", "201"))
            assert good["content"]["application/json"]["examples"]
            assert {"400", "401", "403", "429", "500"} <= set(operation["responses"])

    @pytest.mark.parametrize("name", ["create_transfer", "create_deposit"])
    def test_money_asks_for_a_key(self, document: dict[str, Any], name: str) -> None:
        operation = operations(document)[name]
        headers = [each["name"] for each in operation["parameters"] if each["in"] == "header" and each["required"]]
        assert headers == ["Idempotency-Key"]
        assert {"404", "409", "413", "415", "422"} <= set(operation["responses"])

    def test_yaml_is_there_for_who_asks(self) -> None:
        response = Client().get("/api/v1/schema", headers={"Accept": "application/vnd.oai.openapi"})
        assert response.content.startswith(b"openapi: 3.1")


@pytest.mark.django_db
class TestPages:
    def test_the_docs_load_nothing_from_elsewhere(self, client: Client) -> None:
        page = client.get("/api/docs/").content.decode()
        assert "http" not in page and "<style" not in page and page.count("<script src=") == 3
        script = client.get("/api/docs/?script=")
        assert script.status_code == 200 and b"/api/v1/schema" in script.content

    def test_every_code_has_a_page(self, client: Client) -> None:
        codes = catalogue.refusals()
        assert {"insufficient_funds", "idempotency_key_missing", "scope_missing", "throttled"} <= set(codes)
        assert {"internal_error", "malformed_json", "deposit_too_small", "recipient_not_found"} <= set(codes)
        index = client.get("/api/errors/").content.decode()
        for code in codes:
            page = client.get(f"/api/errors/{code}")
            assert page.status_code == 200 and code in page.content.decode() and code in index

    def test_an_unknown_code_is_a_problem(self, client: Client) -> None:
        response = client.get("/api/errors/no_such_code")
        assert response.status_code == 404 and response["Content-Type"] == "application/problem+json"


@pytest.mark.django_db(transaction=True)
def test_generated_requests_find_no_fault_and_nothing_undocumented(settings: Any) -> None:
    """Positive and negative data against every operation, in this process."""
    settings.API_RATE_LIMITS = {"default": "100000/minute", "money": "100000/minute"}
    token = issue(
        user=make_person(), name="test", scopes=[*SCOPES], expires_at=timezone.now() + timedelta(days=1)
    )
    generate(token)


def generate(token: str) -> None:
    schema = schemathesis.openapi.from_wsgi("/api/v1/schema", get_wsgi_application())
    schema.config.generation.update(modes=[GenerationMode.POSITIVE, GenerationMode.NEGATIVE])
    seen = set()
    for found in schema.get_all_operations():
        operation = found.ok()
        seen.add(operation.label)

        @settings(
            max_examples=25,
            deadline=None,
            derandomize=True,
            database=None,
            phases=[Phase.explicit, Phase.generate],
            suppress_health_check=[*HealthCheck],
        )
        def check(case: schemathesis.Case) -> None:
            headers = {"Authorization": f"Bearer {token}"}
            case.call_and_validate(headers=headers, checks=CHECKS)

        run(operation, check)
    assert len(seen) == 8


def run(operation: Any, check: Any) -> None:
    modes = [GenerationMode.POSITIVE, GenerationMode.NEGATIVE]
    strategy = strategies.one_of(*(operation.as_strategy(generation_mode=mode) for mode in modes))
    given(case=strategy)(check)()
