"""The story of joining, through the pages."""

import re
from concurrent.futures import ThreadPoolExecutor

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.core.cache import cache
from django.db import connections
from django.test import Client
from django.urls import reverse

from accounts.models import AuditEvent, Customer, Profile, User
from accounts.tests.factories import PASSWORD, make_person, sign_in
from core.actors import acting_as_service

pytestmark = pytest.mark.usefixtures("transactional_db")
ANSWERS = {"display_name": "Ada Obi", "email": "Ada@Example.com", "password1": PASSWORD}
CODE_PAGE = "/accounts/confirm-email/"


def sign_up(client: Client, **changes: str):
    return client.post("/accounts/signup/", {**ANSWERS, **changes})


def mailed_code() -> str:
    return re.search(r"^\s+([A-Z0-9-]{4,12})\s*$", mail.outbox[-1].body, re.MULTILINE)[1]


def people() -> list[str]:
    with acting_as_service():
        return list(User.objects.order_by("email").values_list("email", flat=True))


def signed_in(client: Client) -> bool:
    return "_auth_user_id" in client.session


def test_someone_joins_confirms_by_the_mailed_code_and_lands_on_their_home_page(client):
    assert client.get("/accounts/signup/").status_code == 200
    answer = sign_up(client)
    assert (answer.status_code, answer.url) == (302, CODE_PAGE)
    assert client.get(CODE_PAGE).status_code == 200
    assert not signed_in(client)

    answer = client.post(CODE_PAGE, {"code": mailed_code()})
    assert (answer.status_code, answer.url) == (302, "/home/")
    assert signed_in(client)
    with acting_as_service():
        user = User.objects.get(email="ada@example.com")
        assert EmailAddress.objects.get(user=user).verified
        assert Customer.objects.get(user=user).status == Customer.Status.ACTIVE
        assert Profile.objects.get(user=user).display_name == "Ada Obi"
        assert AuditEvent.objects.get(action="accounts.user.registered").actor_id == user.id


def test_the_mail_has_both_parts_and_both_carry_the_code(client):
    sign_up(client)
    (letter,) = mail.outbox
    assert letter.to == ["ada@example.com"]
    html = next(part.content for part in letter.alternatives if part.mimetype == "text/html")
    assert mailed_code() in html
    assert "<" not in letter.body


def test_where_storing_fails_nothing_is_stored_and_no_mail_leaves(client, monkeypatch):
    def fail(*_args, **_kwargs):
        raise RuntimeError("the power went")

    monkeypatch.setattr("accounts.services.people.audit.record", fail)
    client.raise_request_exception = False
    assert sign_up(client).status_code == 500
    assert people() == []
    assert mail.outbox == []


def test_a_mail_that_cannot_be_queued_leaves_the_account_standing(client, monkeypatch):
    monkeypatch.setattr("accounts.tasks.send_mail.delay", lambda **letter: 1 / 0)
    assert sign_up(client).url == CODE_PAGE
    assert people() == ["ada@example.com"]


def test_a_wrong_code_is_refused_and_the_right_one_still_works(client):
    sign_up(client)
    answer = client.post(CODE_PAGE, {"code": "WRONG1"})
    assert answer.status_code == 422
    assert "code" in answer.context["form"].errors or "code" in answer.context["verify_form"].errors
    assert client.post(CODE_PAGE, {"code": mailed_code()}).url == "/home/"


def test_a_code_tried_too_often_is_void(client):
    sign_up(client)
    code = mailed_code()
    for _attempt in range(3):
        client.post(CODE_PAGE, {"code": "WRONG1"})
    client.post(CODE_PAGE, {"code": code})
    assert not signed_in(client)


def test_the_code_does_not_work_in_another_browser(client):
    sign_up(client)
    stranger = Client()
    stranger.post(CODE_PAGE, {"code": mailed_code()})
    assert not signed_in(stranger)


def test_who_has_not_confirmed_cannot_sign_in_and_is_sent_a_new_code(client):
    sign_up(client)
    cache.clear()
    other = Client()
    answer = other.post("/accounts/login/", {"login": "ada@example.com", "password": PASSWORD})
    assert answer.url.startswith(CODE_PAGE)
    assert not signed_in(other)


