"""Tokens on an open socket: renewed, expired, exchanged for somebody else's."""

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts import access_tokens
from accounts.models import Session
from accounts.services import sessions
from core.actors import acting_as_service
from realtime import services
from realtime.asgi import hub
from realtime.tests.sockets import Client, dispatch, token_of


@pytest.fixture
def quick(monkeypatch):
    monkeypatch.setattr(hub, "TEND", 0.2)


# Seconds: enough for a busy machine to do what is to be done before it is over.
LIFE = 4


def expiring(user, seconds: float) -> str:
    """A token that lives for about so long."""
    at = timezone.now()
    session = sessions.start(user=user, face=Session.Face.APP, method="password", at=at)
    lived = timedelta(seconds=600 - seconds)
    return access_tokens.issue(user=user, session=session, at=at - lived)


def renew(client: Client, topic: str, token: object) -> None:
    client.send(f"realtime:{topic}", "access_token", {"access_token": token})


def test_a_token_that_expires_closes_its_channels_and_says_so(server, ada, quick):
    topic = f"user:{ada.id}"
    with Client(server) as client:
        assert client.join(topic, token=expiring(ada, LIFE), private=True)["status"] == "ok"
        assert client.join("room")["status"] == "ok"
        told = client.expect("system")
        assert told["topic"] == f"realtime:{topic}" and told["ref"] is None
        assert told["payload"] == {
            "channel": topic,
            "extension": "system",
            "status": "error",
            "message": "Token has expired",
        }
        assert client.expect("phx_close")["topic"] == f"realtime:{topic}"
        with acting_as_service():
            services.publish(topic=topic, event="x", payload={})
        dispatch()
        assert [frame["event"] for frame in client.settle()] == ["presence_state"] * 2
        assert client.join(topic, token=token_of(ada), private=True)["status"] == "ok"


def test_a_token_renewed_in_time_lets_the_channel_go_on(server, ada, quick):
    topic = f"user:{ada.id}"
    with Client(server, token=expiring(ada, LIFE)) as client:
        client.join(topic, private=True)
        renew(client, topic, token_of(ada))
        # Neither of these is a token, and neither changes anything.
        renew(client, topic, None)
        renew(client, topic, "sb_publishable_x")
        assert [frame["event"] for frame in client.settle()] == ["presence_state"]
        client.join("late")
        # The socket's own token runs out, and with it the channel that joined by it alone.
        assert client.expect("system")["topic"] == "realtime:late"
        assert client.join("later")["response"]["reason"] == "InvalidJWTToken: Token is expired"
        with acting_as_service():
            services.publish(topic=topic, event="x", payload={})
        dispatch()
        assert client.expect("broadcast")["topic"] == f"realtime:{topic}"


@pytest.mark.parametrize("token", ["a.b.c", "somebody else's", "anon"])
def test_a_token_that_may_not_read_the_topic_closes_the_channel(server, ada, bola, token):
    topic = f"user:{ada.id}"
    given = {"somebody else's": token_of(bola), "anon": access_tokens.static_key("anon")}.get(token, token)
    with Client(server, token=token_of(ada)) as client:
        client.join(topic, private=True)
        renew(client, topic, given)
        told = client.expect("system")["payload"]
        assert told["status"] == "error"
        assert told["message"].startswith(("InvalidJWTToken: ", "Unauthorized: "))
        client.expect("phx_close")
        with acting_as_service():
            services.publish(topic=topic, event="x", payload={})
        dispatch()
        assert "broadcast" not in [frame["event"] for frame in client.settle()]


def test_a_public_channel_takes_whoever_signs_in(server, ada, quick):
    with Client(server) as client:
        client.join("room")
        renew(client, "room", expiring(ada, LIFE))
        assert client.expect("system")["payload"]["message"] == "Token has expired"
