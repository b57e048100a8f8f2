"""Taking one's data along, closing the account, and what staff may do to it."""

import json
from datetime import timedelta
from io import BytesIO
from uuid import uuid4
from zipfile import ZipFile

import pytest
import time_machine
from asgiref.sync import async_to_sync
from django.contrib.auth.models import Permission
from django.core import mail
from django.core.management import call_command
from django.db import IntegrityError, transaction
from django.test import AsyncClient, Client
from django.utils import timezone

from accounts import factors
from accounts.models import (
    AuditEvent,
    Customer,
    FactorReset,
    Membership,
    Notification,
    Organization,
    Session,
    User,
)
from accounts.services import account_life, factor_resets, personal_data, security, sessions
from accounts.tests.factories import PASSWORD, make_person, prove_again, prove_factor, sign_in
from accounts.tests.test_sign_in import log_in, signed_in
from core.actors import acting_as_service

pytestmark = pytest.mark.usefixtures("transactional_db")
WHY = "Asked for by phone, ticket 4711"


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


def test_who_is_locked_cannot_slip_away(here, ada):
    with acting_as_service():
        Customer.objects.filter(pk=ada.pk).update(status="LOCKED", lock_reason="STAFF")
    assert here.post("/security/close/", {"sure": "yes"}).status_code == 422


def test_staff_do_not_close_their_own_account():
    agent = make_person(role="AGENT")
    with pytest.raises(account_life.AccountNotClosable):
        account_life.close_account(user=agent, at=timezone.now())


# Staff


def make_agent(*powers: str) -> User:
    agent = make_person(role="AGENT")
    factors.enrol_totp(user=agent)
    with acting_as_service():
        names = [*powers, "view_user"]
        agent.user_permissions.set(
            Permission.objects.filter(content_type__app_label="accounts", codename__in=names)
        )
    return agent


ALL = ("freeze_customer", "end_sessions", "reset_factors")


def at_work(agent: User, *, proven: bool = True) -> Client:
    """A browser in which this member of staff has passed the second factor."""
    client = Client()
    sign_in(client, agent)
    client.post("/accounts/2fa/reauthenticate/", {"code": factors.current_code(user=agent)})
    if not proven:
        with acting_as_service():
            session = agent.sign_ins.live().get()
            session.methods = [{**each, "timestamp": each["timestamp"] - 301} for each in session.methods]
            session.save(update_fields=["methods"])
    return client


def address(user: User, deed: str) -> str:
    return f"/staff/accounts/user/{user.pk}/{deed}/"


def lock_of(user: User) -> tuple[str, str]:
    with acting_as_service():
        found = Customer.objects.get(pk=user.pk)
    return found.status, found.lock_reason


def test_staff_freeze_and_unfreeze_with_a_reason_and_the_customer_is_told(client, ada):
    log_in(client)
    staff = at_work(make_agent(*ALL))
    page = staff.get(f"/staff/accounts/user/{ada.pk}/change/").content.decode()
    assert address(ada, "freeze") in page
    assert address(ada, "unfreeze") not in page

    assert staff.post(address(ada, "freeze"), {"reason": "short"}).status_code == 422
    assert lock_of(ada) == ("ACTIVE", "")
    assert staff.post(address(ada, "freeze"), {"reason": WHY}).status_code == 302
    assert lock_of(ada) == ("LOCKED", "STAFF")
    assert client.get("/home/").url.startswith("/accounts/login/")
    assert (mail.outbox[-1].to, mail.outbox[-1].subject) == ([ada.email], "Your money is locked")
    assert WHY not in mail.outbox[-1].body
    with acting_as_service():
        assert Notification.objects.filter(user=ada, event="security.frozen").exists()
        assert AuditEvent.objects.get(action="accounts.user.frozen").data == {"reason": WHY}

    assert staff.post(address(ada, "freeze"), {"reason": WHY}).status_code == 422
    assert staff.post(address(ada, "unfreeze"), {"reason": WHY}).status_code == 302
    assert lock_of(ada) == ("ACTIVE", "")
    assert staff.post(address(ada, "unfreeze"), {"reason": WHY}).status_code == 422


def test_who_is_frozen_cannot_unlock_by_recovering(ada):
    agent, at = make_agent(*ALL), timezone.now()
    account_life.freeze(user=ada, by=agent, reason=WHY, at=at)
    security.password_replaced(user=ada, at=at, by_mail=True)
    with acting_as_service():
        session = sessions.start(user=ada, face="PAGES", method="password", at=at)
    with pytest.raises(security.OnlyStaffUnlock):
        security.unlock(user=ada, session_id=session.pk, at=at)


