"""Statements over the API."""

import json

import pytest

from core.actors import acting_as_service
from core.api import ids
from wallet.models import Statement
from wallet.tests.api import World, acc, client_with_key, problem
from wallet.tests.test_statements import today

pytestmark = pytest.mark.django_db
URL = "/api/v1/statements"


def order(world: World, **changes: object) -> dict[str, object]:
    return {"account": acc(world.purse), "since": str(today()), "until": str(today()), **changes}


def made(world: World, key: str = "one", **changes: object):
    return world.api.post(URL, order(world, **changes), format="json", headers={"Idempotency-Key": key})


def test_one_is_made_once_for_each_key_read_and_downloaded(world: World) -> None:
    world.send()
    answer = made(world)
    assert answer.status_code == 201, answer.content
    body = json.loads(answer.content)
    assert (body["opening"], body["money_in"], body["money_out"], body["closing"]) == (
        0,
        100_000,
        2_500,
        97_500,
    )
    assert body["state"] == "READY" and body["lines"] == 2 and len(body["sha256"]) == 64
    assert json.loads(made(world).content) == body
    with acting_as_service():
        assert Statement.objects.count() == 1
    assert world.api.get(f"{URL}/{body['id']}").json() == body
    assert [one["id"] for one in world.api.get(URL, {"account": acc(world.purse)}).json()["data"]] == [
        body["id"]
    ]
    assert world.api.get(URL, {"monthly": "true"}).json()["data"] == []
    for form, begins in (("pdf", b"%PDF"), ("csv", b"\xef\xbb\xbfeffective_at"), ("ofx", b"<?xml")):
        file = world.api.get(f"{URL}/{body['id']}/file", {"form": form})
        content = b"".join(file.streaming_content) if file.streaming else file.content
        assert file.status_code == 200 and content.startswith(begins), form


def test_another_sees_none_of_it(world: World) -> None:
    body = json.loads(made(world).content)
    for path in (
        f"{URL}/{body['id']}",
        f"{URL}/{body['id']}/file",
        f"{URL}/{ids.encode('stm', world.purse.pk)}",
    ):
        problem(world.bolas_api.get(path), 404, "not_found")
    assert world.bolas_api.get(URL).json()["data"] == []
    answer = world.bolas_api.post(URL, order(world), format="json", headers={"Idempotency-Key": "x"})
    problem(answer, 404, "account_not_found")


def test_what_is_wrong_is_refused_by_name(world: World) -> None:
    problem(made(world, since="2031-01-01", until="2031-01-02"), 422, "period_invalid")
    problem(made(world, key="two", since="x"), 400, "invalid")
    answer = world.api.post(URL, order(world), format="json")
    problem(answer, 400, "idempotency_key_missing")


def test_each_side_has_its_scope(world: World) -> None:
    reader = client_with_key("statements:read")
    assert reader.get(URL).status_code == 200
    answer = reader.post(URL, order(world), format="json", headers={"Idempotency-Key": "x"})
    problem(answer, 403, "scope_missing")
    problem(client_with_key("statements:write").get(URL), 403, "scope_missing")


def test_one_that_waits_is_not_given_out(world: World) -> None:
    with acting_as_service():
        waits = Statement.objects.create(
            account=world.purse, since=today(), until=today(), asked_at=world.purse.opened_at
        )
    problem(world.api.get(f"{URL}/{ids.encode('stm', waits.pk)}/file"), 409, "statement_not_ready")
