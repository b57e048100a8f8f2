import json
from collections.abc import Iterator
from itertools import count
from typing import Any
from unittest.mock import patch
from uuid import uuid4

import pytest
import schemathesis
from django.core.management import call_command
from django.core.wsgi import get_wsgi_application
from django.test import Client
from django.utils import timezone
from hypothesis import HealthCheck, Phase, given
from hypothesis import settings as examples
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_schema_conformance,
    status_code_conformance,
)

from accounts.models import User
from accounts.tests.factories import bearer, make_person, prove_factor, prove_factor_again
from core.actors import acting_as, acting_as_service
from core.api import catalogue, ids
from core.api.scopes import all_scopes
from core.ids import posting_id
from wallet import services as wallet
from wallet.gateways.base import Checkout, GatewayRefused
from wallet.gateways.capabilities import Bank
from wallet.gateways.paystack import Paystack
from wallet.models import Account
from wallet.tests.factories import install_sandbox

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
few = examples(
    max_examples=10,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[*HealthCheck],
)


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    response = Client().get("/api/v1/schema")
    assert response.status_code == 200
    found: dict[str, Any] = json.loads(response.content)
    return found


def operations(document: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {
        operation["operationId"]: operation
        for path in document["paths"].values()
        for operation in path.values()
    }


def test_the_document_is_valid_and_without_warnings(tmp_path: Any) -> None:
    call_command("spectacular", validate=True, fail_on_warn=True, file=str(tmp_path / "schema.yml"))


class TestDocument:
    def test_it_is_open_to_all_and_openapi_3_1(self, document: dict[str, Any]) -> None:
        assert document["openapi"].startswith("3.1")
        assert set(operations(document)) == {
            *("list_accounts", "get_account", "get_account_limits", "list_entries", "get_transaction"),
            "create_transfer",
            *("get_transfer", "quote_fee", "create_deposit", "get_deposit", "get_current_api_key"),
            *("list_statements", "create_statement", "get_statement", "download_statement"),
            *("list_deposits", "list_cards", "keep_card", "forget_card"),
            *(
                "list_account_numbers",
                "create_account_number",
                "list_refunds",
                "create_refund",
                "get_refund",
                "send_refund_to_bank_account",
            ),
            *("list_organizations", "get_organization", "list_members"),
            *("remove_member", "create_invitation"),
            *("list_webhook_endpoints", "create_webhook_endpoint", "get_webhook_endpoint"),
            *("change_webhook_endpoint", "delete_webhook_endpoint", "roll_webhook_secret"),
            *("test_webhook_endpoint", "resend_webhook_range", "list_webhook_deliveries"),
            *("get_webhook_delivery", "resend_webhook_delivery"),
            *("list_events", "get_event", "list_event_types"),
            *("list_banks", "list_bank_accounts", "create_bank_account", "get_bank_account"),
            *("delete_bank_account", "list_withdrawals", "create_withdrawal", "get_withdrawal"),
            *("list_scheduled_transfers", "create_scheduled_transfer", "get_scheduled_transfer"),
            *("cancel_scheduled_transfer", "pause_scheduled_transfer", "resume_scheduled_transfer"),
            *("skip_scheduled_transfer", "list_scheduled_runs"),
            *("list_merchants", "get_merchant", "list_merchant_payments", "get_merchant_payment"),
            *("list_payment_links", "create_payment_link", "get_payment_link", "pause_payment_link"),
            *("open_payment_link", "refund_merchant_payment"),
            *("list_settlements", "create_settlement", "get_settlement", "list_merchant_bank_accounts"),
            *("list_payment_requests", "create_payment_request", "get_payment_request"),
            *("pay_payment_request", "decline_payment_request", "cancel_payment_request"),
            "remind_payment_request",
            *("list_savings_plans", "get_savings_plan", "project_saving", "list_savings", "open_saving"),
            *("get_saving", "change_saving", "pause_saving", "resume_saving", "cancel_saving"),
            *("list_contributions", "create_contribution", "list_accruals", "list_saving_corrections"),
            "get_withdrawal_cost",
            *("list_saving_withdrawals", "create_saving_withdrawal", "create_closing_quote"),
            *("get_closing_quote", "accept_closing_quote", "list_savings_groups", "get_savings_group"),
            *("list_automatic_savings", "create_automatic_saving", "get_automatic_saving"),
            *("change_automatic_saving", "pause_automatic_saving", "resume_automatic_saving"),
            *("skip_automatic_saving", "stop_automatic_saving", "list_automatic_runs"),
            *("list_loan_products", "get_loan_product", "calculate_loan", "list_loan_applications"),
            *("create_loan_application", "get_loan_application", "change_loan_application"),
            *("submit_loan_application", "withdraw_loan_application", "answer_loan_question"),
            *("list_loan_consents", "give_loan_consents", "withdraw_loan_consent", "get_loan_decision"),
            *("request_loan_review", "dispute_bureau_report", "list_loan_offers", "accept_loan_offers"),
            *("get_loan_contract", "sign_loan_contract", "cancel_loan_contract", "download_loan_agreement"),
            "create_loan_payout",
            *("list_loans", "get_loan", "get_loan_schedule", "list_loan_schedule_versions"),
            *("list_loan_transactions", "preview_loan_repayment", "create_loan_repayment"),
            *("create_loan_refund", "create_payoff_quote", "get_payoff_quote", "pay_payoff_quote"),
            *("list_hardship_requests", "create_hardship_request", "withdraw_hardship_request"),
            *("prove_loan", "download_loan_statement", "download_discharge_letter"),
            *("list_lenders", "get_lending_summary", "list_lending_products", "get_lending_product"),
            *("list_lending_rules", "create_lending_rule", "get_lending_rule", "pause_lending_rule"),
            *("resume_lending_rule", "end_lending_rule", "list_lending_applications"),
            *("get_lending_application", "list_lending_bids", "create_lending_bid", "get_lending_bid"),
            *("withdraw_lending_bid", "list_lending_contracts", "get_lending_contract"),
            *("sign_lending_contract", "refuse_lending_contract", "list_lending_loans"),
            *("get_lending_loan", "get_lending_schedule", "list_lending_transactions"),
        }

    def test_what_operations_share_is_written_once(self, document: dict[str, Any]) -> None:
        """A browser reads the whole of it before it shows any: at 6 MB that took 15 seconds on a busy machine."""
        assert len(Client().get("/api/v1/schema").content) < 1_000_000
        kept = document["components"]
        for operation in operations(document).values():
            for status, answer in operation["responses"].items():
                if status >= "400":
                    shared = kept["responses"][answer["$ref"].removeprefix("#/components/responses/")]
                    (content,) = shared["content"]
                    assert content == "application/problem+json" and shared["headers"]["Request-Id"]

    def test_every_operation_names_its_scope_and_shows_an_example(self, document: dict[str, Any]) -> None:
        for name, operation in operations(document).items():
            scopes = operation["security"][0]["key"]
            assert scopes or name == "get_current_api_key"
            assert all(scope in all_scopes() and scope in operation["description"] for scope in scopes)
            status, good = next(each for each in operation["responses"].items() if each[0][0] == "2")
            assert (
                status == "204"
                or "application/pdf" in good["content"]
                or good["content"]["application/json"]["examples"]
            )
            assert {"400", "401", "403", "429", "500"} <= set(operation["responses"])

    @pytest.mark.parametrize(
        "name",
        [
            "create_transfer",
            "create_deposit",
            "create_withdrawal",
            "create_refund",
            "create_scheduled_transfer",
            "create_statement",
            "create_settlement",
            "open_saving",
            "create_contribution",
            "create_saving_withdrawal",
            "create_closing_quote",
            "accept_closing_quote",
            "create_automatic_saving",
            "accept_loan_offers",
            "cancel_loan_contract",
            "create_loan_payout",
            "create_loan_repayment",
            "create_loan_refund",
            "create_payoff_quote",
            "pay_payoff_quote",
            "create_hardship_request",
            "create_lending_bid",
            "create_lending_rule",
        ],
    )
    def test_money_asks_for_a_key(self, document: dict[str, Any], name: str) -> None:
        operation = operations(document)[name]
        headers = [
            each["name"] for each in operation["parameters"] if each["in"] == "header" and each["required"]
        ]
        assert headers == ["Idempotency-Key"]
        assert {"404", "409", "413", "415", "422"} <= set(operation["responses"])

    def test_yaml_is_there_for_who_asks(self) -> None:
        response = Client().get("/api/v1/schema", headers={"Accept": "application/vnd.oai.openapi"})
        assert response.content.startswith(b"openapi: 3.1")


@pytest.mark.django_db
class TestPages:
    def test_the_docs_load_nothing_from_elsewhere(self, client: Client) -> None:
        page = client.get("/api/docs/").content.decode()
        assert "http" not in page and "<style" not in page and page.count("<script src=") == 4
        script = client.get("/api/docs/?script=")
        assert script.status_code == 200 and b"/api/v1/schema" in script.content

    def test_every_code_has_a_page(self, client: Client) -> None:
        index = client.get("/api/errors/").content.decode()
        codes = catalogue.refusals()
        assert {"insufficient_funds", "idempotency_key_missing", "scope_missing", "throttled"} <= set(codes)
        assert {"internal_error", "malformed_json", "deposit_too_small", "recipient_not_found"} <= set(codes)
        for code in codes:
            page = client.get(f"/api/errors/{code}")
            assert page.status_code == 200 and code in page.content.decode() and code in index

    def test_an_unknown_code_is_a_problem(self, client: Client) -> None:
        response = client.get("/api/errors/no_such_code")
        assert response.status_code == 404 and response["Content-Type"] == "application/problem+json"


class Obliging(Paystack):
    """A gateway that opens a page for whatever is asked, and knows one bank and everybody there."""

    def start_checkout(self, *, reference: str, **_facts: Any) -> Checkout:
        return Checkout(reference, "https://checkout.example/1", "code")

    def banks(self) -> list[Bank]:
        return [Bank(code="058", name="Guaranty Trust Bank")]

    def resolve_account(self, *, account_number: str, bank_code: str) -> str:
        return "Ada Obi"

    def make_customer(self, **_facts: Any) -> str:
        raise GatewayRefused(reason="invalid_params", status=400, said="")


@pytest.mark.django_db(transaction=True)
class TestGenerated:
    """Requests made from the document, in this process: no fault, no undocumented answer."""

    @pytest.fixture(autouse=True)
    def gateway(self) -> Iterator[None]:
        install_sandbox()
        with patch("wallet.services.gateways._paystack", return_value=Obliging(secret_key="sk_test_1")):
            yield

    @pytest.fixture
    def person(self, settings: Any) -> User:
        settings.API_RATE_LIMITS = {"default": "100000/minute", "money": "100000/minute"}
        return make_person(name="Ada Obi")

    def test_strange_requests_are_refused_as_documented(self, person: User) -> None:
        checks = [*CHECKS, negative_data_rejection]
        walk(person, GenerationMode.NEGATIVE, checks, lambda case: None)

    def test_right_requests_are_answered_as_documented(self, person: User) -> None:
        other = make_person(name="Bola Ade")
        with acting_as_service():
            account = wallet.open_wallet(owner_id=person.id)
            clearing = wallet.system_account("PAYSTACK_CLEARING")
            line = wallet.Line("DEPOSIT", clearing, account, 10_000_000)
            posting = wallet.post(posting_id=posting_id(), lines=[line])
        sent = posting_id()
        with acting_as(person):
            wallet.transfer(
                posting_id=sent,
                source=Account.objects.get(pk=account),
                recipient_id=other.id,
                amount=100,
                at=timezone.now(),
            )
        real = {"accounts": ids.encode("acc", account), "transfers": ids.encode("trf", sent)}
        real |= {"transactions": ids.encode("txn", posting.id)}
        turn = count()

        def about_real_things(case: schemathesis.Case) -> None:
            """Three in four: the others are about what is not there."""
            kind = case.path.split("/")[3]
            if next(turn) % 4 == 0:
                return
            if kind in real and "id" in case.path_parameters:
                case.path_parameters["id"] = real[kind]
            if isinstance(case.body, dict) and case.body.get("amount"):
                amount = 5_000 + int(case.body["amount"]) % 5_000
                facts = {"source": real["accounts"], "recipient": "bola_ade", "account": real["accounts"]}
                known = {name: facts[name] for name in facts if name in case.body}
                known |= {"currency": "NGN", "amount": amount}
                if kind in ("transfers", "deposits"):
                    # A key of its own, and no field that nobody knows: what is drawn changes with each change of code.
                    case.headers["Idempotency-Key"] = str(uuid4())
                    case.body = known
                else:
                    case.body |= known

        # Loans and savings have tests like this one, with loans and savings.
        others = "/api/v1/(?!loan|lending|savings)"
        good = walk(person, GenerationMode.POSITIVE, CHECKS, about_real_things, under=others)
        assert good >= {
            "list_accounts",
            "get_account",
            "get_account_limits",
            "list_entries",
            "get_transaction",
            "get_transfer",
        }
        assert good >= {"create_transfer", "create_deposit"}


def walk(
    person: User, mode: GenerationMode, checks: list[Any], change: Any, *, under: str = "/api/v1/"
) -> set[str]:
    """Try every operation under a path with generated data; return those that were answered well at least once."""
    prove_factor(person)
    schema = schemathesis.openapi.from_wsgi("/api/v1/schema", get_wsgi_application())
    good = set()
    for found in schema.include(path_regex=f"^{under}").get_all_operations():
        _try(found.ok(), person, mode, checks, change, good)
    return good


def _try(
    operation: Any, person: User, mode: GenerationMode, checks: list[Any], change: Any, good: set[str]
) -> None:
    # Proofs and tokens are good for some minutes, and all operations on a busy machine take more.
    headers = bearer(person)
    prove_factor_again(person)

    @few
    @given(case=operation.as_strategy(generation_mode=mode))
    def check(case: schemathesis.Case) -> None:
        change(case)
        response = case.call_and_validate(headers=headers, checks=checks)
        if response.status_code < 300:
            good.add(case.operation.definition.raw["operationId"])

    check()
