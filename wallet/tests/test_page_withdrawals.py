"""The pages of money out: what is shown first is what is taken, once, and what became of it is one word."""

from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile as File
from django.test import Client
from django.utils import timezone

from accounts.models import User
from accounts.tests.factories import make_person, prove_factor
from core.actors import acting_as_service
from wallet.models import Account, Bank, BankAccount, PaymentGateway, Payout, ScheduledTransfer
from wallet.tests.deposits import fault, notices
from wallet.tests.factories import make_wallet
from wallet.tests.ledger import trust_new_factors
from wallet.tests.pages import browser_of, handle_of, hidden, text
from wallet.tests.payouts import NAIRA, at_sandbox, bank_account_of, decide, money

HAS, SENT, TOTAL = 20_000 * NAIRA, 5_000 * NAIRA, 501_075


@pytest.fixture
def person(transactional_db) -> User:
    return make_person(name="Ada Obi")


@pytest.fixture
def purse(person) -> Account:
    return make_wallet(person, amount=HAS)


@pytest.fixture
def browser(paystack, settings, person, purse) -> Client:
    """Ada's, with a second factor proven just now; transfers stay on their way."""
    settings.SANDBOX_TRANSFER_SECONDS = 3600
    with acting_as_service():
        gateway = PaymentGateway.objects.get(code="paystack")
        Bank.objects.create(gateway=gateway, code="044", name="Access Bank", read_at=timezone.now())
    client = browser_of(person)
    prove_factor(person)
    trust_new_factors()
    return client


@pytest.fixture
def bank(browser, person) -> BankAccount:
    return bank_account_of(person)


def look_up(browser: Client, number: str = "0000000220", code: str = "044"):
    return browser.post("/bank-accounts/add/", {"bank_code": code, "number": number})


def review(browser: Client, bank: BankAccount, amount: str = "5000"):
    return browser.post("/withdraw/", {"bank_account": str(bank.pk), "amount": amount})


def confirm(browser: Client, page):
    return browser.post("/withdraw/confirm/", {"order": hidden(page, "order")})


class TestBankAccounts:
    def test_the_name_is_shown_before_it_is_saved_and_the_number_nowhere(self, browser, person):
        page = look_up(browser)
        assert "OBI ADA GRACE" in text(page) and "0000000220" not in page.content.decode()
        with acting_as_service():
            assert not BankAccount.objects.exists()
        for _twice in range(2):
            answer = browser.post("/bank-accounts/confirm/", {"found": hidden(page, "found")})
            assert answer.status_code == 302
        with acting_as_service():
            account = BankAccount.objects.get()
        assert "0000000220" not in account.sealed and account.last_four == "0220"
        assert notices() == ["bank_account.added"]
        assert "Access Bank" in text(browser.get("/bank-accounts/"))

    def test_what_was_found_for_one_is_not_saved_by_another(self, browser):
        page = look_up(browser)
        other = make_person(name="Bola Ade")
        theirs = browser_of(other)
        prove_factor(other)
        theirs.post("/bank-accounts/confirm/", {"found": hidden(page, "found")})
        with acting_as_service():
            assert not BankAccount.objects.exists()

    @pytest.mark.parametrize(
        ("number", "words"),
        [("123", "ten digits"), ("0000000221", "No account of this number")],
    )
    def test_a_wrong_number_is_said_at_its_field(self, browser, number, words):
        page = look_up(browser, number)
        assert page.status_code == 422 and words in text(page)

    def test_a_bank_that_does_not_answer_is_said_so(self, browser):
        fault("HTML_503", endpoint="resolve", remaining=3)
        assert look_up(browser).status_code == 503

    def test_one_is_made_the_default_and_removed_and_never_another_persons(self, browser, person, bank):
        second = bank_account_of(person, number="0000000338")
        browser.post(f"/bank-accounts/{second.pk}/default/")
        browser.post(f"/bank-accounts/{second.pk}/remove/")
        with acting_as_service():
            left = list(BankAccount.objects.saved().values_list("pk", "is_default"))
        assert left == [(bank.pk, True)]
        theirs = browser_of(make_person(name="Bola Ade"))
        assert theirs.post(f"/bank-accounts/{bank.pk}/remove/").status_code == 404


