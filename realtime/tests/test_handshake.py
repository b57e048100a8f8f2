"""Opening a socket: who asks, from where, and what is answered by HTTP."""

import json
from datetime import timedelta
from urllib.parse import urlencode

import httpx
import jwt
import pytest
from django.conf import settings as configured
from django.test import Client as Browser
from django.utils import timezone
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from accounts import access_tokens
from accounts.models import Session
from accounts.services import sessions
from accounts.tests.factories import sign_in
from core.actors import acting_as_service
from realtime import services
from realtime.asgi import app, limits
from realtime.tests.sockets import Client, dispatch, token_of


def refused(url: str, **options) -> tuple[int, str]:
    with pytest.raises(InvalidStatus) as error:
        Client(url, **options)
    response = error.value.response
    return response.status_code, json.loads(response.body)["error"]


def signed_in(person) -> str:
    """The header by which a browser is known."""
    browser = Browser()
    sign_in(browser, person)
    return f"{configured.SESSION_COOKIE_NAME}={browser.cookies[configured.SESSION_COOKIE_NAME].value}"


def test_a_key_or_a_token_opens_a_socket_and_nothing_else_does(server, ada):
    for token in ("anon", "service_role", token_of(ada)):
        Client(server, token=token).connection.close()
    assert refused(server, token=None) == (401, "No API key found in request")
    assert refused(server, token="sb_publishable_x")[0] == 401
    assert refused(server, token="a.b.c")[0] == 401
    forged = jwt.encode({"role": "service_role", "exp": 2_300_000_000}, "x" * 32, algorithm="HS256")
    assert refused(server, token=forged)[0] == 401
    with acting_as_service():
        session = sessions.start(
            user=ada, face=Session.Face.APP, method="password", at=timezone.now() - timedelta(days=1)
        )
    old = access_tokens.issue(user=ada, session=session, at=timezone.now() - timedelta(days=1))
    assert refused(server, token=old) == (401, "Invalid JWT: token is expired")


def test_a_key_may_come_in_headers(server, ada):
    for headers in ({"apikey": token_of(ada)}, {"Authorization": f"Bearer {token_of(ada)}"}):
        with Client(server, token=None, additional_headers=headers) as client:
            assert client.join(f"user:{ada.id}", private=True)["status"] == "ok"


def test_a_page_of_ours_is_known_by_its_cookie(server, ada):
    cookie = signed_in(ada)
    with Client(server, token=None, origin=server, additional_headers={"Cookie": cookie}) as client:
        assert client.join(f"user:{ada.id}", private=True)["status"] == "ok"
        with acting_as_service():
            services.publish(topic=f"user:{ada.id}", event="x", payload={})
        dispatch()
        client.expect("broadcast")
        # Signed out elsewhere: the page hears no more.
        with acting_as_service():
            sessions.end_all(user=ada, reason=Session.Reason.ENDED, at=timezone.now())
        dispatch()
        assert client.closed() == (1008, "session has ended")
    again = {"token": None, "origin": server, "additional_headers": {"Cookie": cookie}}
    assert refused(server, **again) == (401, "Invalid JWT: not signed in")


@pytest.mark.parametrize(
    "origin",
    [None, "null", "https://evil.example", "{server}.evil.example", "{server}@evil.example", "https{rest}"],
)
def test_a_page_of_somebody_else_does_not_get_in_by_our_cookie(server, ada, origin):
    spelled = origin and origin.format(server=server, rest=server.removeprefix("http"))
    headers = {"Cookie": signed_in(ada)}
    status, error = refused(server, token=None, origin=spelled, additional_headers=headers)
    assert (status, error) == (403, "This origin is not ours: connect with an apikey")
    # With a key it may come from anywhere, and the cookie then counts for nothing.
    with Client(server, origin=spelled, additional_headers=headers) as client:
        assert client.join(f"user:{ada.id}", private=True)["status"] == "error"


def test_somebody_barred_does_not_get_in(server, ada):
    cookie, token = signed_in(ada), token_of(ada)
    with acting_as_service():
        type(ada).objects.filter(pk=ada.pk).update(banned_until=timezone.now() + timedelta(days=1))
    assert refused(server, token=token)[0] == 401
    assert refused(server, token=None, origin=server, additional_headers={"Cookie": cookie})[0] == 401


def test_there_are_sockets_at_one_address_alone(server):
    for path in ("/", "/realtime/v1/websocket/", "/realtime/v1", "/realtime/v1/websocket/x", "/ws"):
        key = urlencode({"apikey": access_tokens.static_key("anon")})
        with pytest.raises(InvalidStatus) as error:
            connect(f"{server.replace('http', 'ws')}{path}?{key}")
        assert error.value.response.status_code == 404
    assert httpx.get(f"{server}/realtime/v1/websocket").status_code == 404
    assert refused(server, vsn="3.0.0")[0] == 400


def test_a_host_that_is_not_ours_is_refused(server, settings):
    settings.ALLOWED_HOSTS = ["alajo.example"]
    assert refused(server) == (400, "Invalid host")


def test_one_address_has_so_many_sockets_and_opens_so_many(server, monkeypatch):
    monkeypatch.setattr(limits, "SOCKETS_OF_ADDRESS", 1)
    with Client(server):
        assert refused(server) == (429, limits.TOO_MANY_CONNECTIONS)
    monkeypatch.setattr(limits, "SOCKETS_OF_ADDRESS", 100)
    monkeypatch.setattr(limits, "CONNECTS", "3/minute")
    for _ in range(3):
        Client(server).connection.close()
    assert refused(server) == (429, limits.TOO_MANY_CONNECTIONS)


def test_the_callers_address_is_told_by_the_proxy_we_run(server, settings, monkeypatch):
    settings.TRUSTED_PROXY_COUNT = 1
    monkeypatch.setattr(limits, "SOCKETS_OF_ADDRESS", 1)
    first, second = ({"X-Forwarded-For": f"9.9.9.9, 10.0.0.{n}"} for n in (1, 2))
    with Client(server, additional_headers=first), Client(server, additional_headers=second):
        assert refused(server, additional_headers=first)[0] == 429


def test_no_key_reaches_a_log(server, caplog, capsys):
    with caplog.at_level("DEBUG", "uvicorn.error"), Client(server) as client:
        client.join("room")
    refused(server, token="a.b.c")
    seen = [record for record in caplog.records if "apikey" in record.getMessage()]
    # The client's own, which runs in this process too.
    assert {record.name for record in seen} <= {"websockets.client"}
    assert "apikey" not in capsys.readouterr().err


def test_where_nobody_can_be_asked_a_socket_is_refused_and_the_fault_logged(server, monkeypatch, caplog):
    monkeypatch.setattr(app, "actor_of_bearer", lambda token: 1 / 0)
    assert refused(server) == (500, "Internal Server Error")
    assert "a socket could not be opened" in caplog.text
