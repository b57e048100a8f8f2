"""Bulk posting does what posting one by one would do, or nothing at all."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import DatabaseError, transaction
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st

from core.actors import acting_as_service
from core.ids import nth, posting_id, uuid7
from wallet import services
from wallet.models import Transaction
from wallet.refusals import (
    AccountFrozen,
    AccountNotFound,
    AmountNotPositive,
    BalanceCapExceeded,
    InsufficientFunds,
    LedgerRefusal,
    PostingIdOutOfRange,
    PostingIdRepeated,
    PostingIdReused,
    SameAccount,
)
from wallet.services import Line, Single
from wallet.tests.ledger import (
    ask,
    balances,
    now,
    place_overdue,
    post_one_line,
    refused,
    set_limits,
    set_state,
    system,
    undone,
    wallets,
)

pytestmark = pytest.mark.django_db

CONTENT = (
    "id, posting_id, debit_account_id, credit_account_id, amount, currency, debit_version, debit_balance, "
    "credit_version, credit_balance, hold_id, reverses, actor_id, kind, description"
)


@pytest.fixture(autouse=True)
def _books_add_up(db):
    yield
    assert services.verify() == []


def many(*postings: Single, **options: Any) -> int:
    with acting_as_service():
        return services.post_many(postings=postings, **options)


def single(debit: UUID, credit: UUID, amount: int, **options: Any) -> Single:
    return Single(
        options.pop("posting_id", None) or posting_id(), Line("INTEREST", debit, credit, amount), **options
    )


def state() -> tuple[list[tuple[Any, ...]], list[tuple[Any, ...]]]:
    with acting_as_service():
        rows = ask(f"select {CONTENT} from wallet_transaction order by id")
        kept = ask("select id, balance, held, version from wallet_account order by id")
    return rows, kept


moves = st.lists(
    st.tuples(
        st.integers(0, 5), st.integers(0, 5), st.integers(1, 400), st.sampled_from(["", "a", "ọ́|b"])
    ).filter(lambda move: move[0] != move[1]),
    min_size=1,
    max_size=25,
)


@examples(
    max_examples=40,
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(moves)
def test_a_batch_ends_as_its_postings_one_by_one_would(found):
    """Four wallets (one capped, one that holds money, one that may go below nought) and two hot accounts."""
    with undone():
        accounts = [*wallets(500, 500, 500, 500), system("SUSPENSE"), system("PAYSTACK_CLEARING")]
        set_limits(accounts[1], floor=0, cap=900)
        set_limits(accounts[2], floor=-300, cap=None)
        with acting_as_service():
            services.place_hold(
                hold_id=uuid7(), account_id=accounts[0], amount=200, expires_at=None, reason=""
            )
        batch = [single(accounts[a], accounts[b], n, description=text) for a, b, n, text in found]
        with undone():
            refusal = None
            for index, posting in enumerate(batch):
                try:
                    with acting_as_service():
                        services.post(
                            posting_id=posting.posting_id,
                            lines=[posting.line],
                            description=posting.description,
                        )
                except LedgerRefusal as error:
                    refusal = (type(error), index, error.data)
                    break
            one_by_one = state()
        before = state()
        if refusal is None:
            assert many(*batch) == len(batch)
            assert state() == one_by_one
        else:
            with pytest.raises(refusal[0]) as caught:
                many(*batch)
            facts = {name: caught.value.data[name] for name in ("index", "posting", "available", "account")}
            expected = {
                **{name: refusal[2][name] for name in ("posting", "available", "account")},
                "index": refusal[1],
            }
            assert facts == expected
            assert state() == before
        assert services.verify() == []


OFFENDERS = {
    "amount": (lambda a, b: single(a, b, 0), AmountNotPositive),
    "funds": (lambda a, b: single(a, b, 10_000), InsufficientFunds),
    "same": (lambda a, b: single(a, a, 1), SameAccount),
    "unknown": (lambda a, b: single(uuid7(), b, 1), AccountNotFound),
    "unknown credit": (lambda a, b: single(a, uuid7(), 1), AccountNotFound),
    "id": (lambda a, b: single(a, b, 1, posting_id=nth(posting_id(), 1)), PostingIdOutOfRange),
}


@pytest.mark.parametrize("place", [0, 2, 4])
@pytest.mark.parametrize(("make", "error"), OFFENDERS.values(), ids=OFFENDERS)
def test_one_offender_refuses_the_batch_and_is_named(make, error, place):
    source, target = wallets(1_000, 0)
    batch = [single(source, target, 1) for _ in range(4)]
    batch.insert(place, make(source, target))
    with refused(error, index=place, posting=str(batch[place].posting_id)):
        many(*batch)
    del batch[place]
    assert many(*batch) == 4


def test_a_frozen_account_or_a_full_one_refuses_the_batch():
    source, target, other = wallets(1_000, 0, 0)
    set_limits(target, floor=0, cap=2)
    with refused(BalanceCapExceeded, index=2, cap=2):
        many(*[single(source, target, 1) for _ in range(4)])
    set_state(other, "FROZEN")
    with refused(AccountFrozen, index=1, account=str(other)):
        many(single(source, target, 1), single(source, other, 1))


def test_a_batch_does_not_spend_what_is_held():
    source, target = wallets(100, 0)
    with acting_as_service():
        services.place_hold(hold_id=uuid7(), account_id=source, amount=60, expires_at=None, reason="")
    with refused(InsufficientFunds, index=1, available=10, held=60):
        many(single(source, target, 30), single(source, target, 11))
    assert many(single(source, target, 30), single(source, target, 10)) == 2


def test_of_several_offenders_the_first_is_named():
    source, target = wallets(10, 0)
    batch = [single(source, target, 1), single(source, target, 0), single(source, source, 1)]
    with refused(AmountNotPositive, index=1):
        many(*batch)
    with refused(SameAccount, index=1):
        many(batch[0], batch[2], batch[1])


def test_what_was_posted_before_is_skipped_and_the_rest_done():
    source, target = wallets(1_000, 0)
    batch = [single(source, target, 10, description="day 1") for _ in range(6)]
    assert many(*batch[1::2]) == 3
    assert many(*batch) == 3
    assert many(*batch) == 0
    line = batch[0].line
    again = post_one_line(
        source, target, 10, kind=line.kind, posting_id=batch[0].posting_id, description="day 1"
    )
    assert again.replayed
    assert balances(source, target) == [940, 60]


def test_the_same_id_twice_in_one_batch_is_refused():
    (source, target), posting = wallets(1_000, 0), single
    twice = posting(source, target, 1)
    with refused(PostingIdRepeated, index=2):
        many(twice, single(source, target, 1), twice)


@pytest.mark.parametrize("field", ["debit", "credit", "amount", "kind", "description", "effective_at"])
def test_a_batch_with_a_used_id_and_other_content_is_refused_and_the_field_named(field):
    source, target, other = wallets(1_000, 1_000, 1_000)
    posting, at = posting_id(), now() - timedelta(hours=1)
    content = {"debit": source, "credit": target, "amount": 10, "kind": "INTEREST"}

    def batch(description: str = "May", **changed: Any) -> list[Single]:
        fields = {**content, **changed}
        line = Line(fields["kind"], fields["debit"], fields["credit"], fields["amount"])
        return [single(source, target, 1), Single(posting, line, description)]

    many(*batch(), effective_at=at)
    changes = {"debit": other, "credit": other, "amount": 11, "kind": "BONUS", "description": "June"}
    changed = {field: changes[field]} if field in changes else {}
    with refused(PostingIdReused, field=field, index=1, posting=str(posting)):
        many(*batch(**changed), effective_at=at if changed else at - timedelta(seconds=1))
    assert many(*batch()) == 1


def test_a_posting_of_many_lines_is_not_repeated_by_a_batch():
    (source, target), posting = wallets(100, 0), posting_id()
    lines = [Line("INTEREST", source, target, 1), Line("INTEREST", source, target, 2)]
    with acting_as_service():
        services.post(posting_id=posting, lines=lines)
    with refused(PostingIdReused, field="count"):
        many(single(source, target, 1, posting_id=posting))


def test_a_batch_uses_money_whose_hold_is_overdue():
    source, target = wallets(100, 0)
    with acting_as_service():
        place_overdue(source, 100)
        assert many(single(source, target, 60), single(source, target, 40)) == 2
    assert balances(source, target) == [0, 100]


def test_arrays_of_different_lengths_are_refused():
    source, target = wallets(100, 0)
    with acting_as_service(), pytest.raises(DatabaseError, match="one length"), transaction.atomic():
        ask(
            "select wallet.post_many(%s::uuid[], %s, %s::uuid[], %s::uuid[], %s::bigint[], %s)",
            [posting_id()], ["INTEREST"], [source], [target, source], [1], [""],
        )  # fmt: skip
    assert balances(source, target) == [100, 0]


def test_a_thousand_postings_are_one_statement_and_keep_their_order():
    source, target = wallets(1_000, 0)
    batch = [single(source, target, 1) for _ in range(1_000)]
    assert many(*batch) == 1_000
    with acting_as_service():
        rows = Transaction.objects.filter(debit_account=source).order_by("debit_version")
        assert [row.pk for row in rows] == [posting.posting_id for posting in batch]
        assert [row.credit_balance for row in rows] == list(range(1, 1_001))
