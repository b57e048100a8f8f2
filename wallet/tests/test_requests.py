"""Asking one another for money: paid whole and once, declined, taken back, expired; and nobody is pestered."""

import threading
from datetime import timedelta

import pytest
from django.db import Error, connection, connections, transaction
from django.utils import timezone

from accounts.models import User
from accounts.services import RecipientNotFound
from accounts.tests.factories import make_person
from core.actors import acting_as, acting_as_anon, acting_as_service
from core.ids import posting_id, uuid7
from wallet import services as wallet
from wallet.models import PaymentRequest, PaymentRequestChange, Transaction
from wallet.refusals import InsufficientFunds, NotYourAccount
from wallet.services.requests import answering, asking
from wallet.services.requests.asking import (
    RequestAmount,
    RequestExpiry,
    RequestNotFound,
    RequestOneself,
    RequestOver,
    TooManyRequests,
    TooManyToOne,
    TooSoonToRemind,
)
from wallet.tests.asking import answer, ask, history_of, notices_of, state_of
from wallet.tests.factories import make_wallet
from wallet.tests.selling import has


def test_a_request_is_paid_by_one_transfer_and_both_are_told(ada: User, bola: User) -> None:
    purse, theirs = make_wallet(bola, amount=200_000), make_wallet(ada)
    asked = ask(ada, bola)
    assert notices_of(bola) == ["request.received"]
    posting = answer(bola, purse, asked)
    assert (state_of(asked), has(purse.pk), has(theirs.pk)) == ("PAID", 150_000, 50_000)
    assert (notices_of(ada), history_of(asked)) == (["request.paid"], ["ASKED", "PAID"])
    with acting_as_service():
        moved = Transaction.objects.get(pk=posting.id)
        assert (moved.kind, moved.description, moved.actor_id) == ("TRANSFER", "Suya", bola.pk)
        assert PaymentRequest.objects.get().posting_id == posting.id


def test_a_repeat_pays_nothing_more_and_another_posting_finds_it_over(ada: User, bola: User) -> None:
    purse, asked, once = make_wallet(bola, amount=200_000), ask(ada, bola), posting_id()
    assert answer(bola, purse, asked, once).id == answer(bola, purse, asked, once).id
    with pytest.raises(RequestOver):
        answer(bola, purse, asked)
    assert has(purse.pk) == 150_000


def test_only_whom_it_was_asked_of_pays_and_from_their_own_wallet(ada: User, bola: User) -> None:
    purse, asked = make_wallet(bola, amount=200_000), ask(ada, bola)
    chidi = make_person(name="Chidi Eze")
    with pytest.raises(RequestNotFound):
        answer(chidi, make_wallet(chidi, amount=200_000), asked)
    with pytest.raises(NotYourAccount):
        answer(chidi, purse, asked)
    with pytest.raises(RequestNotFound):
        answering.decline(request=asked, by=ada, at=timezone.now())
    with pytest.raises(RequestNotFound):
        asking.cancel(request=asked, by=bola, at=timezone.now())
    assert state_of(asked) == "OPEN"


def test_short_funds_leave_the_request_open(ada: User, bola: User) -> None:
    asked = ask(ada, bola)
    with pytest.raises(InsufficientFunds):
        answer(bola, make_wallet(bola, amount=49_999), asked)
    assert (state_of(asked), history_of(asked)) == ("OPEN", ["ASKED"])


def test_declining_carries_words_and_ends_it(ada: User, bola: User) -> None:
    asked = ask(ada, bola)
    answering.decline(request=asked, by=bola, words="  I paid\nin cash ", at=timezone.now())
    assert (state_of(asked), notices_of(ada)) == ("DECLINED", ["request.declined"])
    with acting_as_service():
        assert PaymentRequestChange.objects.get(kind="DECLINED").words == "I paid in cash"
    with pytest.raises(RequestOver):
        answer(bola, make_wallet(bola, amount=200_000), asked)


def test_it_expires_and_cannot_be_paid_even_before_the_sweep(ada: User, bola: User) -> None:
    now = timezone.now()
    asked = ask(ada, bola, at=now - timedelta(days=15))
    with pytest.raises(RequestOver):
        answer(bola, make_wallet(bola, amount=200_000), asked)
    assert asking.expire_requests(at=now) == 1 and asking.expire_requests(at=now) == 0
    assert (state_of(asked), notices_of(ada)) == ("EXPIRED", ["request.expired"])


