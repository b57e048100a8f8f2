"""A stranger pays a merchant by card: one road with deposits, its own posting, and every turn the gateway can take."""

from datetime import timedelta

import pytest
from django.core import mail
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from accounts.tests.factories import make_person, prove_factor
from core.actors import acting_as_service
from core.ids import uuid7
from wallet import services as wallet
from wallet.models import Case, MerchantPayment, Payment, PaymentGateway, PaymentLink, Transaction
from wallet.sandbox.cards import DECLINED_CARD
from wallet.services.merchants import applying, own_gateways, selling
from wallet.services.merchants.links import LinkNotOpen
from wallet.services.routing import gateway_for
from wallet.tests import deposits as story
from wallet.tests.factories import make_wallet
from wallet.tests.pages import browser_of, text
from wallet.tests.schedules import make_schedule
from wallet.tests.selling import again, begin, buy, fresh, has, make_link, make_merchant, told


def test_a_card_pays_the_merchant_the_gateway_and_us_in_one_posting(paystack: str, bola: User) -> None:
    merchant = make_merchant(bola)
    sold = begin(make_link(merchant), note="Table 4", name="Ngozi")
    assert (sold.state, sold.payment.state) == ("INTENT", "PENDING")
    story.pay(sold.payment)
    sold = fresh(sold)
    assert (sold.state, sold.fee, has(merchant.account_id)) == ("PAID", 14_781, 235_219)
    with acting_as_service():
        kinds = Transaction.objects.of_posting(sold.posting_id).values_list("kind", flat=True)
        assert list(kinds) == ["MERCHANT_PAYMENT", "FEE", "VAT", "GATEWAY_FEE"]
    assert story.balances("FEE_INCOME", "VAT_PAYABLE", "SUSPENSE") == (13_750, 1_031, 0)
    clearing, kept = story.balances("PAYSTACK_CLEARING", "GATEWAY_FEES")
    assert clearing + kept == 250_000


def test_a_price_list_of_later_does_not_change_what_was_begun(paystack: str, bola: User) -> None:
    sold = begin(make_link(make_merchant(bola)))
    make_schedule("MERCHANT_PAYMENT")
    story.pay(sold.payment)
    assert (fresh(sold).fee, story.balances("FEE_INCOME", "VAT_PAYABLE")) == (14_781, (13_750, 1_031))


def test_the_stranger_gets_one_receipt_however_often_the_gateway_says_it(paystack: str, bola: User) -> None:
    sold = begin(make_link(make_merchant(bola)))
    mail.outbox.clear()
    story.pay(sold.payment)
    for _again in range(3):
        story.verify(sold.payment)
    to_stranger = [letter for letter in mail.outbox if letter.to == ["ngozi@stranger.test"]]
    assert len(to_stranger) == 1
    letter = to_stranger[0]
    assert letter.subject == "Your payment to Bola's Fabrics"
    assert "You paid ₦2,500.00 to Bola's Fabrics" in letter.body
    assert f"/pay/done/{sold.token}/" in letter.body


def test_a_declined_card_is_told_and_may_still_pay(paystack: str, bola: User) -> None:
    merchant = make_merchant(bola)
    sold = begin(make_link(merchant))
    story.pay(sold.payment, card=DECLINED_CARD)
    story.verify(sold.payment)
    assert fresh(sold).state == "FAILED"
    assert [event for event, _facts in told(merchant)][-1] == "merchant_payment.failed"
    story.pay(sold.payment)
    story.verify(sold.payment)
    assert (fresh(sold).state, has(merchant.account_id)) == ("PAID", 235_219)


def test_nobody_pays_and_it_expires_then_the_money_comes_all_the_same(paystack: str, bola: User) -> None:
    merchant = make_merchant(bola)
    sold = begin(make_link(merchant))
    story.verify(sold.payment, at=timezone.now() + timedelta(days=4))
    assert fresh(sold).state == "EXPIRED"
    story.pay_unheard(sold.payment)
    story.verify(sold.payment)
    assert (fresh(sold).state, has(merchant.account_id)) == ("PAID", 235_219)


def test_a_wrong_amount_waits_for_a_person_and_the_merchant_gets_nothing(paystack: str, bola: User) -> None:
    merchant = make_merchant(bola)
    sold = begin(make_link(merchant))
    story.pay_unheard(sold.payment, WRONG_AMOUNT="100000")
    story.verify(sold.payment)
    assert (fresh(sold).state, has(merchant.account_id)) == ("REVIEW", 0)
    assert [case.kind for case in story.cases()] == [Case.Kind.WRONG_AMOUNT]


