"""Cards that customers keep: asked for, sealed, charged once, forgotten at once."""

from datetime import date, timedelta

import pytest
from django.db import connection
from django.utils import timezone

from accounts.tests.factories import make_person
from core.actors import acting_as, acting_as_service
from core.ids import uuid7
from wallet import services as wallet
from wallet.gateways.base import GatewayUnavailable
from wallet.models import Payment, SavedCard
from wallet.sandbox.cards import CARDS
from wallet.services.deposits import PaymentIdReused
from wallet.services.saved_cards import (
    DECLINES,
    MOST_CARDS,
    CardExpired,
    CardNotKept,
    TooManyCards,
    TooManyDeclines,
    is_expired,
)
from wallet.tests.deposits import age, at_once, balance, calls_answered_again, fault, notices, now, verify
from wallet.tests.factories import make_wallet
from wallet.tests.money_in import charge, keep, paid, payments

pytestmark = pytest.mark.django_db(transaction=True)

NO_TOKEN = CARDS["507850785078507853"]


@pytest.fixture
def ada():
    return make_person(name="Ada Obi", email="ada@alajo.test")


@pytest.fixture
def purse(ada):
    return make_wallet(ada, tier=3)


def cards() -> list[SavedCard]:
    with acting_as_service():
        return list(SavedCard.objects.order_by("pk"))


def test_a_card_is_kept_when_its_owner_says_so_and_pays_again(paystack, ada, purse):
    payment = paid(purse)
    assert now(payment).card_offered and cards() == []
    card = keep(payment, ada)
    assert (card.last4, card.owner_id, now(payment).card_offered) == ("4081", ada.pk, False)
    again = charge(purse, card, 100_000)
    assert (again.state, again.method, balance(purse)) == ("SUCCEEDED", "CARD", 350_000)
    assert not again.card_offered
    assert notices() == ["deposit.succeeded"] * 2


def test_what_charges_a_card_is_sealed_and_never_shown_to_its_owner(paystack, ada, purse):
    card = keep(paid(purse), ada)
    with acting_as_service(), connection.cursor() as cursor:
        cursor.execute("select * from wallet_savedcard")
        assert "AUTH_" not in str(cursor.fetchall())
    with acting_as(ada):
        [mine] = SavedCard.objects.visible_to(ada)
        assert mine.pk == card.pk and {"sealed", "card_index"} <= mine.get_deferred_fields()
    bola = make_person(name="Bola Ade")
    with acting_as(bola):
        assert not SavedCard.objects.filter(pk=card.pk).defer("sealed", "card_index").exists()


def test_a_card_kept_again_takes_the_place_of_itself(paystack, ada, purse):
    first = keep(paid(purse), ada)
    assert keep(paid(purse), ada).pk == first.pk
    assert len(cards()) == 1


def test_a_card_without_a_token_is_not_offered_and_anothers_is_not_kept(paystack, ada, purse):
    payment = paid(purse, card=NO_TOKEN)
    assert not now(payment).card_offered
    with pytest.raises(CardNotKept):
        keep(payment, ada)
    bola = make_person(name="Bola Ade")
    with pytest.raises(CardNotKept):
        keep(paid(purse), bola)
    assert cards() == []


def test_who_says_no_is_not_asked_again(paystack, ada, purse):
    payment = paid(purse)
    wallet.decline_card(payment=payment, user=make_person(name="Bola Ade"))
    assert now(payment).card_offered
    wallet.decline_card(payment=payment, user=ada)
    assert not now(payment).card_offered
    with pytest.raises(CardNotKept):
        keep(payment, ada)


def test_only_so_many_cards_are_kept(paystack, ada, purse):
    card = keep(paid(purse), ada)
    with acting_as_service():
        for number in range(MOST_CARDS - 1):
            SavedCard.objects.create(
                pk=uuid7(), owner=ada, gateway=card.gateway, sealed="-", card_index=str(number), brand="visa",
                last4="0000", expires_month=1, expires_year=2030, created_at=timezone.now(),
            )  # fmt: skip
        SavedCard.objects.filter(pk=card.pk).update(card_index="another")
    with pytest.raises(TooManyCards):
        keep(paid(purse), ada)


