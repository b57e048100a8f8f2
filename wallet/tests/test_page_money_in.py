"""Pages of saved cards, the account number, refunds and disputes; and what home says of them."""

import pytest
from django.test import Client

from accounts.models import User
from accounts.tests.factories import prove_factor
from core.actors import acting_as_service
from wallet.models import DedicatedAccount, SavedCard
from wallet.tests.deposits import balance, fault
from wallet.tests.factories import make_wallet
from wallet.tests.money_in import (
    ask_refund,
    charge,
    dispute_now,
    give_bvn,
    keep,
    paid,
    payments,
    raise_dispute,
    send_to,
)
from wallet.tests.pages import browser_of, hidden, text

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def purse(ada: User):
    with acting_as_service():
        User.objects.filter(pk=ada.pk).update(email="ada@alajo.test")
    ada.email = "ada@alajo.test"
    return make_wallet(ada, tier=3)


@pytest.fixture
def proven(ada: User, purse) -> Client:
    """Ada's browser, with a second factor proven just now."""
    browser = browser_of(ada)
    prove_factor(ada)
    return browser


@pytest.fixture
def stranger(bola: User) -> Client:
    return browser_of(bola)


def test_a_card_is_asked_for_kept_charged_and_removed(paystack, ada, purse, proven):
    browser, payment = proven, paid(purse)
    page = browser.get(f"/payments/{payment.pk}/")
    assert "Keep this card for next time?" in text(page)
    kept = browser.post(f"/payments/{payment.pk}/card/", {"keep": "yes"}, follow=True)
    assert "Your card ending in 4081 is kept." in text(kept)
    assert "Keep this card" not in text(kept)
    assert "Visa •••• 4081" in text(browser.get("/cards/")) and "Visa •••• 4081" in text(
        browser.get("/add-money/")
    )
    with acting_as_service():
        card = SavedCard.objects.get()
    form = browser.get(f"/cards/{card.pk}/pay/")
    typed = {"amount": "1,000", "form_key": hidden(form, "form_key")}
    done = browser.post(f"/cards/{card.pk}/pay/", typed)
    again = browser.post(f"/cards/{card.pk}/pay/", typed)
    assert done.url == again.url == f"/payments/{payments()[-1].pk}/"
    assert balance(purse) == 350_000 and "Money received" in text(browser.get(done.url))
    gone = browser.post(f"/cards/{card.pk}/remove/", follow=True)
    assert "No saved cards" in text(gone)
    assert browser.get(f"/cards/{card.pk}/pay/").status_code == 404


def test_no_thanks_is_an_answer(paystack, ada, purse):
    browser, payment = browser_of(ada), paid(purse)
    after = browser.post(f"/payments/{payment.pk}/card/", {"keep": "no"}, follow=True)
    assert "Keep this card" not in text(after)
    with acting_as_service():
        assert not SavedCard.objects.exists()


def test_a_card_is_charged_only_after_the_second_factor(paystack, ada, purse):
    card, browser = keep(paid(purse), ada), browser_of(ada)
    form = browser.get(f"/cards/{card.pk}/pay/")
    answer = browser.post(f"/cards/{card.pk}/pay/", {"amount": "1000", "form_key": hidden(form, "form_key")})
    assert answer.status_code == 302 and "/cards/" not in answer.url.split("?")[0]
    assert balance(purse) == 250_000


def test_what_is_typed_wrong_and_what_is_refused_is_said_at_the_form(paystack, ada, purse, proven):
    card, browser = keep(paid(purse), ada), proven
    key = hidden(browser.get(f"/cards/{card.pk}/pay/"), "form_key")
    for amount, said in (("", "required"), ("1", "₦50"), ("99,999,999", "₦10,000,000")):
        answer = browser.post(f"/cards/{card.pk}/pay/", {"amount": amount, "form_key": key})
        assert answer.status_code == 422 and said in text(answer)
        key = hidden(answer, "form_key")
    fault("CARD_DECLINED")
    declined = browser.post(f"/cards/{card.pk}/pay/", {"amount": "1000", "form_key": key}, follow=True)
    assert "The payment was declined" in text(declined)


