"""The case screen: what it shows before and after somebody said why, and what is written down of it."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts import factors, kyc_compare
from accounts.models import AuditEvent, IdentityNumber, KycApplication
from accounts.services.kyc import decisions, notes
from accounts.tests.kyc_cases import (
    SECOND,
    at_desk,
    case_page,
    claimed,
    facts,
    make_application,
    make_check,
    make_document,
    make_reviewer,
    now,
    told_nothing,
)
from accounts.tests.staff import at_work
from core.actors import acting_as_service
from core.encryption import seal
from core.ids import uuid7

pytestmark = pytest.mark.usefixtures("transactional_db")
PERSONAL = ("Adaeze", "Obiakor", "1990-05-17", "12 Marina Street", "Ikeja", "Adaora")
WHY = "Comparing with the passport"
NUMBER = "22212345678"


@pytest.fixture
def case() -> KycApplication:
    application = make_application()
    said = {"first_name": "ADAEZE", "last_name": "Okafor", "date_of_birth": "1990-05-17"}
    make_check(application, "BVN", "PARTIAL", said)
    make_check(application, "BANK_ACCOUNT", "MISMATCH", {"account_name": "OBIAKOR ADAORA"})
    return application


def give_number(
    application: KycApplication, kind: str = "BVN", number: str = NUMBER, index: str = "x"
) -> None:
    key = uuid7()
    with acting_as_service():
        IdentityNumber.objects.create(
            id=key,
            customer_id=application.customer_id,
            kind=kind,
            sealed=seal(number, aad=f"accounts_identitynumber.sealed.{key}"),
            blind_index=index,
            last_four=number[-4:],
        )


def lines(action: str) -> list[AuditEvent]:
    with acting_as_service():
        return list(AuditEvent.objects.filter(action=action).order_by("id"))


def test_nothing_personal_is_in_the_page_until_somebody_says_why(case):
    agent, client = at_desk("review_kyc", "reveal_personal")
    give_number(case)
    claimed(case, agent)
    page = client.get(case_page(case)).content.decode()
    with acting_as_service():
        email = now(case).customer.user.email
    for part in (*PERSONAL, email, NUMBER, *(text.upper() for text in PERSONAL)):
        assert part not in page
    # What agrees and what does not is seen all the same, in words.
    assert "Agrees" in page and "Differs" in page and "A•••" in page

    assert client.post(case_page(case, "reveal"), {"reason": "hm"}).status_code == 422
    shown = client.post(case_page(case, "reveal"), {"reason": WHY}).content.decode()
    for part in ("Adaeze", "Obiakor", "1990-05-17", "12 Marina Street", "Okafor"):
        assert part in shown
    assert NUMBER not in shown
    assert "Adaeze" not in client.get(case_page(case)).content.decode()


def test_every_look_and_reveal_is_written_down_with_what_was_seen(case):
    agent, client = at_desk("review_kyc", "reveal_personal")
    client.get(case_page(case))
    client.post(case_page(case, "reveal"), {"reason": WHY})
    [view] = lines("accounts.kycapplication.viewed")
    [reveal] = lines("accounts.kycapplication.revealed")
    assert (view.actor_id, view.target_id, view.data) == (agent.pk, str(case.pk), {"seen": "case"})
    assert (reveal.actor_id, reveal.data) == (agent.pk, {"reason": WHY})
    page = client.get(case_page(case)).content.decode()
    assert WHY in page and "accounts.kycapplication.revealed" in page


def test_numbers_are_shown_by_a_reveal_of_their_own(case):
    agent, client = at_desk("review_kyc", "reveal_personal")
    give_number(case)
    address = case_page(case, "numbers")
    assert NUMBER not in client.get(address).content.decode()
    assert client.post(address, {"reason": "no"}).status_code == 422
    assert lines("kyc.number.revealed") == []
    answer = client.post(address, {"reason": "Asked by NIBSS, ticket 9"})
    assert NUMBER in answer.content.decode() and "no-store" in answer["Cache-Control"]
    [line] = lines("kyc.number.revealed")
    assert line.actor_id == agent.pk and line.data["numbers"] == ["BVN"]
    assert NUMBER not in str(line.data)


def test_a_look_makes_the_lease_longer_for_its_holder_alone(case):
    agent, client = at_desk()
    _other, others = at_desk(name="Other Agent")
    claimed(case, agent)
    before = now(case).leased_until
    others.get(case_page(case))
    assert now(case).leased_until == before
    client.get(case_page(case))
    assert now(case).leased_until > before


def test_what_a_stranger_wrote_is_shown_and_never_run(case):
    nasty = "<script>alert(1)</script>"
    agent, client = at_desk("review_kyc", "reveal_personal")
    with acting_as_service():
        KycApplication.objects.filter(pk=case.pk).update(first_name=nasty, address='"><img src=x onerror=y>')
    make_check(case, "NIN", "MISMATCH", {"first_name": "<b>x</b>", "last_name": "=HYPERLINK(1)"})
    notes.add_note(application_id=case.pk, by=agent, text=nasty, at=timezone.now())
    for page in (
        client.get(case_page(case)).content.decode(),
        client.post(case_page(case, "reveal"), {"reason": WHY}).content.decode(),
    ):
        assert nasty not in page and "<img src=x" not in page and "<b>x</b>" not in page
        assert "&lt;script&gt;" in page


def test_a_page_costs_the_same_however_much_happened(case):
    agent, client = at_desk()
    claimed(case, agent)

    def cost() -> int:
        with CaptureQueriesContext(connection) as asked:
            assert client.get(case_page(case)).status_code == 200
        return len(asked.captured_queries)

    make_document(case, picture_hash=1)
    notes.add_note(application_id=case.pk, by=agent, text="first", at=timezone.now())
    cost()
    alone = cost()
    kinds = ["NIN_SLIP", "VOTERS_CARD", "UTILITY_BILL", "BANK_STATEMENT", "SELFIE"]
    for number in range(100):
        notes.add_note(application_id=case.pk, by=agent, text=f"note {number}", at=timezone.now())
        make_check(case, "BVN", "MATCH", {"first_name": "Adaeze"})
        make_document(case, kind=kinds[number % 5], state="REPLACED", picture_hash=1)
    assert cost() == alone and alone <= 60


def test_support_sees_where_it_stands_and_nothing_of_the_case(case):

    support = make_reviewer("view_kycapplication", "reveal_personal")
    factors.enrol_totp(user=support)
    client = at_work(support)
    sent = make_document(case)
    notes.add_note(application_id=case.pk, by=support, text="only for the reviewers", at=timezone.now())
    page = client.get(case_page(case)).content.decode()
    assert "Waiting for review" in page
    for part in ("A•••", "only for the reviewers", "International passport", "Agrees", str(sent.pk)):
        assert part not in page
    assert client.post(case_page(case, "reveal"), {"reason": WHY}).status_code == 403
    assert client.post(case_page(case, "numbers"), {"reason": WHY}).status_code == 403
    assert client.get(case_page(case, "document", sent.pk)).status_code == 403


@pytest.mark.parametrize(
    ("whole", "verdict"),
    [
        ("OBIAKOR ADAEZE", "agrees"),
        ("Adaeze  Ngozi Obiakor", "agrees"),
        ("Ádaèze-Obiakor", "agrees"),
        ("Adaeze Okafor", "differs"),
        ("Adaeze Obiakor Chinedu", "differs"),
        ("Obiakor", "differs"),
    ],
)
def test_a_whole_name_agrees_in_any_order_with_nothing_that_was_not_declared(whole, verdict):
    application = KycApplication(first_name="Adaeze", middle_name="Ngozi", last_name="Obiakor")
    assert kyc_compare.same_person(application, whole) == verdict


def test_the_second_person_sees_who_recommended_and_the_rest_of_what_was_decided(case):
    first, _client = at_desk(name="Bayo First")
    claimed(case, first)
    given = told_nothing(facts(case, first, reason_code="OVERRIDE_NAME", text="Married name, seen on paper"))
    decisions.recommend(**given)
    second, client = at_desk(SECOND)
    claimed(case, second)
    page = client.get(case_page(case)).content.decode()
    assert "Married name, seen on paper" in page and "Bayo First" in page and "Send back" in page
    assert "Recommend approval" not in page