def test_reminders_are_two_a_day_apart(ada: User, bola: User) -> None:
    now = timezone.now()
    asked = ask(ada, bola, at=now)
    for days, allowed in ((0.5, False), (1, True), (1.5, False), (2, True), (5, False)):
        at = now + timedelta(days=days)
        if allowed:
            asking.remind(request=asked, by=ada, at=at)
        else:
            with pytest.raises(TooSoonToRemind):
                asking.remind(request=asked, by=ada, at=at)
    assert notices_of(bola) == ["request.received", "request.reminded", "request.reminded"]


def test_who_blocked_hears_and_sees_nothing_and_the_asker_cannot_tell(ada: User, bola: User) -> None:
    first = ask(ada, bola)
    answering.block_asker(request=first, by=bola, at=timezone.now())
    assert state_of(first) == "DECLINED"
    second = ask(ada, bola)
    assert (state_of(second), history_of(second), notices_of(bola)) == (
        "OPEN",
        ["ASKED"],
        ["request.received"],
    )
    with acting_as(bola):
        assert not PaymentRequest.objects.visible_to(bola).exists()
        assert not PaymentRequest.objects.exists() and not PaymentRequestChange.objects.exists()
    with acting_as(ada), connection.cursor() as cursor:
        cursor.execute("select count(*) from wallet_requestblock")
        assert cursor.fetchone() == (0,)
    with pytest.raises(RequestNotFound):
        answer(bola, make_wallet(bola, amount=200_000), second)


@pytest.mark.parametrize("amount", [0, -5, 99, 1_000_000_001])
def test_amounts_have_bounds(ada: User, bola: User, amount: int) -> None:
    with pytest.raises(RequestAmount):
        ask(ada, bola, amount)


def test_nobody_is_asked_who_is_not_there_nor_oneself_nor_forever(ada: User, bola: User) -> None:
    with pytest.raises(RequestOneself):
        ask(ada, ada)
    with pytest.raises(RecipientNotFound):
        asking.ask(asker=ada, recipient_text="nobody@nowhere.test", amount=5_000, at=timezone.now())
    for days in (-1, 0, 91):
        with pytest.raises(RequestExpiry):
            ask(ada, bola, expires_at=timezone.now() + timedelta(days=days))


def test_how_much_one_may_ask_is_bounded_however_fast(
    ada: User, bola: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _number in range(3):
        ask(ada, bola)
    with pytest.raises(TooManyToOne):
        ask(ada, bola)
    monkeypatch.setattr(asking, "PER_DAY", 4)
    chidi = make_person(name="Chidi Eze")
    ask(ada, chidi)
    with pytest.raises(TooManyRequests):
        ask(ada, chidi)


def test_a_repeat_of_the_form_is_the_first(ada: User, bola: User) -> None:
    key = uuid7()
    assert ask(ada, bola, request_id=key).pk == ask(ada, bola, request_id=key).pk == key
    assert notices_of(bola) == ["request.received"]


def test_a_third_person_sees_nothing_and_nobody_writes_in_raw_sql(ada: User, bola: User) -> None:
    asked, chidi = ask(ada, bola), make_person(name="Chidi Eze")
    with acting_as(chidi):
        assert not PaymentRequest.objects.exists() and not PaymentRequestChange.objects.exists()
    statements = ("update wallet_paymentrequest set amount = 1", "delete from wallet_paymentrequestchange")
    for person in (ada, bola):
        with acting_as(person), connection.cursor() as cursor:
            for statement in statements:
                with pytest.raises(Error), transaction.atomic():
                    cursor.execute(statement)
    with acting_as_anon(), pytest.raises(Error), transaction.atomic():
        PaymentRequest.objects.exists()
    with acting_as_service(), pytest.raises(Error), transaction.atomic():
        PaymentRequestChange.objects.filter(request=asked).update(words="other")


@pytest.mark.django_db(transaction=True)
def test_paying_declining_and_taking_back_at_once_end_it_one_way(ada: User, bola: User) -> None:
    purse, asked = make_wallet(bola, amount=200_000), ask(ada, bola)
    ended: list[str] = []

    def run(step) -> None:
        try:
            step()
            ended.append("done")
        except RequestOver:
            ended.append("over")
        finally:
            connections.close_all()

    steps = [
        lambda: answer(bola, purse, asked),
        lambda: answer(bola, purse, asked),
        lambda: answering.decline(request=asked, by=bola, at=timezone.now()),
        lambda: asking.cancel(request=asked, by=ada, at=timezone.now()),
    ]
    threads = [threading.Thread(target=run, args=(step,)) for step in steps]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(ended) == ["done", "over", "over", "over"]
    assert len(history_of(asked)) == 2
    paid = state_of(asked) == "PAID"
    assert has(purse.pk) == (150_000 if paid else 200_000)
    with acting_as_service():
        assert wallet.verify() == []
