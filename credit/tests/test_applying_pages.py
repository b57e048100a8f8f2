"""Applying for a loan, page by page: empty, full, and with what is wrong."""

from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import User
from accounts.tests.factories import make_person
from core.actors import acting_as_service
from credit import comparing
from credit.consents import CURRENT, NEEDED
from credit.models import (
    Application,
    Consent,
    FileView,
    Question,
    StatusChange,
)
from credit.services import applying, consenting
from credit.tests.applying import ANSWERS, again, answer, ready, started
from credit.tests.world import NAIRA, agree, application, bid, lender, lent, product
from wallet.tests.factories import make_wallet
from wallet.tests.pages import browser_of, hidden, text

pytestmark = pytest.mark.django_db
LAKH = 100_000 * NAIRA


@pytest.fixture
def browser(ada: User) -> Client:
    make_wallet(ada, tier=3)
    return browser_of(ada)


def own(draft: Application, rest: str = "") -> str:
    return f"/borrow/applications/{draft.pk}/{rest}"


def mine() -> list[Application]:
    with acting_as_service():
        return list(Application.objects.order_by("pk"))


def test_applying_begins_once_and_goes_step_by_step_to_where_it_is_sent(browser: Client, ada: User) -> None:
    product(lender(make_person()))
    page = browser.get("/borrow/apply/", {"amount": "100,000", "count": "12"})
    begin = {"form_key": hidden(page, "form_key"), "amount": "100000", "count": "12"}
    first, second = (browser.post("/borrow/apply/", begin)["Location"] for _press in range(2))
    [draft] = mine()
    assert first == second == own(draft) and draft.amount == LAKH
    assert "0 of 6 steps done" not in (listed := text(browser.get(first))) and "1 of 6" in listed
    typed: dict[str, dict[str, Any]] = {
        "loan": {"amount": "100,000", "count": "12", "purpose": "BUSINESS", "purpose_text": "Stock"},
        "work": {"employment": "EMPLOYED", "employed_since": "2020-03-01"},
        "month": {"income": "400,000", "expenses": "150000", "debts": "0"},
        "lenders": {"released": ["income", "score"], "pools": "on"},
    }
    onward = ["work/", "month/", "lenders/", ""]
    for (step, answers), next_page in zip(typed.items(), onward, strict=True):
        assert browser.get(own(draft, f"{step}/")).status_code == 200
        assert browser.post(own(draft, f"{step}/"), answers)["Location"] == own(draft, next_page)
        assert browser.get(own(draft, f"{step}/")).status_code == 200
    agreed = {"kind": [*NEEDED]} | {f"seen_{kind}": CURRENT[kind].sha256 for kind in NEEDED}
    assert browser.post(own(draft, "consents/"), agreed)["Location"] == own(draft)
    look = text(browser.get(own(draft, "send/")))
    assert "Left each month" in look and "Send the application" in look
    for _press in range(2):
        assert browser.post(own(draft, "send/"))["Location"] == own(draft)
    assert again(draft).state == "SUBMITTED"
    sent = text(browser.get(own(draft)))
    assert "You sent it" in sent and "Withdraw the application" in sent
    assert browser.get(own(draft, "loan/"))["Location"] == own(draft)


def test_old_keys_of_forms_begin_nothing(browser: Client) -> None:
    answered = browser.post("/borrow/apply/", {"form_key": "x"})
    assert answered.status_code == 422 and not mine()