def test_an_expired_card_is_marked_and_not_offered(paystack, ada, purse):
    card, browser = keep(paid(purse), ada), browser_of(ada)
    with acting_as_service():
        SavedCard.objects.update(expires_year=2020)
    assert "Expired" in text(browser.get("/cards/"))
    assert "By a saved card" not in text(browser.get("/add-money/"))
    assert "This card has expired" in text(browser.get(f"/cards/{card.pk}/pay/"))


def test_nobody_sees_or_removes_anothers_card(paystack, ada, purse, stranger):
    card = keep(paid(purse), ada)
    assert "No saved cards" in text(stranger.get("/cards/"))
    assert stranger.get(f"/cards/{card.pk}/pay/").status_code == 404
    stranger.post(f"/cards/{card.pk}/remove/")
    assert stranger.post(f"/payments/{payments()[0].pk}/card/", {"keep": "yes"}).status_code == 404
    with acting_as_service():
        assert SavedCard.objects.get().pk == card.pk


def test_an_account_number_is_asked_for_shown_and_looked_after(paystack, ada, purse):
    browser = browser_of(ada)
    assert "Give your BVN" in text(browser.get("/add-money/"))
    refused = browser.post("/add-money/account-number/", follow=True)
    assert "Give us your BVN first" in text(refused)
    give_bvn(ada)
    assert "Get my account number" in text(browser.get("/add-money/"))
    given = browser.post("/add-money/account-number/", follow=True)
    with acting_as_service():
        row = DedicatedAccount.objects.get()
    page = given.content.decode()
    assert row.account_number in page and "Test Bank" in page and "ALAJO/ADA OBI" in page
    assert f'data-copy="{row.account_number}"' in page and "<svg" in page
    fault("DROP_WEBHOOK")
    send_to(row.account_number, 700_000)
    asked = browser.post("/add-money/account-number/search/", follow=True)
    assert "We have asked the bank" in text(asked) and balance(purse) == 700_000
    assert "We looked a short while ago" in text(
        browser.post("/add-money/account-number/search/", follow=True)
    )


def test_while_the_bank_decides_the_page_says_so_and_after_a_no_how_to_go_on(paystack, ada, purse):
    give_bvn(ada)
    browser = browser_of(ada)
    fault("HTML_503", remaining=3, endpoint="customer")
    assert "Your account number is being made" in text(
        browser.post("/add-money/account-number/", follow=True)
    )
    with acting_as_service():
        DedicatedAccount.objects.update(state="FAILED")
    assert "The bank could not give you a number" in text(browser.get("/add-money/"))


def test_home_says_what_is_held_and_why_and_leads_there(paystack, ada, purse, stranger):
    browser = browser_of(ada)
    refund = ask_refund(paid(purse), 100_000)
    raise_dispute(paid(purse), 50_000)
    home = browser.get("/home/")
    words = text(home)
    assert "On its way back to the card or account it came from" in words
    assert "Disputed: the payer’s bank asks for it back" in words
    for address, said in (
        (f"/refunds/{refund.pk}/", "On its way"),
        (f"/disputes/{dispute_now().pk}/", "Until the bank decides"),
    ):
        assert address in home.content.decode()
        assert said in text(browser.get(address))
        assert stranger.get(address).status_code == 404


def test_what_is_on_its_way_in_stands_on_the_page(paystack, ada, purse):
    browser, card = browser_of(ada), keep(paid(purse), ada)
    fault("BAD_GATEWAY_BEFORE", remaining=3, endpoint="charge_authorization")
    with pytest.raises(Exception, match="not answering"):
        charge(purse, card)
    assert "On its way" in text(browser.get("/add-money/"))
