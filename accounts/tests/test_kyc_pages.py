"""The pages under /verify/, by plain forms: each step, what is refused in words, and how an application stands."""

import re

import pytest
from django.test import Client
from django.utils import timezone

from accounts.kyc import consent
from accounts.models import Customer, KycApplication, KycDocument, User
from accounts.services.kyc import applications, card_of, declaring, requirement_states
from accounts.services.kyc.moving import locked, move
from accounts.tests.factories import make_person, sign_in
from accounts.tests.kyc import (
    ACCOUNT,
    BVN,
    NIN,
    PASSPORT,
    PDF,
    ask_again,
    begin,
    card,
    declare,
    file,
    fresh,
    send,
    show,
    take_up,
)
from core.actors import acting_as, acting_as_service
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


def words(answer) -> str:
    bare = re.sub(r"<(script|style).*?</\1>|<[^>]+>", " ", answer.content.decode(), flags=re.DOTALL)
    return re.sub(r"\s+", " ", bare).replace("&#x27;", "'")


def revision(answer) -> str:
    return re.search(r'name="revision" value="(\d+)"', answer.content.decode())[1]


def latest() -> KycApplication:
    with acting_as_service():
        return KycApplication.objects.latest("id")


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


def test_more_needed_names_document_reason_and_fix_and_asks_only_for_that(ada, agent, client):
    application = send(ada, tier=3)
    with acting_as_service():
        passport = KycDocument.objects.get(kind="PASSPORT")
    take_up(application, by=agent)
    ask_again(
        application, {"document": str(passport.pk)}, by=agent, message="International passport: too blurred."
    )
    page = words(client.get("/verify/"))
    for told in (
        "We need something more",
        "International passport: too blurred.",
        "Take it again in daylight.",
    ):
        assert told in page
    assert page.count("Needed again") == 1 and "We need something more from you" in words(
        client.get("/home/")
    )
    assert client.post("/verify/documents/selfie/whole/", {"file": file()}).status_code == 409
    assert client.get("/verify/address/").content.decode().count('name="address"') == 0
    answer = client.post("/verify/documents/passport/whole/", {"file": file(card(seed=7))})
    assert answer.status_code == 302
    assert "Review and send" in words(client.get("/verify/"))
    assert client.post("/verify/review/").status_code == 302 and fresh(application).state == "SUBMITTED"


def decide(application: KycApplication, state: str, agent: User, message: str) -> None:
    with acting_as_service():
        found = locked(application.pk)
        found.decided_at, found.decided_by = NOW, agent
        move(application=found, to=state, by=agent, at=NOW, message=message)
        if state == "APPROVED":
            Customer.objects.filter(pk=application.customer_id).update(tier=application.target_tier)


def test_a_rejection_says_why_and_what_would_help_and_lets_one_begin_anew(ada, agent, client):
    application = take_up(send(ada), by=agent)
    decide(application, "REJECTED", agent, "The name differs. Apply with the name of your BVN.")
    page = client.get("/verify/")
    assert "Not approved" in words(page) and "Apply with the name of your BVN." in words(page)
    assert client.get("/verify/new/").status_code == 200
    client.post("/verify/new/", {"tier": "2"})
    assert latest() != application and "4 of 6 steps done" not in words(page)
    assert 'value="Ada"' in client.get("/verify/details/").content.decode()


def test_an_approval_says_so_and_leads_to_the_next_tier(ada, agent, client):
    decide(take_up(send(ada), by=agent), "APPROVED", agent, "")
    assert "You are on tier 2" in words(client.get("/verify/"))
    assert "Go on to the next tier" in words(client.get("/verify/"))
    page = words(client.get("/verify/new/"))
    assert "Apply for tier 3" in page and "Apply for tier 2" not in page


def test_a_withdrawn_one_says_so(ada, client):
    begin(ada)
    assert client.post("/verify/withdraw/").status_code == 302
    assert "You withdrew it" in words(client.get("/verify/"))
    assert client.post("/verify/withdraw/").status_code == 404


def test_the_part_that_changes_by_itself_is_empty_while_nothing_changed(ada, client):
    begin(ada)
    asks = re.search(r'hx-get="(/verify/state/[^"]+)"', client.get("/verify/").content.decode())[1]
    assert client.get(asks).status_code == 204
    applications.withdraw(user=ada, at=NOW)
    assert "You withdrew it" in words(client.get(asks))


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


def test_how_far_one_is_with_what_a_tier_requires(ada, agent):
    def found(tier: int) -> dict[str, str]:
        return {one.code: one.state for one in requirement_states(user=ada, tier=tier, on=NOW.date())}

    assert found(1) == {"BVN_OR_NIN": "MISSING"}
    application = begin(ada, tier=3)
    declare(ada)
    (passport,) = show(ada, PASSPORT)
    assert [*found(3).values()] == ["GIVEN"] * 6 + ["MISSING"] * 2 and found(1) == {"BVN_OR_NIN": "GIVEN"}
    applications.withdraw(user=ada, at=NOW)
    assert found(3)["BVN"] == "GIVEN" and found(3)["PERSONAL"] == "MISSING"
    application = send(ada, tier=2)
    assert set(found(2).values()) == {"IN_REVIEW"}
    take_up(application, by=agent)
    ask_again(application, "ADDRESS", by=agent)
    assert found(2)["ADDRESS"] == "REJECTED"
    declaring.save_address(user=ada, address="1 Road", city="Yaba", region="OYO", at=NOW)
    application = applications.submit(user=ada, at=NOW)
    decide(take_up(application, by=agent), "APPROVED", agent, "")
    assert set(found(2).values()) == {"MET"} == set(found(1).values()) and found(3)["SELFIE"] == "MISSING"
    assert passport.pk


def test_the_card_of_the_start_page_is_gone_when_there_is_nothing_to_gain(ada, agent):
    with acting_as_service():
        Customer.objects.filter(pk=ada.pk).update(tier=3)
    with acting_as(ada):
        assert card_of(user=ada, at=NOW) is None
    with acting_as_service():
        assert card_of(user=agent, at=NOW) is None
