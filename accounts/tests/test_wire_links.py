"""Links in mails: opened by people and by scanners, pressed once."""

from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client
from django.utils import timezone

from accounts import access_tokens
from accounts.models import OneTimeCode, User
from accounts.services import codes
from accounts.tests.code_mails import APP, live, mailed_link, post, press, told
from accounts.tests.factories import make_person
from core.actors import acting_as_service

pytestmark = pytest.mark.usefixtures("transactional_db")


@pytest.fixture(autouse=True)
def _list(settings):
    settings.REDIRECT_ALLOW_LIST = ["https://app.example.com/**"]


@pytest.fixture
def ada() -> User:
    user = make_person(email="ada@alajo.test")
    with acting_as_service():
        User.objects.filter(pk=user.pk).update(email_confirmed_at=timezone.now())
    return user


def test_opening_a_link_changes_nothing_and_its_button_logs_in(client, ada):
    post(client, f"magiclink?redirect_to={APP}", {"email": ada.email})
    link = mailed_link()
    for scanner in (client.get, client.head, client.get):
        assert scanner(link).status_code == 200
    with acting_as_service():
        assert OneTimeCode.objects.get().used_at is None
    assert live() == 0
    query, fragment = told(press(client, link))
    assert query == {}
    assert fragment.keys() == {
        "access_token",
        "expires_at",
        "expires_in",
        "refresh_token",
        "token_type",
        "type",
    }
    assert fragment["type"] == "magiclink"
    claims = access_tokens.read(fragment["access_token"])
    assert (claims["sub"], claims["amr"][0]["method"]) == (str(ada.id), "magiclink")


def test_a_link_works_once(client, ada):
    post(client, f"magiclink?redirect_to={APP}", {"email": ada.email})
    link = mailed_link()
    parts = {k: v[0] for k, v in parse_qs(urlsplit(link).query).items()}
    assert "access_token" in told(press(client, link))[1]
    for again in (client.get(link), client.post("/auth/v1/verify/press", parts)):
        assert told(again)[1] == {
            "error": "access_denied",
            "error_code": "otp_expired",
            "error_description": "Email link is invalid or has expired",
        }
    refusal = post(client, "verify", {"type": "magiclink", "token_hash": parts["token"]}, 403)
    assert refusal["message"] == "Email link is invalid or has expired"
    assert live() == 1


def test_the_button_needs_the_page_it_is_on(ada):
    strict = Client(enforce_csrf_checks=True)
    letter = codes.make_code(user=ada, purpose="magiclink", at=timezone.now())
    fields = {"token": letter.token, "type": "magiclink", "redirect_to": APP}
    assert strict.post("/auth/v1/verify/press", fields).status_code == 403
    strict.get("/auth/v1/verify", fields)
    token = strict.cookies["csrftoken"].value
    assert strict.post("/auth/v1/verify/press", {**fields, "csrfmiddlewaretoken": token}).status_code == 303


@pytest.mark.parametrize(
    "target",
    ["https://evil.com/", "//evil.com", "https://app.example.com@evil.com/", "javascript:alert(1)"],
)
def test_a_link_leads_nowhere_that_is_not_listed(client, ada, target):
    letter = codes.make_code(user=ada, purpose="magiclink", at=timezone.now())
    page = client.get("/auth/v1/verify", {"token": letter.token, "type": "magiclink", "redirect_to": target})
    assert 'name="redirect_to" value="http://testserver"' in page.content.decode()
    assert "evil" not in page["Content-Security-Policy"]
    fields = {"token": letter.token, "type": "magiclink", "redirect_to": target}
    answer = client.post("/auth/v1/verify/press", fields)
    assert answer["Location"].startswith("http://testserver#access_token=")


def test_a_dead_link_to_no_app_says_so_on_a_page(client):
    answer = client.get("/auth/v1/verify?token=x&type=magiclink&redirect_to=https://evil.com")
    assert answer.status_code == 422
    assert "This link does not work" in answer.content.decode()


def test_the_page_is_not_stored_and_lets_its_form_lead_to_the_app_alone(client, ada):
    post(client, f"magiclink?redirect_to={APP}", {"email": ada.email})
    page = client.get(mailed_link())
    assert page["Cache-Control"] == "no-store"
    assert "form-action 'self' https://app.example.com" in page["Content-Security-Policy"]


def test_a_link_takes_the_words_of_a_stranger_for_nothing_but_text(client):
    answer = client.get("/auth/v1/verify?token=<script>&type=<script>&redirect_to=https://app.example.com/cb")
    assert "<script>" not in answer["Location"]


def test_opening_and_pressing_links_is_limited_as_the_settings_say(client, settings):
    settings.AUTH_RATE_LIMITS = {"default": "2/minute", "code": "1/minute"}
    link = "/auth/v1/verify?type=magiclink&token=x&redirect_to=" + APP
    codes = [told(client.get(link))[1]["error_code"] for _ in range(3)]
    assert codes == ["otp_expired", "otp_expired", "over_request_rate_limit"]
    fields = {"type": "magiclink", "token": "x", "redirect_to": APP}
    codes = [told(client.post("/auth/v1/verify/press", fields))[1]["error_code"] for _ in range(2)]
    assert codes == ["otp_expired", "over_request_rate_limit"]
