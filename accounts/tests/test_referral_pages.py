"""A customer's page of invitations, and the pages of staff."""

import csv
from io import BytesIO, StringIO

import pytest
from django.contrib.auth.models import Permission
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from PIL import Image

from accounts.models import AuditEvent, Profile, Referral, ReferralProgram, User
from accounts.services import referrals
from accounts.tests.factories import make_person, sign_in
from accounts.tests.referring import invited_by, make_program, qualify, referral_of, sign_up_with
from accounts.tests.staff import WHY, at_work, make_agent
from accounts.tests.status_steps import restrict
from core.actors import acting_as_service

pytestmark = pytest.mark.django_db


@pytest.fixture
def as_ada(ada: User, client: Client) -> Client:
    sign_in(client, ada)
    return client


def page(client: Client, **query: str) -> str:
    answer = client.get("/referrals/", query)
    assert answer.status_code == 200
    return answer.content.decode()


def test_the_page_has_the_link_its_picture_the_rules_and_nobody_yet(ada, as_ada):
    make_program(cap_referrals=5, cap_amount=1_000_000, level_bonuses=[100_000, 20_000])
    html = page(as_ada)
    code = referrals.code_of(user=ada, at=timezone.now()).code
    for said in (
        f"/r/{code}/",
        "<svg",
        "₦1,000.00",
        "₦500.00",
        "5 friends at most",
        "₦10,000.00 in all",
        "Nobody yet",
    ):
        assert said in html, said
    assert "mailto:?subject=" in html and "https://wa.me/?text=" in html


def test_without_a_programme_the_page_says_so_and_keeps_the_link(as_ada):
    html = page(as_ada)
    assert "No programme is running" in html and "/r/" in html


def test_a_locked_customer_has_no_link_to_give(ada, as_ada):
    make_program()
    restrict(ada, "FROZEN", by=make_person(role="AGENT"))
    with acting_as_service():
        sign_in(as_ada, ada)
    assert "Your code is paused" in page(as_ada) and "/r/" not in page(as_ada)


def test_the_list_shows_a_first_name_and_never_who_they_are(ada, as_ada):
    make_program()
    bola = invited_by(ada, name="Bola Adé", email="bola.secret@alajo.test")
    refused = sign_up_with(
        referrals.code_of(user=ada, at=timezone.now()).code, email="ada+1@alajo.test", name="Eve Obi"
    )
    qualify(bola)
    qualify(refused)
    html = page(as_ada)
    assert "Bola A." in html and "They did what your bonus asks for" in html
    assert "It does not fit the programme&#x27;s rules" in html
    for hidden in ("bola.secret", str(bola.pk), "Adé", "SAME_MAILBOX", "mailbox"):
        assert hidden not in html


def test_the_list_goes_on_by_key_and_costs_the_same_at_any_length(ada, as_ada):
    make_program()
    invited_by(ada, name="Friend00 X")
    page(as_ada)
    with CaptureQueriesContext(connection) as few:
        page(as_ada)
    for number in range(1, 25):
        invited_by(ada, name=f"Friend{number:02} X")
    with CaptureQueriesContext(connection) as many:
        html = page(as_ada)
    assert len(many) == len(few) <= 20
    assert "Friend24 X." in html and "Friend04 X." not in html
    with acting_as_service():
        last = Referral.objects.order_by("-pk")[19].pk
    assert "Friend04 X." in page(as_ada, before=str(last))
    assert as_ada.get("/referrals/", {"before": "x"}).status_code == 404


def test_the_picture_is_a_png_of_ones_own_that_only_the_browser_keeps(as_ada):
    answer = as_ada.get("/referrals/qr.png")
    assert Image.open(BytesIO(answer.content)).format == "PNG"
    assert answer["Cache-Control"].startswith("private")


def test_an_invitation_is_mailed_once_and_not_to_oneself(
    ada, as_ada, mailoutbox, django_capture_on_commit_callbacks
):
    make_program()
    with django_capture_on_commit_callbacks(execute=True):
        assert as_ada.post("/referrals/invite/", {"email": "dan@alajo.test"}).status_code == 302
    letter = mailoutbox[-1]
    assert letter.to == ["dan@alajo.test"] and "/r/" in letter.body and "₦500.00" in letter.body
    for email, said in (("dan@alajo.test", "invited this address already"), (ada.email, "your own address")):
        answer = as_ada.post("/referrals/invite/", {"email": email})
        assert answer.status_code == 422 and said in answer.content.decode()
    assert "d•••@alajo.test" in page(as_ada)


def test_staff_have_no_such_page(client):
    sign_in(client, make_person(role="AGENT"))
    assert client.get("/referrals/").status_code == 404


# Staff.


def agent(*powers: str) -> Client:
    person = make_agent(*powers, "view_referral", "view_referralprogram", "view_referralbonus")
    return at_work(person)


