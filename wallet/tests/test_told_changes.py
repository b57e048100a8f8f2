"""Movements of money as changes of rows: told over sockets to those whose accounts they move, and to nobody else."""

import json

import pytest
from django.db import connection
from django.utils import timezone

from accounts import services as accounts
from accounts.models import Notification
from accounts.tests.factories import make_person
from core.actors import acting_as, acting_as_service, person
from core.ids import posting_id, uuid7
from realtime import changes
from realtime.models import Message, SocketProcess, Subscription
from realtime.services import outbox
from wallet import services as wallet
from wallet.models import Transaction
from wallet.tests.factories import make_wallet

pytestmark = pytest.mark.django_db(transaction=True)
WANTED = {"event": "INSERT", "schema": "public", "table": "wallet_transaction"}


@pytest.fixture
def ada_bola_and_chi():
    people = [make_person(name=name) for name in ("Ada Obi", "Bola Ade", "Chi Eze")]
    wallets = [make_wallet(each, amount=100_000) for each in people]
    tell_all()
    return people, wallets


def listens(user=None, *, role="authenticated", bindings=(WANTED,)) -> None:
    """As a web process writes it before it says that one is subscribed."""
    with acting_as_service():
        process = SocketProcess.objects.create(pk=uuid7(), seen_at="2026-11-30T00:00Z")
        Subscription.objects.create(
            process=process,
            socket_id=uuid7(),
            user_id=user and user.id,
            role=role,
            topic="room",
            private=False,
            bindings=list(bindings),
            joined_at="2026-11-30T00:00Z",
        )


def tell_all() -> None:
    while wallet.announce():
        pass
    outbox.sequence(limit=1000)


def send(source, sender, recipient, amount: int) -> None:
    with acting_as(sender):
        wallet.transfer(
            posting_id=posting_id(),
            source=source,
            recipient_id=recipient.id,
            amount=amount,
            note="Garri",
            at=timezone.now(),
        )


def told() -> list[changes.Change]:
    before = outbox.head()
    tell_all()
    placed = outbox.after(before, limit=1000)
    return [
        changes.read(each)
        for each in placed
        if each.extension == "postgres_changes" and '"wallet_transaction"' in each.payload
    ]


def test_both_sides_are_told_what_either_may_read(ada_bola_and_chi):
    (ada, bola, chi), (source, *_rest) = ada_bola_and_chi
    listens(bola)
    send(source, ada, bola, 500)
    [change] = told()
    assert set(change.owners) == {ada.id, bola.id}
    with acting_as(bola):
        row = Transaction.objects.values("id", "amount", "kind", "description").get(amount=500)
        with connection.cursor() as cursor:
            cursor.execute(
                "select column_name from information_schema.column_privileges "
                "where table_name = 'wallet_transaction' and privilege_type = 'SELECT' and grantee = 'authenticated'"
            )
            readable = {name for (name,) in cursor.fetchall()}
    record = json.loads(change.data)["record"]
    assert {name: record[name] for name in row} == {**row, "id": str(row["id"])}
    assert record.keys() == readable, "a balance is one side's alone"
    for someone, hears in ((ada, True), (bola, True), (chi, False)):
        assert changes.bind(WANTED, actor=person(someone)).matches(change) is hears


def test_filters_choose_among_ones_own_movements(ada_bola_and_chi):
    (ada, bola, _chi), (source, *_rest) = ada_bola_and_chi
    listens(bola)
    binding = changes.bind({**WANTED, "filter": "amount=gte.600"}, actor=person(bola))
    send(source, ada, bola, 500)
    send(source, ada, bola, 700)
    assert [binding.matches(change) for change in told()] == [False, True]


def test_nothing_is_written_for_nobody(ada_bola_and_chi):
    (ada, bola, chi), (source, *_rest) = ada_bola_and_chi
    listens(chi)
    listens(bola, bindings=())
    send(source, ada, bola, 500)
    assert told() == []
    with acting_as_service():
        assert not Message.objects.filter(
            extension="postgres_changes", payload__table="wallet_transaction"
        ).exists()


def test_the_service_hears_of_every_movement(ada_bola_and_chi):
    (ada, bola, _chi), (source, *_rest) = ada_bola_and_chi
    listens(role="service_role")
    send(source, ada, bola, 500)
    [change] = told()
    service = changes.bind(WANTED, actor=acting_as_service_actor())
    assert service.matches(change)


def acting_as_service_actor():
    with acting_as_service() as actor:
        return actor


def test_a_movement_that_is_no_transfer_is_told_to_its_owner(ada_bola_and_chi):
    (ada, *_rest), (account, *_more) = ada_bola_and_chi
    listens(ada)
    with acting_as_service():
        fees = wallet.system_account("FEE_INCOME")
        wallet.post(posting_id=posting_id(), lines=[wallet.Line("FEE", account.pk, fees, 100)])
    before = outbox.head()
    tell_all()
    placed = outbox.after(before, limit=10)
    [event] = [each for each in placed if each.extension == "event"]
    assert (event.topic, event.event) == (f"user:{ada.id}", "transaction.posted")
    said = json.loads(event.payload)
    assert (said["side"], said["amount"], said["account"]) == ("DEBIT", 100, str(account.pk))
    [change] = [each for each in placed if each.extension == "postgres_changes"]
    assert change.owners == (ada.id,)


def test_notices_of_transfers_are_told_as_changes_too_and_a_notice_by_itself_as_ever(ada_bola_and_chi):
    """They are written in bulk, past the trigger, which others after them are not."""
    (ada, bola, chi), (source, *_rest) = ada_bola_and_chi
    listens(bola, bindings=[{"event": "INSERT", "schema": "public", "table": "accounts_notification"}])
    send(source, ada, bola, 500)
    before = outbox.head()
    tell_all()
    accounts.notify(notices=[Notification(user=chi, event="legal.terms", data={})])
    outbox.sequence(limit=1000)
    found = [
        changes.read(each)
        for each in outbox.after(before, limit=1000)
        if each.extension == "postgres_changes"
    ]
    notices = [change for change in found if change.table == "accounts_notification"]
    assert [(change.owners, change.record["event"]) for change in notices] == [
        ((bola.id,), "transfer.received"),
        ((chi.id,), "legal.terms"),
    ]
