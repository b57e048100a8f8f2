"""Taking one's data along, and closing the account."""

import json
from datetime import timedelta
from io import BytesIO
from zipfile import ZipFile

import pytest
import time_machine
from asgiref.sync import async_to_sync
from django.core import mail
from django.test import AsyncClient, Client
from django.utils import timezone

from accounts.models import (
    AuditEvent,
    Customer,
    Membership,
    Notification,
    Organization,
    Session,
    User,
)
from accounts.services import account_life, personal_data
from accounts.tests.factories import PASSWORD, make_person, prove_again, prove_factor
from accounts.tests.test_sign_in import log_in, signed_in
from core.actors import acting_as_service

pytestmark = pytest.mark.usefixtures("transactional_db")


@pytest.fixture
def ada() -> User:
    return make_person(name="Ada Obi", email="ada@alajo.test")


@pytest.fixture
def here(client, ada) -> Client:
    log_in(client)
    prove_again(client)
    return client


def read(answer) -> dict[str, list[dict]]:
    assert answer.status_code == 200
    archive = ZipFile(BytesIO(b"".join(answer.streaming_content)))
    return {name.removesuffix(".json"): json.loads(archive.read(name)) for name in archive.namelist()}


# My data


def test_the_export_holds_what_is_mine_and_nothing_of_others(here, ada):
    bola = make_person(name="Bola Ade", email="bola@alajo.test")
    prove_factor(ada)
    with acting_as_service():
        Notification.objects.create(user=ada, event="test", data={})
        Notification.objects.create(user=bola, event="test", data={})
    answer = here.post("/security/export/")
    assert answer["Content-Type"] == "application/zip"
    files = read(answer)
    assert files["profile"][0]["handle"] == "ada_obi"
    assert [row["email"] for row in files["email_addresses"]] == ["ada@alajo.test"]
    assert len(files["notices"]) == len(files["sessions"]) == len(files["second_factors"]) == 1
    assert files["security_events"]
    text = json.dumps(files)
    for hidden in ("bola", str(bola.pk), "secret", "password1", ada.password):
        assert hidden not in text


def test_the_export_asks_for_a_proof_first(client, ada):
    log_in(client)
    for method in (client.get, client.post):
        assert method("/security/export/").url == "/accounts/reauthenticate/?next=%2Fsecurity%2Fexport%2F"
    prove_again(client)
    assert client.get("/security/export/").status_code == 200
    with time_machine.travel(timezone.now() + timedelta(minutes=6)):
        assert client.post("/security/export/").status_code == 302


def test_the_export_is_given_twice_a_day_and_written_down(here, ada):
    for _time in range(2):
        read(here.post("/security/export/"))
    assert here.post("/security/export/").status_code == 429
    with acting_as_service():
        assert AuditEvent.objects.filter(actor_id=ada.pk, action="accounts.data.exported").count() == 2
    personal_data.count_export(user=ada, at=timezone.now() + timedelta(days=1, minutes=1))


def test_a_server_that_must_not_wait_gives_the_same_archive(ada):
    client = AsyncClient()
    with acting_as_service():
        client.force_login(ada)

    async def fetch() -> bytes:
        await client.post("/accounts/reauthenticate/", {"password": PASSWORD})
        answer = await client.post("/security/export/")
        assert answer.is_async
        return b"".join([piece async for piece in answer.streaming_content])

    archive = ZipFile(BytesIO(async_to_sync(fetch)()))
    assert "profile.json" in archive.namelist()


# Closing


def test_an_account_is_closed_after_a_tick_and_nobody_comes_back_in(here, ada):
    elsewhere = Client()
    log_in(elsewhere)
    assert here.post("/security/close/").status_code == 422
    assert here.post("/security/close/", {"sure": "yes"}).url == "/security/closed/"

    assert here.get("/security/closed/").status_code == 200
    assert elsewhere.get("/home/").url.startswith("/accounts/login/")
    again = Client()
    log_in(again)
    assert not signed_in(again)
    with acting_as_service():
        customer = Customer.objects.get(pk=ada.pk)
        assert {session.end_reason for session in Session.objects.filter(user=ada)} == {"CLOSED"}
        assert AuditEvent.objects.filter(action="accounts.user.closed", target_id=str(ada.pk)).exists()
    assert (customer.status, customer.closed_at is not None) == ("CLOSED", True)
    assert (mail.outbox[-1].to, mail.outbox[-1].subject) == (["ada@alajo.test"], "Your account is closed")


def test_the_address_of_a_closed_account_stays_taken_and_is_told_so(here, ada):
    here.post("/security/close/", {"sure": "yes"})
    form = {"display_name": "Ada", "email": "ada@alajo.test", "password1": "another-long-secret"}
    Client().post("/accounts/signup/", form)
    assert mail.outbox[-1].subject == "Your account was closed"
    with acting_as_service():
        assert User.objects.filter(email="ada@alajo.test").count() == 1
        assert Customer.objects.get(pk=ada.pk).status == "CLOSED"


def test_closing_asks_for_a_proof_first(client, ada):
    log_in(client)
    assert client.post("/security/close/", {"sure": "yes"}).status_code == 302
    with acting_as_service():
        assert Customer.objects.get(pk=ada.pk).status == "ACTIVE"


def test_the_last_owner_of_an_organisation_cannot_leave_it(here, ada):
    bola = make_person()
    with acting_as_service():
        firm = Organization.objects.create(name="Obi & Sons", slug="obi-sons")
        for user, role in ((ada, "OWNER"), (bola, "ADMIN")):
            Membership.objects.create(organization=firm, user=user, role=role, created_at=timezone.now())
    page = here.post("/security/close/", {"sure": "yes"})
    assert page.status_code == 422
    assert "Obi &amp; Sons would have no owner" in page.content.decode()
    with acting_as_service():
        Membership.objects.filter(user=bola).update(role="OWNER")
        User.objects.filter(pk=bola.pk).update(is_active=False)
    assert here.post("/security/close/", {"sure": "yes"}).status_code == 422
    with acting_as_service():
        User.objects.filter(pk=bola.pk).update(is_active=True)
    assert here.post("/security/close/", {"sure": "yes"}).status_code == 302
    with acting_as_service():
        assert not Membership.objects.filter(user=ada).exists()


@pytest.mark.parametrize("status", ["LOCKED", "FROZEN", "NO_DEBIT", "NO_CREDIT"])
def test_who_is_locked_or_restricted_cannot_slip_away(here, ada, status):
    with acting_as_service():
        Customer.objects.filter(pk=ada.pk).update(status=status)
    assert here.post("/security/close/", {"sure": "yes"}).status_code == 422


def test_staff_do_not_close_their_own_account():
    agent = make_person(role="AGENT")
    with pytest.raises(account_life.AccountNotClosable):
        account_life.close_account(user=agent, at=timezone.now())
