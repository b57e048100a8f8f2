"""The official Python client against a running server: codes, links, PKCE, and the admin API."""

import html
import re
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

import httpx
import pytest
from django.core import mail
from django.utils import timezone
from supabase_auth.errors import AuthApiError
from supabase_auth.types import CreateOAuthClientParams, UpdateOAuthClientParams

from accounts.models import User
from accounts.tests.factories import PASSWORD, make_person
from core.actors import acting_as_service

APP = "https://app.example.com/cb"


@pytest.fixture
def ada(origin) -> User:
    user = make_person(email="ada@alajo.test")
    with acting_as_service():
        User.objects.filter(pk=user.pk).update(email_confirmed_at=timezone.now())
    return user


def mailed_code() -> str:
    return re.search(r"^ {4}(\d{6})$", mail.outbox[-1].body, re.MULTILINE)[1]


def press_mailed_button() -> dict[str, str]:
    """Open the mailed link as a browser does, press the button, return what the app is told."""
    link = re.search(r"https?://\S+/auth/v1/verify\S+", mail.outbox[-1].body)[0]
    with httpx.Client() as browser:
        page = browser.get(link)
        fields = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page.text))
        answer = browser.post(
            f"{link.partition('?')[0]}/press", data={k: html.unescape(v) for k, v in fields.items()}
        )
    assert answer.status_code == 303, answer.text
    parts = urlsplit(answer.headers["Location"])
    assert answer.headers["Location"].startswith(APP)
    return {name: values[0] for name, values in parse_qs(parts.query or parts.fragment).items()}


def test_a_mailed_code_logs_in(make_client, ada):
    client = make_client()
    client.sign_in_with_otp({"email": "ada@alajo.test", "options": {"email_redirect_to": APP}})
    answer = client.verify_otp({"email": "ada@alajo.test", "token": mailed_code(), "type": "email"})
    assert answer.session.user.id == str(ada.id)
    assert client.get_user().user.email == "ada@alajo.test"
    client.sign_out()


def test_a_newcomer_joins_by_code(make_client):
    client = make_client()
    client.sign_in_with_otp({"email": "new@alajo.test", "options": {"data": {"plan": "x"}}})
    user = client.verify_otp({"email": "new@alajo.test", "token": mailed_code(), "type": "email"}).user
    assert user.user_metadata["plan"] == "x"
    assert user.email_confirmed_at


def test_a_wrong_code_is_told_by_name(make_client, ada):
    client = make_client()
    with pytest.raises(AuthApiError, match="Token has expired or is invalid") as refused:
        client.verify_otp({"email": "ada@alajo.test", "token": "123456", "type": "email"})
    assert (refused.value.status, refused.value.code) == (403, "otp_expired")
    with pytest.raises(AuthApiError, match="Signups not allowed for otp"):
        client.sign_in_with_otp({"email": "nobody@alajo.test", "options": {"should_create_user": False}})


def test_a_forgotten_password_is_recovered_by_link(make_client, ada):
    client = make_client()
    client.reset_password_for_email("ada@alajo.test", {"redirect_to": APP})
    told = press_mailed_button()
    assert told["type"] == "recovery"
    client.set_session(told["access_token"], told["refresh_token"])
    assert client.get_user().user.id == str(ada.id)


def test_a_recovery_code_and_a_second_mail_too_soon(make_client, ada):
    client = make_client()
    client.reset_password_for_email("ada@alajo.test")
    with pytest.raises(AuthApiError, match="you can only request this after") as refused:
        client.reset_password_for_email("ada@alajo.test")
    assert refused.value.code == "over_email_send_rate_limit"
    answer = client.verify_otp({"email": "ada@alajo.test", "token": mailed_code(), "type": "recovery"})
    assert answer.session.access_token


def test_a_link_by_pkce_is_worth_nothing_to_another_client(make_client, ada):
    client, thief = make_client(flow="pkce"), make_client(flow="pkce")
    client.sign_in_with_otp({"email": "ada@alajo.test", "options": {"email_redirect_to": APP}})
    told = press_mailed_button()
    assert told.keys() == {"code"}
    with pytest.raises(AuthApiError) as refused:
        thief.exchange_code_for_session({"auth_code": told["code"], "code_verifier": "v" * 64})
    assert refused.value.code == "bad_code_verifier"
    session = client.exchange_code_for_session({"auth_code": told["code"]}).session
    assert session.user.id == str(ada.id)
    assert client.refresh_session().session.access_token
    with pytest.raises(AuthApiError) as refused:
        thief.exchange_code_for_session({"auth_code": told["code"], "code_verifier": "v" * 64})
    assert refused.value.code == "flow_state_not_found"