@pytest.mark.parametrize(
    ("step", "typed", "words"),
    [
        ("loan", {"amount": "12"}, "₦1,000 to ₦100,000,000"),
        ("loan", {"amount": "ten", "purpose": "WAR"}, "Enter an amount"),
        ("loan", {"purpose": "OTHER", "purpose_text": ""}, "Say what it is for"),
        ("work", {"employed_since": ""}, "since when you do this work"),
        ("work", {"employed_since": "2999-01-01"}, "a day that is over"),
        ("month", {"income": "-5"}, "Enter an amount"),
        ("lenders", {"released": ["tribe"]}, "Select a valid choice"),
    ],
)
def test_what_is_wrong_stands_at_its_field_and_is_not_kept(
    browser: Client, ada: User, step: str, typed: dict[str, Any], words: str
) -> None:
    draft = started(ada)
    good: dict[str, dict[str, Any]] = {
        "loan": {"amount": "100000", "count": "12", "purpose": "BUSINESS"},
        "work": {"employment": "EMPLOYED", "employed_since": "2020-03-01"},
        "month": {"income": "400000", "expenses": "150000", "debts": "0"},
        "lenders": {},
    }
    answered = browser.post(own(draft, f"{step}/"), {**good[step], **typed})
    assert answered.status_code == 422 and words in text(answered)
    assert again(draft).changed_at == draft.changed_at


def test_what_is_missing_is_named_where_it_would_be_sent(browser: Client, ada: User) -> None:
    draft = started(ada)
    answer(draft, ada, leaving_out="work")
    page = text(browser.get(own(draft, "send/")))
    assert "Still to do" in page and "Your work" in page and "Send the application" not in page
    refused = browser.post(own(draft, "send/"))
    assert refused.status_code == 422 and "Your work: not done yet." in text(refused)
    assert again(draft).state == "DRAFT"


def test_another_that_goes_on_is_linked(browser: Client, ada: User) -> None:
    first, second = application(ada), ready(ada)
    refused = browser.post(own(second, "send/"))
    assert refused.status_code == 409 and own(first) in refused.content.decode()


def test_what_cannot_be_afforded_is_said_with_what_would_help(browser: Client, ada: User) -> None:
    product(lender(make_person()), lowest_rate=Decimal(24), highest_rate=Decimal(24))
    draft = ready(ada)
    facts = {
        **ANSWERS["month"],
        "income": 100_000 * NAIRA,
        "expenses": 90_000 * NAIRA,
        "debts": 5_000 * NAIRA,
    }
    applying.save_step(application_id=draft.pk, user=ada, slug="month", facts=facts, at=timezone.now())
    page = text(browser.get(own(draft, "send/")))
    assert "you cannot afford this loan" in page and "Send it all the same" in page
    with acting_as_service():
        offered = comparing.on_offer(timezone.localdate())

    def payment(naira: int, count: int) -> int:
        return comparing.dearest_payment(offered, naira * NAIRA, count, timezone.localdate()) or 0

    assert "Borrow ₦52,000.00 at most" in page
    assert payment(52_000, 12) <= 5_000 * NAIRA < payment(53_000, 12)
    assert "Take 26 months instead" in page
    assert payment(100_000, 26) <= 5_000 * NAIRA < payment(100_000, 25)


def test_each_consent_is_shown_whole_given_and_taken_back(browser: Client, ada: User) -> None:
    draft = started(ada)
    page = browser.get(own(draft, "consents/"))
    for each in CURRENT.values():
        assert each.text in text(page) and each.sha256 in page.content.decode()
    refused = browser.post(
        own(draft, "consents/"), {"kind": "SCORING", "seen_SCORING": CURRENT["SCORING"].sha256}
    )
    assert refused.status_code == 422 and "These are needed" in text(refused)
    changed = {"kind": [*NEEDED]} | {f"seen_{kind}": "0" * 64 for kind in NEEDED}
    assert browser.post(own(draft, "consents/"), changed).status_code == 302
    with acting_as_service():
        assert not Consent.objects.exists()
    listed = application(ada)
    agree(listed, "SOFT_SEARCH", "SCORING")
    assert "You took back a consent" not in text(browser.get(own(listed)))
    browser.post(own(listed, "consents/"), {"withdraw": "SHARE_FILE"})
    assert "You took back a consent" in text(browser.get(own(listed)))
    assert browser.post(own(listed, "consents/"), {"withdraw": "NONE"}).status_code == 404
    given = {"kind": "SHARE_FILE", "seen_SHARE_FILE": CURRENT["SHARE_FILE"].sha256}
    assert browser.post(own(listed, "consents/"), given)["Location"] == own(listed)
    assert "You took back a consent" not in text(browser.get(own(listed)))