def test_money_for_a_merchant_who_was_stopped_meanwhile_is_kept_aside(paystack: str, bola: User) -> None:
    merchant = make_merchant(bola)
    sold = begin(make_link(merchant))
    applying.suspend(merchant=merchant, by=bola, reason="Complaints", at=timezone.now())
    story.pay(sold.payment)
    assert (fresh(sold).state, has(merchant.account_id)) == ("REVIEW", 0)
    assert story.balances("SUSPENSE") == (250_000,)
    assert [case.kind for case in story.cases()] == [Case.Kind.LATE_PAYMENT]


def test_a_single_use_link_is_kept_for_who_is_at_the_gateway_and_used_by_who_paid(
    paystack: str, ada: User, bola: User
) -> None:
    merchant, purse = make_merchant(bola), make_wallet(ada, amount=900_000)
    link = make_link(merchant, single_use=True)
    first = begin(link)
    with pytest.raises(selling.LinkBusy):
        buy(ada, purse, link)
    later = timezone.now() + timedelta(minutes=31)
    second = buy(ada, purse, link, at=later)
    assert second.state == "PAID"
    with pytest.raises(LinkNotOpen):
        begin(link)
    story.pay(first.payment)
    first = fresh(first)
    assert (first.state, first.is_extra, fresh(second).is_extra) == ("PAID", True, False)
    with acting_as_service():
        assert PaymentLink.objects.get(pk=link.pk).state == "USED"


def test_a_repeat_of_the_form_is_the_same_payment(paystack: str, bola: User) -> None:
    link, key = make_link(make_merchant(bola)), uuid7()
    assert begin(link, payment_id=key).pk == begin(link, payment_id=key).pk
    with acting_as_service():
        assert MerchantPayment.objects.count() == Payment.objects.count() == 1


def test_at_its_own_gateway_a_merchant_is_paid_there_and_our_books_know_nothing(
    paystack: str, bola: User, settings
) -> None:
    merchant, before = make_merchant(bola), None
    own_gateways.bring_gateway(merchant=merchant, by=bola, secret_key=settings.PAYSTACK_SANDBOX_SECRET_KEY)
    merchant = again(merchant)
    with acting_as_service():
        before = Transaction.objects.count()
        gateway = PaymentGateway.objects.get(pk=merchant.own_gateway_id)
        assert not gateway.active and settings.PAYSTACK_SANDBOX_SECRET_KEY not in gateway.credentials
        assert gateway_for("NGN", 250_000).pk == "paystack"
    sold = begin(make_link(merchant))
    assert (sold.payment.gateway_id, sold.fee) == (gateway.pk, 0)
    story.pay_unheard(sold.payment)
    story.verify(sold.payment)
    sold = fresh(sold)
    assert (sold.state, sold.at_own_gateway, sold.refundable) == ("PAID", True, 0)
    with acting_as_service():
        assert Transaction.objects.count() == before
    assert has(merchant.account_id) == 0


def test_a_wrong_amount_at_its_own_gateway_brings_no_money_into_our_suspense(
    paystack: str, bola: User, settings
) -> None:
    merchant = make_merchant(bola)
    own_gateways.bring_gateway(merchant=merchant, by=bola, secret_key=settings.PAYSTACK_SANDBOX_SECRET_KEY)
    sold = begin(make_link(merchant))
    story.pay_unheard(sold.payment, WRONG_AMOUNT="100000")
    story.verify(sold.payment)
    assert (fresh(sold).state, story.balances("SUSPENSE")) == ("REVIEW", (0,))


def test_two_workers_who_ask_at_once_pay_the_merchant_once(paystack: str, bola: User) -> None:
    merchant = make_merchant(bola)
    sold = begin(make_link(merchant))
    story.pay_unheard(sold.payment)
    errors = story.at_once(*[lambda: wallet.check_payment(payment_id=sold.payment.pk, at=timezone.now())] * 4)
    assert errors == []
    assert (fresh(sold).state, has(merchant.account_id)) == ("PAID", 235_219)


def test_a_merchants_key_is_tried_before_it_is_kept(paystack: str, bola: User, settings) -> None:
    merchant, browser = make_merchant(bola), browser_of(bola)
    prove_factor(bola)
    address = reverse("merchant_gateway", args=[merchant.organization.slug])
    right = settings.PAYSTACK_SANDBOX_SECRET_KEY
    wrong = browser.post(address, {"secret_key": "sk_test_" + "0" * 40})
    assert wrong.status_code == 422 and "does not know these credentials" in text(wrong)
    story.fault("HTML_503", remaining=3)
    away = browser.post(address, {"secret_key": right})
    assert away.status_code == 422 and "could not be tried" in text(away)
    assert again(merchant).own_gateway_id is None
    assert browser.post(address, {"secret_key": right}).status_code == 302
    assert again(merchant).own_gateway_id is not None
    assert browser_of(make_person()).post(address, {"secret_key": right}).status_code == 404
