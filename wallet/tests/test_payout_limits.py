"""What may be withdrawn: cooling off, new bank accounts, limits, and whether we mean what is about to be sent."""

import json
from datetime import timedelta

import pytest
from django.conf import settings as conf
from django.utils import timezone

from accounts.models import Customer
from accounts.tests.factories import make_organization, make_person, prove_factor
from core.actors import acting_as, acting_as_service
from core.ids import posting_id, uuid7
from wallet import services as wallet
from wallet.models import Account, BankAccount, Payout
from wallet.nuban import check_digit, is_number, looks_wrong
from wallet.refusals import DailySendingLimitExceeded, NotYourAccount
from wallet.sandbox import deliveries
from wallet.sandbox.models import Switches
from wallet.services.bank_accounts import BankAccountGone, Found, remove_bank_account
from wallet.services.cooling_off import CoolingOff
from wallet.services.payouts import FeeChanged, NewBankAccount
from wallet.tests.factories import install_sandbox, make_wallet
from wallet.tests.ledger import ask
from wallet.tests.payouts import NAIRA, add_bank_account, at_sandbox, bank_account_of, money, order, request

pytestmark = pytest.mark.django_db


def test_check_digits_are_those_of_the_central_bank():
    vectors = {("011", "000001457"): 9, ("044", "000000022"): 0, ("058", "123456789"): 6}
    assert {pair: check_digit(*pair) for pair in vectors} == vectors
    assert looks_wrong("058", "1234567895") and not looks_wrong("058", "1234567896")
    assert not looks_wrong("50211", "1234567895")
    assert [is_number(text) for text in ("0123456789", "123456789", "٠١٢٣٤٥٦٧٨٩", "01234 6789")] == [True] + [
        False
    ] * 3


@pytest.fixture
def purse(ada):
    install_sandbox()
    return make_wallet(ada, amount=200_000 * NAIRA, tier=1)


def as_new(account: BankAccount) -> BankAccount:
    with acting_as_service():
        BankAccount.objects.filter(pk=account.pk).update(added_at=timezone.now())
        return BankAccount.objects.get(pk=account.pk)


def test_a_new_bank_account_gets_no_more_than_may_be_lost_for_a_day(purse, ada):
    bank = as_new(bank_account_of(ada))
    request(purse, bank, 15_000 * NAIRA)
    with pytest.raises(NewBankAccount) as caught:
        request(purse, bank, 6_000 * NAIRA)
    assert caught.value.data["available"] == 5_000 * NAIRA
    later = timezone.now() + timedelta(hours=25)
    with acting_as(ada):
        with pytest.raises(NewBankAccount):
            wallet.quote_payout(account=purse, bank_account=bank, amount=6_000 * NAIRA, at=timezone.now())
        quote = wallet.quote_payout(account=purse, bank_account=bank, amount=6_000 * NAIRA, at=later)
    assert quote.fee.total == 2_688


def test_after_a_way_in_changed_withdrawals_and_transfers_share_what_may_be_sent(purse, ada):
    prove_factor(ada)
    bank = bank_account_of(ada)
    request(purse, bank, 15_000 * NAIRA)
    with pytest.raises(CoolingOff) as caught:
        request(purse, bank, 6_000 * NAIRA)
    assert caught.value.data["available"] == 5_000 * NAIRA


def test_the_days_limit_counts_what_arrives_and_not_the_fee(purse, ada):
    bank = bank_account_of(ada)
    request(purse, bank, 50_000 * NAIRA)
    with pytest.raises(DailySendingLimitExceeded):
        request(purse, bank, 100 * NAIRA)


def test_only_to_ones_own_list_and_at_the_fee_that_was_shown(purse, ada):
    theirs, bank = bank_account_of(make_person(name="Bola Ade")), bank_account_of(ada)
    with pytest.raises(NotYourAccount):
        request(purse, theirs)
    with pytest.raises(FeeChanged) as caught:
        wallet.request_payout(
            payout_id=bank.pk,
            account=purse,
            bank_account=bank,
            amount=500_000,
            expected_fee=0,
            at=timezone.now(),
        )
    assert caught.value.data["fee"] == 1_075
    remove_bank_account(account=bank, at=timezone.now())
    with pytest.raises(BankAccountGone):
        request(purse, bank)
    assert money(purse) == (200_000 * NAIRA, 0)


