"""Both sides hear of a transfer, once, whoever commits late and however many tell it."""

import threading

import pytest
from django.db import connection
from django.utils import timezone

from accounts.models import Notification
from accounts.tests.factories import make_person
from core.actors import acting_as, acting_as_service
from core.ids import posting_id
from wallet import services as wallet
from wallet.services import announcing
from wallet.tests.factories import make_wallet

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def ada_and_bola():
    ada, bola = make_person(name="Ada Obi"), make_person(name="Bola Ade")
    return ada, bola, make_wallet(ada, amount=100_000)


def send(source, recipient, amount=500, note="Garri"):
    return wallet.transfer(
        posting_id=posting_id(),
        source=source,
        recipient_id=recipient.id,
        amount=amount,
        note=note,
        at=timezone.now(),
    )


def tell_all() -> None:
    while wallet.announce():
        pass


def notices(user):
    with acting_as(user):
        return [(n.event, n.data["name"], n.data["amount"]) for n in Notification.objects.order_by("id")]


def test_sender_and_recipient_are_told_once_and_each_of_the_other(ada_and_bola):
    ada, bola, source = ada_and_bola
    with acting_as(ada):
        send(source, bola)
    tell_all()
    tell_all()
    assert notices(ada) == [("transfer.sent", "Bola Ade", 500)]
    assert notices(bola) == [("transfer.received", "Ada Obi", 500)]


def test_a_transfer_that_commits_late_is_told_too(ada_and_bola):
    ada, bola, source = ada_and_bola
    chi, dan = make_person(name="Chi Eze"), make_person(name="Dan Musa")
    other = make_wallet(chi, amount=9_000)
    posted, may_commit = threading.Event(), threading.Event()

    def slow() -> None:
        try:
            with acting_as(ada):
                send(source, bola, amount=100, note="late")
                posted.set()
                may_commit.wait(20)
        finally:
            connection.close()

    thread = threading.Thread(target=slow)
    thread.start()
    assert posted.wait(20)
    with acting_as(chi):
        send(other, dan, amount=200, note="early")
    wallet.announce()
    may_commit.set()
    thread.join()
    tell_all()
    assert notices(dan) == [("transfer.received", "Chi Eze", 200)]
    assert notices(ada) == [("transfer.sent", "Bola Ade", 100)]


def test_many_tellers_at_once_tell_each_transfer_once(ada_and_bola, monkeypatch):
    ada, bola, source = ada_and_bola
    monkeypatch.setattr(announcing, "AT_ONCE", 3)
    with acting_as_service():
        for _ in range(20):
            send(source, bola, amount=100)
    barrier = threading.Barrier(4)

    def teller() -> None:
        try:
            barrier.wait()
            for _ in range(5):
                wallet.announce()
        finally:
            connection.close()

    threads = [threading.Thread(target=teller) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    tell_all()
    assert len(notices(bola)) == len(notices(ada)) == 20
