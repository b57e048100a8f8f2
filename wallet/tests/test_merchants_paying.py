"""Paying a merchant from a wallet: the customer's money and the merchant's fee, in one posting, once."""

import threading
from datetime import timedelta

import pytest
from django.db import connections
from django.utils import timezone

from accounts.models import Notification, User
from accounts.tests.factories import make_person
from core.actors import acting_as_service
from core.ids import posting_id
from wallet import services as wallet
from wallet.fees import Band
from wallet.models import MerchantPayment, PaymentLink, Transaction
from wallet.refusals import DailySendingLimitExceeded, InsufficientFunds, NotYourAccount
from wallet.services.deposits import PaymentIdReused
from wallet.services.merchants import applying, links, selling
from wallet.services.merchants.links import LinkNotFound, LinkNotOpen, LinkRefused
from wallet.services.merchants.selling import AmountDiffers, PaidAlready
from wallet.tests.factories import make_wallet
from wallet.tests.schedules import make_schedule
from wallet.tests.selling import again, buy, has, make_link, make_merchant, told


def fees() -> tuple[int, ...]:
    with acting_as_service():
        return tuple(wallet.balance_of(wallet.system_account(code)) for code in ("FEE_INCOME", "VAT_PAYABLE"))


def test_one_posting_moves_the_price_and_the_merchants_fee_with_its_vat(ada: User, bola: User) -> None:
    purse, merchant = make_wallet(ada, amount=400_000), make_merchant(bola)
    sold = buy(ada, purse, make_link(merchant), note="Two yards")
    assert (sold.state, sold.amount, sold.fee, sold.net) == ("PAID", 250_000, 14_781, 235_219)
    assert (has(purse.pk), has(merchant.account_id), fees()) == (150_000, 235_219, (13_750, 1_031))
    with acting_as_service():
        lines = Transaction.objects.of_posting(sold.posting_id).values_list("kind", "amount", "debit_account")
        assert list(lines) == [
            ("MERCHANT_PAYMENT", 250_000, purse.pk),
            ("FEE", 13_750, merchant.account_id),
            ("VAT", 1_031, merchant.account_id),
        ]
        assert wallet.verify() == []


def test_whom_it_concerns_is_told_and_nobody_elses_name_leaves(ada: User, bola: User) -> None:
    purse, merchant = make_wallet(ada, amount=400_000), make_merchant(bola)
    link = make_link(merchant)
    buy(ada, purse, link)
    events = dict(told(merchant))
    assert {"merchant.changed", "payment_link.changed", "merchant_payment.paid"} <= events.keys()
    paid = events["merchant_payment.paid"]
    assert (paid["amount"], paid["fee"], paid["net"], paid["method"]) == (250_000, 14_781, 235_219, "WALLET")
    assert "Ada" not in str(events)
    with acting_as_service():
        notices = Notification.objects.filter(user=bola).values_list("event", flat=True)
        assert set(notices) >= {"merchant.activated", "merchant.paid"}


def test_a_repeat_is_the_first_and_other_content_is_refused(ada: User, bola: User) -> None:
    purse, merchant = make_wallet(ada, amount=900_000), make_merchant(bola)
    link, once = make_link(merchant), posting_id()
    first = buy(ada, purse, link, posting_id=once)
    assert buy(ada, purse, link, posting_id=once).pk == first.pk
    with pytest.raises(PaymentIdReused):
        buy(ada, purse, make_link(merchant), posting_id=once)
    assert has(purse.pk) == 650_000


def test_the_payer_pays_from_their_own_wallet_only(ada: User, bola: User) -> None:
    purse, merchant = make_wallet(ada, amount=400_000), make_merchant(bola)
    with pytest.raises(NotYourAccount):
        buy(bola, purse, make_link(merchant))
    assert has(purse.pk) == 400_000


@pytest.mark.parametrize("amount", [0, -1, 4_999, 1_000_000_001])
def test_an_open_amount_has_bounds_and_a_fixed_one_is_fixed(ada: User, bola: User, amount: int) -> None:
    purse, merchant = make_wallet(ada, amount=400_000, tier=3), make_merchant(bola)
    with pytest.raises(AmountDiffers):
        buy(ada, purse, make_link(merchant, amount=None), amount)
    with pytest.raises(AmountDiffers):
        buy(ada, purse, make_link(merchant), 250_001)
    with pytest.raises(LinkRefused):
        make_link(merchant, amount=amount)
    assert has(purse.pk) == 400_000


