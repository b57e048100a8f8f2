import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier, Event
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import pytest
from django.db import connection
from django.http import HttpResponse
from django.utils import timezone
from rest_framework.authentication import BaseAuthentication
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.test import APIRequestFactory
from rest_framework.views import APIView

from core import actors, idempotency
from core.actors import acting_as, acting_as_anon, acting_as_service
from core.errors import DomainError
from core.ids import uuid7
from core.models import IdempotencyKey

ADA = SimpleNamespace(id=uuid7(), pk=uuid7(), email="ada@alajo.test")
ADA.pk = ADA.id
BOLA = SimpleNamespace(id=uuid7(), pk=uuid7(), email="bola@alajo.test")
BOLA.pk = BOLA.id


class Poor(DomainError):
    code = "too_poor"


class Away(DomainError):
    code = "away"
    kind = "unavailable"


class Sent(BaseAuthentication):
    def authenticate(self, request: Request) -> tuple[Any, Any]:
        person = BOLA if request.headers.get("X-Person") == "bola" else ADA
        actors.become(person)
        token = request.headers.get("X-Token")
        return person, SimpleNamespace(pk=token or "t0")


def ask(
    work: Callable[[UUID], Response], *, key: str | None = "k1", body: Any = None, **headers: str
) -> HttpResponse:
    """The answer of a view that does `work` once."""

    class View(APIView):
        authentication_classes = (Sent,)
        permission_classes = (AllowAny,)

        def post(self, request: Request) -> HttpResponse:
            return idempotency.once(request, work)

    named = {} if key is None else {"Idempotency-Key": key}
    content = {"amount": 1} if body is None else body
    request = APIRequestFactory().post("/api/v1/things", content, format="json", headers={**named, **headers})
    with acting_as_anon():
        return View.as_view()(request)


def code_of(response: HttpResponse) -> str:
    return json.loads(response.content)["code"]


class Counted:
    """Work that counts how often it is carried out."""

    def __init__(self, error: Exception | None = None) -> None:
        self.ids: list[UUID] = []
        self.error = error

    def __call__(self, subject: UUID) -> Response:
        self.ids.append(subject)
        if self.error:
            raise self.error
        return Response({"id": str(subject), "number": len(self.ids)}, status=201)


@pytest.mark.django_db
class TestOnce:
    def test_a_repeat_is_given_the_first_answer(self) -> None:
        work = Counted()
        first, second = ask(work), ask(work)
        assert (
            (first.status_code, first.content) == (second.status_code, second.content) == (201, first.content)
        )
        assert "Idempotent-Replayed" not in first.headers and second["Idempotent-Replayed"] == "true"
        assert len(work.ids) == 1
        with acting_as(ADA):
            assert IdempotencyKey.objects.get().subject_id == work.ids[0]

    def test_another_order_of_the_same_fields_is_the_same_request(self) -> None:
        work = Counted()
        ask(work, body={"a": 1, "b": 2})
        assert ask(work, body={"b": 2, "a": 1})["Idempotent-Replayed"] == "true"

    def test_the_same_key_with_another_body_is_refused(self) -> None:
        ask(Counted())
        response = ask(Counted(), body={"amount": 2})
        assert response.status_code == 422 and code_of(response) == "idempotency_key_reused"

    @pytest.mark.parametrize("headers", [{"X-Person": "bola"}, {"X-Token": "t1"}])
    def test_a_key_belongs_to_one_person_and_one_credential(self, headers: dict[str, str]) -> None:
        work = Counted()
        ask(work)
        assert "Idempotent-Replayed" not in ask(work, **headers).headers
        assert len(work.ids) == 2

    def test_a_refusal_is_an_answer_and_is_given_again(self) -> None:
        first = ask(Counted(Poor()))
        second = ask(Counted())
        assert (first.status_code, code_of(first)) == (422, "too_poor")
        assert second.content == first.content and second["Idempotent-Replayed"] == "true"
        assert second["Content-Type"] == "application/problem+json"

    def test_a_failure_of_ours_is_no_answer(self) -> None:
        assert ask(Counted(Away())).status_code == 503
        assert ask(Counted()).status_code == 201

    @pytest.mark.parametrize(
        ("key", "code"),
        [
            (None, "idempotency_key_missing"),
            ("", "idempotency_key_invalid"),
            ("k" * 256, "idempotency_key_invalid"),
            ("k\x7f", "idempotency_key_invalid"),
            ("é", "idempotency_key_invalid"),
            ("k\n", "idempotency_key_invalid"),
        ],
    )
    def test_a_key_that_cannot_be_is_refused(self, key: str | None, code: str) -> None:
        response = ask(Counted(), key=key)
        assert response.status_code == 400 and code_of(response) == code

    def test_a_key_of_255_characters_is_a_key(self) -> None:
        assert ask(Counted(), key="k" * 255).status_code == 201

    def test_nobody_sees_the_keys_of_another(self) -> None:
        ask(Counted())
        with acting_as(BOLA):
            assert not IdempotencyKey.objects.exists()
        with acting_as(BOLA), connection.cursor() as cursor:
            cursor.execute("update core_idempotencykey set body = 'mine'")
            assert cursor.rowcount == 0

    def test_keys_are_forgotten_after_two_days_and_not_before(self) -> None:
        ask(Counted())
        now = timezone.now()
        assert idempotency.purge(at=now + timedelta(hours=47)) == 0
        assert idempotency.purge(at=now + timedelta(hours=49)) == 1


