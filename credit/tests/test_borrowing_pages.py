"""Looking for a loan and applying, page by page: empty, full, and with what is wrong."""

from datetime import timedelta
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
from core.templatetags.money import money
from core.templatetags.rates import percent
from credit import comparing
from credit.comparing import highest_payment
from credit.consents import CURRENT, NEEDED
from credit.models import (
    AdverseAction,
    Application,
    BureauReport,
    Case,
    Consent,
    FileView,
    Question,
    StatusChange,
)
from credit.product_rules import ProductRules
from credit.services import applying, consenting
from credit.tests.applying import ANSWERS, again, answer, ready, started
from credit.tests.world import NAIRA, agree, application, bid, lender, lent, priced, product
from wallet.rhythm import WEEKLY
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


def listed(browser: Client, asked: dict[str, str]) -> str:
    """What stands below the ways to sort."""
    return text(browser.get("/borrow/", asked)).split("By monthly payment")[1]


# Looking


def test_loans_are_compared_by_what_they_cost_at_most(browser: Client) -> None:
    dear = product(lender(make_person(), name="Dear Credit"), highest_rate=Decimal(48))
    cheap = product(
        lender(make_person(), name="Cheap Credit"), highest_rate=Decimal(24), fee_percent=Decimal(0)
    )
    small = product(lender(make_person(), name="Small Credit"), most=50_000 * NAIRA)
    weekly = product(lender(make_person(), name="Weekly Credit"), rules=ProductRules(rhythm=WEEKLY))
    assert small and weekly
    page = listed(browser, {"amount": "100,000", "count": "12"})
    assert page.index("Cheap Credit") < page.index("Dear Credit") < page.index("Small Credit")
    for terms in (dear, cheap):
        found = priced(terms, amount=LAKH, count=12, rate=terms.highest_rate)
        for words in (
            percent(found.cost.aprc),
            money(found.cost.payable, "NGN"),
            money(highest_payment(found), "NGN"),
        ):
            assert words in page
    assert "Lends ₦10,000.00 to ₦50,000.00" in page and "Is not paid back month by month" in page


def test_order_and_filters_stand_in_the_address(browser: Client) -> None:
    # Few months of a large fee: cheaper a month, dearer a year.
    product(lender(make_person(), name="Fee Credit"), highest_rate=Decimal(12), fee_percent=Decimal(9))
    rate = product(
        lender(make_person(), name="Rate Credit"), highest_rate=Decimal(20), fee_percent=Decimal(0)
    )
    asked = {"amount": "100000", "count": "6"}
    by_apr = listed(browser, {**asked, "sort": "apr"})
    assert by_apr.index("Rate Credit") < by_apr.index("Fee Credit")
    by_month = listed(browser, {**asked, "sort": "monthly"})
    assert by_month.index("Fee Credit") < by_month.index("Rate Credit")
    alone = listed(browser, {**asked, "lender": str(rate.product.provider_id)})
    assert "Rate Credit" in alone and "Fee Credit" not in alone
    page = browser.get("/borrow/", {**asked, "sort": "cost", "income": "50000"}).content.decode()
    assert "?amount=100000&amp;count=6&amp;sort=monthly&amp;income=50000" in page
    assert "More than your month carries" in page
    fitting = text(browser.get("/borrow/", {**asked, "income": "50000", "fits": "on"}))
    assert "Nothing here fits" in fitting
    for bad in ({"amount": "1"}, {"count": "61"}, {"lender": "x"}, {"sort": "fee"}, {"income": "much"}):
        assert browser.get("/borrow/", {**asked, **bad}).status_code == 422


def test_what_a_tier_cannot_hold_is_said_before_any_credit_check(ada: User) -> None:
    make_wallet(ada, tier=1)
    product(lender(make_person()))
    page = text(browser_of(ada).get("/borrow/", {"amount": "400000", "count": "12"}))
    assert "Your tier holds at most ₦300,000.00" in page


def test_the_market_asks_as_many_queries_for_many_loans_as_for_one(browser: Client) -> None:
    provider = lender(make_person())
    counts = []
    for number in range(3):
        product(provider, name=f"Loan {number}")
        browser.get("/borrow/")
        with CaptureQueriesContext(
            connection,
        ) as caught:
            browser.get("/borrow/")
        counts.append(len(caught))
    assert counts[0] == counts[-1]


def test_a_market_without_lenders_says_so(browser: Client) -> None:
    product(lender(make_person(), state="SUSPENDED"))
    assert "No lender lends just now" in text(browser.get("/borrow/"))