def test_short_funds_and_limits_are_named_and_nothing_is_written(ada: User, bola: User) -> None:
    purse, merchant = make_wallet(ada, amount=100_000), make_merchant(bola)
    with pytest.raises(InsufficientFunds):
        buy(ada, purse, make_link(merchant))
    rich = make_person(name="Chidi Eze")
    big = make_wallet(rich, amount=20_000_000)
    with pytest.raises(DailySendingLimitExceeded):
        buy(rich, big, make_link(merchant, amount=None), 15_000_000)
    with acting_as_service():
        assert not MerchantPayment.objects.exists()


def test_a_link_that_is_paused_ended_or_unknown_cannot_be_paid(ada: User, bola: User) -> None:
    purse, merchant = make_wallet(ada, amount=900_000), make_merchant(bola)
    link, now = make_link(merchant), timezone.now()
    links.pause_link(link=link, by=bola)
    with pytest.raises(LinkNotOpen):
        buy(ada, purse, link)
    links.reopen_link(link=link, by=bola)
    assert buy(ada, purse, link).state == "PAID"
    ended = make_link(merchant, at=now - timedelta(days=2), expires_at=now - timedelta(days=1))
    with pytest.raises(LinkNotOpen):
        buy(ada, purse, ended)
    link.slug = "0" * 12
    with pytest.raises(LinkNotFound):
        buy(ada, purse, link)


def test_a_suspended_merchant_gets_nothing_and_loses_nothing(ada: User, bola: User) -> None:
    purse, merchant = make_wallet(ada, amount=900_000), make_merchant(bola)
    link = make_link(merchant)
    buy(ada, purse, link)
    applying.suspend(merchant=merchant, by=bola, reason="Complaints", at=timezone.now())
    with pytest.raises(LinkNotOpen):
        buy(ada, purse, link)
    assert (again(merchant).account.state, has(merchant.account_id)) == ("FROZEN", 235_219)
    with pytest.raises(applying.MerchantNotActive):
        make_link(merchant)


@pytest.mark.django_db(transaction=True)
def test_ten_who_pay_a_single_use_link_at_once_pay_it_once(bola: User) -> None:
    merchant = make_merchant(bola)
    link = make_link(merchant, single_use=True)
    people = [make_person(name=f"Payer {number}") for number in range(10)]
    purses = [make_wallet(person, amount=300_000) for person in people]
    ended: list[str] = []

    def pay(number: int) -> None:
        try:
            ended.append(buy(people[number], purses[number], link).state)
        except PaidAlready as refusal:
            ended.append(refusal.code)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=pay, args=(number,)) for number in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(ended) == ["PAID", *["payment_link_paid"] * 9]
    assert has(merchant.account_id) == 235_219
    with acting_as_service():
        assert PaymentLink.objects.get(pk=link.pk).state == "USED"
        assert wallet.verify() == []


def test_a_price_that_the_fee_would_eat_up_is_refused(ada: User, bola: User) -> None:
    purse, merchant = make_wallet(ada, amount=400_000), make_merchant(bola)
    make_schedule("MERCHANT_PAYMENT", Band("FEE", 0, flat=5_000))
    with pytest.raises(AmountDiffers):
        buy(ada, purse, make_link(merchant, amount=5_000))
    assert buy(ada, purse, make_link(merchant, amount=5_001)).net == 1


def test_what_was_quoted_is_what_leaves(ada: User, bola: User) -> None:
    purse, merchant = make_wallet(ada, amount=400_000), make_merchant(bola)
    shown = links.shown(slug=make_link(merchant).slug)
    with acting_as_service():
        quote = selling.quote_payment(source=purse, shown=shown, amount=None, at=timezone.now())
    sold = buy(ada, purse, shown.link)
    assert (quote.amount, quote.available_after) == (sold.amount, has(purse.pk))
