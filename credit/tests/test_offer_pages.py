"""Offers side by side and accepting one; the market as lenders see it, and making an offer there."""

from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import Membership, User
from accounts.tests.factories import make_person, prove_factor
from core.actors import acting_as_service
from core.templatetags.money import money
from credit.models import Application, Bid, Consent, Contract, FileView, ProductTerms, Provider
from credit.product_rules import ProductRules
from credit.states import State
from credit.terms import Method
from credit.tests.bidding import listed, offer, stage_of
from credit.tests.world import DAY, NAIRA, lender, priced, product
from wallet.tests.factories import make_wallet
from wallet.tests.pages import browser_of, hidden, text

pytestmark = pytest.mark.django_db


@pytest.fixture
def owner(db: None) -> User:
    return make_person()


@pytest.fixture
def terms(owner: User) -> ProductTerms:
    return product(lender(owner), conditions=["Your salary is paid in here."])


@pytest.fixture
def browser(ada: User) -> Client:
    make_wallet(ada, tier=3)
    browser = browser_of(ada)
    prove_factor(ada)
    return browser


@pytest.fixture
def desk(owner: User) -> Client:
    browser = browser_of(owner)
    prove_factor(owner)
    return browser


def here(asked: Application, page: str) -> str:
    return f"/borrow/applications/{asked.pk}/{page}/"


def market(terms: ProductTerms, page: str = "market/") -> str:
    with acting_as_service():
        return f"/organizations/{terms.product.provider.organization.slug}/lending/{page}"


# The borrower


def test_offers_stand_side_by_side_in_their_order_and_one_is_accepted_once(
    browser: Client, ada: User, owner: User, terms: ProductTerms
) -> None:
    rival = make_person()
    dear = product(lender(rival, name="Dear Money"), fee_percent=Decimal(0))
    asked = listed(ada)
    assert "No offers now" in text(browser.get(here(asked, "offers")))
    dearer, cheap = offer(dear, asked, rival, rate=Decimal(36)), offer(terms, asked, owner)
    page = browser.get(here(asked, "offers"))
    words = text(page)
    assert words.index("Harvest Credit") < words.index("Dear Money")
    payment = priced(terms, amount=asked.amount or 0, count=12, rate=Decimal(24)).rows[0].payment
    for amount in (payment, cheap.total_payable, cheap.received, dearer.total_payable):
        assert money(amount, "NGN") in words
    assert "Your salary is paid in here." in words and "29.29%" in words
    # What lenders owe us is nowhere on it.
    assert money(cheap.our_tax, "NGN") not in words
    by_receipt = text(browser.get(here(asked, "offers"), {"sort": "ends"}))
    assert "Dear Money" in by_receipt
    review = browser.get(here(asked, "accept"), {"bid": str(cheap.pk)})
    assert money(cheap.total_payable, "NGN") in text(review) and review.status_code == 200
    order = hidden(review, "order")
    for _click in range(2):
        done = browser.post(here(asked, "accept"), {"order": order})
        assert done.status_code == 302 and done["Location"] == here(asked, "offers")
    with acting_as_service():
        contract = Contract.objects.get()
        assert contract.sha256 == cheap.sha256
    assert stage_of(asked) == State.ACCEPTED
    assert "You accepted" in text(browser.get(here(asked, "offers")))


def test_what_can_no_longer_be_accepted_leads_back_with_the_reason(
    browser: Client, ada: User, owner: User, terms: ProductTerms
) -> None:
    asked = listed(ada)
    bid = offer(terms, asked, owner)
    order = hidden(browser.get(here(asked, "accept"), {"bid": str(bid.pk)}), "order")
    with acting_as_service():
        Provider.objects.update(state="SUSPENDED")
    back = browser.post(here(asked, "accept"), {"order": order}, follow=True)
    assert "may not lend just now" in text(back) and not text(back).count("Choose this one")
    forged = browser.post(here(asked, "accept"), {"order": order + "x"}, follow=True)
    assert "no longer valid" in text(forged)
    for wrong in ({}, {"bid": "nonsense"}, {"bid": str(asked.pk)}):
        assert browser.get(here(asked, "accept"), wrong).status_code == 302
    assert stage_of(asked) == State.OFFERED


