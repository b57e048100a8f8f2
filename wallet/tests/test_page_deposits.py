"""Adding money, and the page of a payment: once is once; nobody sees another's."""

from collections.abc import Callable
from unittest.mock import patch
from uuid import uuid4

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import User
from core.actors import acting_as_service
from wallet.gateways.paystack import Paystack
from wallet.models import Payment
from wallet.services import deposits
from wallet.tests import deposits as story
from wallet.tests.factories import install_sandbox, make_wallet
from wallet.tests.pages import browser_of, hidden, payment_of, text
from wallet.views import deposits as views

# Adding money


def test_a_deposit_goes_to_the_checkout_and_comes_back_as_balance(paystack: str, ada: User) -> None:
    browser = browser_of(ada)
    form = browser.get("/add-money/")
    sent = browser.post("/add-money/", {"amount": "2,500", "key": hidden(form, "key")})
    assert sent.status_code == 302
    assert sent.url.startswith(f"{paystack}/sandbox/paystack/checkout/")
    with acting_as_service():
        payment = Payment.objects.get()
    story.pay(payment)
    back = browser.get(f"/add-money/return/?trxref={payment.reference}&reference={payment.reference}")
    assert back.url == f"/payments/{payment.pk}/"
    assert "Money received" in text(browser.get(back.url))
    assert "Available ₦2,500.00" in text(browser.get("/home/"))


def test_coming_back_asks_the_gateway_when_no_webhook_came(paystack: str, ada: User) -> None:
    browser = browser_of(ada)
    browser.post("/add-money/", {"amount": "2500", "key": hidden(browser.get("/add-money/"), "key")})
    with acting_as_service():
        payment = Payment.objects.get()
    story.pay_unheard(payment)
    browser.get(f"/add-money/return/?reference={payment.reference}")
    assert story.now(payment).state == Payment.State.SUCCEEDED


