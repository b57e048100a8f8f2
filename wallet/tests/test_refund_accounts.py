"""Where a refund goes whose card takes nothing: its customer says so, and it goes there once."""

from datetime import timedelta
from functools import partial

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.tests.factories import bearer, make_person, prove_factor
from core.actors import acting_as_service
from core.api import ids
from core.ids import uuid7
from wallet import services as wallet
from wallet.models import BankAccount, PaymentGateway
from wallet.refusals import NotYourAccount
from wallet.sandbox.models import SandboxRefund
from wallet.services.bank_accounts import BankAccountGone, Found
from wallet.services.payouts import NewBankAccount
from wallet.services.refund_accounts import AccountElsewhere, NoAccountNeeded, NotInOwnName
from wallet.tests.api import problem
from wallet.tests.deposits import at_once, balance, calls_answered_again, fault, notices
from wallet.tests.factories import make_wallet
from wallet.tests.money_in import (
    ask_refund,
    end_refund,
    let_time_pass,
    order,
    paid,
    refund_now,
)
from wallet.tests.pages import browser_of, text
from wallet.tests.payouts import add_bank_account, bank_account_of

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def ada():
    return make_person(name="Ada Obi", email="ada@alajo.test")


@pytest.fixture
def purse(ada):
    return make_wallet(ada, tier=3)


@pytest.fixture(autouse=True)
def _slow_bank(settings) -> None:
    settings.SANDBOX_TRANSFER_SECONDS = 3600


def needing_an_account(purse):
    """A refund that its card takes nothing of."""
    refund = ask_refund(paid(purse))
    order(refund)
    end_refund("NEEDS_ATTENTION")
    return refund_now(refund)


def choose(refund, account, by):
    return wallet.supply_account(refund=refund, bank_account=account, by=by, at=timezone.now())


def tell(refund):
    return wallet.send_to_account(refund_id=refund.pk, at=timezone.now())


def sent_to() -> list[dict]:
    with acting_as_service():
        return list(SandboxRefund.objects.order_by("pk").values_list("account", flat=True))


def test_a_persons_token_asks_and_chooses_an_account_only_with_a_proof(paystack, ada, purse):
    refund, api = needing_an_account(purse), APIClient(raise_request_exception=False)
    api.credentials(HTTP_AUTHORIZATION=bearer(ada)["Authorization"])
    order = {"deposit": ids.encode("dep", refund.payment_id), "amount": 1_000, "currency": "NGN"}
    account = {"bank_account": ids.encode("ban", add_bank_account(ada).pk)}
    way = f"refunds/{ids.encode('rfd', refund.pk)}/bank-account"
    for what, body in (("refunds", order), (way, account)):
        answer = api.post(f"/api/v1/{what}", body, format="json", headers={"Idempotency-Key": what})
        problem(answer, 403, "mfa_enrolment_required")
    prove_factor(ada)
    sent = api.post(f"/api/v1/{way}", account, format="json", headers={"Idempotency-Key": way})
    assert (sent.json()["state"], sent.json()["bank_account"]) == ("PENDING", account["bank_account"])


def test_the_account_is_chosen_on_the_page_that_the_notice_leads_to(paystack, ada, purse):
    refund, browser = needing_an_account(purse), browser_of(ada)
    prove_factor(ada)
    assert notices()[-1] == "refund.needs_attention"
    assert "Choose a bank account" in text(browser.get(f"/refunds/{refund.pk}/"))
    way = f"/refunds/{refund.pk}/account/"
    assert "Add a bank account first" in text(browser.get(way))
    account = add_bank_account(ada)
    assert str(account.last_four) in text(browser.get(way))
    assert browser.post(way, {"bank_account": str(uuid7())}).status_code == 422
    done = browser.post(way, {"bank_account": str(account.pk)}, follow=True)
    assert "On its way" in text(done) and f"•••• {account.last_four}" in text(done)
    assert refund_now(refund).state == "PENDING" and sent_to()[-1]["number"] == "0000000220"
    end_refund("PROCESSED")
    assert (refund_now(refund).state, balance(purse)) == ("SUCCEEDED", 150_000)
    assert browser.get(way).url == f"/refunds/{refund.pk}/"
    stranger = browser_of(make_person(name="Bola Ade"))
    assert stranger.get(way).status_code == 404


