"""Private channels: who may hear and send is asked of row security once, and again when something may have changed."""

import json
import logging

import psycopg
import pytest
from django.conf import settings
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from accounts.models import Session
from accounts.services import organizations, sessions
from accounts.tests.factories import make_organization
from core.actors import acting_as, acting_as_service, person
from core.embedded import Postgres
from realtime import services
from realtime.asgi import hub, limits, tending
from realtime.services import rights
from realtime.tests.sockets import Client, dispatch, token_of

UNAUTHORIZED = "Unauthorized: You do not have permissions to read from this Channel topic: "


def owner_sql(statement: str) -> None:
    """As the schema owner, and committed."""
    name = settings.DATABASES["default"]["NAME"]
    with psycopg.connect(Postgres(settings.TEST_ROOT).dsn(role="alajo_owner", dbname=name)) as connection:
        connection.execute(statement)


@pytest.fixture
def policy(server):
    """Adds a policy on messages for one test."""
    names = []

    def add(name: str, command: str, condition: str) -> None:
        clause = "with check" if command == "insert" else "using"
        owner_sql(
            f'create policy "{name}" on realtime_message for {command} to authenticated {clause} ({condition})'
        )
        names.append(name)

    yield add
    for name in names:
        owner_sql(f'drop policy "{name}" on realtime_message')


def test_nobody_joins_the_topic_of_somebody_else_however_it_is_spelled(server, ada, bola):
    firm = make_organization(owner=bola)
    theirs = (f"user:{bola.id}", f"org:{firm.id}")
    spellings = [
        spelled
        for topic in theirs
        for spelled in (
            topic,
            topic.upper(),
            topic.capitalize(),
            f" {topic}",
            f"{topic} ",
            f"{topic}\u200b",
            topic.replace(":", "："),
            topic.replace(":", "::"),
            f"{topic}:",
            f"{topic}/",
            f"{topic}%",
            topic[:-1] + "_",
            f"realtime:{topic}",
            topic.replace("-", ""),
            topic.replace("-", "%2d"),
            "user:%",
            f"user:{ada.id},{topic}",
            f"user:{ada.id}' or '1'='1",
            f"user:{ada.id}/../{topic}",
        )
    ]
    with Client(server, token=token_of(ada)) as client:
        for spelled in spellings:
            answer = client.join(spelled, private=True)
            assert answer["status"] == "error", spelled
            assert answer["response"]["reason"].startswith((UNAUTHORIZED, "Topic")), answer
        with acting_as_service():
            for topic in theirs:
                services.publish(topic=topic, event="secret", payload={})
        dispatch()
        assert client.settle() == []


def test_the_public_topic_of_the_same_name_hears_nothing_of_the_private_one(server, ada, bola):
    topic = f"user:{bola.id}"
    with (
        Client(server, token=token_of(ada)) as eve,
        Client(server) as stranger,
        Client(server, token=token_of(bola)) as own,
    ):
        for client, private in ((eve, False), (stranger, False), (own, True)):
            assert client.join(topic, private=private, broadcast={"ack": True})["status"] == "ok"
        assert stranger.join(f"user:{ada.id}", private=True)["response"]["reason"].startswith(UNAUTHORIZED)
        with acting_as_service():
            services.publish(topic=topic, event="secret", payload={})
        dispatch()
        assert own.expect("broadcast")["payload"]["event"] == "secret"
        own.expect("phx_reply", ref=own.broadcast(topic, "mine", {}))
        eve.expect("phx_reply", ref=eve.broadcast(topic, "theirs", {}))
        assert [frame["event"] for frame in eve.settle()] == ["presence_state"]
        assert [
            frame["payload"]["event"] for frame in stranger.settle() if frame["event"] == "broadcast"
        ] == ["theirs"]
        assert [frame["event"] for frame in own.settle()] == ["presence_state"]


@pytest.mark.parametrize("name", ["$sockets", "$", "a\x00b", "a\nb", "", "x" * 247])
def test_some_names_are_no_topics(server, ada, name):
    with Client(server, token="service_role") as client:
        answer = client.join(name, private=True)
        assert answer["status"] == "error" and answer["response"]["reason"].startswith("TopicName")
        assert client.join("x" * 246, private=True)["status"] == "ok"


def test_who_may_hear_may_not_send_unless_a_policy_says_so(server, ada, policy):
    policy("read lobby", "select", "topic = 'lobby' and realtime.topic() = 'lobby'")
    with Client(server, token=token_of(ada)) as client, Client(server, token="service_role") as staff:
        for one in (client, staff):
            assert one.join("lobby", private=True, broadcast={"ack": True})["status"] == "ok"
        # No answer, and nobody hears it: an acknowledgement never comes.
        ref = client.broadcast("lobby", "x", {})
        told = client.ask("realtime:lobby", "presence", {"event": "track", "payload": {}})
        assert told["response"]["reason"].startswith("Unauthorized")
        assert [frame["event"] for frame in client.settle() if frame["ref"] == ref] == []
        staff.expect("phx_reply", ref=staff.broadcast("lobby", "y", {}))
        assert client.expect("broadcast")["payload"]["event"] == "y"
        assert [frame["event"] for frame in staff.settle()] == ["presence_state"]


