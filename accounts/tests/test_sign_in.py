"""Signing in and out, and a password forgotten or changed, through the pages."""

import re
from urllib.parse import urljoin, urlsplit

import pytest
from django.core import mail
from django.core.cache import cache
from django.test import Client

from accounts.models import Session, User
from accounts.tests.factories import PASSWORD, make_person, prove_again, sign_in
from core.actors import acting_as_service

pytestmark = pytest.mark.usefixtures("transactional_db")
ANOTHER = "another-long-secret"


def log_in(client: Client, email: str = "ada@alajo.test", password: str = PASSWORD, **more: str):
    return client.post("/accounts/login/", {"login": email, "password": password, **more})


def signed_in(client: Client) -> bool:
    return "_auth_user_id" in client.session


@pytest.fixture
def ada() -> User:
    return make_person(email="ada@alajo.test")


@pytest.mark.parametrize("typed", ["ada@alajo.test", "ADA@Alajo.Test", "  ada@alajo.test "])
def test_e_mail_and_password_lead_home_however_the_address_is_written(client, ada, typed):
    answer = log_in(client, typed)
    assert (answer.status_code, answer.url) == (302, "/home/")
    assert signed_in(client)


@pytest.mark.parametrize(
    ("email", "password"),
    [
        ("ada@alajo.test", "wrong-" + PASSWORD),
        ("nobody@alajo.test", PASSWORD),
        ("ada@alajo.test", "x" * 10_000),
        ("ada@alajo.test", "Ẹ" * 300),
        ("a" * 10_000 + "@alajo.test", PASSWORD),
        ("' or 1=1 --", PASSWORD),
    ],
)
def test_a_wrong_address_or_password_is_refused(client, ada, email, password):
    answer = log_in(client, email, password)
    assert answer.status_code == 422
    assert answer.context["form"].errors
    assert not signed_in(client)


def test_an_unknown_address_and_a_wrong_password_read_the_same(client, ada):
    said = [
        log_in(client, email, "wrong-" + PASSWORD).context["form"].errors
        for email in ("ada@alajo.test", "no@alajo.test")
    ]
    assert said[0] == said[1]


def test_guessing_is_stopped_after_five_tries_even_with_the_right_password(client, ada):
    for _attempt in range(5):
        log_in(client, password="wrong-" + PASSWORD)
    log_in(client)
    assert not signed_in(client)


def test_too_many_log_ins_from_one_address_get_our_page_that_says_to_wait(client, ada, settings):
    settings.ACCOUNT_RATE_LIMITS = {"login": "2/m/ip"}
    log_in(client)
    log_in(Client())
    answer = log_in(Client())
    assert answer.status_code == 429
    assert "429.html" in [template.name for template in answer.templates]


@pytest.mark.parametrize(
    "target",
    [
        "https://evil.example/",
        "//evil.example/",
        "/\\evil.example",
        "javascript:alert(1)",
        "http:///evil.example",
        "///evil.example/",
        "https:evil.example",
        "https:///evil.example",
        "\\\\evil.example",
        "http:/\\evil.example",
        "\t//evil.example",
        "//\u3002evil.example",
        "http://testserver@evil.example/",
        "//testserver.evil.example/",
    ],
)
def test_next_never_leads_to_another_host(client, ada, target):
    assert log_in(client, next=target).url == "/home/"


@pytest.mark.parametrize("odd", ["%09//evil.example", "/%09/evil.example", "/home/../..//evil.example"])
def test_an_odd_next_stays_with_us(client, ada, odd):
    there = urlsplit(urljoin("http://testserver/accounts/login/", log_in(client, next=odd).url))
    assert there.netloc == "testserver"


def test_a_log_in_takes_neither_session_nor_token_that_was_there_before(client, ada):
    client.cookies["sessionid"] = "chosen-by-somebody-else-entirely"
    client.get("/accounts/login/")
    before = client.cookies["csrftoken"].value
    log_in(client)
    assert client.cookies["sessionid"].value != "chosen-by-somebody-else-entirely"
    assert client.cookies["csrftoken"].value != before


def test_next_leads_on_within_our_own_host(client, ada):
    assert log_in(client, next="/activity/?page=2").url == "/activity/?page=2"


def test_a_form_without_its_token_is_refused(ada):
    careful = Client(enforce_csrf_checks=True)
    assert log_in(careful).status_code == 403


def test_a_closed_account_is_told_so_and_not_signed_in(client, ada):
    with acting_as_service():
        User.objects.filter(pk=ada.pk).update(is_active=False)
    assert log_in(client).url == "/accounts/inactive/"
    assert not signed_in(client)


def test_logging_out_takes_a_press_of_the_button_and_ends_every_other_session(client, ada):
    log_in(client)
    other = Client()
    log_in(other)
    assert client.get("/accounts/logout/").status_code == 200
    assert signed_in(client)
    assert client.post("/accounts/logout/").url == "/"
    assert not signed_in(client)