def test_recovery_by_pkce(make_client, ada):
    client = make_client(flow="pkce")
    client.reset_password_for_email("ada@alajo.test", {"redirect_to": APP})
    session = client.exchange_code_for_session({"auth_code": press_mailed_button()["code"]}).session
    assert session.user.id == str(ada.id)


def test_reauthentication_and_resending(make_client, ada):
    client = make_client()
    client.sign_in_with_password({"email": "ada@alajo.test", "password": PASSWORD})
    client.reauthenticate()
    assert len(mailed_code()) == 6
    client.resend({"type": "signup", "email": "ada@alajo.test"})
    assert len(mail.outbox) == 1


def test_the_admin_makes_lists_changes_and_removes(make_client, ada):
    admin, app = make_client("service_role").admin, make_client()
    made = admin.create_user(
        {"email": "new@alajo.test", "password": "secret12", "email_confirm": True, "user_metadata": {"a": 1}}
    ).user
    assert {user.email for user in admin.list_users()} == {"new@alajo.test", "ada@alajo.test"}
    assert len(admin.list_users(page=2, per_page=1)) == 1
    assert admin.get_user_by_id(made.id).user.user_metadata == {"a": 1}
    app.sign_in_with_password({"email": "new@alajo.test", "password": "secret12"})
    changed = admin.update_user_by_id(made.id, {"app_metadata": {"plan": "gold"}, "ban_duration": "24h"}).user
    assert changed.app_metadata["plan"] == "gold"
    with pytest.raises(AuthApiError):
        app.get_user()
    with pytest.raises(AuthApiError, match="User is banned"):
        app.sign_in_with_password({"email": "new@alajo.test", "password": "secret12"})
    admin.delete_user(made.id)
    with pytest.raises(AuthApiError) as refused:
        admin.get_user_by_id(made.id)
    assert (refused.value.status, refused.value.code) == (404, "user_not_found")
    admin.delete_user(str(ada.id), should_soft_delete=True)
    with pytest.raises(AuthApiError, match="already been registered"):
        admin.create_user({"email": "ada@alajo.test"})


def test_the_admin_invites_makes_links_and_signs_out(make_client, ada):
    admin, app = make_client("service_role").admin, make_client()
    assert admin.invite_user_by_email("new@alajo.test", {"data": {"team": "x"}}).user.invited_at
    assert app.verify_otp({"email": "new@alajo.test", "token": mailed_code(), "type": "invite"}).session
    made = admin.generate_link(
        {"type": "magiclink", "email": "ada@alajo.test", "options": {"redirect_to": APP}}
    )
    assert (made.user.id, made.properties.redirect_to) == (str(ada.id), APP)
    token = {"token_hash": made.properties.hashed_token, "type": "magiclink"}
    session = app.verify_otp(token).session
    with pytest.raises(AuthApiError, match="Email link is invalid or has expired"):
        app.verify_otp(token)
    admin.sign_out(session.access_token)
    with pytest.raises(AuthApiError):
        app.get_user(session.access_token)


def test_the_admin_sees_factors(make_client, ada):
    admin = make_client("service_role").admin
    assert not admin.mfa.list_factors({"user_id": str(ada.id)})
    with pytest.raises(AuthApiError) as refused:
        admin.mfa.delete_factor({"user_id": str(ada.id), "id": str(uuid4())})
    assert refused.value.code == "mfa_factor_not_found"


def test_an_app_is_no_admin(make_client, ada):
    client = make_client()
    with pytest.raises(AuthApiError, match="User not allowed"):
        client.admin.list_users()


def test_apps_of_third_parties_are_looked_after(make_client, ada):
    apps = make_client("service_role").admin.oauth
    back = ["https://books.example/back"]
    made = apps.create_client(CreateOAuthClientParams(client_name="Books", redirect_uris=back)).client
    assert made.client_secret
    assert [app.client_id for app in apps.list_clients().clients] == [made.client_id]
    changed = apps.update_client(made.client_id, UpdateOAuthClientParams(client_name="Ledger")).client
    assert (changed.client_name, changed.redirect_uris, changed.client_secret) == ("Ledger", back, None)
    assert apps.regenerate_client_secret(made.client_id).client.client_secret != made.client_secret
    apps.delete_client(made.client_id)
    assert apps.list_clients().clients == []
