"""For a day after a password, an address or a second factor changed, only so much leaves the account."""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.utils import timezone

from accounts import audit, factors
from accounts.models import User
from accounts.services import passwords, settling
from accounts.tests.factories import bearer, make_person, prove_factor, sign_in
from core.actors import acting_as, acting_as_service
from core.api import ids
from core.ids import posting_id
from wallet import services as wallet
from wallet.models import Account
from wallet.tests.factories import make_wallet
from wallet.tests.pages import balance, browser_of, hidden, text
from wallet.tests.schedules import lift_fees

pytestmark = pytest.mark.usefixtures("transactional_db")
MOST = 20_000_00
FUNDS = 100_000_00
NOW = timezone.now()


@pytest.fixture
def ada() -> User:
    return make_person(name="Ada Obi", email="ada@alajo.test")


@pytest.fixture
def bola() -> User:
    return make_person(name="Bola Adé", email="bola@alajo.test")


@pytest.fixture
def purse(ada: User, bola: User) -> Account:
    make_wallet(bola)
    lift_fees()
    return make_wallet(ada, amount=FUNDS, tier=3)


def change_password(ada: User) -> None:
    passwords.change(user=ada, password="another-long-secret", keep=None, at=timezone.now())


def send(ada: User, purse: Account, bola: User, amount: int, *, at: datetime | None = None, **more) -> object:
    with acting_as(ada):
        return wallet.transfer(
            **{"posting_id": posting_id(), **more},
            source=purse,
            recipient_id=bola.pk,
            amount=amount,
            at=at or timezone.now(),
        )


def test_nothing_is_held_back_from_who_changed_nothing(ada, bola, purse):
    send(ada, purse, bola, FUNDS)
    assert balance(purse) == 0


def test_what_is_sent_after_a_new_password_counts_together(ada, bola, purse):
    change_password(ada)
    send(ada, purse, bola, 12_000_00)
    with pytest.raises(wallet.CoolingOff) as refused:
        send(ada, purse, bola, 8_000_01)
    assert refused.value.code == "cooling_off"
    assert refused.value.public_data["available"] == 8_000_00
    assert "at most ₦8,000.00 more until" in str(refused.value)
    until = datetime.fromisoformat(refused.value.data["until"])
    assert timedelta(hours=23) < until - timezone.now() <= timedelta(hours=24)
    send(ada, purse, bola, 8_000_00)
    with pytest.raises(wallet.CoolingOff):
        send(ada, purse, bola, 1)
    assert balance(purse) == FUNDS - MOST


def test_what_was_sent_before_the_change_counts_too_and_another_change_gives_no_more(ada, bola, purse):
    send(ada, purse, bola, 15_000_00)
    change_password(ada)
    factors.enrol_totp(user=ada)
    with pytest.raises(wallet.CoolingOff) as refused:
        send(ada, purse, bola, 5_000_01)
    assert refused.value.data["available"] == 5_000_00


def test_a_day_later_it_is_over(ada, bola, purse):
    change_password(ada)
    after = timezone.now() + settling.SETTLES_IN
    assert settling.unsettled_until(user_id=ada.pk, at=after - timedelta(minutes=1))
    send(ada, purse, bola, FUNDS, at=after)
    assert balance(purse) == 0


def test_a_repeat_of_what_was_sent_is_answered_as_before(ada, bola, purse):
    change_password(ada)
    order = posting_id()
    for _again in range(3):
        send(ada, purse, bola, MOST, posting_id=order)
    assert balance(purse) == FUNDS - MOST


def test_sends_at_once_do_not_pass_it_together(ada, bola, purse):
    change_password(ada)

    def one(_number: int) -> bool:
        try:
            send(ada, purse, bola, 9_000_00)
        except wallet.CoolingOff:
            return False
        finally:
            connection.close()
        return True

    with ThreadPoolExecutor(6) as pool:
        assert sum(pool.map(one, range(6))) == 2
    assert balance(purse) == FUNDS - 18_000_00


@pytest.mark.parametrize(("changed", "counts"), [("password", True), ("app_metadata", False)])
def test_of_what_the_service_changes_a_password_counts_and_a_note_does_not(ada, changed, counts):
    with acting_as_service():
        audit.record(
            action="accounts.user.changed_by_service", target=ada, changed=["user_metadata", changed]
        )
    assert bool(settling.unsettled_until(user_id=ada.pk, at=timezone.now())) is counts


@pytest.mark.parametrize("action", settling.CHANGES)
def test_each_change_counts_and_that_of_another_does_not(ada, bola, action):
    with acting_as_service():
        audit.record(
            action=action, target=ada, actor_id=bola.pk if "_by_" in action or "reset" in action else ada.pk
        )
    eve = make_person()
    assert settling.unsettled_until(user_id=ada.pk, at=timezone.now())
    assert settling.unsettled_until(user_id=eve.pk, at=timezone.now()) is None


def test_the_page_says_so_at_the_review_and_at_the_confirmation(ada, bola, purse):
    browser = browser_of(ada)
    reviewed = browser.post("/send/", {"recipient": bola.email, "amount": "30,000", "note": ""})
    change_password(ada)
    sign_in(browser, ada)
    prove_factor(ada)
    refused = browser.post("/send/confirm/", {"order": hidden(reviewed, "order")})
    assert refused.status_code == 422
    assert "you can send at most ₦20,000.00 more until" in text(refused)
    again = browser.post("/send/", {"recipient": bola.email, "amount": "30,000", "note": ""})
    assert again.status_code == 422
    assert "at most ₦20,000.00 more" in text(again)
    assert balance(purse) == FUNDS
    assert "Small amounts only, for a day" in text(browser.get("/security/"))


def test_the_api_refuses_by_name_and_says_until_when(client: Client, ada, bola, purse):
    headers = bearer(ada)
    prove_factor(ada)
    body = {
        "source": ids.encode("acc", purse.pk),
        "recipient": bola.email,
        "amount": MOST + 1,
        "currency": "NGN",
        "note": "",
    }
    answer = client.post(
        "/api/v1/transfers",
        json.dumps(body),
        "application/json",
        headers={**headers, "Idempotency-Key": "one"},
    )
    told = answer.json()
    assert (answer.status_code, told["code"]) == (403, "cooling_off"), told
    assert told["data"]["available"] == MOST
    assert datetime.fromisoformat(told["data"]["until"]) > timezone.now()


def test_the_amount_is_that_of_the_day():
    with acting_as_service(), time_machine.travel(datetime(2025, 12, 31, 12, tzinfo=NOW.tzinfo)):
        assert wallet.cooling_off.most(currency="NGN", at=timezone.now()) == 0
    with acting_as_service():
        assert wallet.cooling_off.most(currency="NGN", at=NOW) == MOST
        assert wallet.cooling_off.most(currency="USD", at=NOW) == 0
