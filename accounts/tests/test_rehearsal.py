"""A test key rehearses: it reads what is there, its writes are carried out whole, and nothing of them is kept."""

import json
from typing import Any

import pytest
from django.core import mail
from django.core.cache import cache
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from accounts.models import ApiKey, AuditEvent, Organization
from accounts.services import api_keys
from accounts.tests import rehearsal_urls
from accounts.tests.factories import bearer, make_organization, make_person
from core.actors import OrganizationCaller, acting_as, acting_as_anon, acting_as_service, become_organization
from core.models import IdempotencyKey

pytestmark = [
    pytest.mark.usefixtures("transactional_db"),
    pytest.mark.urls("accounts.tests.rehearsal_urls"),
]
RENAME, OUTSIDE = "/api/v1/rename", "/api/v1/outside"
EVERYTHING = ["organizations:read", "organizations:write", "transfers:write", "deposits:write"]


class Program:
    """A program of a firm called Before, with a key of the mode."""

    def __init__(self, mode: str, firm: Organization | None = None) -> None:
        self.owner = make_person()
        self.firm = firm or make_organization(owner=self.owner, name="Before")
        by = self.owner if firm is None else None
        with acting_as_service():
            by = by or self.firm.memberships.get().user
        self.key = api_keys.make(
            organization_id=self.firm.pk, by=by, name="x", mode=mode, scopes=EVERYTHING, at=timezone.now()
        )

    def send(self, path: str = RENAME, *, method: str = "POST", key: str = "k", **body: Any) -> HttpResponse:
        headers = {"Authorization": f"Bearer {self.key.secret}", "Idempotency-Key": key}
        content = json.dumps({"name": "After", **body})
        client = Client(raise_request_exception=False)
        return client.generic(method, path, content, content_type="application/json", headers=headers)


@pytest.fixture(autouse=True)
def _nobody_told() -> None:
    rehearsal_urls.told.clear()


@pytest.fixture
def test() -> Program:
    return traceless(Program("TEST"))


@pytest.fixture
def live() -> Program:
    return traceless(Program("LIVE"))


def traceless(program: Program) -> Program:
    mail.outbox.clear()
    return program


def name_of(program: Program) -> str:
    with acting_as_service():
        return Organization.objects.get(pk=program.firm.pk).name


def nothing_is_kept(program: Program) -> bool:
    with acting_as_service():
        renamed = AuditEvent.objects.filter(action="accounts.organization.renamed").exists()
        named = IdempotencyKey.objects.exists()
    told = rehearsal_urls.told or mail.outbox
    return name_of(program) == "Before" and not (renamed or named or told)


@pytest.mark.parametrize("path", [RENAME, OUTSIDE])
def test_a_write_is_answered_as_it_would_be_and_nothing_is_kept(test, path):
    answer = test.send(path)
    assert (answer.status_code, answer.json()) == (201, {"name": "After"})
    assert answer["Alajo-Mode"] == "test"
    assert nothing_is_kept(test)


def test_a_live_key_keeps_all_of_it(live):
    answer = live.send()
    assert (answer.status_code, answer["Alajo-Mode"]) == (201, "live")
    assert name_of(live) == "After" and rehearsal_urls.told == ["After"] and len(mail.outbox) == 1
    assert live.send()["Idempotent-Replayed"] == "true"
    assert live.send(OUTSIDE, key="o").json() == {"name": "finished"}
    assert rehearsal_urls.told == ["After", "After", "the outside world"]


@pytest.mark.parametrize("path", [RENAME, OUTSIDE])
def test_a_repeat_is_carried_out_again_also_with_another_body(test, path):
    for name in ("One", "One", "Two"):
        answer = test.send(path, name=name)
        assert answer.json() == {"name": name} and "Idempotent-Replayed" not in answer
    assert nothing_is_kept(test)


