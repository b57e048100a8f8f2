"""Taking back a transaction in parts: never more than it moved, whoever asks at the same moment."""

from uuid import UUID

import psycopg
import pytest

from core.actors import acting_as_service
from core.ids import nth, posting_id
from wallet import services
from wallet.models import Transaction
from wallet.refusals import (
    AlreadyReversed,
    AmountNotPositive,
    InsufficientFunds,
    PostingIdReused,
    PostingNotFound,
    ReversalExceeded,
)
from wallet.services import Fault, Line, Posting
from wallet.tests.ledger import (
    as_service,
    ask,
    at_once,
    balances,
    commit,
    errors,
    place,
    post_one_line,
    prove_the_books,
    refused,
    root,
    system,
    wallets,
)

pytestmark = pytest.mark.django_db


def part(transaction_id: UUID, amount: int, *, posting: UUID | None = None) -> Posting:
    with acting_as_service():
        return services.reverse_part(
            posting_id=posting or posting_id(), transaction_id=transaction_id, amount=amount
        )


def three_lines() -> tuple[tuple[UUID, UUID, UUID], UUID]:
    sender, receiver = wallets(1_000, 0)
    fees, posting = system("FEE_INCOME"), posting_id()
    lines = [
        Line("TRANSFER", sender, receiver, 900),
        Line("FEE", sender, fees, 70),
        Line("VAT", sender, fees, 5),
    ]
    with acting_as_service():
        services.post(posting_id=posting, lines=lines)
    return (sender, receiver, fees), posting


def test_parts_are_mirrored_until_nothing_is_left():
    source, target = wallets(1_000, 0)
    sent = post_one_line(source, target, 100).id
    first = posting_id()
    assert not part(sent, 30, posting=first).replayed
    assert part(sent, 30, posting=first).replayed
    with refused(ReversalExceeded, left=70):
        part(sent, 71)
    part(sent, 70)
    with refused(ReversalExceeded, left=0):
        part(sent, 1)
    assert balances(source, target) == [1_000, 0]
    with acting_as_service():
        row = Transaction.objects.get(pk=first)
    assert (row.reverses, row.kind, row.debit_account_id) == (sent, "REVERSAL", target)
    prove_the_books()


def test_a_full_reversal_after_a_part_gives_the_rest_and_ends_it():
    (sender, receiver, fees), posting = three_lines()
    part(nth(posting, 1), 20)
    part(nth(posting, 2), 5)
    assert balances(sender, receiver, fees) == [50, 900, 50]
    undo = posting_id()
    with acting_as_service():
        back = services.reverse(posting_id=undo, reverses=posting)
        assert services.reverse(posting_id=undo, reverses=posting).replayed
        amounts = list(Transaction.objects.of_posting(undo).values_list("amount", flat=True))
    assert len(back.transactions) == 2 and amounts == [50, 900]
    assert balances(sender, receiver, fees) == [1_000, 0, 0]
    with refused(AlreadyReversed, reversed_by=str(undo)):
        part(posting, 1)
    prove_the_books()


def test_of_what_was_taken_back_in_parts_nothing_is_left_to_reverse():
    source, target = wallets(100, 0)
    sent = post_one_line(source, target, 10).id
    last = part(sent, 10).id
    with acting_as_service(), refused(AlreadyReversed, reversed_by=str(last)):
        services.reverse(posting_id=posting_id(), reverses=sent)
    assert balances(source, target) == [100, 0]


def test_a_part_is_refused_by_name():
    source, target, other = wallets(100, 0, 0)
    first, second = (post_one_line(source, target, 10).id for _ in range(2))
    undo = part(first, 4).id
    with refused(PostingNotFound):
        part(posting_id(), 1)
    for amount in (0, -1):
        with refused(AmountNotPositive):
            part(first, amount)
    with refused(PostingIdReused, field="reverses"):
        part(second, 4, posting=undo)
    with refused(PostingIdReused, field="amount"):
        part(first, 3, posting=undo)
    with refused(PostingIdReused):
        part(first, 1, posting=second)
    post_one_line(target, other, 15)
    with refused(InsufficientFunds, available=1):
        part(first, 2)
    with acting_as_service(), pytest.raises(TypeError):
        services.reverse_part(posting_id=posting_id(), transaction_id=first, amount=1.0)


