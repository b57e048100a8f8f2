"""The sandbox's pages: paying, declining, walking away, and the control page."""

import re

import pytest

from core.actors import acting_as_service
from wallet.sandbox.models import Fault
from wallet.tests.sandbox.steps import (
    DECLINED,
    GOOD,
    SHORT,
    initialize,
    only_delivery,
    pay,
    submit,
    verify,
)


def test_the_page_says_it_is_no_real_money_and_needs_no_script(visitor, api):
    response = visitor.get(initialize(api).json()["data"]["authorization_url"])
    assert response.status_code == 200
    page = response.text
    assert "Sandbox checkout – no real money" in page
    assert "₦2,500.00" in page
    assert 'value="4084 0840 8408 4081"' in page
    assert not re.search(r"<script|\sstyle=|\son[a-z]+=", page)


def test_paying_sends_the_browser_back_with_the_reference(visitor, api, receiver):
    response = pay(visitor, api)
    assert response.status_code == 302
    assert response.headers["Location"] == "http://merchant.test/back/?trxref=dep-1&reference=dep-1"
    data = verify(api)
    assert (data["status"], data["amount"], data["requested_amount"], data["fees"]) == (
        "success",
        250_000,
        250_000,
        13_750,
    )


@pytest.mark.parametrize(("card", "words"), [(DECLINED, "Declined"), (SHORT, "Insufficient Funds")])
def test_a_card_the_bank_refuses_fails_the_charge_without_a_webhook(visitor, api, receiver, card, words):
    assert pay(visitor, api, card).status_code == 302
    data = verify(api)
    assert (data["status"], data["gateway_response"]) == ("failed", words)
    assert receiver.got == []


def test_decline_fails_and_abandon_leaves_it_open_and_a_later_try_succeeds(visitor, api, receiver):
    page = initialize(api, callback_url="http://merchant.test/back/?a=1").json()["data"]["authorization_url"]
    back = submit(visitor, page, action="abandon").headers["Location"]
    assert back == "http://merchant.test/back/?a=1&trxref=dep-1&reference=dep-1"
    assert verify(api)["status"] == "abandoned"
    assert submit(visitor, page, action="decline").status_code == 302
    assert verify(api)["status"] == "failed"
    submit(visitor, page, action="pay", **GOOD)
    assert verify(api)["status"] == "success"
    assert len(receiver.got) == 1


@pytest.mark.parametrize(
    "wrong",
    [{"number": "5555555555554444"}, {"cvv": "000"}, {"expiry": "01/20"}, {"expiry": "soon"}, {"number": ""}],
)
def test_a_wrong_card_is_explained_and_nothing_is_charged(visitor, api, receiver, wrong):
    response = pay(visitor, api, GOOD | wrong)
    assert response.status_code == 422
    assert 'aria-invalid="true"' in response.text
    assert verify(api)["status"] == "abandoned"


def test_paying_twice_pays_once(visitor, api, receiver):
    page = initialize(api).json()["data"]["authorization_url"]
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', visitor.get(page).text)
    for _ in range(2):
        fields = {"csrfmiddlewaretoken": token[1], "action": "pay", **GOOD}
        assert visitor.post(page, data=fields).status_code == 302
    assert len(receiver.got) == 1
    assert "This payment is complete" in visitor.get(page).text


def test_the_page_wants_its_token_and_a_known_code(visitor, api):
    page = initialize(api).json()["data"]["authorization_url"]
    assert visitor.post(page, data={"action": "pay", **GOOD}).status_code == 403
    assert visitor.get("/sandbox/paystack/checkout/unknown").status_code == 404


def test_the_control_page_lists_charges_and_sets_faults(visitor, api, receiver):
    receiver.statuses = [500]
    pay(visitor, api)
    response = submit(visitor, "/sandbox/paystack/", kind="DROP_WEBHOOK", remaining="2")
    assert response.status_code == 302
    page = visitor.get("/sandbox/paystack/").text
    assert "dep-1" in page
    assert "No webhook × 2" in page
    assert not re.search(r"<script|\sstyle=|\son[a-z]+=", page)
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)[1]
    again = f"/sandbox/paystack/deliveries/{only_delivery().pk}/resend"
    assert visitor.post(again, data={"csrfmiddlewaretoken": token}).status_code == 302
    assert only_delivery().state == "DELIVERED"
    assert (
        visitor.post("/sandbox/paystack/faults/clear", data={"csrfmiddlewaretoken": token}).status_code == 302
    )
    with acting_as_service():
        assert not Fault.objects.exists()