@pytest.mark.parametrize("kind", ["DROP_REPLY", "BAD_GATEWAY_BEFORE"])
def test_without_an_answer_the_account_is_told_again_and_nothing_goes_twice(paystack, ada, purse, kind):
    refund, account = needing_an_account(purse), add_bank_account(ada)
    fault("DROP_WEBHOOK", remaining=9)
    fault(kind, endpoint="refund_retry", remaining=3)
    choose(refund, account, ada)
    assert tell(refund).state == "NEEDS_ATTENTION" and not refund_now(refund).needs_account
    with pytest.raises(NoAccountNeeded):
        choose(refund, bank_account_of(ada, number="0123456789"), ada)
    calls_answered_again()
    let_time_pass(6)
    assert refund_now(refund).state == "PENDING"
    end_refund("PROCESSED")
    assert len(sent_to()) == 1


def test_what_takes_the_account_back_asks_for_another(paystack, ada, purse):
    refund, account = needing_an_account(purse), add_bank_account(ada)
    choose(refund, account, ada)
    tell(refund)
    end_refund("NEEDS_ATTENTION")
    # The same words as before tell nothing new: it is asked about.
    let_time_pass(6)
    assert refund_now(refund).needs_account
    assert notices().count("refund.needs_attention") == 2
    other = bank_account_of(ada, number="0123456789")
    [refused] = at_once(*[partial(choose, refund, one, ada) for one in (account, other)])
    assert isinstance(refused, NoAccountNeeded) and not refund_now(refund).needs_account


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({"holder": "OTHER"}, NotInOwnName),
        ({"removed_at": timezone.now(), "is_default": False}, BankAccountGone),
    ],
)
def test_it_goes_to_no_other_persons_and_no_removed_account(paystack, ada, purse, changes, refusal):
    refund, account = needing_an_account(purse), add_bank_account(ada)
    with acting_as_service():
        BankAccount.objects.update(**changes)
    with pytest.raises(refusal):
        choose(refund, account, ada)
    with pytest.raises(NotYourAccount):
        choose(refund, account, make_person(name="Bola Ade"))


def test_an_account_that_another_gateway_named_goes_by_the_banks_name_and_the_holders(paystack, ada, purse):
    refund = needing_an_account(purse)
    add_bank_account(ada)
    with acting_as_service():
        PaymentGateway.objects.create(
            code="elsewhere", kind="XPRESS_WALLET", name="Elsewhere", credentials="", active=False
        )
    unheard, same = (
        wallet.save_found(
            owner=ada,
            found=Found("elsewhere", code, name, "0000000220", "OBI ADA GRACE", "SELF", False),
            at=timezone.now() - timedelta(days=9),
        )
        for code, name in (("000099", "Unheard-of Bank"), ("000014", "ACCESS BANK PLC"))
    )
    choose(refund, unheard, ada)
    with pytest.raises(AccountElsewhere):
        tell(refund)
    assert refund_now(refund).needs_account
    choose(refund, same, ada)
    assert tell(refund).state == "PENDING" and sent_to()[-1]["number"] == "0000000220"


def test_a_new_account_takes_only_what_may_be_lost(paystack, ada, purse):
    refund = ask_refund(paid(purse, 8_000_000), 8_000_000)
    order(refund)
    end_refund("NEEDS_ATTENTION")
    account = add_bank_account(ada, new=True)
    with pytest.raises(NewBankAccount):
        choose(refund, account, ada)
    wallet.supply_account(
        refund=refund, bank_account=account, by=ada, at=timezone.now() + timedelta(hours=25)
    )
