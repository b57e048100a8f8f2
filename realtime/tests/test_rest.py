"""Sending over REST, and what is refused there."""

import json
from urllib.parse import quote

import httpx
import pytest

from accounts import access_tokens
from realtime.asgi import limits
from realtime.tests.sockets import Client, token_of
from realtime.wire import views

ALL = "/realtime/v1/api/broadcast"


def by(token: str) -> dict[str, str]:
    key = access_tokens.static_key(token) if token in ("anon", "service_role") else token
    return {"Authorization": f"Bearer {key}"}


def message(topic: str = "room", **facts) -> dict:
    return {"topic": topic, "event": "chat", "payload": {"t": "ọ̀nà"}, **facts}


def error(answer: httpx.Response) -> tuple[int, str]:
    assert answer.json()["error"] == answer.json()["message"]
    assert answer.headers["access-control-allow-origin"] == "*"
    return answer.status_code, answer.json()["code"]


def test_messages_reach_members_in_every_process(server, other_server, ada):
    own = f"user:{ada.id}"
    with Client(server) as first, Client(other_server, token=token_of(ada), vsn="2.0.0") as second:
        assert first.join("room")["status"] == "ok"
        assert second.join(own, private=True)["status"] == "ok"
        body = {"messages": [message(), message(own, private=True), message(own)]}
        answer = httpx.post(f"{server}{ALL}", json=body, headers=by(token_of(ada)))
        assert (answer.status_code, answer.content) == (202, b"")
        told = {"type": "broadcast", "event": "chat", "payload": {"t": "ọ̀nà"}}
        assert first.expect("broadcast")["payload"] == told
        assert second.expect("broadcast")["payload"] == told
        assert [frame["event"] for frame in second.settle()] == ["presence_state"]


def test_one_message_is_its_body(server, ada):
    name = "a/b events/ọ"
    address = f"{server}{ALL}/{quote(name, safe='')}/events/{quote('x/y', safe='')}"
    with Client(server, vsn="2.0.0") as client:
        client.join(name)
        assert httpx.post(address, json={"a": 1}, headers=by("anon")).status_code == 202
        assert client.expect("broadcast")["payload"] == {
            "type": "broadcast",
            "event": "x/y",
            "payload": {"a": 1},
        }
        binary = {**by("anon"), "Content-Type": "application/octet-stream"}
        assert httpx.post(address, content=b"\x00\xff", headers=binary).status_code == 202
        assert client.expect("binary")["payload"].endswith(b"\x00\xff")
        assert httpx.post(f"{server}{ALL}/x/event/y", json={}, headers=by("anon")).status_code == 404
        assert error(httpx.post(f"{address}?private=1", json={}, headers=by("anon")))[0] == 422
        assert error(httpx.post(address, data={"a": 1}, headers=by("anon"))) == (
            415,
            "unsupported_media_type",
        )


def test_who_may_not_send_sends_nothing_of_it(server, ada, bola):
    theirs = f"user:{bola.id}"
    with Client(server, token=token_of(bola)) as client, Client(server) as other:
        client.join(theirs, private=True)
        other.join("room")
        for token in ("anon", token_of(ada)):
            body = {"messages": [message(), message(theirs, private=True)]}
            assert error(httpx.post(f"{server}{ALL}", json=body, headers=by(token))) == (403, "forbidden")
            one = f"{server}{ALL}/{quote(theirs)}/events/x?private=true"
            assert error(httpx.post(one, json={}, headers=by(token))) == (403, "forbidden")
        for client_ in (client, other):
            assert [frame["event"] for frame in client_.settle()] == ["presence_state"]
        assert httpx.post(one, json={}, headers=by("service_role")).status_code == 202
        client.expect("broadcast")


def test_nobody_is_heard_without_a_key(server):
    body = {"messages": [message()]}
    assert error(httpx.post(f"{server}{ALL}", json=body)) == (401, "unauthorized")
    assert error(httpx.post(f"{server}{ALL}", json=body, headers=by("a.b.c"))) == (401, "unauthorized")
    assert error(httpx.get(f"{server}{ALL}")) == (404, "not_found")
    preflight = httpx.options(f"{server}{ALL}")
    assert preflight.status_code == 204 and "apikey" in preflight.headers["access-control-allow-headers"]


@pytest.mark.parametrize(
    "body",
    [
        {},
        [],
        {"messages": {}},
        {"messages": []},
        {"messages": [message()] * 101},
        {"messages": [7]},
        {"messages": [message(topic=7)]},
        {"messages": [message(topic="")]},
        {"messages": [message(topic="$sockets")]},
        {"messages": [message(topic="x" * 247)]},
        {"messages": [message(event="")]},
        {"messages": [message(event=None)]},
        {"messages": [message(payload=None)]},
        {"messages": [message(private="yes")]},
    ],
)
def test_what_is_no_message_is_refused_by_name(server, body):
    assert error(httpx.post(f"{server}{ALL}", json=body, headers=by("anon"))) == (422, "unprocessable_entity")


def test_what_cannot_be_read_or_is_too_large_is_refused(server):
    for raw in (b"{", b"\xff", b"[" * 10_000, b'{"messages": NaN}'):
        assert error(httpx.post(f"{server}{ALL}", content=raw, headers=by("anon")))[0] in (400, 422)
    large = {"messages": [message(payload={"t": "x" * limits.LARGEST_BROADCAST})]}
    assert error(httpx.post(f"{server}{ALL}", json=large, headers=by("anon"))) == (413, "payload_too_large")
    huge = json.dumps({"messages": [message()], "x": "x" * 2_000_000})
    assert error(httpx.post(f"{server}{ALL}", content=huge, headers=by("anon"))) == (413, "payload_too_large")


def test_one_caller_sends_so_often(server, ada, monkeypatch):
    monkeypatch.setattr(views, "CALLS", "2/minute")
    body = {"messages": [message()]}
    token = token_of(ada)
    statuses = [httpx.post(f"{server}{ALL}", json=body, headers=by(token)).status_code for _ in range(3)]
    assert statuses == [202, 202, 429]
    refused = httpx.post(f"{server}{ALL}", json=body, headers=by(token_of(ada)))
    assert error(refused) == (429, "too_many_requests") and int(refused.headers["retry-after"]) > 0
    assert httpx.post(f"{server}{ALL}", json=body, headers=by("service_role")).status_code == 202
