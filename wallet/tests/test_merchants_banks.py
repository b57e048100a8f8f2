"""A merchant's money to a bank of its organisation: who may, what it costs, what became of it, and never twice."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import Notification, User
from accounts.notice_words import said
from accounts.services.organizations import OrganizationNotFound, RoleNotEnough
from accounts.tests.factories import make_person, prove_factor
from core.actors import acting_as_service
from core.ids import uuid7
from wallet.fees import Band
from wallet.gateways.base import GatewayUnavailable
from wallet.models import Account, Bank, BankAccount, Merchant, PaymentGateway, Payout
from wallet.refusals import NotYourAccount
from wallet.services import bank_accounts
from wallet.services.bank_accounts import BankAccountGone, Found, TooManyBankAccounts
from wallet.services.cooling_off import most
from wallet.services.merchants import reports, settling
from wallet.services.payouts import FeeChanged, NewBankAccount
from wallet.tests.deposits import at_once, calls_answered_again, fault, notices
from wallet.tests.factories import make_wallet
from wallet.tests.ledger import trust_new_factors
from wallet.tests.pages import browser_of, hidden, text
from wallet.tests.payouts import at_sandbox, bank_account_of, check, decide, money, now, order
from wallet.tests.schedules import make_schedule
from wallet.tests.selling import again, buy, has, make_link, make_merchant, told

HAS = 2_000_000
# Of 1,000,000 kobo: 50 naira and a thousandth of it, with VAT.
FEE, VAT, WITH_VAT = 6_000, 450, 6_450


@pytest.fixture(autouse=True)
def _cost(transactional_db: None) -> None:
    make_schedule("MERCHANT_PAYMENT")
    make_schedule("PAYOUT", Band("FEE", 0, flat=5_000, rate=Decimal("0.001")), tax_rate=Decimal("0.075"))


@pytest.fixture
def merchant(paystack: str, settings, ada: User, bola: User) -> Merchant:
    """With money, at a sandbox whose transfers stay on their way."""
    settings.SANDBOX_TRANSFER_SECONDS = 3600
    with acting_as_service():
        gateway = PaymentGateway.objects.get(code="paystack")
        Bank.objects.create(gateway=gateway, code="044", name="Access Bank", read_at=timezone.now())
    made = make_merchant(bola)
    buy(ada, make_wallet(ada, amount=HAS, tier=3), make_link(made, amount=HAS))
    return again(made)


@pytest.fixture
def browser(merchant: Merchant, bola: User) -> Client:
    client = browser_of(bola)
    prove_factor(bola)
    trust_new_factors()
    return client


def desk(merchant: Merchant, page: str = "") -> str:
    return f"/organizations/{merchant.organization.slug}/payments/{page}"


def bank_of(merchant: Merchant, by: User, number: str = "0000000220", *, new: bool = False) -> BankAccount:
    found = Found("paystack", "044", "Access Bank", number, "BOLAS FABRICS", "SELF", False)
    at = timezone.now() - (timedelta(0) if new else timedelta(days=30))
    return settling.add_bank_account(merchant=merchant, by=by, found=found, at=at)


def settle(merchant: Merchant, by: User, bank: BankAccount, amount: int = 1_000_000, **facts: Any) -> Payout:
    facts = {"payout_id": uuid7(), "expected_fee": cost_of(merchant, amount), "at": timezone.now(), **facts}
    return settling.settle_to_bank(merchant=merchant, by=by, bank_account=bank, amount=amount, **facts)


def cost_of(merchant: Merchant, amount: int) -> int:
    at = timezone.now()
    return settling.fee_of(account=account_of(merchant), amount=amount, purpose="SETTLEMENT", at=at).total


def account_of(merchant: Merchant) -> Account:
    with acting_as_service():
        return Account.objects.get(pk=merchant.account_id)


def member(merchant: Merchant, name: str, role: str) -> User:
    person = make_person(name=name)
    with acting_as_service():
        merchant.organization.memberships.create(user=person, role=role)
    return person


def payouts() -> list[Payout]:
    with acting_as_service():
        return list(Payout.objects.order_by("pk"))


def test_an_owner_sees_the_banks_name_and_adds_it_once_with_a_factor(
    browser: Client, merchant: Merchant, bola: User
) -> None:
    member(merchant, "Chidi Eze", "OWNER")
    page = browser.post(desk(merchant, "banks/add/"), {"bank_code": "044", "number": "0000000220"})
    assert "OBI ADA GRACE" in text(page) and "not quite your organisation’s name" in text(page)
    assert "0000000220" not in page.content.decode()
    stale = browser_of(bola)
    sent = {"found": hidden(page, "found")}
    assert stale.post(desk(merchant, "banks/confirm/"), sent).status_code == 302
    assert settling.bank_accounts_of(merchant) == []
    # A page that was meant for one's own list is none for the organisation's.
    own = hidden(browser.post("/bank-accounts/add/", {"bank_code": "044", "number": "0000000220"}), "found")
    browser.post(desk(merchant, "banks/confirm/"), {"found": own})
    assert settling.bank_accounts_of(merchant) == []
    for _twice in range(2):
        browser.post(desk(merchant, "banks/confirm/"), sent)
    (account,) = settling.bank_accounts_of(merchant)
    assert (account.organization, account.owner, account.last_four) == (merchant.organization, None, "0220")
    assert notices().count("bank_account.added") == 2
    with acting_as_service():
        notice = said(Notification.objects.filter(event="bank_account.added").latest("pk"))
    assert (notice.href, notice.note) == (desk(merchant, "banks/"), merchant.organization.name)
    assert "Access Bank" in text(browser.get(desk(merchant, "banks/")))
    assert browser.get("/bank-accounts/").context["accounts"] == []
    browser.post(desk(merchant, f"banks/{account.pk}/remove/"))
    assert settling.bank_accounts_of(merchant) == []


def test_owners_change_the_list_and_administrators_send_money_there(merchant: Merchant, bola: User) -> None:
    bank = bank_of(merchant, bola)
    admin, plain = member(merchant, "Chidi Eze", "ADMIN"), member(merchant, "Efe Ojo", "MEMBER")
    for person in (admin, plain):
        with pytest.raises(RoleNotEnough):
            bank_of(merchant, person, "0000000338")
        with pytest.raises(RoleNotEnough):
            settling.remove_bank_account(merchant=merchant, by=person, account=bank, at=timezone.now())
    with pytest.raises(RoleNotEnough):
        settle(merchant, plain, bank)
    with pytest.raises(OrganizationNotFound):
        settle(merchant, make_person(name="Ngozi Umeh"), bank)
    assert settle(merchant, admin, bank).state == "HELD"
    pages = ("take-out/", "banks/", f"take-out/{payouts()[0].pk}/")
    assert [browser_of(admin).get(desk(merchant, page)).status_code for page in pages] == [200, 200, 200]
    assert [browser_of(plain).get(desk(merchant, page)).status_code for page in pages] == [404, 404, 404]
    for page in ("banks/add/", "take-out/own/"):
        assert browser_of(admin).get(desk(merchant, page)).status_code == 404


def test_the_fee_is_shown_first_and_what_was_reviewed_is_taken_once(
    browser: Client, merchant: Merchant, bola: User
) -> None:
    bank = bank_of(merchant, bola)
    page = browser.post(desk(merchant, "take-out/"), {"bank_account": str(bank.pk), "amount": "10,000"})
    shown = text(page)
    assert "Arrives at the bank ₦10,000.00" in shown and "VAT on the fee ₦4.50" in shown
    assert "Taken from the balance ₦10,064.50" in shown and "Left afterwards ₦9,935.50" in shown
    sent = {"order": hidden(page, "order")}
    assert browser_of(bola).post(desk(merchant, "take-out/confirm/"), sent).status_code == 302
    assert payouts() == []
    first, second = (browser.post(desk(merchant, "take-out/confirm/"), sent) for _twice in range(2))
    assert first.url == second.url == desk(merchant, f"take-out/{payouts()[0].pk}/")
    (payout,) = payouts()
    assert (payout.purpose, len(at_sandbox(payout))) == ("SETTLEMENT", 1)
    assert "On its way to your bank" in text(browser.get(first.url))
    decide(payout, "SUCCESS")
    assert "It was paid into your bank account" in text(browser.get(first.url))
    assert "Sent" in text(browser.get(desk(merchant, "take-out/")))
    assert money(account_of(merchant)) == (HAS - 1_000_000 - WITH_VAT, 0)
    assert notices()[-1] == "merchant.settlement_succeeded"
    assert "money was sent to your bank" in text(browser.get("/notices/"))
    today = timezone.localdate()
    total = reports.report(merchant=merchant, since=today, until=today).total
    assert (total.settled, total.fees, total.taxes, total.is_proven) == (1_000_000, FEE, VAT, True)


def test_a_bank_that_does_not_answer_is_said_so_and_settles_itself(
    browser: Client, merchant: Merchant, bola: User
) -> None:
    bank = bank_of(merchant, bola)
    fault("DROP_WEBHOOK", remaining=9)
    fault("DROP_REPLY", endpoint="transfer", remaining=3)
    fault("HTML_503", endpoint="transfer_verify", remaining=9)
    page = browser.post(desk(merchant, "take-out/"), {"bank_account": str(bank.pk), "amount": "10,000"})
    place = browser.post(desk(merchant, "take-out/confirm/"), {"order": hidden(page, "order")}).url
    (payout,) = payouts()
    assert payout.state == "UNKNOWN" and "We are checking" in text(browser.get(place))
    assert browser.get(f"{place}?seen=UNKNOWN", headers={"HX-Request": "true"}).status_code == 204
    with pytest.raises(GatewayUnavailable):
        check(payout)
    calls_answered_again()
    decide(payout, "SUCCESS")
    check(payout, at=timezone.now() + timedelta(minutes=5))
    assert "It was paid into your bank account" in text(browser.get(place))
    assert len(at_sandbox(payout)) == 1
    assert [event for event, _facts in told(merchant)][-2:] == ["withdrawal.unknown", "withdrawal.succeeded"]


def test_one_that_fails_or_comes_back_is_the_merchants_again(merchant: Merchant, bola: User) -> None:
    bank = bank_of(merchant, bola)
    failed = order(settle(merchant, bola, bank))
    decide(failed, "FAILED")
    assert (now(failed).state, money(account_of(merchant))) == ("FAILED", (HAS, 0))
    back = order(settle(merchant, bola, bank))
    decide(back, "SUCCESS")
    decide(back, "REVERSED")
    assert (now(back).state, money(account_of(merchant))) == ("RETURNED", (HAS, 0))
    assert [each for each in notices() if each.startswith("merchant.settlement")] == [
        "merchant.settlement_failed",
        "merchant.settlement_succeeded",
        "merchant.settlement_returned",
    ]
    today = timezone.localdate()
    found = reports.report(merchant=merchant, since=today, until=today)
    assert found.is_proven and found.total.closing == HAS


def test_everything_leaves_nothing_behind(browser: Client, merchant: Merchant, bola: User) -> None:
    bank = bank_of(merchant, bola)
    page = browser.post(
        desk(merchant, "take-out/"), {"bank_account": str(bank.pk), "amount": "", "everything": "1"}
    )
    assert "Left afterwards ₦0.0" in text(page)
    browser.post(desk(merchant, "take-out/confirm/"), {"order": hidden(page, "order")})
    assert payouts()[0].total == money(account_of(merchant))[1] >= HAS - 1


def test_everything_is_the_most_that_can_be_paid_with_its_fee(merchant: Merchant) -> None:
    account = account_of(merchant)
    for available in (0, 1, 5_375, 15_400, 99_999, 1_000_003, 2_000_000_000):
        account.balance, account.held = available, 0
        found = settling.everything(account=account, at=timezone.now())
        assert found <= settling.LARGEST and (not found or found + cost_of(merchant, found) <= available)
        assert found == settling.LARGEST or found + 2 + cost_of(merchant, found + 2) > available


@pytest.mark.parametrize(
    ("amount", "words"),
    [
        ("20,000", "With the fee this is more than the ₦20,000.00 there is"),
        ("99.99", "smallest amount"),
        ("", "choose everything"),
        ("five", "Enter an amount"),
    ],
)
def test_what_cannot_be_is_said(
    browser: Client, merchant: Merchant, bola: User, amount: str, words: str
) -> None:
    bank = bank_of(merchant, bola)
    page = browser.post(desk(merchant, "take-out/"), {"bank_account": str(bank.pk), "amount": amount})
    assert page.status_code == 422 and words in text(page)


def test_nothing_goes_to_an_account_that_is_not_the_organisations(
    browser: Client, merchant: Merchant, ada: User, bola: User
) -> None:
    others = bank_of(make_merchant(ada, name="Ada Foods"), ada)
    for stray in (others, bank_account_of(bola)):
        page = browser.post(desk(merchant, "take-out/"), {"bank_account": str(stray.pk), "amount": "1,000"})
        assert page.status_code in (200, 422) and "order" not in page.content.decode().split("<main")[1]
        with pytest.raises(NotYourAccount):
            settle(merchant, bola, stray)
        with pytest.raises(BankAccountGone):
            settling.remove_bank_account(merchant=merchant, by=bola, account=stray, at=timezone.now())
    assert payouts() == []


def test_a_new_account_gets_little_for_a_day(merchant: Merchant, bola: User) -> None:
    bank = bank_of(merchant, bola, new=True)
    with acting_as_service():
        little = most(currency="NGN", at=timezone.now())
    with pytest.raises(NewBankAccount) as refused:
        settle(merchant, bola, bank, little + 1)
    assert refused.value.data["available"] == little


def test_a_removed_account_and_another_fee_stop_it(merchant: Merchant, bola: User) -> None:
    bank = bank_of(merchant, bola)
    with pytest.raises(FeeChanged):
        settle(merchant, bola, bank, expected_fee=0)
    settling.remove_bank_account(merchant=merchant, by=bola, account=bank, at=timezone.now())
    with pytest.raises(BankAccountGone):
        settle(merchant, bola, bank)


def test_several_at_once_take_it_out_once(merchant: Merchant, bola: User) -> None:
    bank, one = bank_of(merchant, bola), uuid7()
    assert at_once(*[lambda: settle(merchant, bola, bank, payout_id=one)] * 4) == []
    errors = at_once(*[lambda: settle(merchant, bola, bank, 900_000)] * 3)
    assert len(payouts()) == 2 and len(errors) == 2
    assert has(merchant.account_id) == HAS


def test_the_list_of_an_organisation_ends(merchant: Merchant, bola: User, monkeypatch) -> None:
    monkeypatch.setattr(bank_accounts, "MOST", 1)
    bank_of(merchant, bola)
    with pytest.raises(TooManyBankAccounts):
        bank_of(merchant, bola, "0000000338")
    assert bank_of(merchant, bola).last_four == "0220"
