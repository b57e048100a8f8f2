"""Who is present on a topic: across processes, and after one of them or Valkey was lost."""

import contextlib

import pytest
import redis
from django.conf import settings

from config.asgi import application
from realtime.asgi import hub
from realtime.asgi import presence as kept
from realtime.tests.sockets import Client, serving


def track(client: Client, meta: object, name: str = "room") -> dict:
    return client.ask(f"realtime:{name}", "presence", {"type": "presence", "event": "track", "payload": meta})


def untrack(client: Client, name: str = "room") -> dict:
    return client.ask(f"realtime:{name}", "presence", {"type": "presence", "event": "untrack"})


def without_refs(state: dict) -> dict:
    return {
        key: [{name: value for name, value in meta.items() if name != "phx_ref"} for meta in one["metas"]]
        for key, one in state.items()
    }


def diff(client: Client) -> tuple[dict, dict]:
    payload = client.expect("presence_diff")["payload"]
    return without_refs(payload["joins"]), without_refs(payload["leaves"])


@pytest.fixture
def quick(monkeypatch):
    """A process is missed soon."""
    monkeypatch.setattr(hub, "TEND", 0.2)
    monkeypatch.setattr(kept, "ALIVE", 3)


def test_three_clients_see_one_another_over_two_processes(server, other_server):
    with (
        Client(server) as ada,
        Client(other_server, vsn="2.0.0") as bola,
        Client(other_server) as chidi,
    ):
        for client, key in ((ada, "ada"), (bola, "bola"), (chidi, "")):
            client.join("room", presence={"key": key, "enabled": True})
            assert client.expect("presence_state")["payload"] == {}
        assert track(ada, {"at": 1}) == {"status": "ok", "response": {}}
        for client in (ada, bola, chidi):
            assert diff(client) == ({"ada": [{"at": 1}]}, {})
        track(chidi, {})
        for client in (ada, bola, chidi):
            joins, leaves = diff(client)
            assert (list(joins.values()), leaves) == ([[{}]], {})
        # What somebody tells anew replaces what they told before, in one step.
        track(ada, {"at": 2})
        for client in (ada, bola, chidi):
            assert diff(client) == ({"ada": [{"at": 2}]}, {"ada": [{"at": 1}]})
        with Client(other_server) as late:
            late.join("room")
            state = without_refs(late.expect("presence_state")["payload"])
            assert state.pop("ada") == [{"at": 2}] and list(state.values()) == [[{}]]
        assert untrack(chidi)["status"] == "ok"
        assert diff(bola)[1] == {key: [{}] for key in joins}
        ada.connection.close()
        assert diff(bola) == ({}, {"ada": [{"at": 2}]})
        bola.join("other")
        assert bola.expect("presence_state", topic="realtime:other")["payload"] == {}


def test_two_devices_of_one_person_are_two_metas(server):
    with Client(server) as phone, Client(server) as laptop:
        for client, device in ((phone, "phone"), (laptop, "laptop")):
            client.join("room", presence={"key": "ada"})
            track(client, {"on": device})
        phone.ask("realtime:room", "phx_leave", {})
        with Client(server) as other:
            other.join("room")
            assert without_refs(other.expect("presence_state")["payload"]) == {"ada": [{"on": "laptop"}]}


def test_only_those_who_want_it_are_told(server):
    with Client(server) as silent, Client(server) as other:
        silent.join("room", presence={"key": "x", "enabled": False})
        other.join("room")
        track(other, {"a": 1})
        assert silent.settle() == []
        # Whoever tells of itself is told of the others from then on.
        track(silent, {})
        state = silent.expect("presence_state")["payload"]
        assert [one["metas"][0]["a"] for one in state.values()] == [1]
        assert "x" in diff(silent)[0]


@pytest.mark.parametrize("meta", [None, [], "x", 7])
def test_what_is_told_of_oneself_must_be_a_map(server, meta):
    with Client(server) as client:
        client.join("room")
        assert track(client, meta)["response"] == {"reason": "Presence track payload must be a map"}
        assert client.ask("realtime:room", "presence", {"event": "dance"})["status"] == "error"
        assert track(client, {"x": "y" * 20_000})["response"]["reason"].startswith("PayloadTooLarge")
        assert client.join("r2", presence={"key": "k" * 256})["response"]["reason"].startswith(
            "InvalidPayload"
        )


def test_somebody_tells_of_themselves_so_often(server):
    with Client(server) as client:
        client.join("room")
        answers = [track(client, {"n": n}) for n in range(6)]
        assert [answer["status"] for answer in answers] == ["ok"] * 5 + ["error"]
        assert answers[5]["response"]["reason"].startswith("PresenceRateLimitReached: ")
        client.join("other")
        assert track(client, {}, "other")["status"] == "ok"


def test_whoever_was_in_a_process_that_died_leaves(server, quick):
    with contextlib.ExitStack() as stack, Client(server) as stays:
        url = stack.enter_context(serving(application))
        dies = stack.enter_context(Client(url))
        stays.join("room", presence={"key": "stays"})
        dies.join("room", presence={"key": "dies"})
        track(dies, {})
        assert diff(stays) == ({"dies": [{}]}, {})
        valkey = redis.Redis.from_url(settings.VALKEY_URL)
        # As after a kill: what it holds stays, and it says no more that it lives.
        entries = valkey.hgetall(f"{settings.VALKEY_PREFIX}:presence:0:room")
        dies.connection.close()
        assert diff(stays) == ({}, {"dies": [{}]})
        valkey.hset(f"{settings.VALKEY_PREFIX}:presence:0:room", mapping=entries)
        assert diff(stays) == ({}, {"dies": [{}]})
        assert valkey.hgetall(f"{settings.VALKEY_PREFIX}:presence:0:room") == {}


def test_what_valkey_lost_is_put_back(server, other_server, quick):
    with Client(server) as ada, Client(other_server) as bola:
        ada.join("room", presence={"key": "ada"})
        bola.join("room", presence={"key": "bola"})
        track(ada, {"a": 1})
        track(bola, {"b": 1})
        assert {*diff(ada)[0], *diff(ada)[0]} == {"ada", "bola"}
        redis.Redis.from_url(settings.VALKEY_URL).flushdb()
        assert {*diff(ada)[0], *diff(ada)[0]} == {"ada", "bola"}
        with Client(server) as late:
            late.join("room")
            state = without_refs(late.expect("presence_state")["payload"])
            assert state == {"ada": [{"a": 1}], "bola": [{"b": 1}]}
