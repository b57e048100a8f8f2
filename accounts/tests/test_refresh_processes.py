"""One refresh token, twenty requests at once, in several processes: as many workers of a server would answer them."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import pytest
from django.conf import settings
from django.test import Client

from accounts.models import AuditEvent, RefreshToken, Session
from accounts.tests.factories import make_person
from accounts.tests.refreshing import AT_ONCE
from accounts.tests.wire import call, log_in
from core.actors import acting_as_service

PROCESSES = 4


@contextmanager
def worker() -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        [sys.executable, "-m", "accounts.tests.refreshing"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        cwd=settings.BASE_DIR,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def said(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


@pytest.mark.usefixtures("transactional_db")
def test_twenty_refreshes_in_four_processes_leave_one_family_that_works_and_nobody_signed_out(client):
    make_person(email="ada@alajo.test")
    first = log_in(client)
    with ExitStack() as stack:
        processes = [stack.enter_context(worker()) for _ in range(PROCESSES)]
        assert [said(process) for process in processes] == ["ready"] * PROCESSES
        for process in processes:
            assert process.stdin is not None
            process.stdin.write(first["refresh_token"] + "\n")
            process.stdin.flush()
        answers = [answer for process in processes for answer in json.loads(said(process))]
    assert len(answers) == PROCESSES * AT_ONCE == 20
    assert {status for status, _token in answers} == {200}
    [token] = {token for _status, token in answers}
    assert token != first["refresh_token"]
    with acting_as_service():
        assert Session.objects.live().get().generation == 1
        assert RefreshToken.objects.count() == 2
        assert not AuditEvent.objects.filter(action="accounts.refresh_token.reused").exists()
    assert call(client, "GET", "user", bearer=first["access_token"]).status_code == 200
    again = call(Client(), "POST", "token?grant_type=refresh_token", {"refresh_token": token})
    assert again.status_code == 200