def test_who_looked_and_what_was_asked_stands_on_its_page(browser: Client, ada: User) -> None:
    asked = application(ada, state="INCOMPLETE")
    provider, at = lender(make_person()), timezone.now()
    with acting_as_service():
        for _look in range(2):
            FileView.objects.create(application=asked, provider=provider, fields=["amount"], watermark="W")
        question = Question.objects.create(
            application=asked, text="Which shop?", asked_by=make_person(), asked_at=at
        )
    page = text(browser.get(own(asked)))
    assert "Which shop?" in page and "Harvest Credit" in page and "2 looks" in page
    where = own(asked, f"questions/{question.pk}/")
    assert browser.post(where, {"answer": " "}).status_code == 422
    assert browser.post(where, {"answer": "In Yaba"})["Location"] == own(asked)
    assert again(asked).state == "SUBMITTED" and "In Yaba" in text(browser.get(own(asked)))


def test_withdrawing_twice_is_withdrawing_once(browser: Client, ada: User) -> None:
    asked = application(ada, state="OFFERED")
    for _press in range(2):
        assert browser.post(own(asked, "withdraw/"))["Location"] == own(asked)
    with acting_as_service():
        assert StatusChange.objects.filter(application=asked).count() == 1
    assert "You withdrew it" in text(browser.get(own(asked)))


def test_anothers_application_is_not_found_by_any_page(browser: Client, bola: User) -> None:
    theirs = ready(bola)
    for rest in ("", "loan/", "consents/", "send/", "decision/"):
        assert browser.get(own(theirs, rest)).status_code == 404, rest
    for rest in ("loan/", "consents/", "send/", "withdraw/", "decision/review/"):
        assert browser.post(own(theirs, rest), {"text": "let me see it"}).status_code == 404, rest
    assert again(theirs).state == "DRAFT"


def test_everything_of_a_person_is_on_one_page_in_as_many_queries(browser: Client, ada: User) -> None:
    assert "You owe nothing" in text(browser.get("/borrow/mine/"))
    terms = product(lender(make_person()))
    lent(ada, terms, naira=100_000)
    offered = application(ada, naira=60_000)
    bid(offered, terms)
    browser.get("/borrow/mine/")
    with CaptureQueriesContext(connection) as few:
        page = text(browser.get("/borrow/mine/"))
    assert "₦100,000.00" in page and "1 offer to choose from" in page
    for state in ("DRAFT", "WITHDRAWN", "DECLINED"):
        application(ada, state=state)
    lent(ada, terms, naira=50_000)
    with CaptureQueriesContext(connection) as many:
        page = text(browser.get("/borrow/mine/"))
    assert len(few) == len(many) and "2 that are over" in page and "₦150,000.00" in page


@pytest.mark.parametrize(
    "state",
    [
        "SUBMITTED",
        "LISTED",
        "OFFERED",
        "ACCEPTED",
        "SIGNED",
        "DECLINED",
        "EXPIRED",
        "WITHDRAWN",
        "CANCELLED",
        "ACTIVE",
    ],
)
def test_every_state_has_words_of_its_own(browser: Client, ada: User, state: str) -> None:
    asked = application(ada, state=state)
    page = browser.get(own(asked))
    assert page.status_code == 200 and str(asked.get_state_display()) in text(page)


def test_consents_are_kept_with_a_loan(browser: Client, ada: User) -> None:
    loan = lent(ada, product(lender(make_person())))
    asked = again(Application(pk=loan.pk))
    consenting.give(
        application_id=asked.pk,
        user=ada,
        seen={"COLLECTION": CURRENT["COLLECTION"].sha256},
        at=timezone.now(),
    )
    assert again(asked).collects
    browser.post(own(asked, "consents/"), {"withdraw": "COLLECTION"})
    assert not again(asked).collects