def test_the_calculator_says_what_an_offer_would(browser: Client) -> None:
    terms = product(lender(make_person()))
    found = priced(terms, amount=LAKH, count=7, rate=Decimal("30.5"))
    asked = {"amount": "100,000", "count": "7", "product": str(terms.product_id), "rate": "30.5"}
    unasked = browser.get("/borrow/calculator/")
    assert unasked.status_code == 200 and "Enter a rate" not in text(unasked)
    page = text(browser.get("/borrow/calculator/", asked))
    for amount in (found.cost.interest, found.cost.payable, found.cost.received, found.fees):
        assert money(amount, "NGN") in page
    for row in found.rows:
        assert money(row.payment, "NGN") in page and money(row.interest, "NGN") in page
    assert percent(found.cost.aprc) in page and "You borrow ₦100,000.00" in page
    part = browser.get("/borrow/calculator/", asked, headers={"HX-Request": "true"}).content.decode()
    assert "<html" not in part and money(found.cost.payable, "NGN") in part
    free = text(
        browser.get("/borrow/calculator/", {"amount": "100000", "count": "7", "rate": "30.5", "fee": "1"})
    )
    assert money(found.cost.payable, "NGN") in free


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"rate": ""}, "Enter a rate, or choose a loan"),
        ({"rate": "1001"}, "less than or equal to 1000"),
        ({"rate": "2x"}, "Enter a number"),
        ({"amount": "12", "rate": "20"}, "₦1,000 to ₦100,000,000"),
        ({"count": "0", "rate": "20"}, "greater than or equal to 1"),
        ({"product": "none"}, "Select a valid choice"),
        ({"product": "chosen", "rate": "50"}, "12% to 48% a year"),
        ({"product": "chosen", "amount": "9,000,000"}, "Lends ₦10,000.00 to ₦5,000,000.00"),
    ],
)
def test_the_calculator_says_at_the_field_what_cannot_be(
    browser: Client, asked: dict[str, str], words: str
) -> None:
    terms = product(lender(make_person()))
    asked = {name: str(terms.product_id) if value == "chosen" else value for name, value in asked.items()}
    answered = browser.get("/borrow/calculator/", {"amount": "100000", "count": "12", **asked})
    assert answered.status_code == 422 and words in text(answered)


def test_a_lenders_page_says_what_it_costs_and_where_to_complain(browser: Client) -> None:
    terms = product(lender(make_person()))
    page = text(browser.get(f"/borrow/lenders/{terms.product.provider_id}/"))
    for words in (
        "FCCPC/DL/2026/014",
        "help@lender.example",
        "12% – 48%",
        "1% of the loan",
        "3 working days",
    ):
        assert words in page
    assert "1% of what is late, at most ₦5,000.00 for an instalment" in page
    assert "the first 3 days cost nothing" in page
    resting = lender(make_person(), name="Rests", state="SUSPENDED")
    assert "makes no new loans now" in text(browser.get(f"/borrow/lenders/{resting.pk}/"))
    unknown = lender(make_person(), name="Applied", state="APPLIED")
    assert browser.get(f"/borrow/lenders/{unknown.pk}/").status_code == 404


# Applying


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


# A refusal


@pytest.fixture
def declined(ada: User) -> Application:
    asked, at = application(ada, state="DECLINED"), timezone.now()
    agree(asked, "SOFT_SEARCH")
    with acting_as_service():
        StatusChange.objects.create(
            application=asked, was="SUBMITTED", now="DECLINED", event="decline", who="system", on=at.date()
        )
        AdverseAction.objects.create(
            application=asked,
            kind="DECLINED",
            reasons=["Pay to income 34 %, best band under 5 %"],
            bureaux=[{"bureau": "savanna", "name": "Savanna", "on": "2026-12-01"}],
            due_at=at + timedelta(days=30),
        )
        BureauReport.objects.create(
            application=asked,
            bureau="savanna",
            kind="SOFT",
            consent=Consent.objects.get(application=asked, kind="SOFT_SEARCH"),
            state="ANSWERED",
            mapped={
                "found": True,
                "inquiries": 3,
                "lines": [
                    {
                        "lender": "Old Bank",
                        "opened": "2020-01-01",
                        "standing": "LATE",
                        "owed": 5_000_00,
                        "monthly": 1_000_00,
                        "late_days": 40,
                    }
                ],
            },
            asked_at=at,
            answered_at=at,
        )
    return asked


def test_a_refusal_says_why_and_can_be_looked_at_again_once(browser: Client, declined: Application) -> None:
    page = text(browser.get(own(declined, "decision/")))
    for words in ("Pay to income 34 %", "Old Bank", "₦5,000.00", "3 searches", "Have a person look again"):
        assert words in page
    where = own(declined, "decision/review/")
    assert browser.post(where, {"text": "short"}).status_code == 422
    for _press in range(2):
        assert browser.post(where, {"text": "My pay has gone up since."})["Location"] == own(
            declined, "decision/"
        )
    with acting_as_service():
        assert Case.objects.filter(application=declined, kind="REVIEW").count() == 1
    page = text(browser.get(own(declined, "decision/")))
    assert "A person looks at it again" in page and "Have a person look again" not in page


def test_a_bureaus_entry_can_be_disputed(browser: Client, declined: Application) -> None:
    with acting_as_service():
        report = BureauReport.objects.get()
    where = own(declined, f"decision/dispute/{report.pk}/")
    assert browser.post(where, {"text": "no"}).status_code == 422
    assert browser.post(where, {"text": "I paid Old Bank in May."}).status_code == 302
    page = text(browser.get(own(declined, "decision/")))
    assert "Disputed on" in page and "Something in it is wrong" not in page


def test_where_nothing_was_refused_there_is_no_decision(browser: Client, ada: User) -> None:
    asked = application(ada)
    assert browser.get(own(asked, "decision/"))["Location"] == own(asked)


# Whose it is


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
