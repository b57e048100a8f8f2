"""Looking for a loan, page by page: what is compared, in which order, and what the calculator says."""

from decimal import Decimal

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from accounts.tests.factories import make_person
from core.templatetags.money import money
from core.templatetags.rates import percent
from credit.comparing import highest_payment
from credit.product_rules import ProductRules
from credit.tests.world import NAIRA, lender, priced, product
from wallet.rhythm import WEEKLY
from wallet.tests.factories import make_wallet
from wallet.tests.pages import browser_of, text

pytestmark = pytest.mark.django_db
LAKH = 100_000 * NAIRA


@pytest.fixture
def browser(ada: User) -> Client:
    make_wallet(ada, tier=3)
    return browser_of(ada)


def listed(browser: Client, asked: dict[str, str]) -> str:
    """What stands below the ways to sort."""
    return text(browser.get("/borrow/", asked)).split("By monthly payment")[1]


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