def test_a_session_is_listed_with_its_device_and_not_written_on_every_page(
    client, ada, django_assert_num_queries
):
    sign_in(client, ada)
    client.get("/help/", headers={"user-agent": "Phone"})
    with acting_as_service():
        session = Session.objects.get(user=ada)
    assert (session.user_agent, session.last_ip) == ("Phone", "127.0.0.1")

    client.get("/help/", headers={"user-agent": "Phone"})
    with acting_as_service():
        assert Session.objects.get(user=ada).last_seen_at == session.last_seen_at
    client.get("/help/", headers={"user-agent": "Laptop"})
    with acting_as_service():
        assert Session.objects.get(user=ada).user_agent == "Laptop"


def test_a_session_ended_from_another_device_is_over_at_once(client, ada):
    log_in(client)
    phone = Client()
    log_in(phone)
    assert client.get("/security/sessions/").status_code == 200
    client.post("/security/sessions/")
    assert phone.get("/accounts/email/").url.startswith("/accounts/login/")
    assert client.get("/accounts/email/").status_code == 200


def reset_link() -> str:
    return re.search(r"http://testserver(/accounts/password/reset/key/\S+)", mail.outbox[-1].body)[1]


def test_a_forgotten_password_is_replaced_by_the_mailed_link_once(client, ada):
    answer = client.post("/accounts/password/reset/", {"email": "ada@alajo.test"})
    assert answer.url == "/accounts/password/reset/done/"
    link = reset_link()
    form_page = client.get(link).url
    assert client.get(form_page).status_code == 200
    answer = client.post(form_page, {"password1": ANOTHER, "password2": ANOTHER})
    assert answer.url == "/accounts/password/reset/key/done/"
    assert log_in(Client(), password=ANOTHER).url == "/home/"
    assert log_in(Client()).status_code == 422

    again = Client().get(link)
    assert again.status_code == 200
    assert again.context["token_fail"]


def test_asking_for_a_new_password_does_not_tell_who_has_an_account(client, ada):
    answers = [
        client.post("/accounts/password/reset/", {"email": email})
        for email in ("ada@alajo.test", "nobody@alajo.test")
    ]
    assert answers[0].url == answers[1].url
    assert [letter.to for letter in mail.outbox] == [["ada@alajo.test"], ["nobody@alajo.test"]]
    assert "/reset/key/" not in mail.outbox[1].body


@pytest.mark.parametrize("link", ["0-set-password", "zzz-zzz", "9" * 300 + "-x", "x-" + "y" * 10_000])
def test_a_made_up_reset_link_is_refused(client, ada, link):
    assert client.get(f"/accounts/password/reset/key/{link}/").status_code in (200, 404)
    assert log_in(Client()).url == "/home/"


def test_changing_the_password_asks_for_the_old_one_and_ends_every_other_session(client, ada):
    log_in(client)
    other = Client()
    log_in(other)
    form = {"oldpassword": "wrong-" + PASSWORD, "password1": ANOTHER, "password2": ANOTHER}
    assert client.post("/accounts/password/change/", form).status_code == 422
    assert log_in(Client()).url == "/home/"

    cache.clear()
    answer = client.post("/accounts/password/change/", {**form, "oldpassword": PASSWORD})
    assert answer.status_code == 302
    assert signed_in(client)
    assert client.get("/accounts/email/").status_code == 200
    assert other.get("/accounts/email/").url.startswith("/accounts/login/")
    assert log_in(Client(), password=ANOTHER).url == "/home/"


@pytest.mark.parametrize(
    "path",
    ["email/", "password/change/", "2fa/", "2fa/totp/activate/", "logout/", "login/", "signup/"],
)
def test_every_page_of_the_account_opens_for_who_is_signed_in(client, ada, path):
    log_in(client)
    assert client.get(f"/accounts/{path}").status_code in (200, 302)


def test_a_second_address_is_added_confirmed_and_made_the_first(client, ada):
    log_in(client)
    prove_again(client)
    client.post("/accounts/email/", {"action_add": "", "email": "new@alajo.test"})
    code = re.search(r"^\s+([A-Z0-9-]{4,12})\s*$", mail.outbox[-1].body, re.MULTILINE)[1]
    client.post("/accounts/confirm-email/", {"code": code})
    answer = client.post("/accounts/email/", {"action_primary": "", "email": "new@alajo.test"})
    assert answer.status_code == 302
    assert log_in(Client(), "new@alajo.test").url == "/home/"


def test_an_address_that_someone_else_signed_up_is_no_fault_of_ours_when_added_by_another(client, ada):
    make_person(email="bola@alajo.test")
    log_in(client)
    prove_again(client)
    answer = client.post("/accounts/email/", {"action_add": "", "email": "bola@alajo.test"})
    assert answer.status_code == 302
    with acting_as_service():
        assert User.objects.get(pk=ada.pk).email == "ada@alajo.test"