def test_coming_back_again_and_again_does_not_ask_the_gateway_each_time(
    paystack: str, ada: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(views, "ASKS", 2)
    monkeypatch.setattr(views, "ASKED_WITHIN", 600)
    browser = browser_of(ada)
    browser.post("/add-money/", {"amount": "2500", "key": hidden(browser.get("/add-money/"), "key")})
    with acting_as_service():
        payment = Payment.objects.get()
    with patch.object(Paystack, "find_charge", autospec=True, side_effect=Paystack.find_charge) as asked:
        for _ in range(4):
            back = browser.get(f"/add-money/return/?reference={payment.reference}")
            assert back.url == f"/payments/{payment.pk}/"
    assert asked.call_count == 2


def test_nobody_starts_payments_without_end(
    paystack: str, ada: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deposits, "STARTS", 2)
    browser = browser_of(ada)
    keys = [hidden(browser.get("/add-money/"), "key") for _ in range(3)]
    answers = [browser.post("/add-money/", {"amount": "2500", "key": key}) for key in keys]
    assert [answer.status_code for answer in answers] == [302, 302, 422]
    assert "You have started many payments" in text(answers[2])
    again = browser.post("/add-money/", {"amount": "2500", "key": keys[0]})
    assert again.url == answers[0].url
    with acting_as_service():
        assert Payment.objects.count() == 2
        Payment.objects.update(created_at=timezone.now() - deposits.WITHIN)
    assert browser.post("/add-money/", {"amount": "2500", "key": keys[2]}).status_code == 302


def test_the_same_form_sent_twice_is_one_payment(paystack: str, ada: User) -> None:
    browser = browser_of(ada)
    fields = {"amount": "2500", "key": hidden(browser.get("/add-money/"), "key")}
    first, second = browser.post("/add-money/", fields), browser.post("/add-money/", fields)
    assert first.url == second.url
    with acting_as_service():
        assert Payment.objects.count() == 1


def test_the_same_form_after_it_was_paid_leads_to_the_payment(paystack: str, ada: User) -> None:
    browser = browser_of(ada)
    fields = {"amount": "2500", "key": hidden(browser.get("/add-money/"), "key")}
    browser.post("/add-money/", fields)
    with acting_as_service():
        payment = Payment.objects.get()
    story.pay(payment)
    assert browser.post("/add-money/", fields).url == f"/payments/{payment.pk}/"


def test_a_changed_amount_under_the_same_key_is_asked_about_and_then_another_payment(
    paystack: str, ada: User
) -> None:
    browser = browser_of(ada)
    key = hidden(browser.get("/add-money/"), "key")
    browser.post("/add-money/", {"amount": "2500", "key": key})
    changed = browser.post("/add-money/", {"amount": "3000", "key": key})
    assert changed.status_code == 422
    again = browser.post("/add-money/", {"amount": "3000", "key": hidden(changed, "key")})
    assert again.status_code == 302
    with acting_as_service():
        assert sorted(Payment.objects.values_list("amount", flat=True)) == [250_000, 300_000]


def test_a_gateway_that_does_not_answer_is_told_on_the_form_and_the_same_payment_goes_on(
    paystack: str, ada: User
) -> None:
    browser = browser_of(ada)
    key = hidden(browser.get("/add-money/"), "key")
    story.fault("BAD_GATEWAY_BEFORE", remaining=99)
    failed = browser.post("/add-money/", {"amount": "2500", "key": key})
    assert failed.status_code == 503
    assert "The payment service is not answering" in text(failed)
    assert 'value="2500"' in failed.content.decode()
    story.calls_answered_again()
    assert browser.post("/add-money/", {"amount": "2500", "key": hidden(failed, "key")}).status_code == 302
    with acting_as_service():
        assert Payment.objects.count() == 1


def test_without_a_gateway_the_form_says_that_adding_money_is_unavailable(as_ada: Client) -> None:
    response = as_ada.post("/add-money/", {"amount": "2500", "key": hidden(as_ada.get("/add-money/"), "key")})
    assert response.status_code == 503
    assert "not available at the moment" in text(response)


@pytest.mark.parametrize(
    ("amount", "says"),
    [
        ("", "This field is required"),
        ("abc", "Enter an amount such as"),
        ("-5", "Enter an amount above zero"),
        ("0", "Enter an amount above zero"),
        ("10.005", "more decimals"),
        ("49.99", "The smallest amount you can add is ₦50"),
        ("10000000.01", "The largest amount you can add at once"),
        ("9" * 39, "too large"),
        ("9" * 400, "Enter an amount such as"),
        ("1e9", "Enter an amount such as"),
        ("٥٠٠٠", "Enter an amount such as"),
    ],
)
def test_an_amount_that_cannot_be_added_is_refused_on_the_form_with_what_was_typed(
    as_ada: Client, amount: str, says: str
) -> None:
    with acting_as_service():
        install_sandbox()
    key = hidden(as_ada.get("/add-money/"), "key")
    response = as_ada.post("/add-money/", {"amount": amount, "key": key})
    assert response.status_code == 422
    assert says in text(response)
    assert "data-error-summary" in response.content.decode()
    with acting_as_service():
        assert not Payment.objects.exists()


@pytest.mark.parametrize("forge", [lambda key: key[:-2] + "xx", lambda key: "x", lambda key: ""])
def test_a_key_that_we_did_not_sign_starts_nothing(as_ada: Client, forge: Callable[[str], str]) -> None:
    with acting_as_service():
        install_sandbox()
    key = forge(hidden(as_ada.get("/add-money/"), "key"))
    assert as_ada.post("/add-money/", {"amount": "2500", "key": key}).status_code == 422
    with acting_as_service():
        assert not Payment.objects.exists()


def test_a_key_signed_for_someone_else_starts_nothing(as_ada: Client, bola: User) -> None:
    with acting_as_service():
        install_sandbox()
    theirs = hidden(browser_of(bola).get("/add-money/"), "key")
    assert as_ada.post("/add-money/", {"amount": "2500", "key": theirs}).status_code == 422


def test_the_form_may_lead_to_the_gateways_page_and_nowhere_else(as_ada: Client) -> None:
    policy = as_ada.get("/add-money/")["Content-Security-Policy"]
    assert "form-action 'self' https://checkout.paystack.com;" in policy + ";"
    assert "form-action 'self';" in as_ada.get("/send/")["Content-Security-Policy"] + ";"


# A payment


@pytest.mark.parametrize(
    ("state", "says", "never"),
    [
        ("INTENT", "Waiting for your payment", "declined"),
        ("PENDING", "Waiting for your payment", "declined"),
        ("SUCCEEDED", "Money received", "Waiting"),
        ("FAILED", "The payment was declined", "Waiting"),
        ("HELD", "Received, and kept for you", "Waiting"),
        ("REVIEW", "We are looking into this payment", "declined"),
        ("EXPIRED", "This payment has expired", "Waiting"),
    ],
)
def test_a_payment_says_one_thing_and_is_asked_again_only_while_open(
    as_ada: Client, ada: User, state: str, says: str, never: str
) -> None:
    payment = payment_of(make_wallet(ada), state)
    response = as_ada.get(f"/payments/{payment.pk}/")
    assert says in text(response)
    assert never not in text(response)
    asks_again = f'hx-get="/payments/{payment.pk}/' in response.content.decode()
    assert asks_again == (state in ("INTENT", "PENDING"))


def test_a_declined_payment_offers_the_same_amount_again(as_ada: Client, ada: User) -> None:
    payment = payment_of(make_wallet(ada), Payment.State.FAILED)
    assert 'href="/add-money/?amount=2500"' in as_ada.get(f"/payments/{payment.pk}/").content.decode()
    assert 'value="2500"' in as_ada.get("/add-money/?amount=2500").content.decode()


def test_htmx_hears_of_a_payment_only_when_it_changed(as_ada: Client, ada: User) -> None:
    payment = payment_of(make_wallet(ada))
    htmx = {"HX-Request": "true"}
    assert as_ada.get(f"/payments/{payment.pk}/?seen=PENDING", headers=htmx).status_code == 204
    changed = as_ada.get(f"/payments/{payment.pk}/?seen=INTENT", headers=htmx)
    assert changed.content.decode().lstrip().startswith("<section")


def test_a_strangers_payment_does_not_exist(as_ada: Client, bola: User) -> None:
    theirs = payment_of(make_wallet(bola))
    assert as_ada.get(f"/payments/{theirs.pk}/").status_code == 404
    assert as_ada.get(f"/payments/{uuid4()}/").status_code == 404
    assert as_ada.get(f"/add-money/return/?reference={theirs.reference}").status_code == 404


@pytest.mark.parametrize("query", ["", "?reference=", "?reference=unknown", "?trxref=" + "9" * 5000])
def test_coming_back_with_no_payment_of_ones_own_is_not_found(as_ada: Client, query: str) -> None:
    assert as_ada.get(f"/add-money/return/{query}").status_code == 404
