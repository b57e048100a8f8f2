"""A merchant gives back what a card paid: through the gateway, set aside first, and never more than was paid."""

import pytest
from django.utils import timezone

from accounts.models import User
from accounts.services.organizations import OrganizationNotFound
from accounts.tests.factories import make_person, prove_factor
from core.actors import acting_as_service
from core.api.ids import encode
from core.ids import posting_id
from wallet import services as wallet
from wallet.models import MerchantPayment, MerchantRefund, PaymentGateway, Refund, Transaction
from wallet.refusals import InsufficientFunds
from wallet.sandbox.models import SandboxRefund
from wallet.services.merchants import own_gateways, refunds, reports, settling
from wallet.services.refunds import NotRefundable, RefundIdReused, RefundUnderWay
from wallet.tests import deposits as story
from wallet.tests.factories import make_wallet
from wallet.tests.money_in import ask_refund, end_refund, held, let_time_pass, order, refund_at_the_gateway
from wallet.tests.pages import browser_of, hidden, text
from wallet.tests.selling import again, begin, buy, fresh, has, key_of, make_link, make_merchant, told

NET = 235_219


@pytest.fixture(autouse=True)
def _slow_bank(settings) -> None:
    """Refunds stay on their way until a test ends them."""
    settings.SANDBOX_TRANSFER_SECONDS = 3600


@pytest.fixture
def sold(paystack: str, bola: User, ada: User) -> MerchantPayment:
    """Paid by card; the merchant has more than this one payment brought."""
    merchant = make_merchant(bola)
    buy(ada, make_wallet(ada, amount=400_000), make_link(merchant, amount=100_000))
    begun = begin(make_link(merchant))
    story.pay(begun.payment)
    return fresh(begun)


def give_back(sold: MerchantPayment, by: User | None, amount: int, **facts) -> MerchantRefund:
    facts = {"posting_id": posting_id(), "at": timezone.now(), **facts}
    return refunds.refund(sold=sold, by=by, amount=amount, **facts)


def now(made: MerchantRefund) -> Refund:
    with acting_as_service():
        return Refund.objects.select_related("account").get(pk=made.refund_id)


def look_at_the_gateway(sold: MerchantPayment) -> None:
    with acting_as_service():
        gateway = PaymentGateway.objects.get(pk=sold.payment.gateway_id)
    wallet.check_refunds(gateway=gateway, reference=sold.payment.reference, at=timezone.now())


def state_of(made: MerchantRefund) -> str:
    with acting_as_service():
        return MerchantRefund.objects.get(pk=made.pk).state


def test_it_is_set_aside_ordered_and_posted_when_the_card_has_it(sold: MerchantPayment, bola: User) -> None:
    before = has(sold.merchant.account_id)
    made = give_back(sold, bola, 100_000, reason="Torn")
    account = now(made).account
    assert (made.state, held(account), has(account.pk)) == ("HELD", 100_000, before)
    assert (fresh(sold).state, fresh(sold).refunded, fresh(sold).refundable) == ("PAID", 100_000, 150_000)
    order(now(made))
    assert (state_of(made), fresh(sold).state) == ("PENDING", "PAID")
    end_refund("PROCESSED")
    assert (state_of(made), fresh(sold).state, fresh(sold).refunded) == (
        "SUCCEEDED",
        "PARTLY_REFUNDED",
        100_000,
    )
    assert (held(account), has(account.pk)) == (0, before - 100_000)
    assert [event for event, _facts in told(sold.merchant)].count("merchant_payment.refunded") == 1
    today = timezone.localdate()
    found = reports.report(merchant=sold.merchant, since=today, until=today)
    assert (found.total.refunds, found.total.closing, found.is_proven) == (100_000, has(account.pk), True)


def test_one_that_fails_is_the_merchants_again_who_is_told(sold: MerchantPayment, bola: User) -> None:
    before, made = has(sold.merchant.account_id), give_back(sold, bola, 250_000)
    order(now(made))
    end_refund("FAILED")
    left = fresh(sold)
    assert (state_of(made), left.state, left.refunded, left.refundable) == ("FAILED", "PAID", 0, 250_000)
    assert (held(now(made).account), has(sold.merchant.account_id)) == (0, before)
    assert [event for event, _facts in told(sold.merchant)][-1] == "merchant_payment.refund_failed"
    assert story.notices()[-1] == "merchant.refund_failed"
    assert "could not be paid back" in text(browser_of(bola).get("/notices/"))
    assert give_back(left, bola, 250_000).state == "HELD"


def test_one_that_comes_back_after_all_counts_no_more(sold: MerchantPayment, bola: User) -> None:
    before, made = has(sold.merchant.account_id), give_back(sold, bola, 250_000)
    order(now(made))
    end_refund("PROCESSED")
    assert fresh(sold).state == "REFUNDED"
    with acting_as_service():
        SandboxRefund.objects.update(status="FAILED")
    look_at_the_gateway(sold)
    assert (state_of(made), fresh(sold).state, fresh(sold).refunded) == ("FAILED", "PAID", 0)
    assert has(sold.merchant.account_id) == before