class TestWithdraw:
    def test_what_is_reviewed_is_what_is_taken_once(self, browser, purse, bank):
        page = review(browser, bank)
        assert "₦5,010.75" in text(page) and "VAT on the fee ₦0.75" in text(page)
        first, second = confirm(browser, page), confirm(browser, page)
        assert first["Location"] == second["Location"]
        with acting_as_service():
            payout = Payout.objects.get()
        assert (len(at_sandbox(payout)), money(purse)) == (1, (HAS, TOTAL))
        shown = text(browser.get(first["Location"]))
        assert "On its way to your bank" in shown and "Not sent" not in shown
        decide(payout, "SUCCESS")
        assert "It was paid into your bank account" in text(browser.get(first["Location"]))

    def test_a_page_that_has_nothing_new_says_so_shortly(self, browser, bank):
        place = confirm(browser, review(browser, bank))["Location"]
        htmx = {"HX-Request": "true"}
        assert browser.get(f"{place}?seen=SENT", headers=htmx).status_code == 204
        assert "hx-trigger" in browser.get(f"{place}?seen=HELD", headers=htmx).content.decode()

    def test_without_a_fresh_proof_nothing_is_set_aside(self, browser, person, purse, bank):
        page = review(browser, bank)
        stale = browser_of(person)
        answer = stale.post("/withdraw/confirm/", {"order": hidden(page, "order")})
        assert answer.status_code == 302 and "/withdrawals/" not in answer["Location"]
        assert money(purse) == (HAS, 0)

    @pytest.mark.parametrize(
        ("amount", "words"),
        [
            ("20000", "more than the"),
            ("99.99", "smallest amount"),
            ("five", "Enter an amount"),
            ("", "required"),
        ],
    )
    def test_what_cannot_be_is_said_at_its_field(self, browser, bank, amount, words):
        page = review(browser, bank, amount)
        assert page.status_code == 422 and words in text(page)

    def test_over_the_limit_says_which_and_what_is_left(self, browser, person, bank):
        make_wallet(person, amount=100_000 * NAIRA)
        page = review(browser, bank, "60000")
        assert page.status_code == 422 and "The limit for sending in a day stopped it" in text(page)

    def test_an_order_of_another_is_not_carried_out(self, browser, bank):
        page = review(browser, bank)
        other = make_person(name="Bola Ade")
        make_wallet(other, amount=HAS)
        theirs = browser_of(other)
        prove_factor(other)
        answer = theirs.post("/withdraw/confirm/", {"order": hidden(page, "order")})
        assert answer["Location"] == "/withdraw/"
        with acting_as_service():
            assert not Payout.objects.exists()

    def test_activity_shows_what_is_on_its_way_once(self, browser, bank):
        confirm(browser, review(browser, bank))
        page = text(browser.get("/activity/"))
        assert page.count("To Access Bank •••• 0220") == 1 and "Withdrawal to Access Bank" not in page

    def test_another_person_sees_nothing_of_it(self, browser, bank):
        place = confirm(browser, review(browser, bank))["Location"]
        assert browser_of(make_person(name="Bola Ade")).get(place).status_code == 404


def test_planning_pausing_and_ending(browser, bank):
    bola = make_person(name="Bola Ade")
    make_wallet(bola)
    key = hidden(browser.get("/scheduled/new/"), "form_key")
    typed = {
        "to": "person",
        "recipient": handle_of(bola),
        "amount": "500",
        "rhythm": "MONTHLY",
        "form_key": key,
    }
    typed |= {"first_date": str(timezone.localdate() + timedelta(days=2)), "note": "Esusu"}
    place = [browser.post("/scheduled/new/", typed)["Location"] for _twice in range(2)]
    assert place[0] == place[1]
    assert "Bola Ade" in text(browser.get("/scheduled/"))
    for do, state in (("pause", "PAUSED"), ("resume", "ACTIVE"), ("skip", "ACTIVE"), ("cancel", "CANCELLED")):
        browser.post(f"{place[0]}change/", {"do": do})
        with acting_as_service():
            assert ScheduledTransfer.objects.get().state == state
    wrong = browser.post("/scheduled/new/", {**typed, "first_date": "2020-01-01", "recipient": ""})
    assert wrong.status_code == 422 and "Say who gets the money" in text(wrong)


def test_a_file_is_looked_at_paid_and_its_result_downloaded(browser, purse):
    def upload(content: bytes):
        return browser.post("/payouts/", {"file": File("may.csv", content)})

    refused = upload(b"account_number,bank,amount\n" + b"0000000220,044,500\n" * 200_000)
    assert refused.status_code == 422 and "at most 1,000 lines" in text(refused)
    place = upload(
        b"account_number,bank,amount,name,note\n0000000220,044,500,,=A1\n0000000220,044,500,,Rent\n"
    )
    page = browser.get(place["Location"])
    assert "You pay ₦510.75" in text(page) and "begins like a formula" in text(page)
    browser.post(f"{place['Location']}confirm/")
    browser.post(f"{place['Location']}confirm/")
    with acting_as_service():
        payout = Payout.objects.get()
    assert (payout.purpose, len(at_sandbox(payout))) == ("BULK", 1)
    sheet = browser.get(f"{place['Location']}result.csv").content.decode()
    assert "'=A1" not in sheet and payout.reference in sheet and "FORMULA" in sheet
