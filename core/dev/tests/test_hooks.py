"""The receiver that developers try webhooks against."""

from datetime import UTC, datetime

import pytest
from django.test import Client
from standardwebhooks import Webhook

from core.dev import hooks

SECRET = "whsec_" + "c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0LTEyMw=="
pytestmark = pytest.mark.django_db


def post(client: Client, *, secret: str = SECRET, body: str = '{"type": "webhook.test"}'):
    now = datetime.now(UTC)
    headers = {
        "webhook-id": "msg_1",
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": Webhook(secret).sign("msg_1", now, body),
    }
    return client.post("/dev/hooks/shop/", body, content_type="application/json", headers=headers)


def test_it_shows_what_came_and_whether_it_was_signed(client: Client):
    assert "Nothing came yet" in client.get("/dev/hooks/shop/").content.decode()
    assert post(client).status_code == 204
    client.post("/dev/hooks/shop/bid/", {"secret": SECRET, "answer": "500"})
    assert post(client).status_code == 500
    assert post(client, secret=SECRET.replace("c2V", "d2V")).status_code == 500
    assert [each.verified for each in hooks.find("shop").received] == [False, True, None]
    page = client.get("/dev/hooks/shop/").content.decode()
    assert all(
        words in page for words in ("signature right", "signature wrong", "not checked", "webhook.test")
    )
    assert hooks.find("other").received == []


@pytest.mark.parametrize(("answer", "status"), [("410", 410), ("302", 302), ("429", 429), ("nonsense", 204)])
def test_it_answers_as_it_is_bidden(client: Client, answer: str, status: int):
    client.post("/dev/hooks/shop/bid/", {"answer": answer})
    assert post(client).status_code == status


def test_a_secret_that_is_none_verifies_nothing(client: Client):
    client.post("/dev/hooks/shop/bid/", {"secret": "whsec_!!", "answer": "204"})
    assert post(client, body="<script>").status_code == 204
    assert hooks.find("shop").received[0].verified is False
    assert "<script>" not in client.get("/dev/hooks/shop/").content.decode().split("<main")[1]


def test_it_keeps_the_last_twenty(client: Client):
    for _ in range(25):
        post(client)
    assert len(hooks.find("shop").received) == 20
