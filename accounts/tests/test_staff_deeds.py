"""What staff may do to a person's account: each deed with its right, a proof and a reason; the person is told."""

from uuid import uuid4

import pytest
from allauth.idp.oidc.models import Token
from django.core import mail
from django.test import Client
from django.utils import timezone

from accounts.models import AuditEvent, Notification, User
from accounts.services import account_life, apps, factor_resets, security, sessions, status
from accounts.tests.factories import make_person
from accounts.tests.staff import ALL, WHY, address, at_work, lock_of, make_agent
from accounts.tests.status_steps import lift, restrict, submit
from accounts.tests.test_sign_in import log_in
from core.actors import acting_as_service

pytestmark = pytest.mark.usefixtures("transactional_db")


@pytest.fixture
def ada() -> User:
    return make_person(name="Ada Obi", email="ada@alajo.test")


def test_staff_freeze_and_lift_with_a_reason_and_the_customer_is_told(client, ada):
    log_in(client)
    staff = at_work(make_agent(*ALL))
    page = staff.get(f"/staff/accounts/user/{ada.pk}/change/").content.decode()
    assert address(ada, "freeze") in page
    assert address(ada, "lift") not in page

    assert submit(staff, ada, "freeze", text="short").status_code == 422
    assert lock_of(ada) == ("ACTIVE", "")
    assert submit(staff, ada, "freeze").status_code == 302
    assert lock_of(ada) == ("FROZEN", "")
    assert client.get("/home/").url.startswith("/accounts/login/")
    assert (mail.outbox[-1].to, mail.outbox[-1].subject) == ([ada.email], "Your account is frozen")
    assert WHY not in mail.outbox[-1].body
    with acting_as_service():
        assert Notification.objects.filter(user=ada, event="security.frozen").exists()
        facts = {"reason": WHY, "reason_code": "REVIEW", "status": "FROZEN", "cause": "STAFF"}
        assert AuditEvent.objects.get(action="accounts.user.frozen").data == facts

    assert submit(staff, ada, "freeze").status_code == 422
    assert submit(staff, ada, "lift").status_code == 302
    assert lock_of(ada) == ("ACTIVE", "")
    assert submit(staff, ada, "lift").status_code == 422


def test_who_is_frozen_cannot_unlock_by_recovering(ada):
    at = timezone.now()
    restrict(ada, by=make_agent(*ALL), at=at)
    security.password_replaced(user=ada, at=at, by_mail=True)
    with acting_as_service():
        session = sessions.start(user=ada, face="PAGES", method="password", at=at)
    with pytest.raises(security.OnlyStaffUnlock):
        security.unlock(user=ada, session_id=session.pk, at=at)


def test_staff_unlock_whoever_reported_something(ada):
    security.report(user=ada, at=timezone.now())
    lift(ada, by=make_agent(*ALL))
    assert lock_of(ada) == ("ACTIVE", "")


def test_a_closed_account_is_not_lifted_into_life(ada):
    account_life.close_account(user=ada, at=timezone.now())
    for deed in (restrict, lift):
        with pytest.raises(status.AccountIsClosed):
            deed(ada, by=make_agent(*ALL))


def test_staff_end_all_sessions(client, ada):
    log_in(client)
    staff = at_work(make_agent(*ALL))
    with acting_as_service():
        app = apps.register(name="App", redirect_uris=[], scopes=[], public=True).client
        Token.objects.create(user=ada, client=app, type="at", hash="x")
        apps.let_in(user_id=ada.pk, client_id=app.pk, scopes=[], at=timezone.now())
    assert staff.post(address(ada, "end-sessions"), {"reason": WHY}).status_code == 302
    assert apps.granted(user=ada) == []
    assert client.get("/home/").url.startswith("/accounts/login/")
    assert mail.outbox[-1].subject == "You were logged out everywhere"


@pytest.mark.parametrize(
    ("deed", "right"),
    [
        ("freeze", "freeze_customer"),
        ("restrict", "freeze_customer"),
        ("lift", "freeze_customer"),
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
    with pytest.raises(status.OwnAccount):
        restrict(agent, by=agent)
    with pytest.raises(status.OwnAccount):
        factor_resets.ask(user=agent, by=agent, reason=WHY, at=at)
