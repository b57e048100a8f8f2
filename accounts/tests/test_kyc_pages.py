"""The pages under /verify/, by plain forms: each step, and what is refused in words."""

import re

import pytest
from django.test import Client
from django.utils import timezone

from accounts.kyc import consent
from accounts.models import KycDocument, User
from accounts.services.kyc import declaring
from accounts.tests.factories import make_person, sign_in
from accounts.tests.kyc import (
    ACCOUNT,
    BVN,
    NIN,
    PDF,
    begin,
    card,
    file,
    fresh,
    latest,
    send,
    take_up,
    words,
)
from core.actors import acting_as_service
from storage_app.tests.conftest import files  # noqa: F401
from storage_app.tests.pictures import opened

pytestmark = pytest.mark.usefixtures("transactional_db", "files")
NOW = timezone.now()


@pytest.fixture
def agent(transactional_db) -> User:
    return make_person(email="agent@alajo.test", role="AGENT")


@pytest.fixture
def client(ada) -> Client:
    client = Client()
    sign_in(client, ada)
    return client


def revision(answer) -> str:
    return re.search(r'name="revision" value="(\d+)"', answer.content.decode())[1]


def test_from_the_start_page_to_sent_by_plain_forms(ada, client):
    assert "Raise your tier" in words(client.get("/home/"))
    assert client.get("/verify/").url == "/verify/new/"
    assert "Apply for tier 3" in words(client.get("/verify/new/"))
    assert client.post("/verify/new/", {"tier": "2"}).status_code == 302
    assert "0 of 6 steps done" in words(client.get("/verify/"))
    personal = {"first_name": "Ada", "last_name": "Obi", "date_of_birth": "1990-05-17", "middle_name": ""}
    at = revision(client.get("/verify/details/"))
    assert client.post("/verify/details/", {**personal, "revision": at}).status_code == 302
    for slug, number in (("bvn", BVN), ("nin", NIN)):
        assert client.post(f"/verify/{slug}/", {"number": number}).status_code == 302
    lives = {"address": "12 Allen Avenue", "city": "Ikeja", "region": "LAGOS"}
    at = revision(client.get("/verify/address/"))
    assert client.post("/verify/address/", {**lives, "revision": at}).status_code == 302
    at = revision(client.get("/verify/bank/"))
    bank = {"bank_code": "058", "number": ACCOUNT, "revision": at}
    assert client.post("/verify/bank/", bank).status_code == 302
    assert "We keep it for as long as you are our customer" in words(client.get("/verify/consent/"))
    agreed = {"version": consent.VERSION, "agree": "on"}
    assert client.post("/verify/consent/", agreed).status_code == 302
    review = words(client.get("/verify/review/"))
    for told in (
        "Ada Obi",
        "17 May 1990",
        "12 Allen Avenue, Ikeja, Lagos",
        "•••• 8901",
        "Guaranty Trust Bank",
    ):
        assert told in review
    assert client.post("/verify/review/").status_code == 302
    assert latest().state == "SUBMITTED" and latest().consent_text == consent.text_of()
    assert "Waiting for review" in words(client.get("/verify/"))
    assert "We are looking at your application" in words(client.get("/home/"))
    assert client.post("/verify/review/").status_code == 302
    assert "We have your application" in words(client.get("/notices/"))


def test_what_is_missing_stands_above_the_button_with_its_links(ada, client):
    begin(ada, tier=3)
    answer = client.post("/verify/review/")
    assert answer.status_code == 422 and 'href="/verify/selfie/"' in answer.content.decode()


@pytest.mark.parametrize(
    ("slug", "typed", "said"),
    [
        ("details", {"first_name": "=cmd()", "last_name": "Obi", "date_of_birth": "1990-05-17"}, "letters"),
        ("details", {"first_name": "Ada", "last_name": "Obi", "date_of_birth": "2015-05-17"}, "18 years old"),
        ("details", {"first_name": "Ada", "last_name": "Obi", "date_of_birth": "1990-02-30"}, "valid date"),
        ("address", {"address": "@SUM(1)", "city": "Ikeja", "region": "LAGOS"}, "Begin with a letter"),
        ("address", {"address": "1 Road", "city": "Ikeja", "region": "PARIS"}, "not one of the available"),
        ("bank", {"bank_code": "058", "number": "12345"}, "10 digits"),
        ("nin", {"number": "123"}, "11 digits"),
        ("consent", {"version": consent.VERSION}, "Tick the box"),
        ("consent", {"version": "1999", "agree": "on"}, "text has changed"),
    ],
)
def test_what_cannot_be_right_is_said_at_its_field(ada, client, slug, typed, said):
    begin(ada)
    answer = client.post(f"/verify/{slug}/", typed)
    assert answer.status_code == 422 and said in words(answer)
    assert latest().revision == 0


def test_a_second_tab_that_is_behind_is_told_and_saves_with_the_next_press(ada, client):
    begin(ada)
    at = revision(client.get("/verify/address/"))
    declaring.save_address(user=ada, address="9 Other Road", city="Yaba", region="OYO", at=NOW)
    typed = {"address": "12 Allen Avenue", "city": "Ikeja", "region": "LAGOS"}
    answer = client.post("/verify/address/", {**typed, "revision": at})
    assert answer.status_code == 409 and "somewhere else meanwhile" in words(answer)
    assert 'value="12 Allen Avenue"' in answer.content.decode() and latest().city == "Yaba"
    assert client.post("/verify/address/", {**typed, "revision": revision(answer)}).status_code == 302
    assert latest().city == "Ikeja"


