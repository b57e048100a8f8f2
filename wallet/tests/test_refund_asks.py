"""Customers have their own deposits paid back: the small at once, the large when two of staff let them go."""

import pytest
from django.utils import timezone

from accounts import roles
from accounts.models import Customer
from accounts.tests.approving import make_colleague
from accounts.tests.factories import make_person, prove_factor
from core.actors import acting_as_service
from core.api import ids
from core.ids import uuid7
from wallet import money_in_tasks
from wallet import services as wallet
from wallet.refusals import CustomerFrozen, NotYourAccount
from wallet.services import refund_asks
from wallet.services.refund_asks import RefundNotAsked, TooManyRefunds
from wallet.services.refunds import RefundIdReused, RefundTooLarge
from wallet.tests.api import client_of, problem
from wallet.tests.approving import approve, propose
from wallet.tests.approving import browser_of as staff_browser
from wallet.tests.deposits import at_once, cases, notices
from wallet.tests.factories import make_wallet
from wallet.tests.money_in import (
    decide_dispute,
    end_refund,
    held,
    paid,
    raise_dispute,
    refund_now,
)
from wallet.tests.pages import browser_of, hidden, text

pytestmark = pytest.mark.django_db(transaction=True)
MAKER = (roles.PROPOSE_REFUND, roles.SETTLE_REFUND, "accounts.view_approval", "wallet.view_refund")
CHECKER = (roles.APPROVE_REFUND, "accounts.view_approval", "wallet.view_refund")
ALONE = 5_000_000


@pytest.fixture
def ada():
    return make_person(name="Ada Obi", email="ada@alajo.test")


@pytest.fixture
def purse(ada):
    return make_wallet(ada, tier=3)


@pytest.fixture(autouse=True)
def _slow_bank(settings) -> None:
    settings.SANDBOX_TRANSFER_SECONDS = 3600


def ask(payment, by, amount=100_000, refund_id=None):
    at = timezone.now()
    return wallet.ask_back(payment=payment, amount=amount, by=by, at=at, refund_id=refund_id or uuid7())


def test_up_to_what_one_may_take_back_alone_it_goes_and_more_waits_for_two(paystack, ada, purse):
    payment = paid(purse, 8_000_000)
    first = ask(payment, ada, ALONE)
    assert (first.state, first.requested_by_id, held(purse)) == ("HELD", ada.pk, ALONE)
    money_in_tasks.settle_refunds()
    assert refund_now(first).state == "PENDING"
    second = ask(payment, ada, 1)
    money_in_tasks.settle_refunds()
    assert (refund_now(second).state, held(purse)) == ("ASKED", ALONE + 1)
    assert [(case.kind, case.data["state"]) for case in cases()] == [("UNKNOWN_REFUND", "ASKED")]
    approval = propose("wallet.refund_asked", {"refund": str(second.pk)}, by=make_colleague(*MAKER))
    approve(approval, by=make_colleague(*CHECKER))
    money_in_tasks.settle_refunds()
    assert (refund_now(second).state, cases()[0].state) == ("PENDING", "CLOSED")
    with pytest.raises(RefundNotAsked):
        refund_asks.refuse(refund_id=second.pk, by=ada, reason="too late", at=timezone.now())


def test_one_of_staff_refuses_what_waits_and_the_money_is_free_again(paystack, ada, purse):
    refund = ask(paid(purse, 8_000_000), ada, ALONE + 1)
    page = f"/staff/wallet/refund/{refund.pk}/"
    browser = staff_browser(make_colleague(*MAKER))
    shown = text(browser.get(f"{page}change/"))
    assert "Refuse it" in shown and "Refund that a customer asks for" in shown
    browser.post(f"{page}turn-down/", {"reason": "Card reported stolen, ticket 4711"})
    assert (refund_now(refund).state, held(purse), notices()[-1]) == ("FAILED", 0, "refund.failed")
    with pytest.raises(RefundNotAsked):
        refund_asks.let_go(refund_id=refund.pk, by=ada, at=timezone.now())


def test_it_is_asked_for_once_by_its_owner_only_and_not_all_day_long(paystack, ada, purse):
    payment, key = paid(purse), uuid7()
    bola = make_person(name="Bola Ade")
    with pytest.raises(NotYourAccount):
        ask(payment, bola)
    assert at_once(*[lambda: ask(payment, ada, refund_id=key)] * 3) == [] and held(purse) == 100_000
    with pytest.raises(RefundIdReused):
        ask(payment, ada, 99, refund_id=key)
    for _ in range(4):
        end_and_order_all()
        ask(payment, ada, 1_000)
    end_and_order_all()
    with pytest.raises(TooManyRefunds):
        ask(payment, ada, 1_000)
    assert ask(payment, ada, refund_id=key).pk == key


def end_and_order_all() -> None:
    money_in_tasks.settle_refunds()
    end_refund("PROCESSED")


def test_whose_money_is_frozen_asks_in_vain_and_what_is_disputed_stays(paystack, ada, purse):
    payment = paid(purse)
    raise_dispute(payment, 200_000)
    with pytest.raises(RefundTooLarge) as caught:
        ask(payment, ada, 50_001)
    assert caught.value.data["left"] == 50_000
    decide_dispute(lost=True)
    with pytest.raises(RefundTooLarge):
        ask(payment, ada, 50_001)
    with acting_as_service():
        Customer.objects.filter(user=ada).update(status="FROZEN")
    with pytest.raises(CustomerFrozen):
        ask(payment, ada, 50_000)
    assert held(purse) == 0


def test_by_the_api_with_a_proof_and_a_repeat_is_the_same(paystack, ada, purse):
    payment, api = paid(purse), client_of(ada)
    order = {"deposit": ids.encode("dep", payment.pk), "amount": 100_000, "currency": "NGN", "note": "Twice"}

    def post(by, **changes):
        key = {"Idempotency-Key": "k1" if not changes else str(changes)}
        return by.post("/api/v1/refunds", {**order, **changes}, format="json", headers=key)

    made, again = post(api), post(api)
    assert made.status_code == 201 and made.json() == again.json()
    assert (made.json()["deposit"], made.json()["state"], made.json()["note"]) == (
        *(order["deposit"], "HELD"),
        "Twice",
    )
    assert api.get("/api/v1/refunds").json()["data"][0]["id"] == made.json()["id"]
    problem(post(api, currency="USD"), 422, "currency_mismatch")
    end_refund("PROCESSED")
    problem(post(api, amount=150_001), 422, "refund_too_large")
    problem(post(client_of(make_person(name="Bola Ade"))), 404, "not_found")


def test_a_deposit_is_asked_back_on_its_page(paystack, ada, purse):
    payment, browser = paid(purse), browser_of(ada)
    prove_factor(ada)
    assert "Have it paid back" in text(browser.get(f"/payments/{payment.pk}/"))
    way = f"/payments/{payment.pk}/refund/"
    key = hidden(browser.get(way), "form_key")
    for amount, said in (("", "required"), ("2,500.01", "more than is left")):
        answer = browser.post(way, {"amount": amount, "form_key": key})
        assert answer.status_code == 422 and said in text(answer)
    typed = {"amount": "2,500", "note": "Added twice", "form_key": key}
    done, again = browser.post(way, typed), browser.post(way, typed)
    assert done.url == again.url and "On its way" in text(browser.get(done.url))
    assert held(purse) == 250_000 and "Nothing of this can go back" in text(browser.get(way))
    assert browser_of(make_person(name="Bola Ade")).get(way).status_code == 404