def test_an_address_that_has_an_account_is_not_told_apart_from_a_new_one(client):
    make_person(email="ada@example.com")
    taken, new = sign_up(client), sign_up(Client(), email="new@example.com")
    assert (taken.status_code, taken.url) == (new.status_code, new.url)
    assert client.get(CODE_PAGE).status_code == 200
    told = next(letter for letter in mail.outbox if letter.to == ["ada@example.com"])
    assert "already" in told.body
    assert people() == ["ada@example.com", "new@example.com"]


def test_six_who_sign_up_one_address_at_once_get_the_same_answer_and_one_account(settings):
    settings.ACCOUNT_RATE_LIMITS = False

    def try_it(_number):
        try:
            answer = sign_up(Client())
            return answer.status_code, answer.url
        finally:
            connections.close_all()

    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(try_it, range(6)))
    assert answers == [(302, CODE_PAGE)] * 6
    assert people() == ["ada@example.com"]


def test_many_with_one_name_at_once_all_get_a_handle():
    def try_it(number):
        try:
            return make_person(name="Ada Obi", email=f"ada{number}@example.com").id
        finally:
            connections.close_all()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(try_it, range(16)))
    with acting_as_service():
        handles = list(Profile.objects.values_list("handle", flat=True))
    assert len(set(handles)) == 16
    assert all(handle.startswith("ada_obi") for handle in handles)


@pytest.mark.parametrize(
    ("name", "handle"),
    [
        ("Ọláolúwa Adébáyọ̀", "olaoluwa_adebayo"),
        ("王小明", "saver"),
        ("O'Brien-Smith", "o_brien_smith"),
        ("9ice", "saver_9ice"),
        ("B", "saver_b"),
        ("x" * 80, "x" * 24),
    ],
)
def test_names_of_any_script_are_kept_and_give_a_handle(client, name, handle):
    assert sign_up(client, display_name=name).url == CODE_PAGE
    with acting_as_service():
        profile = Profile.objects.get()
    assert (profile.display_name, profile.handle) == (name, handle)


@pytest.mark.parametrize(
    "changes",
    [
        {"display_name": ""},
        {"display_name": "   "},
        {"display_name": "x" * 81},
        {"display_name": "x" * 10_000},
        {"display_name": "Ada\u202eibO"},
        {"display_name": "\u200b\u200b"},
        {"display_name": "..."},
        {"email": "not an address"},
        {"email": "a" * 10_000 + "@example.com"},
        {"email": "ada@exa mple.com"},
        {"password1": "short"},
        {"password1": "password123"},
        {"password1": "ada@example.com"},
    ],
)
def test_what_cannot_be_taken_is_said_beside_the_field_and_stored_nowhere(client, changes):
    answer = sign_up(client, **changes)
    assert answer.status_code == 422
    assert list(answer.context["form"].errors) == list(changes)
    assert people() == []


@pytest.mark.parametrize("field", ["display_name", "email", "password1", "next"])
def test_a_nul_byte_in_any_field_is_a_bad_request(client, field):
    assert sign_up(client, **{field: "a\x00b"}).status_code == 400
    assert people() == []


def test_a_password_of_ten_thousand_letters_is_taken(client):
    assert sign_up(client, password1="xy" * 5000).url == CODE_PAGE


def test_the_next_page_is_kept_through_the_code_but_only_on_our_own_host(client):
    sign_up(client, next="/help/")
    assert client.post(CODE_PAGE, {"code": mailed_code()}).url == "/help/"
    other = Client()
    sign_up(other, email="bola@example.com", next="https://evil.example/")
    assert other.post(CODE_PAGE, {"code": mailed_code()}).url == "/home/"


def test_a_form_without_its_token_is_refused():
    careful = Client(enforce_csrf_checks=True)
    assert sign_up(careful).status_code == 403
    assert people() == []


def test_too_many_sign_ups_from_one_address_get_our_page_that_says_to_wait(client):
    for number in range(20):
        sign_up(client, email=f"not-an-address-{number}")
    answer = sign_up(client)
    assert answer.status_code == 429
    assert "429.html" in [template.name for template in answer.templates]


def test_a_signed_in_visitor_of_the_sign_up_page_is_sent_home(client):
    sign_in(client, make_person())
    assert client.get(reverse("account_signup")).url == "/home/"
