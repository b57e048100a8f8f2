"""Customers and third parties see what a transfer costs before it is sent, and afterwards what it did cost."""

from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from accounts.tests.factories import prove_factor
from core.actors import acting_as_service
from wallet.fees import FEE, STAMP_DUTY, Band
from wallet.models import Account, Transaction
from wallet.tests.api import World, client_with_key, problem
from wallet.tests.factories import make_wallet
from wallet.tests.pages import balance, browser_of, hidden, text
from wallet.tests.schedules import DUTY, lift_fees, make_schedule

pytestmark = pytest.mark.django_db


@pytest.fixture
def purse(ada: User) -> Account:
    return make_wallet(ada, amount=50_000_00, tier=3)


@pytest.fixture
def as_ada(as_ada: Client, ada: User, purse: Account) -> Client:
    prove_factor(ada)
    return as_ada


def review(as_ada: Client, bola: User, amount: str = "10,000") -> Any:
    return as_ada.post("/send/", {"recipient": bola.email, "amount": amount, "note": "Rent"})


def confirm(as_ada: Client, page: Any) -> Any:
    return as_ada.post("/send/confirm/", {"order": hidden(page, "order")}, follow=True)


def test_what_is_charged_is_told_before_an_amount_is_asked(as_ada: Client) -> None:
    words = text(as_ada.get("/send/"))
    assert "Stamp duty: ₦50.00 from ₦10,000.00" in words and "Sending is free" not in words
    lift_fees()
    assert "Sending is free" in text(as_ada.get("/send/"))


def test_the_review_is_what_is_posted_and_the_receipt_says_so(
    as_ada: Client, purse: Account, bola: User
) -> None:
    page = review(as_ada, bola)
    assert (
        "They get ₦10,000.00 Stamp duty ₦50.00 Note Rent You pay ₦10,050.00 Left afterwards ₦39,950.00"
        in text(page)
    )
    receipt = confirm(as_ada, page)
    assert balance(purse) == 39_950_00
    assert "Amount ₦10,000.00 Stamp duty ₦50.00 You paid ₦10,050.00" in text(receipt)
    assert "Together with this" not in text(receipt)


def test_the_duty_is_a_line_of_its_own_that_leads_to_the_transfer(as_ada: Client, bola: User) -> None:
    confirm(as_ada, review(as_ada, bola))
    assert "Stamp duty Passed on to the state" in text(as_ada.get("/activity/"))
    with acting_as_service():
        duty = Transaction.objects.get(kind="STAMP_DUTY")
    words = text(as_ada.get(f"/transactions/{duty.pk}/"))
    assert "Together with this" in words and "Bola Adé" in words
    assert "Free" not in words
    assert "Stamp duty" in text(as_ada.get("/activity/?kind=STAMP_DUTY"))


def test_who_receives_sees_nothing_of_it(as_ada: Client, bola: User) -> None:
    confirm(as_ada, review(as_ada, bola))
    with acting_as_service():
        sent = Transaction.objects.get(kind="TRANSFER")
    words = text(browser_of(bola).get(f"/transactions/{sent.pk}/"))
    assert "Stamp duty" not in words and "10,050" not in words


def test_what_was_shown_is_charged_although_the_price_changed(
    as_ada: Client, purse: Account, bola: User
) -> None:
    page = review(as_ada, bola)
    make_schedule("TRANSFER", Band(FEE, 0, flat=999_00))
    confirm(as_ada, page)
    assert balance(purse) == 39_950_00
    assert "You pay ₦10,999.00" in text(review(as_ada, bola))


def test_money_that_is_enough_for_the_amount_alone_is_told_with_the_cost(as_ada: Client, bola: User) -> None:
    page = review(as_ada, bola, "49,999")
    assert page.status_code == 422
    assert "You have ₦50,000.00 available. Sending this costs ₦50.00, so you need ₦50,049.00 in all." in text(
        page
    )


QUOTE = "/api/v1/fees/quote?kind=WITHDRAWAL&amount=1500000&currency=NGN"


def test_the_api_quotes_line_by_line(world: World) -> None:
    found = world.api.get(QUOTE).json()
    assert found.pop("quoted_at")
    assert found == {
        "object": "fee_quote",
        "kind": "WITHDRAWAL",
        "amount": 1_500_000,
        "currency": "NGN",
        "fees": [
            {"kind": "FEE", "amount": 2_500},
            {"kind": "VAT", "amount": 188},
            {"kind": "STAMP_DUTY", "amount": 5_000},
        ],
        "total_fees": 7_688,
    }


def test_a_quote_is_by_the_callers_tier(world: World) -> None:
    make_schedule("TRANSFER", Band(FEE, 0, flat=7), tier=2)
    url = "/api/v1/fees/quote?kind=TRANSFER&amount=100&currency=NGN"
    assert world.api.get(url).json()["total_fees"] == 0
    make_wallet(world.ada, tier=2)
    assert world.api.get(url).json()["total_fees"] == 7


@pytest.mark.parametrize(
    ("query", "parameter"),
    [
        ("kind=TRANSFER&currency=NGN", "amount"),
        ("kind=TRANSFER&currency=NGN&amount=0", "amount"),
        ("kind=TRANSFER&currency=NGN&amount=1.5", "amount"),
        ("kind=TRANSFER&currency=NGN&amount=9223372036854775808", "amount"),
        ("kind=GIFT&currency=NGN&amount=1", "kind"),
        ("kind=TRANSFER&currency=ngn&amount=1", "currency"),
        ("kind=TRANSFER&currency=NGN&amount=1&tier=3", "tier"),
    ],
)
def test_a_quote_of_what_cannot_be_is_refused_by_parameter(world: World, query: str, parameter: str) -> None:
    answer = problem(world.api.get(f"/api/v1/fees/quote?{query}"), 400, "invalid")
    assert [error["parameter"] for error in answer["errors"]] == [parameter]


def test_a_quote_needs_the_scope_of_accounts(db: None) -> None:
    problem(client_with_key("deposits:write").get(QUOTE), 403, "scope_missing")
    assert client_with_key("accounts:read").get(QUOTE).json()["total_fees"] == 7_688


def test_a_transfer_by_the_api_tells_its_charges_to_the_sender_alone(world: World) -> None:
    make_schedule("TRANSFER", Band(FEE, 0, flat=25_00), Band(STAMP_DUTY, 0, flat=DUTY))
    made = world.send(amount=2_000).json()
    assert made["fees"] == [{"kind": "FEE", "amount": 2_500}, {"kind": "STAMP_DUTY", "amount": DUTY}]
    assert made["total"] == 2_000 + 2_500 + DUTY == 100_000 - world.balance(world.purse)
    url = f"/api/v1/transfers/{made['id']}"
    assert world.api.get(url).json() == made
    theirs = world.bolas_api.get(url).json()
    assert (theirs["fees"], theirs["total"]) == (None, None)


def test_what_is_expected_to_cost_something_else_is_not_sent(world: World) -> None:
    make_schedule("TRANSFER", Band(FEE, 0, flat=25_00))
    answer = problem(world.send(expected_fees=0), 409, "fees_changed")
    assert answer["data"] == {"expected": 0, "fees": 25_00}
    assert world.balance(world.purse) == 100_000
    assert world.send(expected_fees=25_00).status_code == 201


def test_too_little_money_is_told_with_the_cost(world: World) -> None:
    make_schedule("TRANSFER", Band(FEE, 0, flat=25_00))
    answer = problem(world.send(amount=97_501), 422, "insufficient_funds")
    assert answer["data"] == {"available": 100_000, "fees": 25_00}
    assert world.send(amount=97_500).status_code == 201
