"""What one socket may ask for: whoever asks for more, or sends what is no frame, harms nobody else."""

import json
import threading

import pytest

from accounts.models import Notification
from core.actors import acting_as_service
from realtime import changes, services
from realtime.asgi import frames, hub, limits, tending
from realtime.asgi import socket as sockets
from realtime.asgi.limits import Rate
from realtime.services import admission
from realtime.tests.sockets import Client, dispatch, token_of


def test_ten_thousand_topics_on_one_socket_are_a_hundred(server, monkeypatch):
    monkeypatch.setattr(limits, "FRAMES_AT_ONCE", 20_000)
    with Client(server) as greedy, Client(server) as other:
        other.join("room", broadcast={"ack": True})

        def ask() -> None:
            for number in range(10_000):
                greedy.send(f"realtime:{number}", "phx_join", {"config": {"presence": {"enabled": False}}})

        asking = threading.Thread(target=ask)
        asking.start()
        answers = [greedy.expect("phx_reply")["payload"] for _ in range(10_000)]
        asking.join()
        refused = [answer["response"]["reason"] for answer in answers if answer["status"] == "error"]
        assert len(answers) - len(refused) == limits.MOST_CHANNELS
        assert {reason.partition(":")[0] for reason in refused} == {"ChannelRateLimitReached"}
        assert other.expect("phx_reply", ref=other.broadcast("room", "x", {}))["payload"]["status"] == "ok"
        assert greedy.ask("realtime:7", "phx_leave", {})["status"] == "ok"
        assert greedy.join("one more")["status"] == "ok"


def test_joins_have_a_rate(server, monkeypatch):
    monkeypatch.setattr(limits, "JOINS_AT_ONCE", 3)
    monkeypatch.setattr(limits, "JOINS", 0)
    with Client(server) as client:
        answers = [client.join("room") for _ in range(4)]
        assert [answer["status"] for answer in answers] == ["ok", "ok", "ok", "error"]
        assert answers[3]["response"]["reason"].startswith("ClientJoinRateLimitReached: ")


def test_messages_have_a_rate_but_not_those_of_an_apps_server(server, monkeypatch):
    monkeypatch.setattr(limits, "MESSAGES_AT_ONCE", 2)
    monkeypatch.setattr(limits, "MESSAGES", 0)
    for token, allowed in (("anon", 2), ("service_role", 4)):
        with Client(server, token=token) as client:
            client.join("room", broadcast={"ack": True})
            answers = [
                client.expect("phx_reply", ref=client.broadcast("room", "x", {}))["payload"] for _ in range(4)
            ]
            assert [answer["status"] for answer in answers].count("ok") == allowed


def test_whoever_sends_frames_without_end_is_read_slowly(server, monkeypatch):
    monkeypatch.setattr(limits, "FRAMES_AT_ONCE", 5)
    monkeypatch.setattr(limits, "FRAMES", 100)
    with Client(server) as client:
        for _ in range(20):
            client.send("phoenix", "heartbeat", {})
        assert [client.expect("phx_reply")["ref"] for _ in range(20)] == [str(n) for n in range(1, 21)]


def test_a_rate_fills_as_time_passes(monkeypatch):
    now = [0.0]
    monkeypatch.setattr(limits, "monotonic", lambda: now[0])
    rate = Rate(2, 3)
    assert [rate.take() for _ in range(4)] == [True, True, True, False]
    now[0] = 0.5
    assert [rate.take() for _ in range(2)] == [True, False]
    now[0] = 100
    assert [rate.take() for _ in range(4)] == [True, True, True, False]


def test_a_broadcast_may_be_so_large(server):
    with Client(server, vsn="2.0.0") as client:
        client.join("room", broadcast={"ack": True})
        fits = "x" * (limits.LARGEST_BROADCAST - 2)
        assert (
            client.expect("phx_reply", ref=client.broadcast("room", "x", fits))["payload"]["status"] == "ok"
        )
        for large in (fits + "x", "ọ" * (limits.LARGEST_BROADCAST // 2)):
            reply = client.expect("phx_reply", ref=client.broadcast("room", "x", large))
            assert reply["payload"]["response"]["reason"].startswith("PayloadTooLarge")
        head = bytes([3, 0, 1, 13, 1, 0, 0]) + b"9realtime:roomx"
        client.connection.send(head + b"\0" * (limits.LARGEST_BROADCAST + 1))
        assert client.expect("phx_reply", ref="9")["payload"]["status"] == "error"


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        # A frame beyond a megabyte, text that is not UTF-8, and a frame that is not masked: told by the server itself.
        (b"\x82\xff" + (2**31).to_bytes(8) + b"\0\0\0\0", 1009),
        (b"\x81\x82\0\0\0\0\xff\xfe", 1007),
        (b"\x81\x02{}", 1002),
        (b"\x81\x82\0\0\0\0[1", 1003),
        (b"\x82\x81\0\0\0\0\x03", 1003),
    ],
)
def test_what_is_no_frame_ends_its_own_socket_alone(server, raw, code):
    with Client(server, vsn="2.0.0") as hostile, Client(server) as other:
        other.join("room", broadcast={"ack": True})
        hostile.join("room")
        hostile.connection.socket.sendall(raw)
        assert hostile.closed()[0] == code
        assert other.expect("phx_reply", ref=other.broadcast("room", "x", {}))["payload"]["status"] == "ok"