def test_a_policy_that_fails_harms_its_own_topic_alone(server, ada, policy, caplog):
    policy(
        "broken", "select", "case when topic = 'lobby' then 1 / length(substr(topic, 9)) > 0 else false end"
    )
    with Client(server, token=token_of(ada)) as client:
        with caplog.at_level(logging.ERROR, "realtime.services.rights"):
            assert client.join("lobby", private=True)["response"] == {"reason": f"{UNAUTHORIZED}lobby"}
        assert "division by zero" in caplog.text
        assert client.join(f"user:{ada.id}", private=True)["status"] == "ok"


def test_asking_for_rights_leaves_nothing_behind(server, ada):
    actor = person(ada)
    with acting_as_service(), connection.cursor() as cursor:
        cursor.execute("select pg_current_xact_id()")
        found = rights.rights_of(actor=actor, topic=f"user:{ada.id}")
        assert found == rights.EVERYTHING
        assert rights.rights_of(actor=actor, topic="user:x") == rights.NOTHING
        cursor.execute("select current_user::text, current_setting('realtime.topic', true)")
        assert cursor.fetchone() == ("service_role", "")
        cursor.execute("select count(*) from realtime_message where event = 'probe'")
        assert cursor.fetchone() == (0,)


def test_only_the_service_asks_for_rights(server, ada):
    refused = pytest.raises(DatabaseError, match="permission denied")
    with acting_as(ada), connection.cursor() as cursor, refused, transaction.atomic():
        cursor.execute("select * from realtime.rights('{}', 'x')")


def test_whoever_leaves_an_organisation_hears_it_no_more(server, ada, bola):
    firm = make_organization(owner=bola)
    with acting_as_service():
        firm.memberships.create(user=ada, role="MEMBER")
    topic = f"org:{firm.id}"
    with Client(server, token=token_of(ada)) as client, Client(server, token=token_of(bola)) as stays:
        assert client.join(topic, private=True)["status"] == "ok"
        assert stays.join(topic, private=True)["status"] == "ok"
        organizations.leave(organization_id=firm.id, by=ada, at=timezone.now())
        dispatch()
        told = client.expect("system")["payload"]
        assert (told["status"], told["extension"]) == ("error", "system")
        assert told["message"].startswith(UNAUTHORIZED)
        assert client.expect("phx_close")["topic"] == f"realtime:{topic}"
        assert stays.expect("broadcast")["payload"]["event"] == "member.left"
        assert [frame["event"] for frame in stays.settle()] == ["presence_state"]


def test_rights_are_asked_again_after_a_while(server, ada, policy, monkeypatch):
    monkeypatch.setattr(tending, "RECHECK_RIGHTS", 0)
    monkeypatch.setattr(hub, "TEND", 0.2)
    policy("read lobby", "select", "topic = 'lobby'")
    with Client(server, token=token_of(ada)) as client:
        assert client.join("lobby", private=True)["status"] == "ok"
        owner_sql('alter policy "read lobby" on realtime_message using (false)')
        assert client.expect("system")["payload"]["message"] == f"{UNAUTHORIZED}lobby"
        client.expect("phx_close")


def test_a_sign_in_that_ends_closes_its_sockets_at_once(server, other_server, ada):
    mine, another = token_of(ada), token_of(ada)
    with (
        Client(server, token=mine) as first,
        Client(other_server, token="anon") as second,
        Client(server, token=another) as third,
    ):
        for client, token in ((first, None), (second, mine), (third, None)):
            assert client.join(f"user:{ada.id}", token=token, private=True)["status"] == "ok"
        with acting_as_service():
            session = Session.objects.order_by("pk").first()
        sessions.end(session_id=session.pk, reason=Session.Reason.ENDED, at=timezone.now())
        dispatch()
        assert first.closed() == second.closed() == (1008, "session has ended")
        assert third.ask("phoenix", "heartbeat", {})["status"] == "ok"
        late = third.join("other", token=mine)
        assert late["response"] == {"reason": "InvalidJWTToken: Session has ended"}


def test_an_end_is_noticed_even_if_nobody_tells_of_it(server, ada, monkeypatch):
    monkeypatch.setattr(hub, "TEND", 0.2)
    monkeypatch.setattr(services.control, "publish", lambda **facts: None)
    with Client(server, token=token_of(ada)) as client:
        client.join(f"user:{ada.id}", private=True)
        with acting_as_service():
            sessions.end_all(user=ada, reason=Session.Reason.ENDED, at=timezone.now())
        assert client.closed() == (1008, "session has ended")


def test_a_message_that_is_public_reaches_the_public_topic(server):
    with Client(server) as client:
        client.join("news")
        with acting_as_service():
            services.publish(topic="news", event="rate.changed", payload={"n": 1}, private=False)
            services.publish(topic="news", event="secret", payload={}, private=True)
        dispatch()
        assert client.expect("broadcast")["payload"]["event"] == "rate.changed"
        assert [frame["event"] for frame in client.settle()] == ["presence_state"]


def test_what_sql_sends_is_told(server, ada):
    with Client(server, token=token_of(ada), vsn="2.0.0") as client:
        topic = f"user:{ada.id}"
        client.join(topic, private=True)
        with acting_as(ada), connection.cursor() as cursor:
            cursor.execute(
                "select realtime.send(%s::jsonb, 'said', %s)", [json.dumps({"a": "\u2028\"'"}), topic]
            )
            cursor.execute("select realtime.send('\\x00ff'::bytea, 'bytes', %s)", [topic])
        dispatch()
        assert client.expect("broadcast")["payload"]["payload"] == {"a": "\u2028\"'"}
        assert client.expect("binary")["payload"].endswith(b"\x00\xff")
    assert limits.LONGEST_TOPIC == 246
