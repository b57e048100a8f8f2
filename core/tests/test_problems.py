import asyncio
import json
import logging
from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import BadRequest, PermissionDenied, RequestDataTooBig, SuspiciousOperation
from django.core.exceptions import ValidationError as DjangoValidationError
from django.core.signals import got_request_exception
from django.db import OperationalError, connection, transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.test import RequestFactory, override_settings
from django.urls import path
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.validation import validate_schema
from rest_framework import exceptions, serializers
from rest_framework.generics import CreateAPIView, RetrieveAPIView
from rest_framework.permissions import AllowAny, IsAuthenticated
from rest_framework.test import APIRequestFactory
from rest_framework.views import APIView

from core.api.problems import ProblemMiddleware, exception_handler, problem_response
from core.api.request_id import RequestIdMiddleware
from core.api.serializers import MoneyField, StrictSerializer
from core.errors import DomainError


class Short(DomainError):
    code = "insufficient_funds"
    message = "There is not enough money."
    public = ("available",)


class Busy(DomainError):
    code = "already_reversed"
    kind = "conflict"


class Hurried(DomainError):
    code = "too_often"
    kind = "limited"


def ask(exc: BaseException, method: str = "POST", **kwargs: Any) -> HttpResponse:
    """The answer of a view in which this is raised."""

    class View(APIView):
        authentication_classes = ()
        permission_classes = (AllowAny,)

        def handle(self, request: HttpRequest) -> None:
            raise exc

        get = post = handle

    request = getattr(APIRequestFactory(), method.lower())("/api/v1/things/1", {}, format="json", **kwargs)
    request.request_id = "req_test"
    return View.as_view()(request)


def body_of(response: HttpResponse) -> dict[str, Any]:
    assert response["Content-Type"] == "application/problem+json"
    body = json.loads(response.content)
    assert body["status"] == response.status_code
    assert body["type"].endswith(f"/api/errors/{body['code']}")
    assert body["request_id"] == "req_test" and body["instance"].startswith("/api/")
    assert body["title"] and body["detail"] and isinstance(body["errors"], list)
    return body


