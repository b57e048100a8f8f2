"""Whether somebody has an address is not told by the work that a request takes: hashes, letters, statements."""

from dataclasses import dataclass, field
from typing import Any

import pytest
from celery.app.task import Task
from django.contrib.auth import hashers
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import User
from accounts.services.sign_up import join
from accounts.tests.factories import PASSWORD, make_person
from accounts.tests.wire import call
from core.actors import acting_as_service

pytestmark = pytest.mark.usefixtures("transactional_db")
KNOWN, SOCIAL, WAITING, BARRED, NOBODY = (
    f"{name}@alajo.test" for name in ("ada0000", "social0", "waiting", "barred0", "nobody0")
)
NEW_PASSWORD = "another-long-secret"


@dataclass
class Work:
    """What one request did, and how its answer looks."""

    hashed: int = 0
    queued: list[tuple[str, list[str]]] = field(default_factory=list)
    statements: int = 0
    looks: Any = None


@pytest.fixture(autouse=True)
def people(transactional_db: None) -> None:
    make_person(email=KNOWN)
    with acting_as_service():
        social = make_person(email=SOCIAL)
        social.set_unusable_password()
        social.save(update_fields=["password"])
        join(email=WAITING, display_name="Ada", metadata={})
        make_person(email=BARRED)
        User.objects.filter(email=BARRED).update(is_active=False, banned_until=timezone.now())
        User.objects.filter(email__in=[KNOWN, SOCIAL, BARRED]).update(email_confirmed_at=timezone.now())
    call(
        Client(), "POST", "recover", {"email": "first@alajo.test"}
    )  # what is made once, at the first request


@pytest.fixture
def work_of(monkeypatch):
    """Send one request, by itself; what it queues for the worker is counted and not run."""
    work = Work()
    encode = hashers.MD5PasswordHasher.encode

    def counted(self: Any, *words: Any) -> str:
        work.hashed += 1
        return str(encode(self, *words))

    def queue(self: Task, *args: Any, **kwargs: Any) -> None:
        work.queued.append((self.name, sorted(kwargs)))

    def send(path: str, body: dict[str, object]) -> Work:
        nonlocal work
        cache.clear()
        work = Work()
        with monkeypatch.context() as patched:
            patched.setattr(hashers.MD5PasswordHasher, "encode", counted)
            patched.setattr(Task, "delay", queue)
            with CaptureQueriesContext(connection) as asked:
                answer = call(Client(), "POST", path, body)
        work.statements = len(asked.captured_queries)
        headers = {name: value for name, value in answer.items() if name not in ("Request-Id",)}
        headers.pop("Content-Length", None)
        shape = answer.json()
        told = sorted(shape) if path == "signup" else shape
        work.looks = (answer.status_code, sorted(headers.items()), told)
        return work

    return send


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("otp", {}),
        ("otp", {"data": {"name": "Ada"}}),
        ("magiclink", {}),
        ("recover", {}),
        ("resend", {"type": "signup"}),
        ("resend", {"type": "email_change"}),
    ],
)
def test_asking_for_a_code_takes_the_same_for_everybody(work_of, path, body):
    nobody = work_of(path, {**body, "email": NOBODY})
    assert nobody.hashed == 0
    assert [name for name, _words in nobody.queued] == ["accounts.tasks.answer_code_request"]
    assert nobody.looks[0] == 200
    for email in (KNOWN, SOCIAL, WAITING, BARRED):
        assert work_of(path, {**body, "email": email}) == nobody


def test_a_refused_password_takes_the_same_for_everybody(work_of):
    wrong = {"password": NEW_PASSWORD}
    nobody = work_of("token?grant_type=password", {**wrong, "email": NOBODY})
    assert (nobody.hashed, nobody.queued, nobody.looks[0]) == (1, [], 400)
    for email in (KNOWN, SOCIAL, WAITING, BARRED):
        assert work_of("token?grant_type=password", {**wrong, "email": email}) == nobody


def test_a_sign_up_takes_one_hash_and_one_letter_for_everybody(work_of):
    """The protocol tells clients of a known address by its empty identities; nothing else does, and nothing cheaper."""
    known = [
        work_of("signup", {"email": email, "password": NEW_PASSWORD}) for email in (KNOWN, SOCIAL, BARRED)
    ]
    nobody = work_of("signup", {"email": NOBODY, "password": NEW_PASSWORD})
    assert (nobody.hashed, nobody.looks[0]) == (1, 200)
    assert [name for name, _words in nobody.queued] == ["accounts.tasks.send_mail"]
    for work in known:
        assert (work.hashed, work.queued, work.looks) == (nobody.hashed, nobody.queued, nobody.looks)
        assert abs(work.statements - nobody.statements) <= 20
    with acting_as_service():
        assert User.objects.get(email=KNOWN).check_password(PASSWORD)