def test_what_staff_look_at_is_read_only_and_says_so(ada, agent, client):
    application = take_up(send(ada, tier=3), by=agent)
    with acting_as_service():
        document = application.documents.first()
    for address, typed in (
        ("/verify/details/", {"first_name": "Eve", "last_name": "Obi", "date_of_birth": "1990-05-17"}),
        ("/verify/bvn/", {"number": "22345678999"}),
        ("/verify/consent/", {"version": consent.VERSION, "agree": "on"}),
        ("/verify/withdraw/", {}),
        (f"/verify/documents/{document.pk}/delete/", {}),
        ("/verify/documents/passport/whole/", {"file": file()}),
    ):
        answer = client.post(address, typed)
        assert answer.status_code == 409 and "cannot be changed now" in words(answer), address
    page = client.get("/verify/details/").content.decode()
    assert "This stays as it is" in page and "<input" not in page.split("<main")[1]
    assert "We are looking at it" in words(client.get("/verify/"))
    assert fresh(application).revision == application.revision


def test_a_picture_comes_by_a_plain_form_and_only_its_owner_sees_it(ada, bola, client):
    begin(ada, tier=3)
    assert client.get("/verify/selfie/").url == "/verify/documents/selfie/whole/"
    answer = client.post("/verify/documents/drivers-licence/front/", {"file": file()})
    assert answer.url == "/verify/documents/drivers-licence/back/"
    client.post(answer.url, {"photo": file(card(seed=4))})
    assert "Done" in words(client.get("/verify/document/"))
    with acting_as_service():
        document = KycDocument.objects.get(side="FRONT")
    shown = client.get(f"/verify/documents/{document.pk}/")
    assert shown["Cache-Control"].startswith("private, no-store") or "no-store" in shown["Cache-Control"]
    assert "private" in shown["Cache-Control"] and "sandbox" in shown["Content-Security-Policy"]
    assert opened(shown.content).format == "WEBP"
    other = Client()
    assert other.get(f"/verify/documents/{document.pk}/").status_code == 302
    sign_in(other, bola)
    assert other.get(f"/verify/documents/{document.pk}/").status_code == 404
    assert other.post(f"/verify/documents/{document.pk}/delete/").status_code == 404
    assert client.post(f"/verify/documents/{document.pk}/delete/").status_code == 302
    assert client.get(f"/verify/documents/{document.pk}/").status_code == 404


def test_a_pdf_is_only_a_file_to_take_home(ada, client):
    begin(ada, tier=3)
    assert (
        client.post("/verify/documents/utility-bill/whole/", {"file": file(PDF, "bill.pdf")}).status_code
        == 302
    )
    with acting_as_service():
        document = KycDocument.objects.get()
    answer = client.get(f"/verify/documents/{document.pk}/")
    assert answer.content == PDF and answer["Content-Disposition"].startswith("attachment")
    assert "sandbox" in answer["Content-Security-Policy"] and answer["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (lambda: card(blur=8), "blurred. Hold the phone still"),
        (lambda: card(light=0.15), "too dark"),
        (lambda: b"<html>", "cannot read this kind of file"),
    ],
)
def test_a_picture_that_is_no_good_is_refused_at_its_field(ada, client, content, said):
    begin(ada, tier=3)
    answer = client.post("/verify/documents/passport/whole/", {"file": file(content())})
    assert (
        answer.status_code == 422
        and said in words(answer)
        and 'aria-invalid="true"' in answer.content.decode()
    )


def test_where_either_number_is_enough_one_says_which_it_is(ada, client, settings):
    settings.KYC_REQUIREMENTS = "accounts.tests.kyc.either_number"
    begin(ada)
    page = client.get("/verify/bvn-or-nin/").content.decode()
    assert page.count('type="radio"') == 2 and client.get("/verify/bvn/").status_code == 404
    assert client.post("/verify/bvn-or-nin/", {"number": NIN}).status_code == 422
    assert client.post("/verify/bvn-or-nin/", {"number": NIN, "kind": "NIN"}).status_code == 302
    assert "1 of 2 steps done" in words(client.get("/verify/"))


def test_staff_and_strangers_have_no_such_pages(agent, client):
    staff = Client()
    sign_in(staff, agent)
    assert staff.get("/verify/").status_code == 404
    assert Client().get("/verify/").status_code == 302
    assert client.get("/verify/details/").status_code == 404
    assert client.get("/verify/no-such-step/").status_code == 404


def test_pages_ask_for_what_a_phone_can_fill_in(ada, client):
    begin(ada, tier=3)
    page = client.get("/verify/details/").content.decode()
    for wanted in ('autocomplete="given-name"', 'autocomplete="family-name"', 'autocomplete="bday"'):
        assert wanted in page
    assert 'inputmode="numeric"' in client.get("/verify/bvn/").content.decode()
    assert 'capture="user"' in client.get("/verify/documents/selfie/whole/").content.decode()
    assert 'capture="environment"' in client.get("/verify/documents/passport/whole/").content.decode()
