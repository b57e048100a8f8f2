"""Sending money: what was reviewed is what moves, once."""

import re
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.core import signing
from django.test import Client
from django.utils import timezone

from accounts import factors
from accounts.models import User
from accounts.tests.factories import make_person, prove_factor
from core.actors import acting_as_service
from core.ids import posting_id
from wallet.services import lookups
from wallet.tests.factories import make_wallet
from wallet.tests.pages import balance, browser_of, handle_of, hidden, send_directly, text


@pytest.fixture
def as_ada(as_ada: Client, ada: User) -> Client:
    """Ada's browser, in which she has just proven a second factor."""
    prove_factor(ada)
    return as_ada


def review(as_ada: Client, recipient: str, amount: str = "1,000.50", note: str = "For lunch") -> Any:
    return as_ada.post("/send/", {"recipient": recipient, "amount": amount, "note": note})


def test_what_was_reviewed_is_sent_to_the_last_kobo_and_both_see_it(
    as_ada: Client, ada: User, bola: User
) -> None:
    account = make_wallet(ada, amount=500_000)
    checked = review(as_ada, f"@{handle_of(bola).upper()}")
    words = text(checked)
    assert checked.status_code == 200
    assert "To Bola Adé @" in words
    assert "They get ₦1,000.50 Fee Free Note For lunch You pay ₦1,000.50 Left afterwards ₦3,999.50" in words
    assert balance(account) == 500_000

    done = as_ada.post("/send/confirm/", {"order": hidden(checked, "order")}, follow=True)
    assert "You sent ₦1,000.50 to Bola Adé." in text(done)
    assert balance(account) == 500_000 - 100_050
    theirs = text(browser_of(bola).get("/activity/"))
    assert "Ada Obi For lunch" in theirs
    assert "Money in +₦1,000.50" in theirs


def test_confirming_twice_moves_money_once(as_ada: Client, ada: User, bola: User) -> None:
    account = make_wallet(ada, amount=500_000)
    order = hidden(review(as_ada, bola.email), "order")
    first = as_ada.post("/send/confirm/", {"order": order})
    second = as_ada.post("/send/confirm/", {"order": order})
    assert first.url == second.url
    assert balance(account) == 500_000 - 100_050


def test_a_first_recipient_is_warned_about_and_a_known_one_is_not(
    as_ada: Client, ada: User, bola: User
) -> None:
    account = make_wallet(ada, amount=500_000)
    assert "You have not sent money to Bola Adé before" in text(review(as_ada, bola.email))
    send_directly(account, bola, 100)
    assert "You have not sent money" not in text(review(as_ada, bola.email))


def test_recent_recipients_are_offered_once_each_the_latest_first(
    as_ada: Client, ada: User, bola: User
) -> None:
    account = make_wallet(ada, amount=500_000)
    chidi = make_person(name="Chidi Eze")
    for person in (bola, chidi, bola, chidi, bola):
        send_directly(account, person, 100)
    words = text(as_ada.get("/send/"))
    assert re.search(r"Bola Adé.*Chidi Eze", words)
    assert words.count("Bola Adé") == 1
    assert f'value="@{handle_of(bola)}"' in as_ada.get(f"/send/?to=@{handle_of(bola)}").content.decode()


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"recipient": "nobody_here"}, "We found nobody with that e-mail or handle"),
        ({"recipient": ""}, "This field is required"),
        ({"recipient": "x" * 5000}, "at most 254 characters"),
        ({"amount": "5,000.01"}, "You have ₦5,000.00 available"),
        ({"amount": "92233720368547758.07"}, "You have ₦5,000.00 available"),
        ({"amount": "92233720368547758.08"}, "This amount is too large"),
        ({"amount": "0"}, "Enter an amount above zero"),
        ({"amount": "1.001"}, "more decimals"),
        ({"note": "n" * 141}, "at most 140 characters"),
    ],
)
def test_a_refusal_names_its_reason_and_keeps_what_was_typed(
    as_ada: Client, ada: User, bola: User, changes: dict[str, str], says: str
) -> None:
    make_wallet(ada, amount=500_000)
    typed = {"recipient": bola.email, "amount": "10", "note": "Kept as it was", **changes}
    response = as_ada.post("/send/", typed)
    assert response.status_code == 422
    assert says in text(response)
    assert "data-error-summary" in response.content.decode()
    if "note" not in changes:
        assert 'value="Kept as it was"' in response.content.decode()


def test_nobody_sends_money_to_oneself(as_ada: Client, ada: User) -> None:
    make_wallet(ada, amount=500_000)
    response = review(as_ada, ada.email)
    assert response.status_code == 422
    assert "You cannot send money to yourself" in text(response)