def test_a_card_that_is_removed_leaves_no_row(paystack, ada, purse):
    card = keep(paid(purse), ada)
    wallet.forget_card(card_id=card.pk, user=make_person(name="Bola Ade"))
    assert len(cards()) == 1
    for _again in range(2):
        wallet.forget_card(card_id=card.pk, user=ada)
    assert cards() == []


@pytest.mark.parametrize(
    ("on", "expired"), [(date(2030, 12, 31), False), (date(2031, 1, 1), True), (date(2030, 11, 1), False)]
)
def test_a_card_expires_with_its_last_month(on, expired):
    assert is_expired(SavedCard(expires_month=12, expires_year=2030), on=on) is expired


def test_an_expired_card_is_not_charged(paystack, ada, purse):
    card = keep(paid(purse), ada)
    card.expires_year = 2020
    with pytest.raises(CardExpired):
        charge(purse, card)
    assert len(payments()) == 1


def test_a_declined_card_is_told_and_after_several_the_bank_is_left_alone(paystack, ada, purse):
    card = keep(paid(purse), ada)
    fault("CARD_DECLINED", remaining=DECLINES)
    for _ in range(DECLINES):
        assert charge(purse, card).state == "FAILED"
    with pytest.raises(TooManyDeclines) as caught:
        charge(purse, card)
    assert 0 < caught.value.data["retry_after"] <= 3600
    assert balance(purse) == 250_000


@pytest.mark.parametrize("kind", ["DROP_REPLY", "BAD_GATEWAY_AFTER"])
def test_a_charge_without_an_answer_is_found_by_its_reference(paystack, ada, purse, kind):
    card = keep(paid(purse), ada)
    fault(kind, endpoint="charge_authorization")
    fault("HTML_503", remaining=3, endpoint="verify")
    fault("DROP_WEBHOOK")
    with pytest.raises(GatewayUnavailable):
        charge(purse, card)
    [_first, payment] = payments()
    assert (payment.state, balance(purse)) == ("PENDING", 250_000)
    assert (verify(payment).state, balance(purse)) == ("SUCCEEDED", 350_000)


def test_a_charge_that_never_got_there_is_declined_after_a_while(paystack, ada, purse):
    card = keep(paid(purse), ada)
    fault("BAD_GATEWAY_BEFORE", remaining=3, endpoint="charge_authorization")
    with pytest.raises(GatewayUnavailable):
        charge(purse, card)
    payment = payments()[1]
    assert verify(payment).state == "PENDING"
    late = verify(payment, at=timezone.now() + timedelta(minutes=16))
    assert (late.state, late.reason) == ("FAILED", "not_ordered")
    calls_answered_again()


def test_the_webhook_may_be_first_and_the_money_comes_once(paystack, ada, purse):
    card = keep(paid(purse), ada)
    fault("DUPLICATE_WEBHOOK", "3")
    assert charge(purse, card).state == "SUCCEEDED"
    age(5)
    assert balance(purse) == 350_000


def test_pressed_twice_at_once_a_card_is_charged_once(paystack, ada, purse):
    card, key = keep(paid(purse), ada), uuid7()
    errors = at_once(*[lambda: charge(purse, card, payment_id=key)] * 3)
    assert errors == []
    assert verify(payments()[1]).state == "SUCCEEDED"
    assert (len(payments()), balance(purse)) == (2, 350_000)


def test_one_key_is_one_payment_in_one_way(paystack, ada, purse):
    card, key = keep(paid(purse), ada), uuid7()
    charge(purse, card, payment_id=key)
    for how in ({"amount": 100_001}, {}):
        with pytest.raises(PaymentIdReused):
            if how:
                charge(purse, card, payment_id=key, **how)
            else:
                wallet.create_payment(account=purse, amount=100_000, at=timezone.now(), payment_id=key)


def test_a_worker_killed_before_the_order_charges_nothing(paystack, ada, purse):
    card = keep(paid(purse), ada)
    payment = wallet.start_card_payment(account=purse, card=card, amount=100_000, at=timezone.now())
    with acting_as_service():
        Payment.objects.filter(pk=payment.pk).update(state="PENDING")
    assert wallet.charge_card(payment=payment, card=card, at=timezone.now()).state == "PENDING"
    assert verify(payment, at=timezone.now() + timedelta(hours=1)).state == "FAILED"
    assert balance(purse) == 250_000