def test_staff_unlock_whoever_reported_something(ada):
    security.report(user=ada, at=timezone.now())
    account_life.unfreeze(user=ada, by=make_agent(*ALL), reason=WHY, at=timezone.now())
    assert lock_of(ada) == ("ACTIVE", "")


def test_a_closed_account_is_not_unfrozen_into_life(ada):
    account_life.close_account(user=ada, at=timezone.now())
    for deed in (account_life.freeze, account_life.unfreeze):
        with pytest.raises(account_life.AccountIsClosed):
            deed(user=ada, by=make_agent(*ALL), reason=WHY, at=timezone.now())


def test_staff_end_all_sessions(client, ada):
    log_in(client)
    staff = at_work(make_agent(*ALL))
    assert staff.post(address(ada, "end-sessions"), {"reason": WHY}).status_code == 302
    assert client.get("/home/").url.startswith("/accounts/login/")
    assert mail.outbox[-1].subject == "You were logged out everywhere"


@pytest.mark.parametrize(
    ("deed", "right"),
    [
        ("freeze", "freeze_customer"),
        ("unfreeze", "freeze_customer"),
        ("end-sessions", "end_sessions"),
        ("end-staff-sessions", "end_sessions"),
        ("reset-factors", "reset_factors"),
    ],
)
def test_each_deed_takes_its_own_right_a_proof_and_a_person_of_staff(client, ada, deed, right):
    others = [power for power in ALL if power != right]
    staff = at_work(make_agent(*others))
    assert staff.post(address(ada, deed), {"reason": WHY}).status_code == 403
    assert address(ada, deed) not in staff.get(f"/staff/accounts/user/{ada.pk}/change/").content.decode()
    unproven = at_work(make_agent(*ALL), proven=False)
    answer = unproven.post(address(ada, deed), {"reason": WHY})
    assert (answer.status_code, "reauthenticate" in answer.url) == (302, True)
    log_in(client)
    assert client.post(address(ada, deed), {"reason": WHY}).status_code in (302, 403)
    assert Client().post(address(ada, deed), {"reason": WHY}).status_code == 302
    assert lock_of(ada) == ("ACTIVE", "")
    with acting_as_service():
        assert not AuditEvent.objects.filter(data__reason=WHY).exists()


def test_a_deed_on_nobody_is_not_found(ada):
    staff = at_work(make_agent(*ALL))
    for path in (f"{uuid4()}/freeze/", "factor-resets/" + str(uuid4()) + "/"):
        assert staff.get(f"/staff/accounts/user/{path}").status_code == 404


def test_a_superuser_does_not_freeze_oneself_nor_reset_ones_own_factors():
    agent, at = make_agent(*ALL), timezone.now()
    for deed in (account_life.freeze, factor_resets.ask):
        with pytest.raises(account_life.OwnAccount):
            deed(user=agent, by=agent, reason=WHY, at=at)


# Two people for factors


def has_factor(user: User) -> bool:
    with acting_as_service():
        return user.authenticator_set.exists()


def test_one_asks_and_another_resets_the_factors(client, ada):
    factors.enrol_totp(user=ada)
    sign_in(client, ada)
    first, second = at_work(make_agent(*ALL)), at_work(make_agent(*ALL))
    assert first.post(address(ada, "reset-factors"), {"reason": WHY}).status_code == 302
    assert has_factor(ada)
    with acting_as_service():
        reset = FactorReset.objects.get()
    page = f"/staff/accounts/user/factor-resets/{reset.pk}/"
    assert page in second.get(f"/staff/accounts/user/{ada.pk}/change/").content.decode()

    assert first.post(page, {"decision": "approve"}).status_code == 422
    assert has_factor(ada)
    assert second.post(page, {"decision": "perhaps"}).status_code == 404
    assert second.post(page, {"decision": "approve"}).status_code == 302
    assert not has_factor(ada)
    assert client.get("/home/").url.startswith("/accounts/login/")
    assert mail.outbox[-1].subject == "Your second step was taken off"
    assert second.post(page, {"decision": "approve"}).status_code == 422


