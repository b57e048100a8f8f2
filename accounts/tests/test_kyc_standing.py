"""How an application stands, for its customer: more needed, decided, withdrawn; and what a tier still requires."""

import re

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import Customer, KycApplication, KycDocument, User
from accounts.services.kyc import applications, card_of, declaring, requirement_states
from accounts.services.kyc.moving import locked, move
from accounts.tests.factories import make_person, sign_in
from accounts.tests.kyc import (
    PASSPORT,
    ask_again,
    begin,
    card,
    declare,
    file,
    fresh,
    latest,
    send,
    show,
    take_up,
    words,
)
from core.actors import acting_as, acting_as_service
from storage_app.tests.conftest import files  # noqa: F401

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


def test_a_step_asked_for_again_says_what_would_put_it_right(ada, agent, client):
    again = {"step": "ADDRESS", "reason": "INCOMPLETE", "fix": "Write the number of the house, too."}
    ask_again(take_up(send(ada), by=agent), again, by=agent)
    assert "Write the number of the house, too." in words(client.get("/verify/address/"))
    assert client.get("/verify/details/").status_code == 200
    lives = {"address": "12 Allen Avenue", "city": "Ikeja", "region": "LAGOS"}
    assert client.post("/verify/address/", lives).status_code == 302
    assert client.post("/verify/review/").status_code == 302 and latest().state == "SUBMITTED"


def test_a_rejection_says_why_and_what_would_help_and_lets_one_begin_anew(ada, agent, client):
    application = take_up(send(ada), by=agent)
    decide(application, "REJECTED", agent, "The name differs. Apply with the name of your BVN.")
    page = client.get("/verify/")
    assert "Not approved" in words(page) and "Apply with the name of your BVN." in words(page)
    assert client.get("/verify/new/").status_code == 200
    client.post("/verify/new/", {"tier": "2"})
    assert latest() != application and "5 of 6 steps done" in words(client.get("/verify/"))
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
    answer = client.get(asks)
    assert "You withdrew it" in words(answer) and "Your application: Expired" in answer["HX-Trigger"]


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