def test_one_that_is_added_again_is_new_again(ada):
    install_sandbox()
    first = bank_account_of(ada)
    remove_bank_account(account=first, at=timezone.now())
    again = bank_account_of(ada)
    assert (again.pk, again.removed_at, again.is_default) == (first.pk, None, True)
    with pytest.raises(BankAccountGone):
        remove_bank_account(account=first, at=timezone.now())
        remove_bank_account(account=first, at=timezone.now())


@pytest.mark.parametrize("status", ["LOCKED", "FROZEN"])
def test_what_was_not_ordered_yet_stops_when_its_owner_is_locked_out(purse, ada, status):
    payout = request(purse, bank_account_of(ada))
    with acting_as_service():
        Customer.objects.filter(pk=ada.pk).update(status=status)
    assert wallet.order_payout(payout_id=payout.pk, at=timezone.now()).state == "FAILED"
    assert money(purse) == (200_000 * NAIRA, 0)


class TestApproval:
    """Before it is sent, the gateway asks whether we mean it."""

    @pytest.fixture
    def asked(self, transactional_db, paystack, settings):
        settings.PAYSTACK_APPROVAL_URL = f"{paystack}/webhooks/paystack/transfers/approval"
        with acting_as_service():
            Switches.objects.create(asks_approval=True)
        ada = make_person(name="Ada Obi")
        return request(make_wallet(ada, amount=20_000 * NAIRA), add_bank_account(ada))

    def test_what_we_ordered_is_approved(self, asked):
        order(asked)
        (sent,) = at_sandbox(asked)
        assert sent.status in ("PENDING", "SUCCESS")

    def ask(self, client, payout: Payout, *, signature: str | None = None, **changes):
        with acting_as_service():
            recipient = Payout.objects.get(pk=payout.pk).recipient
        facts = {"reference": payout.reference, "amount": payout.amount, "currency": "NGN"}
        raw = json.dumps({**facts, "recipient": {"recipient_code": recipient}, **changes}).encode()
        signature = signature or deliveries.sign(raw, key=conf.PAYSTACK_SANDBOX_SECRET_KEY)
        place = "/webhooks/paystack/transfers/approval"
        headers = {"X-Paystack-Signature": signature}
        return client.post(place, raw, content_type="application/json", headers=headers).status_code

    def test_anything_else_is_refused(self, asked, client):
        assert self.ask(client, asked) == 400  # nobody ordered it yet
        order(asked)
        with acting_as_service():
            Payout.objects.filter(pk=asked.pk).update(state="SENT", settled_at=None)
        assert self.ask(client, asked) == 200
        for change in (
            {"amount": asked.amount + 1},
            {"reference": "alj-somebody-elses"},
            {"currency": "USD"},
            {"recipient": "RCP_other"},
            {"amount": None},
        ):
            assert self.ask(client, asked, **change) == 400, change
        assert self.ask(client, asked, signature="0" * 128) == 400
        with acting_as_service():
            Payout.objects.filter(pk=asked.pk).update(state="FAILED", settled_at=timezone.now())
        assert self.ask(client, asked) == 400


def test_a_merchants_money_goes_to_an_account_of_its_own_organisation(ada):
    install_sandbox()
    shop, other = make_organization(owner=ada), make_organization(owner=ada)
    found = Found("paystack", "044", "Access Bank", "0000000220", "SHOP", "SELF", False)
    with acting_as_service():
        code = f"merchant:{shop.pk}"
        ask("select wallet.open_system_account(%s, 'MERCHANT', 'NGN', 'CREDIT', false, 0)", code)
        account = Account.objects.get(code=code)
        clearing = wallet.system_account("PAYSTACK_CLEARING")
        line = wallet.Line("DEPOSIT", clearing, account.pk, 10_000 * NAIRA)
        wallet.post(posting_id=posting_id(), lines=[line])
    at = timezone.now()
    theirs = wallet.save_for_organization(organization=other, found=found, at=at)
    own = wallet.save_for_organization(organization=shop, found=found, at=at)
    order_of = {"account": account, "amount": 5_000 * NAIRA, "purpose": "SETTLEMENT", "at": at}
    with pytest.raises(NotYourAccount):
        wallet.request_payout(payout_id=uuid7(), bank_account=theirs, **order_of)
    payout = wallet.request_payout(payout_id=uuid7(), bank_account=own, **order_of)
    assert money(account) == (10_000 * NAIRA, payout.total)
