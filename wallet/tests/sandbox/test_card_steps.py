"""Cards of which the bank asks more: their pages, one question each, with JavaScript or without."""

import re

import httpx
import pytest

from wallet.sandbox.cards import CARDS
from wallet.tests.sandbox.steps import initialize, submit, verify

ASKS_ALL, ASKS_BANK, NO_TOKEN = "507850785078507804", "5192602720584796", "507850785078507853"


@pytest.fixture
def page(api, receiver) -> str:
    return initialize(api).json()["data"]["authorization_url"]


def choose(visitor: httpx.Client, page: str, number: str) -> httpx.Response:
    card = CARDS[number]
    return submit(visitor, page, action="pay", number=card.spaced, expiry="01/31", cvv=card.cvv)


def answer(visitor: httpx.Client, page: str, said: str) -> httpx.Response:
    return submit(visitor, page, action="step", answer=said)


def test_pin_phone_and_code_are_asked_for_one_after_the_other(visitor, api, page, receiver):
    assert choose(visitor, page, ASKS_ALL).headers["Location"] in page
    assert "Card PIN" in visitor.get(page).text
    wrong = answer(visitor, page, "9999")
    assert (wrong.status_code, 'aria-invalid="true"' in wrong.text) == (422, True)
    assert answer(visitor, page, "").status_code == 422
    answer(visitor, page, "0000")
    assert "Phone number" in visitor.get(page).text
    assert answer(visitor, page, "12").status_code == 422
    answer(visitor, page, "0803 123 4567")
    assert "Code the bank sent" in visitor.get(page).text
    assert receiver.got == []
    done = answer(visitor, page, "123456")
    assert done.headers["Location"] == "http://merchant.test/back/?trxref=dep-1&reference=dep-1"
    authorization = verify(api)["authorization"]
    assert (authorization["last4"], authorization["exp_month"], authorization["exp_year"]) == (
        "7804",
        "01",
        "2031",
    )
    assert len(receiver.got) == 1


def test_the_banks_page_is_agreed_to_or_not(visitor, api, page, receiver):
    choose(visitor, page, ASKS_BANK)
    shown = visitor.get(page).text
    assert "It is me" in shown
    assert not re.search(r"<script|\sstyle=|\son[a-z]+=", shown)
    assert submit(visitor, page, action="decline", answer="yes").status_code == 302
    assert verify(api)["status"] == "failed"
    choose(visitor, page, ASKS_BANK)
    answer(visitor, page, "yes")
    assert verify(api)["status"] == "success"


def test_another_card_may_be_chosen_half_way_and_walking_away_pays_nothing(visitor, api, page):
    choose(visitor, page, ASKS_ALL)
    assert submit(visitor, page, action="abandon").headers["Location"].startswith("http://merchant.test/")
    assert "Card PIN" in visitor.get(page).text
    submit(visitor, page, action="other_card")
    assert "Card number" in visitor.get(page).text
    choose(visitor, page, NO_TOKEN)
    answer(visitor, page, "0000")
    data = verify(api)
    assert (data["status"], data["authorization"]["reusable"]) == ("success", False)
    assert "This payment is complete" in visitor.get(page).text
