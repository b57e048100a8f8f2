"""Sockets as clients see them: joined, left, told by services and by one another."""

import json

import pytest

from core.actors import acting_as_service
from realtime import services
from realtime.tests.sockets import Client, dispatch, token_of


@pytest.mark.parametrize("vsn", ["1.0.0", "2.0.0"])
def test_a_person_hears_what_services_tell_them(server, ada, vsn):
    with Client(server, token=token_of(ada), vsn=vsn) as client:
        topic = f"user:{ada.id}"
        assert client.join(topic, private=True) == {"status": "ok", "response": {"postgres_changes": []}}
        assert client.expect("presence_state")["payload"] == {}
        with acting_as_service():
            id = services.publish(topic=topic, event="transfer.received", payload={"amount": 5, "to": "ọ̀nà"})
        dispatch()
        told = client.expect("broadcast")
        assert told["topic"] == f"realtime:{topic}" and told["ref"] is None
        assert told["payload"] == {
            "type": "broadcast",
            "event": "transfer.received",
            "payload": {"amount": 5, "to": "ọ̀nà"},
            "meta": {"id": str(id)},
        }


@pytest.mark.parametrize("vsn", ["1.0.0", "2.0.0"])
def test_members_hear_one_another_and_the_sender_itself_only_if_it_wants(server, other_server, vsn):
    with Client(server, vsn=vsn) as first, Client(other_server, vsn=vsn) as second:
        first.join("room", broadcast={"ack": True, "self": True})
        second.join("room", broadcast={"ack": False, "self": False})
        ref = first.broadcast("room", "chat", {"t": "hi"})
        assert first.expect("broadcast")["payload"]["payload"] == {"t": "hi"}
        assert first.expect("phx_reply", ref=ref)["payload"] == {"status": "ok", "response": {}}
        assert second.expect("broadcast")["payload"] == {
            "type": "broadcast",
            "event": "chat",
            "payload": {"t": "hi"},
        }
        second.broadcast("room", "chat", {"t": "back"})
        assert first.expect("broadcast")["payload"]["payload"] == {"t": "back"}
        assert [frame["event"] for frame in second.settle()] == ["presence_state"]


def test_a_channel_that_was_left_hears_nothing_more(server):
    with Client(server) as client, Client(server) as other:
        client.join("room")
        other.join("room", broadcast={"ack": True})
        assert client.ask("realtime:room", "phx_leave", {}) == {"status": "ok", "response": {}}
        assert client.expect("phx_close")["topic"] == "realtime:room"
        other.expect("phx_reply", ref=other.broadcast("room", "chat", {}))
        assert [frame["event"] for frame in client.settle()] == ["presence_state"]
        assert client.ask("realtime:room", "broadcast", {"event": "x"})["status"] == "error"
        assert client.join("room")["status"] == "ok"


def test_joining_again_closes_the_channel_that_was(server):
    with Client(server, vsn="2.0.0") as client:
        client.send("realtime:room", "phx_join", {"config": {}}, join_ref="1")
        client.expect("phx_reply", join_ref="1")
        client.send("realtime:room", "phx_join", {"config": {}}, join_ref="2")
        assert client.expect("phx_close")["join_ref"] == "1"
        client.expect("phx_reply", join_ref="2")
        # A frame of the older join, still under way, does nothing to the newer.
        client.send("realtime:room", "phx_leave", {}, join_ref="1")
        client.settle()
        client.send("realtime:room", "broadcast", {"event": "x", "payload": {}}, join_ref="1")
        assert client.expect("phx_reply", ref="5")["payload"]["response"] == {"reason": "unmatched topic"}
        client.broadcast("room", "x", {})
        assert client.settle() == []


def test_bytes_are_told_to_sockets_that_take_them(server):
    with (
        Client(server, vsn="2.0.0") as sender,
        Client(server, vsn="2.0.0") as second,
        Client(server) as first,
    ):
        for client in (sender, second, first):
            client.join("room", broadcast={"ack": True})
        head = bytes([3, 0, 1, 13, 4, 0, 0])
        sender.connection.send(head + b"9" + b"realtime:room" + b"chat" + b"\x00\xff")
        assert sender.expect("phx_reply", ref="9")["payload"]["status"] == "ok"
        told = second.expect("binary")["payload"]
        assert told == bytes([4, 13, 4, 0, 0]) + b"realtime:room" + b"chat" + b"\x00\xff"
        assert "broadcast" not in [frame["event"] for frame in first.settle()]
        sender.connection.send(
            bytes([3, 0, 1, 13, 4, 0, 1]) + b"a" + b"realtime:room" + b"chat" + b'{"t": 1}'
        )
        assert first.expect("broadcast")["payload"]["payload"] == {"t": 1}
        assert json.loads(json.dumps(second.expect("broadcast")["payload"]["payload"])) == {"t": 1}


def test_a_heartbeat_is_answered(server):
    with Client(server) as client:
        assert client.ask("phoenix", "heartbeat", {}) == {"status": "ok", "response": {}}