def test_money_spent_since_the_review_is_refused_with_what_is_left(
    as_ada: Client, ada: User, bola: User
) -> None:
    account = make_wallet(ada, amount=500_000)
    order = hidden(review(as_ada, bola.email, "4000"), "order")
    send_directly(account, bola, 450_000)
    response = as_ada.post("/send/confirm/", {"order": order})
    assert response.status_code == 422
    assert "You have ₦500.00 available" in text(response)
    assert f'value="{bola.email}"' in response.content.decode()
    assert balance(account) == 50_000


def test_a_recipient_who_cannot_take_so_much_is_told_of_without_their_balance(
    as_ada: Client, ada: User, bola: User
) -> None:
    with acting_as_service():
        account = make_wallet(ada, amount=20_000_000)
        make_wallet(bola, amount=29_000_000)
    response = as_ada.post("/send/confirm/", {"order": hidden(review(as_ada, bola.email, "15000"), "order")})
    assert response.status_code == 422
    assert "The receiving account cannot hold this much" in text(response)
    assert "290,000" not in text(response)
    assert balance(account) == 20_000_000


@pytest.mark.parametrize("order", ["", "x", "e30:1rTtuX:forged", "\ud7ff"])
def test_an_order_that_we_did_not_sign_moves_nothing(as_ada: Client, ada: User, order: str) -> None:
    account = make_wallet(ada, amount=500_000)
    response = as_ada.post("/send/confirm/", {"order": order}, follow=True)
    assert response.redirect_chain == [("/send/", 302)]
    assert "no longer valid, so nothing was sent just now" in text(response)
    assert balance(account) == 500_000


def test_a_tampered_order_moves_nothing(as_ada: Client, ada: User, bola: User) -> None:
    account = make_wallet(ada, amount=500_000)
    order = hidden(review(as_ada, bola.email), "order")
    body, rest = order.split(":", 1)
    forged = signing.dumps({"posting": str(posting_id()), "amount": 500_000}).split(":", 1)[0]
    for text_of_order in (f"{forged}:{rest}", f"{body}:{rest}x", body):
        assert as_ada.post("/send/confirm/", {"order": text_of_order}).url == "/send/"
    assert balance(account) == 500_000


def test_an_order_signed_for_someone_else_moves_nothing(as_ada: Client, ada: User, bola: User) -> None:
    theirs = make_wallet(bola, amount=500_000)
    make_wallet(ada, amount=500_000)
    order = hidden(review(browser_of(bola), ada.email), "order")
    assert as_ada.post("/send/confirm/", {"order": order}).url == "/send/"
    assert balance(theirs) == 500_000


def test_an_old_review_is_not_confirmed(as_ada: Client, ada: User, bola: User) -> None:
    account = make_wallet(ada, amount=500_000)
    order = hidden(review(as_ada, bola.email), "order")
    with time_machine.travel(timezone.now() + timedelta(minutes=31)):
        prove_factor(ada)
        assert as_ada.post("/send/confirm/", {"order": order}).url == "/send/"
    assert balance(account) == 500_000


@pytest.mark.parametrize(
    ("address", "leads_to"), [("/send/confirm/", "/send/"), ("/notices/read/", "/notices/")]
)
def test_coming_back_to_a_form_after_signing_in_again_leads_to_its_page(
    as_ada: Client, address: str, leads_to: str
) -> None:
    assert as_ada.get(address).url == leads_to


def test_changing_something_brings_back_what_was_typed(as_ada: Client, ada: User, bola: User) -> None:
    make_wallet(ada, amount=500_000)
    order = hidden(review(as_ada, bola.email), "order")
    html = as_ada.post("/send/", {"order": order, "change": "1"}).content.decode()
    for value in (bola.email, "1000.50", "For lunch"):
        assert f'value="{value}"' in html


def test_looking_people_up_again_and_again_is_stopped_with_when_to_return(
    as_ada: Client, ada: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_wallet(ada)
    monkeypatch.setattr(lookups, "LOOKUPS", 3)
    statuses = [review(as_ada, f"guess_{number}").status_code for number in range(3)]
    stopped = review(as_ada, "guess_4")
    assert statuses == [422, 422, 422]
    assert stopped.status_code == 429
    assert 0 < int(stopped["Retry-After"]) <= lookups.WINDOW
    assert "You can try again in" in text(stopped)
    assert as_ada.get("/send/").status_code == 200


def test_a_second_factor_is_proven_before_money_moves_once(ada: User, bola: User) -> None:
    account, browser = make_wallet(ada, amount=5_000_00), browser_of(ada)
    order = hidden(review(browser, bola.email), "order")
    assert browser.post("/send/confirm/", {"order": order}).url == "/accounts/2fa/"
    factors.enrol_totp(user=ada)
    answer = browser.post("/send/confirm/", {"order": order})
    assert answer.url.startswith("/accounts/2fa/reauthenticate/")
    assert balance(account) == 5_000_00
    proof = {"code": factors.current_code(user=ada), "next": "/send/confirm/"}
    assert browser.post(answer.url, proof).status_code == 302
    assert balance(account) == 3_999_50
    browser.post("/send/confirm/", {"order": order})
    assert balance(account) == 3_999_50
