"""Sign-ins that nobody came back to end; what is old is deleted, what lives stays."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from accounts import tasks
from accounts.models import (
    BrowserSession,
    FactorChallenge,
    FlowState,
    OneTimeCode,
    PendingFactor,
    RefreshToken,
    Session,
)
from accounts.services import codes, forgetting, pkce, refresh, sessions
from accounts.tests.factories import make_person, sign_in
from core.actors import acting_as_service

pytestmark = pytest.mark.usefixtures("transactional_db")
NOW = timezone.now()
MONTH = timedelta(days=30, minutes=1)


def app_session(at):
    with acting_as_service():
        session = sessions.start(user=make_person(), face=Session.Face.APP, method="password", at=at)
        refresh.first(session=session, at=at)
    return session


def reason(session) -> str:
    with acting_as_service():
        return Session.objects.get(pk=session.pk).end_reason


def test_an_app_that_did_not_come_back_for_a_month_is_signed_out():
    idle, used = app_session(NOW - MONTH), app_session(NOW - timedelta(days=29))
    assert forgetting.end_idle(at=NOW) == 1
    assert (reason(idle), reason(used)) == ("EXPIRED", "")


def test_a_browser_whose_session_ran_out_is_no_longer_listed_as_signed_in():
    here, gone = Client(), Client()
    ada = make_person()
    sign_in(here, ada)
    sign_in(gone, ada)
    with acting_as_service():
        Session.objects.update(created_at=NOW - timedelta(hours=2))
        old = BrowserSession.objects.get(session_key=gone.session.session_key)
        BrowserSession.objects.filter(pk=old.pk).update(expire_date=NOW - timedelta(seconds=1))
    tasks.forget_old_sign_ins()
    with acting_as_service():
        assert Session.objects.get(pk=old.sign_in_id).end_reason == "EXPIRED"
        assert Session.objects.live().count() == BrowserSession.objects.count() == 1
    assert here.get("/home/").status_code == 200


def test_a_browser_that_is_just_signing_in_is_left_alone():
    with acting_as_service():
        sessions.start(user=make_person(), face=Session.Face.PAGES, method="password", at=NOW)
    assert forgetting.end_idle(at=NOW) == 0


def test_old_rows_go_and_young_ones_stay():
    old, young, live = app_session(NOW - MONTH), app_session(NOW), app_session(NOW)
    sessions.end(session_id=old.pk, reason="SIGNED_OUT", at=NOW - MONTH)
    sessions.end(session_id=young.pk, reason="SIGNED_OUT", at=NOW - timedelta(days=29))
    with acting_as_service():
        RefreshToken.objects.filter(session=live).update(replaced_at=NOW - MONTH)
        Session.objects.filter(pk=live.pk).update(generation=1)
    forgetting.forget(at=NOW)
    with acting_as_service():
        assert set(Session.objects.values_list("pk", flat=True)) == {young.pk, live.pk}
        assert [row.session_id for row in RefreshToken.objects.all()] == [young.pk]


def test_what_was_begun_and_ran_out_a_day_ago_goes():
    ada = make_person()
    old, young = NOW - timedelta(days=1, hours=2), NOW - timedelta(hours=20)
    with acting_as_service():
        session = sessions.start(user=ada, face=Session.Face.APP, method="password", at=NOW)
        for at in (old, young):
            codes.make_code(user=ada, purpose="magiclink", at=at)
            asked = {"code_challenge": "c" * 43, "code_challenge_method": "s256"}
            pkce.open_flow(**asked, redirect_to="", purpose="oauth", at=at, linking={"uid": "somebody"})
            times = {"created_at": at, "expires_at": at + timedelta(minutes=5)}
            FactorChallenge.objects.create(session=session, factor_id=ada.pk, **times)
            PendingFactor.objects.create(user=ada, kind="webauthn", name=str(at), **times)
        forgetting.forget(at=NOW)
        left = [
            model.objects.get().created_at
            for model in (OneTimeCode, FlowState, FactorChallenge, PendingFactor)
        ]
    assert left == [young] * 4