def test_what_a_part_takes_back_is_given_back_to_the_limits_of_today():
    source, target = wallets(100, 0)
    sent = post_one_line(source, target, 50).id
    part(sent, 20)

    def used() -> list[tuple[int, int]]:
        with acting_as_service():
            return [
                ask("select sent, received from wallet_account where id = %s", pk)[0]
                for pk in (source, target)
            ]

    assert used() == [(30, 100), (0, 30)]
    with acting_as_service():
        services.reverse(posting_id=posting_id(), reverses=sent)
    assert used() == [(0, 100), (0, 0)]
    done = commit(place(source, 40), target, 40).id
    assert used() == [(40, 100), (0, 40)]
    part(done, 15)
    assert used() == [(25, 100), (0, 25)]
    prove_the_books()


@pytest.mark.django_db(transaction=True)
def test_of_parts_at_once_no_more_is_taken_back_than_was_moved():
    """Twice as many parts as fit: half of them succeed, and a whole reversal among them ends the rest."""
    source, target = wallets(10_000, 0)
    for _ in range(3):
        sent = post_one_line(source, target, 100).id
        calls = [
            as_service(services.reverse_part, posting_id=posting_id(), transaction_id=sent, amount=20)
            for _ in range(10)
        ]
        assert errors(at_once(*calls)) == {ReversalExceeded: 5}
        sent = post_one_line(source, target, 100).id
        whole = as_service(services.reverse, posting_id=posting_id(), reverses=sent)
        failed = errors(at_once(whole, *calls_of(sent, 4)))
        assert set(failed) <= {AlreadyReversed}
        assert balances(source, target) == [10_000, 0]
    prove_the_books()


def calls_of(sent: UUID, count: int) -> list:
    return [
        as_service(services.reverse_part, posting_id=posting_id(), transaction_id=sent, amount=10)
        for _ in range(count)
    ]


@pytest.mark.django_db(transaction=True)
def test_the_same_part_twice_at_once_is_one():
    source, target = wallets(100, 0)
    sent, undo = post_one_line(source, target, 10).id, posting_id()
    call = as_service(services.reverse_part, posting_id=undo, transaction_id=sent, amount=6)
    assert sorted(result.replayed for result in at_once(call, call)) == [False, True]
    assert balances(source, target) == [96, 4]


@pytest.mark.parametrize(("before", "amount"), [(0, 1), (30, 71), (-1, 1), (30, 0)])
def test_the_table_itself_refuses_a_part_beyond_the_whole_and_two_that_begin_alike(before, amount):
    of = posting_id()
    insert = (
        "insert into wallet_partreversal (posting_id, transaction_id, before, amount, whole) "
        "values (%s, %s, %s, %s, 100)"
    )
    with root() as database, database.transaction(force_rollback=True):
        database.execute(insert, [posting_id(), of, 0, 30])
        with pytest.raises(psycopg.IntegrityError):
            database.execute(insert, [posting_id(), of, before, amount])


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("tampering", "check"),
    [
        ("delete from wallet_partreversal where before = 0", "part_reversal"),
        ("delete from wallet_partreversal where before = 0", "reversal"),
        ("update wallet_partreversal set amount = amount - 1 where before = 0", "part_reversal"),
        ("update wallet_partreversal set whole = whole + 1", "part_reversal"),
        ("delete from wallet_partreversal", "reversal_amount"),
    ],
)
def test_verify_names_a_broken_chain(tampering, check):
    source, target = wallets(100, 0)
    sent = post_one_line(source, target, 100).id
    part(sent, 30)
    part(sent, 20)
    with acting_as_service():
        services.reverse(posting_id=posting_id(), reverses=sent)
    assert services.verify() == []
    with root() as database, database.transaction(force_rollback=True):
        database.execute("set local session_replication_role = replica")
        database.execute(tampering)
        found = [Fault(*row) for row in database.execute("select * from wallet.verify()").fetchall()]
    assert check in {fault.check for fault in found}