@pytest.mark.parametrize(
    ("exc", "status", "code"),
    [
        (exceptions.ParseError(), 400, "parse_error"),
        (exceptions.NotAuthenticated(), 401, "not_authenticated"),
        (exceptions.AuthenticationFailed(), 401, "authentication_failed"),
        (exceptions.AuthenticationFailed(code="token_expired"), 401, "token_expired"),
        (exceptions.PermissionDenied(), 403, "permission_denied"),
        (PermissionDenied("row 7 of secrets"), 403, "permission_denied"),
        (exceptions.NotFound(), 404, "not_found"),
        (Http404("No Account matches the given query."), 404, "not_found"),
        (exceptions.MethodNotAllowed("PUT"), 405, "method_not_allowed"),
        (exceptions.NotAcceptable(), 406, "not_acceptable"),
        (exceptions.UnsupportedMediaType("text/x"), 415, "unsupported_media_type"),
        (exceptions.Throttled(12.2), 429, "throttled"),
        (exceptions.ValidationError("no"), 400, "invalid"),
        (DjangoValidationError("no"), 400, "invalid"),
        (RequestDataTooBig(), 413, "body_too_large"),
        (SuspiciousOperation("secret"), 400, "parse_error"),
        (BadRequest("secret"), 400, "parse_error"),
        (Short(), 422, "insufficient_funds"),
        (Busy(), 409, "already_reversed"),
        (Hurried(retry_after=2.5), 429, "too_often"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else str(value),
)
def test_every_refusal_is_a_problem(exc: Exception, status: int, code: str) -> None:
    response = ask(exc)
    body = body_of(response)
    assert (response.status_code, body["code"]) == (status, code)
    assert not any(word in response.content.decode() for word in ("secret", "matches the given query"))


def test_the_type_is_an_address_on_our_site() -> None:
    with override_settings(SITE_URL="https://alajo.example"):
        assert body_of(ask(Short()))["type"] == "https://alajo.example/api/errors/insufficient_funds"


def test_a_missing_sign_in_comes_with_a_challenge() -> None:
    assert ask(exceptions.NotAuthenticated())["WWW-Authenticate"].startswith("Bearer")


def test_limits_say_when_to_come_back() -> None:
    assert ask(exceptions.Throttled(12.2))["Retry-After"] == "13"
    assert ask(Hurried(retry_after=2.5))["Retry-After"] == "3"


def test_a_refusal_shows_only_its_public_facts() -> None:
    body = body_of(
        ask(Short("Only ₦5.00 is available.", available=500, account="someone's", rate=Decimal("0.1")))
    )
    assert body["title"] == "There is not enough money." and body["detail"] == "Only ₦5.00 is available."
    assert body["data"] == {"available": 500}


class Item(StrictSerializer):
    amount = MoneyField()


class Order(StrictSerializer):
    name = serializers.CharField()
    items = Item(many=True)

    def validate(self, attrs: Any) -> Any:
        raise serializers.ValidationError("Nothing fits.", code="misfit")


def errors_of(data: Any) -> dict[str, str]:
    try:
        Order(data=data).is_valid(raise_exception=True)
    except serializers.ValidationError as exc:
        return {error["pointer"]: error["code"] for error in body_of(ask(exc))["errors"]}
    raise AssertionError("taken")


def test_field_errors_point_into_the_body_and_keep_index_zero() -> None:
    data = {"items": [{"amount": 0}, {"amount": 1}, {"amount": "x", "a/b~c": 1}]}
    assert errors_of(data) == {
        "/name": "required",
        "/items/0/amount": "amount_not_positive",
        "/items/2/amount": "amount_invalid",
        "/items/2/a~1b~0c": "unknown_field",
    }


def test_an_error_of_the_whole_points_at_the_whole() -> None:
    assert errors_of({"name": "x", "items": []}) == {"": "misfit"}
    assert errors_of([]) == {"": "invalid"}


def test_a_list_of_errors_as_older_serializers_gave_keeps_its_places() -> None:
    exc = exceptions.ValidationError([{"amount": ["bad"]}, {}, {"amount": ["bad"]}])
    assert [error["pointer"] for error in body_of(ask(exc))["errors"]] == ["/0/amount", "/2/amount"]


def test_errors_of_a_query_name_the_parameter() -> None:
    errors = body_of(ask(exceptions.ValidationError({"limit": ["no"]}), "GET"))["errors"]
    assert errors == [{"parameter": "limit", "code": "invalid", "detail": "no"}]


@pytest.mark.parametrize(
    ("exc", "status"), [(RuntimeError("password=hunter2"), 500), (OperationalError("hunter2"), 503)]
)
def test_a_fault_tells_the_caller_nothing_and_the_log_everything(
    exc: Exception, status: int, caplog: pytest.LogCaptureFixture
) -> None:
    heard: list[object] = []

    def listen(**kwargs: Any) -> None:
        heard.append(kwargs["request"])

    got_request_exception.connect(listen)
    try:
        with caplog.at_level(logging.ERROR):
            response = ask(exc)
    finally:
        got_request_exception.disconnect(listen)
    assert response.status_code == status and body_of(response)["errors"] == []
    assert "hunter2" not in response.content.decode() and "RuntimeError" not in response.content.decode()
    assert "req_test" in caplog.text and "hunter2" in caplog.text
    assert len(heard) == 1 and isinstance(heard[0], HttpRequest)


def test_a_busy_database_asks_for_another_try() -> None:
    assert ask(OperationalError())["Retry-After"] == "1"


@pytest.mark.django_db
def test_a_fault_takes_the_running_transaction_back_and_a_refusal_does_not() -> None:
    with transaction.atomic():
        ask(RuntimeError())
        assert connection.needs_rollback
    assert not connection.needs_rollback
    with transaction.atomic():
        ask(Short())
        assert not connection.needs_rollback


def request_to(path: str, **headers: str) -> HttpRequest:
    request = RequestFactory().get(path, headers=headers)
    request.request_id = "req_test"  # type: ignore[attr-defined]
    return request


@pytest.mark.parametrize(
    ("status", "code"),
    [(400, "bad_request"), (404, "not_found"), (418, "bad_request"), (502, "internal_error")],
)
def test_djangos_own_errors_under_api_become_problems(status: int, code: str) -> None:
    answer = HttpResponse("<h1>Traceback</h1>", status=status, headers={"Allow": "GET"})
    response = ProblemMiddleware(lambda request: answer)(request_to("/api/v1/nowhere/é"))
    assert body_of(response)["code"] == code and response["Allow"] == "GET"
    assert "Traceback" not in response.content.decode()


def test_pages_successes_and_problems_pass_as_they_are() -> None:
    ready = problem_response(request_to("/api/x"), "own_code", 409, "Own", "Detail")
    for where, answer in [
        ("/page", HttpResponse(status=404)),
        ("/api/x", HttpResponse("ok")),
        ("/api/x", ready),
    ]:
        assert ProblemMiddleware(lambda request, answer=answer: answer)(request_to(where)) is answer


def test_an_unserialisable_handler_context_is_no_excuse() -> None:
    response = exception_handler(RuntimeError(), {"request": request_to("/api/x"), "view": None})
    assert response.status_code == 500


def test_every_reply_has_an_id_of_our_own_making() -> None:
    seen: list[HttpRequest] = []
    middleware = RequestIdMiddleware(lambda request: seen.append(request) or HttpResponse())
    replies = [middleware(RequestFactory().get("/")) for _ in range(2)]
    assert [reply["Request-Id"] for reply in replies] == [request.request_id for request in seen]
    assert replies[0]["Request-Id"] != replies[1]["Request-Id"]
    assert all(reply["Request-Id"].startswith("req_") and len(reply["Request-Id"]) == 26 for reply in replies)


@pytest.mark.parametrize(
    ("headers", "kept"),
    [
        ({"Request-Id": "abc-123"}, "abc-123"),
        ({"X-Request-Id": "trace:1/2"}, "trace:1/2"),
        ({"X-Request-Id": "x" * 128}, "x" * 128),
        ({"X-Request-Id": "x" * 129}, ""),
        ({"X-Request-Id": "a b"}, ""),
        ({"X-Request-Id": "a\nSet-Cookie: b"}, ""),
        ({"X-Request-Id": "a\n"}, ""),
        ({}, ""),
    ],
)
def test_a_clients_id_serves_for_correlation_only(headers: dict[str, str], kept: str) -> None:
    request = RequestFactory().get("/", headers=headers)
    reply = RequestIdMiddleware(lambda request: HttpResponse())(request)
    assert request.correlation_id == kept  # type: ignore[attr-defined]
    assert reply["Request-Id"].startswith("req_")


def test_the_middlewares_also_serve_asynchronous_views() -> None:
    async def view(request: HttpRequest) -> HttpResponse:
        return HttpResponse(status=404)

    request = RequestFactory().get("/api/x")
    reply = asyncio.run(RequestIdMiddleware(ProblemMiddleware(view))(request))  # type: ignore[arg-type]
    assert json.loads(reply.content)["request_id"] == reply["Request-Id"]


class Transfer(StrictSerializer):
    amount = MoneyField()
    balance = MoneyField(read_only=True)


class Transfers(CreateAPIView):
    """Move money."""

    authentication_classes = ()
    permission_classes = (IsAuthenticated,)
    serializer_class = Transfer
    idempotent = True


class OpenTransfer(RetrieveAPIView):
    """Look at one."""

    lookup_field = "id"
    authentication_classes = ()
    permission_classes = (AllowAny,)
    serializer_class = Transfer


@pytest.fixture(scope="module")
def schema() -> dict[str, Any]:
    patterns = [
        path("api/v1/transfers", Transfers.as_view()),
        path("api/v1/open/<str:pk>", OpenTransfer.as_view()),
    ]
    document = SchemaGenerator(patterns=patterns).get_schema(request=None, public=True)
    validate_schema(document)
    return document


def test_each_operation_documents_the_problems_that_fit_it(schema: dict[str, Any]) -> None:
    post = schema["paths"]["/api/v1/transfers"]["post"]["responses"]
    assert set(post) == {"201", "400", "401", "403", "409", "413", "415", "422", "429", "500"}
    assert set(schema["paths"]["/api/v1/open/{id}"]["get"]["responses"]) == {
        "200",
        "400",
        "404",
        "429",
        "500",
    }
    shared = schema["components"]["responses"]
    assert post["422"] == {"$ref": "#/components/responses/Refused"}
    media = shared["Refused"]["content"]["application/problem+json"]
    assert media["schema"] == {"$ref": "#/components/schemas/Problem"}
    (example,) = media["examples"].values()
    assert set(example["value"]) == set(schema["components"]["schemas"]["Problem"]["required"])
    assert "Retry-After" in shared["Throttled"]["headers"]
    assert post["201"]["headers"]["Request-Id"] == {"$ref": "#/components/headers/Request-Id"}
    assert schema["components"]["headers"]["Request-Id"]["schema"] == {"type": "string"}


def test_only_views_that_declare_it_ask_for_an_idempotency_key(schema: dict[str, Any]) -> None:
    (key,) = schema["paths"]["/api/v1/transfers"]["post"]["parameters"]
    assert (key["name"], key["in"], key["required"]) == ("Idempotency-Key", "header", True)
    assert key["schema"]["maxLength"] == 255
    names = [each["name"] for each in schema["paths"]["/api/v1/open/{id}"]["get"]["parameters"]]
    assert names == ["id"]


def test_money_is_a_whole_number_of_64_bits_in_the_schema(schema: dict[str, Any]) -> None:
    sent = schema["components"]["schemas"]["TransferRequest"]["properties"]["amount"]
    assert sent == {"type": "integer", "format": "int64", "minimum": 1, "maximum": 2**63 - 1}
    given = schema["components"]["schemas"]["Transfer"]["properties"]["balance"]
    assert given["format"] == "int64" and "minimum" not in given
