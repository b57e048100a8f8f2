"""Codes and links as they are mailed, and what an app or a browser does with them."""

import base64
import hashlib
import html
import re
from urllib.parse import parse_qs, urlsplit

from django.core import mail
from django.test import Client

from accounts.models import Session
from accounts.tests.wire import call
from core.actors import acting_as_service

APP = "https://app.example.com/cb"
VERIFIER = "v" * 64
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
PKCE = {"code_challenge": CHALLENGE, "code_challenge_method": "s256"}


def post(client: Client, path: str, body: object, status: int = 200, **kw):
    answer = call(client, "POST", path, body, **kw)
    assert answer.status_code == status, answer.content
    return answer.json() if answer.content else None


def mailed_code() -> str:
    return re.search(r"^ {4}(\d{6})$", mail.outbox[-1].body, re.MULTILINE)[1]


def mailed_link() -> str:
    return re.search(r"http://testserver(/auth/v1/verify\S+)", mail.outbox[-1].body)[1]


def press(client: Client, link: str):
    """What a person does: open the link, press the button."""
    page = client.get(link)
    assert page.status_code == 200, page.content
    fields = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page.content.decode()))
    return client.post("/auth/v1/verify/press", {k: html.unescape(v) for k, v in fields.items()})


def told(answer) -> tuple[dict[str, str], dict[str, str]]:
    """Query and fragment of where an answer leads."""
    assert answer.status_code == 303, answer.content
    parts = urlsplit(answer["Location"])
    assert f"{parts.scheme}://{parts.netloc}{parts.path}" == APP
    return tuple({k: v[0] for k, v in parse_qs(text).items()} for text in (parts.query, parts.fragment))


def live() -> int:
    with acting_as_service():
        return Session.objects.live().count()