@pytest.mark.django_db(transaction=True)
class TestAtOnce:
    def test_a_crash_leaves_no_key(self) -> None:
        assert ask(Counted(RuntimeError("power cut"))).status_code == 500
        with acting_as_service():
            assert not IdempotencyKey.objects.exists()

    def test_a_twin_of_a_running_request_is_told_to_wait(self) -> None:
        begun, done = Event(), Event()

        def slow(subject: UUID) -> Response:
            begun.set()
            assert done.wait(10)
            return Response({}, status=201)

        with ThreadPoolExecutor(1) as pool:
            first = pool.submit(closing, lambda: ask(slow))
            assert begun.wait(10)
            twin = ask(Counted())
            done.set()
            assert first.result().status_code == 201
        assert (
            twin.status_code == 409
            and code_of(twin) == "idempotency_in_flight"
            and twin["Retry-After"] == "1"
        )
        assert ask(Counted())["Idempotent-Replayed"] == "true"

    def test_many_repeats_at_once_are_carried_out_once(self) -> None:
        work, barrier = Counted(), Barrier(8)

        def one(_n: int) -> int:
            barrier.wait(10)
            return ask(work).status_code

        with ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(lambda n: closing(lambda: one(n)), range(8)))
        assert len(work.ids) == 1 and set(answers) <= {201, 409} and 201 in answers


def closing(action: Callable[[], Any]) -> Any:
    try:
        return action()
    finally:
        connection.close()


class Outside:
    """A request in two steps; `away` makes the outside world fail."""

    def __init__(self) -> None:
        self.begun: list[UUID] = []
        self.finished: list[UUID] = []
        self.away: Exception | None = None

    def begin(self) -> UUID:
        self.begun.append(uuid7())
        return self.begun[-1]

    def finish(self, subject: UUID) -> Response:
        assert not connection.in_atomic_block
        self.finished.append(subject)
        if self.away:
            raise self.away
        return Response({"id": str(subject)}, status=201)

    def ask(self) -> HttpResponse:
        outside = self

        class View(APIView):
            authentication_classes = (Sent,)
            permission_classes = (AllowAny,)

            def perform_authentication(self, request: Request) -> None:
                with acting_as_anon():
                    super().perform_authentication(request)

            def post(self, request: Request) -> HttpResponse:
                return idempotency.once_outside(request, outside.begin, outside.finish, outside.finish)

        headers = {"Idempotency-Key": "k1"}
        return View.as_view()(APIRequestFactory().post("/api/v1/things", {}, format="json", headers=headers))


@pytest.mark.django_db(transaction=True)
class TestOnceOutside:
    def test_a_repeat_is_given_the_first_answer(self) -> None:
        outside = Outside()
        first, second = outside.ask(), outside.ask()
        assert second.content == first.content and second["Idempotent-Replayed"] == "true"
        assert len(outside.begun) == len(outside.finished) == 1

    @pytest.mark.parametrize("error", [Away(), RuntimeError("timeout")])
    def test_a_repeat_after_a_failure_goes_on_with_the_same_thing(self, error: Exception) -> None:
        outside = Outside()
        outside.away = error
        assert outside.ask().status_code in (500, 503)
        outside.away = None
        assert outside.ask().status_code == 201
        assert len(outside.begun) == 1 and outside.finished == [outside.begun[0]] * 2

    def test_a_worker_that_died_is_waited_for_a_minute(self) -> None:
        outside = Outside()
        outside.away = RuntimeError("killed")
        outside.ask()
        with acting_as_service():
            IdempotencyKey.objects.update(claimed_until=timezone.now() + timedelta(seconds=30))
        outside.away = None
        waiting = outside.ask()
        assert waiting.status_code == 409 and 0 < int(waiting["Retry-After"]) <= 30
        with acting_as_service():
            IdempotencyKey.objects.update(claimed_until=timezone.now())
        assert outside.ask().status_code == 201

    def test_a_refusal_before_anything_was_stored_is_given_again(self) -> None:
        outside = Outside()
        outside.begin = lambda: refuse()  # type: ignore[method-assign]
        first, second = outside.ask(), outside.ask()
        assert first.status_code == 422 and second.content == first.content
        assert second["Idempotent-Replayed"] == "true" and not outside.finished


def refuse() -> UUID:
    raise Poor