def test_accepting_asks_for_the_second_factor_and_nobody_else_sees_the_offers(
    ada: User, owner: User, terms: ProductTerms
) -> None:
    asked = listed(ada)
    bid = offer(terms, asked, owner)
    make_wallet(ada, tier=3)
    browser = browser_of(ada)
    order = hidden(browser.get(here(asked, "accept"), {"bid": str(bid.pk)}), "order")
    asked_for = browser.post(here(asked, "accept"), {"order": order})
    assert asked_for.status_code == 302 and "accept" not in asked_for["Location"].split("?")[0]
    assert stage_of(asked) == State.OFFERED
    for other in (browser_of(owner), browser_of(make_person())):
        for page in ("offers", "accept"):
            assert other.get(here(asked, page)).status_code == 404


def test_a_pool_that_is_short_is_accepted_by_who_says_so(
    browser: Client, ada: User, owner: User, terms: ProductTerms
) -> None:
    rival = make_person()
    others = product(lender(rival, name="Rival"))
    asked = listed(ada, pools=True)
    bids = [
        offer(terms, asked, owner, amount=30_000 * NAIRA, rate=Decimal(20)),
        offer(others, asked, rival, amount=50_000 * NAIRA, rate=Decimal(28)),
    ]
    page = browser.get(here(asked, "offers"))
    assert "Several lenders together" in text(page)
    chosen = {"bid": [str(bid.pk) for bid in bids]}
    review = browser.get(here(asked, "accept"), chosen)
    assert "25%" in text(review) and money(20_000 * NAIRA, "NGN") in text(review)
    order = hidden(review, "order")
    assert browser.post(here(asked, "accept"), {"order": order}).status_code == 422
    assert browser.post(here(asked, "accept"), {"order": order, "part": "1"}).status_code == 302
    with acting_as_service():
        assert Contract.objects.get().shares.count() == 2


# The lender


def test_a_lender_sees_what_was_released_and_the_look_is_written_down(
    desk: Client, ada: User, owner: User, terms: ProductTerms
) -> None:
    asked = listed(ada, released=["income"], purpose_text="A second oven")
    rows = text(desk.get(market(terms)))
    assert money(asked.amount or 0, "NGN") in rows and money(400_000 * NAIRA, "NGN") not in rows
    page = desk.get(market(terms, f"market/{asked.pk}/"))
    words = text(page)
    assert money(400_000 * NAIRA, "NGN") in words
    for kept_back in (money(150_000 * NAIRA, "NGN"), "A second oven", ada.email, "Employed"):
        assert kept_back not in words
    with acting_as_service():
        view = FileView.objects.get()
        assert view.watermark in words and view.by_id == owner.pk
        assert set(view.fields) == {"amount", "count", "purpose", "income"}
        Consent.objects.update(withdrawn_at=timezone.now())
    assert desk.get(market(terms, f"market/{asked.pk}/")).status_code == 404
    assert "No applications now" in text(desk.get(market(terms)))


def test_a_lender_is_told_why_no_loan_comes_of_what_was_typed(
    desk: Client, ada: User, terms: ProductTerms
) -> None:
    steep = product(
        terms.product.provider,
        name="Steep",
        rules=ProductRules(method=Method.GRADUATED, growth=Decimal(50)),
    )
    form = market(terms, f"market/{listed(ada).pk}/offer/")
    typed = {
        "form_key": hidden(desk.get(form), "form_key"),
        "product": str(steep.product_id),
        "amount": "100000",
        "count": "12",
        "rate": "24",
        "days": "5",
    }
    said = "No loan comes of these figures: Instalment 1 would be less than its interest."
    for do in ("price", "offer"):
        refused = desk.post(form, {**typed, "do": do})
        assert refused.status_code == 422 and said in text(refused)
    with acting_as_service():
        assert not Bid.objects.exists()