def ask(user: User, by: User) -> FactorReset:
    factors.enrol_totp(user=user)
    return factor_resets.ask(user=user, by=by, reason=WHY, at=timezone.now())


def test_a_declined_or_expired_reset_resets_nothing(ada):
    asker, decider, at = make_agent(*ALL), make_agent(*ALL), timezone.now()
    declined = ask(ada, asker)
    factor_resets.decide(reset_id=declined.pk, by=decider, approve=False, at=at)
    late = ask(ada, asker)
    for reset, when in ((declined, at), (late, at + timedelta(hours=24, minutes=1))):
        with pytest.raises(factor_resets.ResetNotFound):
            factor_resets.decide(reset_id=reset.pk, by=decider, approve=True, at=when)
    assert has_factor(ada)
    with pytest.raises(factor_resets.ResetAsked):
        factor_resets.ask(user=ada, by=decider, reason=WHY, at=at)
    factor_resets.ask(user=ada, by=decider, reason=WHY, at=at + timedelta(hours=25))


def test_nothing_is_asked_for_who_has_no_factor(ada):
    with pytest.raises(factor_resets.NothingToReset):
        factor_resets.ask(user=ada, by=make_agent(*ALL), reason=WHY, at=timezone.now())


def test_the_database_too_wants_two_people_neither_of_them_the_target(ada):
    asker, at = make_agent(*ALL), timezone.now()
    reset = ask(ada, asker)
    done = {"state": "DONE", "decided_at": at}
    for wrong in (
        {**done, "decided_by": asker},
        {**done, "decided_by": ada},
        {"asked_by": ada},
        {"state": "DONE"},
    ):
        with acting_as_service(), pytest.raises(IntegrityError), transaction.atomic():
            FactorReset.objects.filter(pk=reset.pk).update(**wrong)


# Staff sessions


@pytest.fixture
def noon():
    return timezone.now().replace(microsecond=0)


def inside(client: Client) -> bool:
    return client.get("/staff/").status_code == 200


def test_a_staff_session_ends_after_fifteen_idle_minutes(noon):
    with time_machine.travel(noon, tick=False) as clock:
        staff = at_work(make_agent(*ALL))
        for _quarter in range(3):
            clock.shift(timedelta(minutes=14, seconds=59))
            assert inside(staff)
        clock.shift(timedelta(minutes=15))
        assert not inside(staff)
        assert not signed_in(staff)


def test_a_staff_session_ends_after_eight_hours_however_busy(noon):
    with time_machine.travel(noon, tick=False) as clock:
        staff = at_work(make_agent(*ALL))
        for _step in range(47):
            clock.shift(timedelta(minutes=10))
            assert inside(staff)
        clock.shift(timedelta(minutes=10))
        assert not inside(staff)


def test_a_staff_session_does_not_travel_and_a_customers_does(ada):
    agent = make_agent(*ALL)
    staff = at_work(agent)
    assert staff.get("/staff/", REMOTE_ADDR="198.51.100.1").status_code == 302
    assert not inside(staff)
    with acting_as_service():
        assert Session.objects.get(user=agent).end_reason == "EXPIRED"
    hers = Client()
    log_in(hers)
    assert hers.get("/home/", REMOTE_ADDR="198.51.100.1").status_code == 200


def test_a_customers_session_is_not_ended_by_a_quiet_hour(client, ada, noon):
    with time_machine.travel(noon, tick=False) as clock:
        log_in(client)
        clock.shift(timedelta(hours=9))
        assert client.get("/home/").status_code == 200


def test_staff_rules_hold_on_every_page(noon):
    with time_machine.travel(noon, tick=False) as clock:
        staff = at_work(make_agent(*ALL))
        clock.shift(timedelta(minutes=16))
        assert staff.get("/security/").url.startswith("/accounts/login/")
        assert not signed_in(staff)


def test_one_press_or_one_command_ends_all_staff_sessions(client, ada):
    log_in(client)
    agents = [make_agent(*ALL) for _agent in range(2)]
    first, second = (at_work(agent) for agent in agents)
    first.post(address(agents[1], "end-staff-sessions"), {"reason": WHY})
    assert not inside(first)
    assert not inside(second)
    third = at_work(agents[0])
    call_command("end_staff_sessions", reason=WHY, verbosity=0)
    assert not inside(third)
    assert client.get("/home/").status_code == 200
    with acting_as_service():
        assert AuditEvent.objects.filter(action="accounts.staff.sessions_ended").count() == 2
