"""What staff do with suspended deposits, refunds and disputes: two people where money is given, never to themselves."""

import pytest

from accounts import roles
from accounts.tests.approving import make_colleague
from accounts.tests.factories import make_person
from wallet.services.approved.adjustments import OwnMoney
from wallet.services.refunds import RefundTooLarge
from wallet.tests.approving import MOTIVE, address_of, approve, browser_of, propose
from wallet.tests.deposits import balance, balances, fault, now
from wallet.tests.factories import make_wallet
from wallet.tests.money_in import dispute_now, held, paid, raise_dispute, send_to, suspended

pytestmark = pytest.mark.django_db(transaction=True)

VIEWS = (
    "accounts.view_approval",
    "wallet.view_suspendeddeposit",
    "wallet.view_payment",
    "wallet.view_dispute",
)
MAKER = (roles.PROPOSE_REFUND, roles.RESOLVE_SUSPENDED, *VIEWS)
CHECKER = (roles.APPROVE_REFUND, roles.APPROVE_SUSPENDED, *VIEWS)


@pytest.fixture
def ada():
    return make_person(name="Ada Obi", email="ada@alajo.test")


@pytest.fixture
def purse(ada):
    return make_wallet(ada, tier=3)


def test_a_suspended_deposit_is_proposed_on_the_page_and_given_by_another(paystack, ada, purse):
    fault("UNKNOWN_ACCOUNT")
    send_to("9000000000")
    [kept] = suspended()
    typed = {"deposit": str(kept.pk), "account": "ada@alajo.test", **MOTIVE}
    page = browser_of(make_colleague(*MAKER)).post(address_of("wallet.attribute_deposit"), typed)
    assert page.status_code in (200, 302)
    approval = propose(
        "wallet.attribute_deposit",
        {"deposit": str(kept.pk), "account": str(purse.pk)},
        by=make_colleague(*MAKER),
    )
    approve(approval, by=make_colleague(*CHECKER))
    assert (balance(purse), balances("SUSPENSE"), suspended()[0].state) == (500_000, (0,), "ATTRIBUTED")


def test_a_refund_takes_two_people_and_is_held_when_it_is_approved(paystack, ada, purse):
    payment = paid(purse)
    payload = {"payment": str(payment.pk), "amount": 100_000, "note": "Order cancelled"}
    with pytest.raises(RefundTooLarge):
        propose("wallet.refund", {**payload, "amount": 250_001}, by=make_colleague(*MAKER))
    approval = propose("wallet.refund", payload, by=make_colleague(*MAKER))
    assert held(purse) == 0
    approve(approval, by=make_colleague(*CHECKER))
    assert held(purse) == 100_000


def test_nobody_gives_money_to_themselves(paystack):
    checker = make_colleague(*CHECKER)
    mine = make_wallet(checker)
    fault("UNKNOWN_ACCOUNT")
    send_to("9000000000")
    payload = {"deposit": str(suspended()[0].pk), "account": str(mine.pk)}
    approval = propose("wallet.attribute_deposit", payload, by=make_colleague(*MAKER))
    with pytest.raises(OwnMoney):
        approve(approval, by=checker)
    assert balances("SUSPENSE") == (500_000,)


def test_a_dispute_is_answered_once_by_who_may_with_words_for_the_bank(paystack, ada, purse):
    payment = paid(purse)
    raise_dispute(payment)
    address = f"/staff/wallet/dispute/{dispute_now().pk}/decline/"
    assert browser_of(make_colleague(*VIEWS)).get(address).status_code == 403
    browser = browser_of(make_colleague(roles.ANSWER_DISPUTE, *VIEWS))
    assert browser.post(address, {"reason": "short"}).status_code == 422
    assert browser.post(address, {"reason": "Signed for on Monday at the counter"}).status_code == 302
    assert (dispute_now().answer, now(payment).state) == ("DECLINE", "SUCCEEDED")
    assert browser.post(address, {"reason": "And once more with other words"}).status_code == 422


def test_a_suspended_deposit_is_sent_back_by_who_may(paystack):
    fault("UNKNOWN_ACCOUNT")
    send_to("9000000000")
    address = f"/staff/wallet/suspendeddeposit/{suspended()[0].pk}/return/"
    assert browser_of(make_colleague(*VIEWS)).post(address, {"reason": "Nobody's here"}).status_code == 403
    browser = browser_of(make_colleague(*MAKER))
    assert browser.post(address, {"reason": "Nobody knows this sender"}).status_code == 302
    assert suspended()[0].state in ("RETURNING", "RETURNED")
