"""Guessing is counted on the account, whichever face it comes by, and who guessed too often reads when to return."""

import pytest
from django.test import Client

from accounts import factors
from accounts.models import User
from accounts.tests.factories import PASSWORD, make_person, sign_in
from accounts.tests.wire import call, refused
from core.actors import acting_as_service

pytestmark = pytest.mark.usefixtures("transactional_db")
TRIES = 5


@pytest.fixture
def ada() -> User:
    return make_person(email="ada@alajo.test")


def by_page(email: str = "ada@alajo.test", password: str = "wrong", **request: str):
    return Client().post("/accounts/login/", {"login": email, "password": password}, **request)


def by_wire(client: Client, password: str = "wrong"):
    body = {"email": "ada@alajo.test", "password": password}
    return call(client, "POST", "token?grant_type=password", body)


def test_who_guessed_too_often_reads_when_to_come_back(ada):
    for _guess in range(TRIES):
        assert by_page().status_code == 422
    answer = by_page(password=PASSWORD)
    assert answer.status_code == 429
    assert answer.headers["Retry-After"] == "300"
    assert "429.html" in [template.name for template in answer.templates]


def test_the_address_in_another_case_the_port_and_the_place_asked_from_begin_no_new_count(ada):
    for number in range(TRIES):
        email = "Ada@alajo.test" if number % 2 else "ada@alajo.test"
        by_page(email, headers={"host": f"testserver:{1000 + number}"}, REMOTE_ADDR=f"10.0.0.{number}")
    last = by_page(password=PASSWORD, headers={"host": "testserver:2000"}, REMOTE_ADDR="10.0.1.1")
    assert last.status_code == 429


def test_pages_apps_and_the_proof_of_who_is_logged_in_count_together(client, ada):
    inside = Client()
    sign_in(inside, ada)
    assert by_page().status_code == 422
    assert refused(by_wire(client)) == (400, "invalid_credentials")
    for _guess in range(TRIES - 2):
        assert inside.post("/accounts/reauthenticate/", {"password": "wrong"}).status_code == 422
    answer = by_wire(client, PASSWORD)
    assert refused(answer) == (429, "over_request_rate_limit")
    assert answer.headers["Retry-After"] == "300"
    assert by_page(password=PASSWORD).status_code == 429
    assert inside.post("/accounts/reauthenticate/", {"password": PASSWORD}).status_code == 429


def test_a_right_password_is_not_counted_and_forgives_no_wrong_one(client, ada):
    for _again in range(TRIES + 2):
        assert by_page(password=PASSWORD).status_code == 302
    for _guess in range(TRIES):
        assert by_wire(client, PASSWORD).status_code == 200
        by_page()
    assert by_page(password=PASSWORD).status_code == 429


def test_an_address_nobody_has_is_counted_alike(ada):
    answers = []
    for email in ("ada@alajo.test", "nobody@alajo.test"):
        answers.append([by_page(email, REMOTE_ADDR=f"10.0.{len(answers)}.1") for _guess in range(TRIES + 1)])
    assert [answer.status_code for answer in answers[0]] == [answer.status_code for answer in answers[1]]


def test_codes_count_together_at_log_in_and_before_what_is_sensitive(ada):
    factors.enrol_totp(user=ada)
    inside, outside = Client(), Client()
    sign_in(inside, ada)
    outside.post("/accounts/login/", {"login": ada.email, "password": PASSWORD})
    for _guess in range(3):
        assert inside.post("/accounts/2fa/reauthenticate/", {"code": "000000"}).status_code == 422
    for _guess in range(2):
        outside.post("/accounts/2fa/authenticate/", {"code": "000000"})
    for browser, step in ((outside, "authenticate"), (inside, "reauthenticate")):
        answer = browser.post(f"/accounts/2fa/{step}/", {"code": factors.current_code(user=ada)})
        assert answer.status_code == 429
        assert answer.headers["Retry-After"] == "300"
    assert "_auth_user_id" not in outside.session
    with acting_as_service():
        assert ada.sign_ins.live().count() == 1


def test_too_many_sign_ups_from_one_place_read_when_to_come_back():
    form = {"display_name": "Ada", "password1": "short"}
    answers = [Client().post("/accounts/signup/", {**form, "email": f"p{n}@x.test"}) for n in range(21)]
    assert answers[-1].status_code == 429
    assert answers[-1].headers["Retry-After"] == "60"