def test_a_lender_works_an_offer_out_makes_it_once_replaces_it_and_takes_it_back(
    desk: Client, ada: User, terms: ProductTerms
) -> None:
    asked = listed(ada)
    form = market(terms, f"market/{asked.pk}/offer/")
    typed: dict[str, Any] = {
        "form_key": hidden(desk.get(form), "form_key"),
        "product": str(terms.product_id),
        "amount": "100000",
        "count": "12",
        "rate": "24",
        "days": "5",
        "conditions": "A guarantor signs too.",
    }
    priced_page = desk.post(form, {**typed, "do": "price"})
    assert "29.29%" in text(priced_page) and money(100_075 * NAIRA, "NGN") in text(priced_page)
    with acting_as_service():
        assert not Bid.objects.exists()
    refused = desk.post(form, {**typed, "rate": "50", "count": "99", "do": "offer"})
    assert refused.status_code == 422
    assert "above the highest" in text(refused) and "so many months" in text(refused)
    for _click in range(2):
        assert desk.post(form, {**typed, "do": "offer"}).status_code == 302
    with acting_as_service():
        first = Bid.objects.get()
        assert first.conditions[-1] == "A guarantor signs too."
    again = desk.get(form)
    assert hidden(again, "replaces") == str(first.pk)
    changed = {**typed, "form_key": hidden(again, "form_key"), "replaces": str(first.pk), "rate": "22"}
    assert desk.post(form, {**changed, "do": "offer"}).status_code == 302
    with acting_as_service():
        second = Bid.objects.get(supersedes=first)
    assert "Replaced by a newer offer" in text(desk.get(market(terms, "offers/")))
    assert desk.post(market(terms, f"offers/{second.pk}/withdraw/")).status_code == 302
    assert "Taken back" in text(desk.get(market(terms, "offers/")))


def test_how_an_offer_stood_is_told_once_offers_are_over(
    desk: Client, browser: Client, ada: User, owner: User, terms: ProductTerms
) -> None:
    rival = make_person()
    others = product(lender(rival, name="Rival"))
    asked = listed(ada)
    offer(terms, asked, owner, rate=Decimal(30))
    cheap = offer(others, asked, rival, rate=Decimal(20))
    assert "Place" not in text(desk.get(market(terms, "offers/")))
    order = hidden(browser.get(here(asked, "accept"), {"bid": str(cheap.pk)}), "order")
    browser.post(here(asked, "accept"), {"order": order})
    words = text(desk.get(market(terms, "offers/")))
    assert "Place 2 of 2" in words and "between 20% and 25%" in words and "Not chosen" in words


def test_who_may_not_lend_or_only_looks_makes_no_offer(
    desk: Client, ada: User, owner: User, terms: ProductTerms
) -> None:
    asked, clerk = listed(ada), make_person()
    with acting_as_service():
        organization = terms.product.provider.organization
        Membership.objects.create(organization=organization, user=clerk, role="MEMBER")
    looking = browser_of(clerk)
    assert looking.get(market(terms, f"market/{asked.pk}/")).status_code == 200
    assert looking.get(market(terms, f"market/{asked.pk}/offer/")).status_code == 404
    for stranger in (browser_of(make_person()), browser_of(ada)):
        for page in ("market/", f"market/{asked.pk}/", f"market/{asked.pk}/offer/", "offers/"):
            assert stranger.get(market(terms, page)).status_code == 404
    with acting_as_service():
        Provider.objects.update(licensed_until=timezone.localdate() - DAY)
    assert "its licence has run out" in text(desk.get(market(terms)))
    assert desk.get(market(terms, f"market/{asked.pk}/")).status_code == 404