RULES = {
    "name": "Bring a friend",
    "event": "FIRST_DEPOSIT",
    "minimum": "1,000",
    "window_days": "30",
    "invited_bonus": "500",
    "referrer_bonus": "1000",
    "second_bonus": "200",
    "budget": "1,000,000",
    "attribution_days": "30",
    "clawback_days": "30",
    "terms": "One bonus each.",
    "reason": WHY,
    "ticket": "T-1",
}


PROPOSE = "/staff/accounts/approval/propose/accounts.referral_program/"


def test_staff_begin_a_programme_by_two_and_one_ends_it_with_a_reason():
    browser, today = agent("run_referral_programs", "view_approval"), timezone.localdate()
    rules = {**RULES, "starts_on": str(today), "step": "propose"}
    answer = browser.post(PROPOSE, rules)
    assert answer.status_code == 302, answer.content
    with acting_as_service():
        assert not ReferralProgram.objects.exists()
    second = agent("approve_referral_program", "view_approval")
    said = {"decision": "approve", "word-reason": WHY}
    assert second.post(answer.url.replace("change", "decide"), said).status_code == 302
    with acting_as_service():
        program = ReferralProgram.objects.get()
    assert (program.budget, program.minimum, program.level_bonuses) == (
        100_000_000,
        100_000,
        [100_000, 20_000],
    )
    again = browser.post(PROPOSE, rules)
    assert again.status_code == 422 and b"Another programme begins" in again.content
    stop = f"/staff/accounts/referralprogram/{program.pk}/stop/"
    assert browser.post(stop, {"reason": "short"}).status_code == 422
    assert browser.post(stop, {"reason": WHY}).status_code == 302
    with acting_as_service():
        program.refresh_from_db()
        deeds = AuditEvent.objects.filter(action__startswith="accounts.referral_program.").order_by("pk")
        assert [(each.action, each.data["reason"]) for each in deeds] == [
            ("accounts.referral_program.made", WHY),
            ("accounts.referral_program.ended", WHY),
        ]
    assert program.ended_at and program.end_reason == WHY


@pytest.mark.parametrize(
    "wrong",
    [
        {"budget": "-5"},
        {"budget": "a lot"},
        {"referrer_bonus": "", "invited_bonus": "", "second_bonus": ""},
        {"ends_on": "2020-01-01"},
        {"window_days": "0"},
        {"starts_on": "2020-01-01"},
    ],
)
def test_rules_that_make_no_sense_are_said(wrong):
    body = {**RULES, "starts_on": str(timezone.localdate()), **wrong}
    assert agent("run_referral_programs").post(PROPOSE, body).status_code == 422


def test_staff_refuse_a_referral_with_a_reason(ada):
    make_program()
    bola = invited_by(ada)
    qualify(bola)
    browser, address = agent("refuse_referral"), f"/staff/accounts/referral/{referral_of(bola).pk}/"
    assert "Refuse" in browser.get(f"{address}change/").content.decode()
    assert browser.post(f"{address}refuse/", {"reason": WHY}).status_code == 302
    assert referral_of(bola).reason == "BY_STAFF"
    again = browser.post(f"{address}refuse/", {"reason": WHY})
    assert again.status_code == 422 and b"paid or refused already" in again.content


def test_who_only_looks_does_none_of_it(ada):
    program = make_program()
    bola, browser = invited_by(ada), agent()
    for address in (
        PROPOSE,
        f"/staff/accounts/referralprogram/{program.pk}/stop/",
        f"/staff/accounts/referral/{referral_of(bola).pk}/refuse/",
        "/staff/accounts/referral/export/",
    ):
        assert browser.get(address).status_code == 403
        assert browser.post(address, {"reason": WHY}).status_code == 403


def test_what_is_exported_is_the_list_as_filtered_inert_and_written_down(ada):
    make_program()
    bola = invited_by(ada, name='=HYPERLINK("http://x") Y')
    chidi = invited_by(ada, name="Chidi Eze")
    qualify(chidi)
    browser = agent("export_referrals")
    answer = browser.get("/staff/accounts/referral/export/", {"state__exact": "JOINED"})
    rows = list(csv.DictReader(StringIO(answer.content.decode("utf-8-sig"))))
    assert [row["invited_id"] for row in rows] == [str(bola.pk)]
    assert rows[0]["shown_as"].startswith("'=")
    with acting_as_service():
        event = AuditEvent.objects.get(action="accounts.referral.exported")
    assert event.data == {"asked": {"state__exact": "JOINED"}, "rows": 1}
    assert ada.email not in answer.content.decode()


def test_a_list_shows_people_masked(ada):
    make_program()
    invited_by(ada)
    with acting_as_service():
        assert Permission.objects.filter(codename="view_referral").exists()
        assert Profile.objects.filter(user=ada).exists()
    html = agent().get("/staff/accounts/referral/").content.decode()
    assert ada.email not in html and "•••" in html
