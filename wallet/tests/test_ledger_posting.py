"""Postings of many lines, fees to the kobo, reversals, and postings within the caller's own transaction."""

from uuid import UUID

import pytest
from django.db import DatabaseError, transaction
from hypothesis import HealthCheck, example, given
from hypothesis import settings as examples
from hypothesis import strategies as st

from accounts.tests.factories import make_person
from core.actors import acting_as_service
from core.ids import nth, posting_id
from core.money import split
from wallet import services
from wallet.gateways.base import Charge
from wallet.models import Entry, Transaction
from wallet.refusals import (
    AccountFrozen,
    AlreadyReversed,
    BalanceCapExceeded,
    InsufficientFunds,
    PostingIdReused,
    PostingNotFound,
    SameAccount,
)
from wallet.services import Line, Posting
from wallet.services.settlement import settle
from wallet.tests.factories import install_sandbox, make_wallet
from wallet.tests.ledger import (
    account,
    balances,
    give,
    lift_limits,
    now,
    post_one_line,
    refused,
    set_limits,
    set_state,
    system,
    undone,
    wallets,
)

pytestmark = pytest.mark.django_db

some = examples(
    max_examples=60,
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
LARGEST_DEPOSIT = 10**9


@pytest.fixture(autouse=True)
def _books_add_up(db):
    yield
    assert services.verify() == []


def post(*lines: Line, posting: UUID | None = None) -> Posting:
    with acting_as_service():
        return services.post(posting_id=posting or posting_id(), lines=lines)


def test_a_transfer_its_fee_and_the_tax_on_it_stand_in_order_on_the_same_account():
    sender, receiver = wallets(10_000, 0)
    fees, tax, posting = system("FEE_INCOME"), system("VAT_PAYABLE"), posting_id()
    done = post(
        Line("TRANSFER", sender, receiver, 5_000),
        Line("FEE", sender, fees, 1_000),
        Line("VAT", sender, tax, 75),
        posting=posting,
    )
    assert [row.id for row in done.transactions] == [nth(posting, n) for n in range(3)]
    assert [(row.debit_version, row.debit_balance) for row in done.transactions] == [
        (2, 5_000),
        (3, 4_000),
        (4, 3_925),
    ]
    assert [row.credit_version for row in done.transactions] == [1, None, None]
    assert balances(sender, receiver, fees, tax) == [3_925, 5_000, 1_000, 75]
    with acting_as_service():
        stored = Transaction.objects.of_posting(posting)
        assert {row.posting_id for row in stored} == {posting}
        history = Entry.objects.of(account(sender)).values_list("change", "balance", "version")
        assert list(history) == [(-75, 3_925, 4), (-1_000, 4_000, 3), (-5_000, 5_000, 2), (10_000, 10_000, 1)]


def test_money_may_pass_through_an_account_within_one_posting():
    first, middle, last = wallets(100, 0, 0)
    post(Line("TRANSFER", first, middle, 100), Line("TRANSFER", middle, last, 100))
    assert balances(first, middle, last) == [0, 0, 100]
    with refused(InsufficientFunds, index=0):
        post(Line("TRANSFER", first, middle, 100), Line("TRANSFER", last, first, 100))
    post(Line("TRANSFER", last, first, 100), Line("TRANSFER", first, middle, 100))
    assert balances(first, middle, last) == [0, 100, 0]


def test_a_posting_of_which_one_line_is_refused_does_nothing_and_names_the_line():
    rich, poor, capped = wallets(1_000, 0, 0)
    set_limits(capped, floor=0, cap=5)
    for line, error in (
        (Line("TRANSFER", poor, rich, 2), InsufficientFunds),
        (Line("TRANSFER", rich, capped, 6), BalanceCapExceeded),
        (Line("TRANSFER", rich, rich, 1), SameAccount),
    ):
        for place in range(3):
            lines = [Line("TRANSFER", rich, poor, 1), Line("TRANSFER", rich, poor, 1)]
            lines[place:place] = [line]
            if error is InsufficientFunds and place == 2:
                continue
            with refused(error, index=place):
                post(*lines)
    assert balances(rich, poor, capped) == [1_000, 0, 0]


def test_a_posting_holds_256_lines_and_no_more():
    source, target = wallets(1_000, 0)
    lines = [Line("TRANSFER", source, target, 1)] * 256
    before = balances(source, target)
    with pytest.raises(DatabaseError, match="1 to 256"):
        post(*lines, lines[0])
    assert balances(source, target) == before
    posting = posting_id()
    done = post(*lines, posting=posting)
    assert (len(done.transactions), done.transactions[-1].id) == (256, nth(posting, 255))
    assert balances(source, target) == [744, 256]
    assert post(*lines, posting=posting).replayed
    assert account(source).version == 257


@pytest.mark.parametrize(
    ("change", "field"),
    [
        (lambda lines: lines[:2], "count"),
        (lambda lines: [*lines, lines[0]], "count"),
        (lambda lines: [lines[0], lines[2], lines[1]], "credit"),
        (lambda lines: [*lines[:2], Line("VAT", lines[2].debit, lines[2].credit, 8)], "amount"),
        (lambda lines: [*lines[:2], Line("TAX", lines[2].debit, lines[2].credit, 7)], "kind"),
    ],
    ids=["fewer", "more", "swapped", "amount", "kind"],
)
def test_a_posting_of_many_lines_repeats_with_all_of_them_only(change, field):
    (sender, receiver), posting = wallets(1_000, 0), posting_id()
    lines = [
        Line("TRANSFER", sender, receiver, 100),
        Line("FEE", sender, system("FEE_INCOME"), 10),
        Line("VAT", sender, system("VAT_PAYABLE"), 7),
    ]
    done = post(*lines, posting=posting)
    with refused(PostingIdReused, field=field):
        post(*change(lines), posting=posting)
    again = post(*lines, posting=posting)
    assert again.replayed
    assert [row.debit_balance for row in again.transactions] == [
        row.debit_balance for row in done.transactions
    ]


def test_a_refusal_leaves_the_callers_transaction_whole():
    source, target = wallets(10, 0)
    with transaction.atomic(), acting_as_service():
        post_one_line(source, target, 4)
        with pytest.raises(InsufficientFunds):
            post_one_line(source, target, 7)
        post_one_line(source, target, 6)
    assert balances(source, target) == [0, 10]


def test_what_the_caller_takes_back_was_never_posted():
    (source, target), posting = wallets(10, 0), posting_id()
    with undone():
        post_one_line(source, target, 4, posting_id=posting)
        assert balances(source, target) == [6, 4]
    assert balances(source, target) == [10, 0]
    assert not post_one_line(source, target, 4, posting_id=posting).replayed


def test_a_reversal_is_the_mirror_image_last_line_first():
    sender, receiver = wallets(1_000, 0)
    fees = system("FEE_INCOME")
    done = post(Line("TRANSFER", sender, receiver, 900), Line("FEE", sender, fees, 100))
    with acting_as_service():
        undo, repeated = posting_id(), posting_id()
        back = services.reverse(posting_id=undo, reverses=done.id, description="by mistake")
        assert len(back.transactions) == 2
        assert services.reverse(posting_id=undo, reverses=done.id, description="by mistake").replayed
        with refused(AlreadyReversed, reversed_by=str(undo)):
            services.reverse(posting_id=repeated, reverses=done.id)
        with refused(PostingIdReused, field="description"):
            services.reverse(posting_id=undo, reverses=done.id, description="other")
        rows = Transaction.objects.of_posting(undo)
        assert [row.amount for row in rows] == [100, 900]
        assert {(row.reverses, row.kind, row.description) for row in rows} == {
            (done.id, "REVERSAL", "by mistake")
        }
    assert services.reversed_by(posting_id=done.id) == undo
    assert balances(sender, receiver, fees) == [1_000, 0, 0]


def test_a_reversal_of_what_is_not_there_or_under_a_used_id_is_refused():
    source, target = wallets(100, 0)
    first, second = (post_one_line(source, target, 10).id for _ in range(2))
    two_lines = post(Line("TRANSFER", source, target, 1), Line("TRANSFER", source, target, 1)).id
    with acting_as_service():
        for unknown in (posting_id(), nth(two_lines, 1)):
            with refused(PostingNotFound):
                services.reverse(posting_id=posting_id(), reverses=unknown)
        with refused(PostingIdReused):
            services.reverse(posting_id=second, reverses=first)
        undo = posting_id()
        services.reverse(posting_id=undo, reverses=first)
        with refused(PostingIdReused, field="reverses"):
            services.reverse(posting_id=undo, reverses=second)


def test_a_reversal_and_a_posting_of_the_same_content_are_not_each_other():
    source, target = wallets(100, 100)
    posting, looks_alike, undo = post_one_line(source, target, 10).id, posting_id(), posting_id()
    mirror = Line("REVERSAL", target, source, 10)
    post(mirror, mirror, posting=looks_alike)
    two_lines = post(Line("TRANSFER", source, target, 10), Line("TRANSFER", source, target, 10)).id
    with acting_as_service():
        with refused(PostingIdReused, field="reverses"):
            services.reverse(posting_id=looks_alike, reverses=two_lines)
        services.reverse(posting_id=undo, reverses=posting)
        for lines in ([mirror], [mirror, mirror]):
            with refused(PostingIdReused, field="reverses" if len(lines) == 1 else "count"):
                services.post(posting_id=undo, lines=lines)


def test_a_reversal_never_overdraws_nor_wakes_a_frozen_account():
    source, target, other = wallets(100, 0, 0)
    posting = post_one_line(source, target, 100).id
    post_one_line(target, other, 1)
    with acting_as_service():
        with refused(InsufficientFunds, available=99):
            services.reverse(posting_id=posting_id(), reverses=posting)
        post_one_line(other, target, 1)
        set_state(source, "FROZEN")
        with refused(AccountFrozen, account=str(source)):
            services.reverse(posting_id=posting_id(), reverses=posting)
        set_state(source, "ACTIVE")
        services.reverse(posting_id=posting_id(), reverses=posting)
    assert balances(source, target) == [100, 0]


@some
@given(st.integers(1, 10**12), st.lists(st.integers(0, 10**6), min_size=1, max_size=20).filter(any))
@example(100, [1, 1, 1])
@example(1, [0, 0, 1, 1])
def test_the_parts_of_a_split_make_the_whole_and_each_is_its_share_to_the_kobo(amount, weights):
    parts = split(amount, weights)
    assert sum(parts) == amount
    for part, weight in zip(parts, weights, strict=True):
        assert abs(part * sum(weights) - amount * weight) < sum(weights)
        assert weight or not part


@some
@given(st.integers(1, 10**12), st.integers(0, 5_000), st.integers(0, 2_000))
def test_gross_is_net_and_fee_and_tax_to_the_kobo(gross, fee_weight, tax_weight):
    payer, payee = wallets(0, 0)
    with undone():
        lift_limits()
        give(payer, gross)
        net, fee, tax = split(gross, [10_000, fee_weight, tax_weight])
        lines = [
            Line("PAYMENT", payer, payee, net),
            Line("FEE", payer, system("FEE_INCOME"), fee),
            Line("VAT", payer, system("VAT_PAYABLE"), tax),
        ]
        post(*[line for line in lines if line.amount])
        assert balances(payer, payee, system("FEE_INCOME"), system("VAT_PAYABLE")) == [0, net, fee, tax]
        assert services.verify() == []


@some
@given(
    st.integers(5_000, LARGEST_DEPOSIT), st.one_of(st.none(), st.integers(0, 5_000)), st.integers(-50, 6_000)
)
@example(5_000, 0, 0)
@example(5_000, None, 100)
def test_after_a_deposit_clearing_is_what_the_gateway_owes_us_to_the_kobo(asked, fee, over):
    """The customer pays what was asked, or more where they bear the fee; what is odd goes to suspense."""
    with undone():
        purse = make_wallet(make_person())
        install_sandbox()
        payment = services.create_payment(account=purse, amount=asked, at=now())
        charge = Charge(
            payment.reference, "SUCCEEDED", asked + over, asked, fee, "NGN", now(), "card", "1", {}
        )
        for _twice in range(2):
            settled = settle(payment_id=payment.pk, charge=charge, at=now())
        clearing, fees, suspense = balances(
            *(system(code) for code in ("PAYSTACK_CLEARING", "GATEWAY_FEES", "SUSPENSE"))
        )
        with acting_as_service():
            own = sum(a.balance for a in type(purse).objects.filter(owner=purse.owner_id))
        assert clearing == asked + over - (fee or 0)
        assert clearing + fees == own + suspense
        assert own == (asked if over >= 0 else 0)
        assert (settled.state == "REVIEW") == (over < 0)
        assert services.verify() == []