def test_what_a_live_key_asked_once_is_not_answered_to_a_test_key_or_the_other_way_round(live):
    test = Program("TEST", live.firm)
    mail.outbox.clear()
    assert test.send(name="Rehearsed").json() == {"name": "Rehearsed"}
    assert live.send(name="Kept").json() == {"name": "Kept"}
    assert test.send(name="Rehearsed").json() == {"name": "Rehearsed"}
    assert name_of(live) == "Kept" and rehearsal_urls.told == ["Kept"]


@pytest.mark.parametrize(("body", "status"), [({"refuse": 1}, 422), ({"fault": 1}, 500)])
def test_refusals_and_faults_are_told_and_keep_nothing(test, body, status):
    answer = test.send(**body)
    assert (answer.status_code, answer["Alajo-Mode"]) == (status, "test")
    assert nothing_is_kept(test)
    assert test.send().status_code == 201
    assert nothing_is_kept(test)


def test_the_form_of_a_request_is_no_way_round(test):
    assert test.send(method="GET").status_code == 200
    assert test.send(OUTSIDE, method="PUT").status_code == 200
    assert nothing_is_kept(test)


def test_the_next_request_of_the_same_process_is_no_rehearsal(test, live):
    for path, method in ((RENAME, "POST"), (OUTSIDE, "POST"), (OUTSIDE, "PUT")):
        test.send(path, method=method)
    headers = bearer(live.owner)
    assert live.send().status_code == 201
    assert name_of(live) == "After"
    assert Client().get("/api/v1/organizations", headers=headers).json()["data"][0]["name"] == "After"


def test_money_and_deposits_are_refused_to_a_test_key_as_to_a_live_one_and_leave_no_trace(test, live):
    order = {"amount": 100, "currency": "NGN"}
    for program in (test, live):
        transfer = {"source": "acc_01bXeVFsjJrkCWVZkY9mJE", "recipient": "ada", **order}
        deposit = {"account": "acc_01bXeVFsjJrkCWVZkY9mJE", **order}
        for path, body in (("/api/v1/transfers", transfer), ("/api/v1/deposits", deposit)):
            headers = {"Authorization": f"Bearer {program.key.secret}", "Idempotency-Key": "k"}
            answer = Client().post(path, body, content_type="application/json", headers=headers)
            assert (answer.status_code, answer.json()["code"]) == (404, "account_not_found")
    with acting_as_service():
        assert {row.credential for row in IdempotencyKey.objects.all()} == {str(live.key.key.pk)}


def test_its_use_is_noted_all_the_same_and_once_a_minute(test):
    def last_used():
        with acting_as_service():
            return ApiKey.objects.get(pk=test.key.key.pk).last_used_at

    test.send()
    first = last_used()
    assert first is not None
    test.send(fault=1)
    assert last_used() == first
    cache.clear()
    test.send(OUTSIDE, method="PUT")
    assert last_used() > first


def test_it_reads_what_a_live_one_reads(test):
    headers = {"Authorization": f"Bearer {test.key.secret}"}
    answer = Client().get("/api/v1/organizations", headers=headers)
    assert answer.json()["data"][0]["name"] == "Before" and answer["Alajo-Mode"] == "test"
    assert "Alajo-Mode" not in Client().get("/api/v1/organizations", headers=bearer(test.owner))
    refused = Client().get("/api/v1/organizations", headers={"Authorization": f"Bearer {test.key.secret}x"})
    assert refused.status_code == 401 and "Alajo-Mode" not in refused


def test_no_block_of_such_an_actor_commits(test):
    caller = OrganizationCaller(id=test.firm.pk, key_id=test.key.key.pk, mode="TEST")

    def write(name: str) -> None:
        with acting_as_service():
            Organization.objects.filter(pk=test.firm.pk).update(name=name)
            assert connection.in_atomic_block

    with acting_as(caller):
        write("One")
        write("Two")
        with acting_as_service():
            assert Organization.objects.get(pk=test.firm.pk).name == "Two"
    with acting_as_anon():
        become_organization(organization_id=test.firm.pk, key_id=test.key.key.pk, mode="TEST")
        write("Three")
    assert nothing_is_kept(test)
    write("Kept")
    assert name_of(test) == "Kept"