def test_parts_and_repeats_never_come_to_more_than_was_paid(sold: MerchantPayment, bola: User) -> None:
    once = posting_id()
    made = give_back(sold, bola, 100_000, posting_id=once)
    assert give_back(fresh(sold), bola, 100_000, posting_id=once).pk == made.pk
    with pytest.raises(RefundIdReused):
        give_back(fresh(sold), bola, 1_000, posting_id=once)
    with pytest.raises(RefundUnderWay):
        give_back(fresh(sold), bola, 1_000)
    order(now(made))
    for amount in (150_001, 0, -1):
        with pytest.raises(refunds.RefundNotPossible) as refused:
            give_back(fresh(sold), bola, amount)
        assert refused.value.data["refundable"] == 150_000
    last = give_back(fresh(sold), bola, 150_000)
    order(now(last))
    assert (fresh(sold).refunded, held(now(last).account)) == (250_000, 250_000)


def test_several_at_once_give_it_back_once(sold: MerchantPayment, bola: User) -> None:
    errors = story.at_once(*[lambda: give_back(sold, bola, 200_000)] * 4)
    assert {type(error) for error in errors} <= {RefundUnderWay, refunds.RefundNotPossible}
    assert len(errors) == 3 and fresh(sold).refunded == 200_000


def test_what_was_taken_out_is_not_given_back(sold: MerchantPayment, bola: User) -> None:
    settling.settle_to_wallet(
        merchant=sold.merchant,
        by=bola,
        posting_id=posting_id(),
        amount=has(sold.merchant.account_id) - 1_000,
        at=timezone.now(),
    )
    with pytest.raises(InsufficientFunds):
        give_back(sold, bola, 2_000)
    assert fresh(sold).refunded == 0


def test_an_order_without_an_answer_is_shown_and_found(sold: MerchantPayment, bola: User) -> None:
    browser, slug = browser_of(bola), again(sold.merchant).organization.slug
    prove_factor(bola)
    page = f"/organizations/{slug}/payments/all/{sold.pk}/"
    story.fault("DROP_WEBHOOK", remaining=9)
    story.fault("DROP_REPLY", endpoint="refund")
    form = {"form_key": hidden(browser.get(page), "form_key"), "amount": "500", "reason": "Torn"}
    answers = [browser.post(f"{page}refund/", form) for _twice in range(2)]
    assert [answer.status_code for answer in answers] == [302, 302]
    shown = text(browser.get(page))
    assert "goes back to the card" in shown and "Torn" in shown and "No answer yet" in shown
    assert fresh(sold).refunded == 50_000
    let_time_pass(6)
    assert "On its way" in text(browser.get(page))
    end_refund("PROCESSED")
    let_time_pass(60)
    assert (fresh(sold).state, fresh(sold).refunded) == ("PARTLY_REFUNDED", 50_000)


def test_what_staff_or_the_gateway_pay_back_counts_too(sold: MerchantPayment, bola: User) -> None:
    staffs = ask_refund(sold.payment, 100_000)
    assert (fresh(sold).refunded, fresh(sold).refundable) == (100_000, 150_000)
    order(staffs)
    refund_at_the_gateway(sold.payment, 50_000)
    look_at_the_gateway(sold)
    assert fresh(sold).refunded == 150_000
    with acting_as_service():
        rows = MerchantRefund.objects.filter(payment=sold).values_list("amount", "made_by", "reason")
        assert sorted(rows) == [(50_000, None, ""), (100_000, None, "")]


def test_at_its_own_gateway_nothing_of_ours_is_given_back(paystack: str, bola: User, settings) -> None:
    merchant = make_merchant(bola)
    own_gateways.bring_gateway(merchant=merchant, by=bola, secret_key=settings.PAYSTACK_SANDBOX_SECRET_KEY)
    sold = begin(make_link(again(merchant)))
    story.pay_unheard(sold.payment)
    story.verify(sold.payment)
    sold = fresh(sold)
    with pytest.raises(refunds.RefundNotPossible):
        give_back(sold, bola, 1_000)
    with pytest.raises(NotRefundable):
        ask_refund(sold.payment, 1_000)
    refund_at_the_gateway(sold.payment, 50_000)
    with acting_as_service():
        before = Transaction.objects.count()
    look_at_the_gateway(sold)
    with acting_as_service():
        assert (Refund.objects.count(), Transaction.objects.count()) == (0, before)


def test_a_program_gives_a_card_back_once_and_reads_how_it_goes(sold: MerchantPayment, bola: User) -> None:
    api = key_of(sold.merchant, bola, "merchant_payments:read", "merchant_refunds:write")
    name = encode("mpy", sold.pk)
    path = f"/api/v1/merchant-payments/{name}/refunds"
    twice = [
        api.post(path, {"amount": 50_000}, format="json", headers={"Idempotency-Key": "r"})
        for _again in range(2)
    ]
    assert [answer.status_code for answer in twice] == [201, 201]
    assert twice[0].json()["state"] == "HELD" and twice[0].content == twice[1].content
    assert api.get(f"/api/v1/merchant-payments/{name}").json()["refunded"] == 50_000
    with acting_as_service():
        assert Refund.objects.get().state == "PENDING"


def test_a_stranger_gives_nothing_back(sold: MerchantPayment, bola: User) -> None:
    stranger = make_person(name="Efe Ojo")
    with pytest.raises(OrganizationNotFound):
        give_back(sold, stranger, 1_000)
    assert fresh(sold).refunded == 0