@pytest.mark.parametrize(
    ("event", "payload", "why"),
    [
        ("phx_join", [], "payload must be an object"),
        ("phx_join", {"config": []}, "config must be an object"),
        ("phx_join", {"config": {"private": "true"}}, "config.private must be true or false"),
        ("phx_join", {"config": {"broadcast": {"ack": 1}}}, "config.broadcast.ack must be true or false"),
        ("phx_join", {"config": {"broadcast": True}}, "config.broadcast must be an object"),
        ("phx_join", {"config": {"presence": {"key": 7}}}, "config.presence.key must be text"),
        ("phx_join", {"config": {"postgres_changes": {}}}, "config.postgres_changes must be a list"),
        ("phx_join", {"config": {"postgres_changes": [7]}}, "must be a list of objects"),
        ("phx_join", {"config": {"postgres_changes": [{}] * 21}}, "more than 20"),
        ("phx_join", {"access_token": 7}, "access_token must be text"),
        ("phx_join", {"access_token": "a.b.c"}, "InvalidJWTToken"),
        ("phx_join", {"config": {"broadcast": {"replay": {"since": 1}}}}, "only private channels"),
        ("broadcast", [], "payload must be an object"),
        ("broadcast", {"event": 7}, "event must be text"),
        ("broadcast", {"event": "x" * 256}, "event must be text"),
        ("broadcast", {"event": "x", "payload": {"n": "1e999"}}, None),
        ("presence", None, "event must be track or untrack"),
        ("access_token", {"access_token": 7}, "access_token must be text"),
        ("dance", {}, "UnknownEvent: dance"),
        ("phx_leave", [[[]]], None),
    ],
)
def test_a_bad_payload_is_answered_by_what_is_wrong_with_it(server, event, payload, why):
    with Client(server) as client:
        if event != "phx_join":
            client.join("room")
        ref = client.send("realtime:room", event, payload)
        seen = [frame for frame in client.settle() if frame["ref"] == ref]
        if why is None:
            assert all(frame["payload"]["status"] == "ok" for frame in seen)
        else:
            assert why in seen[0]["payload"]["response"]["reason"]


def test_numbers_out_of_range_are_not_told_on(server):
    with Client(server) as client:
        client.join("room")
        client.connection.send(
            '{"topic":"realtime:room","event":"broadcast","ref":"9","payload":{"event":"x","payload":{"n":1e999}}}'
        )
        assert "out of range" in client.expect("phx_reply", ref="9")["payload"]["response"]["reason"]


def test_a_slow_reader_is_let_go_without_harm_to_others(server):
    with Client(server, token="service_role") as slow, Client(server, token="service_role") as other:
        for client in (slow, other):
            client.join("room", broadcast={"ack": True})
        # It reads nothing: its own buffers fill, then those on the way, then its queue.
        text = "x" * 200_000
        for _ in range(200):
            answer = other.expect("phx_reply", ref=other.broadcast("room", "x", text))
            assert answer["payload"]["status"] == "ok"
        assert slow.closed()[0] == 1006
        assert 0 < len(slow.seen) < 200
        assert [frame["event"] for frame in other.settle()] == ["presence_state"]


def test_a_silent_socket_is_closed(server, monkeypatch):
    monkeypatch.setattr(hub, "TEND", 0.1)
    monkeypatch.setattr(tending, "SILENCE", 0.5)
    with Client(server) as client:
        client.join("room")
        assert client.closed() == (sockets.AWAY, "heartbeat timeout")


def test_a_filter_that_fails_harms_its_own_channel_alone(server, ada, monkeypatch, caplog):
    matches = changes.Binding.matches

    def broken(binding, change):
        return 1 / 0 if binding.filter else matches(binding, change)

    monkeypatch.setattr(changes.Binding, "matches", broken)
    wanted = {"event": "*", "schema": "public", "table": "accounts_notification"}
    with Client(server, token=token_of(ada)) as client:
        client.join("whole", postgres_changes=[wanted])
        client.join("broken", postgres_changes=[{**wanted, "filter": "event=eq.x"}])
        client.settle()
        with acting_as_service():
            for event in "xy":
                Notification.objects.create(user=ada, event=event, data={})
        dispatch()
        heard = [client.expect("postgres_changes")["payload"]["data"]["record"]["event"] for _ in range(2)]
        assert heard == ["x", "y"]
        told = client.expect("system")
        assert (told["topic"], told["payload"]["status"]) == ("realtime:broken", "error")
        assert caplog.text.count("cannot be told") == 1


def test_a_fault_in_one_handler_answers_an_error_and_is_logged(server, ada, monkeypatch, caplog):
    admit = admission.admit

    def broken(*, topic, **facts):
        return 1 / 0 if topic == "broken" else admit(topic=topic, **facts)

    monkeypatch.setattr(admission, "admit", broken)
    with Client(server, token=token_of(ada)) as client:
        assert client.join("broken")["response"]["reason"].startswith("InternalError")
        assert "phx_join failed" in caplog.text and "ZeroDivisionError" in caplog.text
        assert client.join(f"user:{ada.id}", private=True)["status"] == "ok"
        # One message that cannot be told does not hold up those after it.
        told = frames.broadcast
        monkeypatch.setattr(
            frames,
            "broadcast",
            lambda topic, event, *rest: 1 / 0 if event == "bad" else told(topic, event, *rest),
        )
        with acting_as_service():
            for event in ("bad", "good"):
                services.publish(topic=f"user:{ada.id}", event=event, payload={})
        dispatch()
        assert client.expect("broadcast")["payload"]["event"] == "good"
        assert json.dumps(client.ask("phoenix", "heartbeat", {}))
