"""The ledger against a model of it in a few lines of Python, under random orders of everything one can ask."""

import os
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any, NamedTuple
from uuid import UUID

import pytest
from django.db import transaction
from django.utils import timezone
from hypothesis import HealthCheck, Phase, assume
from hypothesis import settings as examples
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from accounts.models import User
from accounts.tests.factories import make_person
from core.actors import acting_as_service
from core.ids import nth, posting_id, uuid7
from wallet import services
from wallet.fees import CREDITED, FeeLine, FeeQuote
from wallet.models import Account
from wallet.refusals import LedgerRefusal
from wallet.services import Line, Single, periods, posting
from wallet.tests.ledger import ask, make_rule, system, written

# No transaction around it all: one that runs for seconds would hold up every fold and seal on the server.
pytestmark = pytest.mark.django_db(transaction=True)

PEOPLE = 4
# The operator's accounts come first: where money comes from, and where each charge goes.
SYSTEM = {"PAYSTACK_CLEARING": True, "FEE_INCOME": False, "VAT_PAYABLE": False, "STAMP_DUTY_PAYABLE": False}
HOT = len(SYSTEM)
CHARGES = {kind: place for place, kind in enumerate(("FEE", "VAT", "STAMP_DUTY"), start=1)}
UNCOUNTED = {*CHARGES, "REVERSAL"}
# By tier: what may be sent in a day, received in a day, sent at once.
LIMITS: dict[int, tuple[int | None, int | None, int | None]] = {1: (250, 1_200, 100), 2: (900, None, None)}
amounts = st.integers(1, 120)
numbers = st.integers(0, 10**6)
STATES = ["ACTIVE", "ACTIVE", "FROZEN", "NO_DEBIT", "NO_CREDIT"]
STOPS = {"DEBIT": {"FROZEN", "NO_DEBIT", "CLOSED"}, "CREDIT": {"FROZEN", "NO_CREDIT", "CLOSED"}}


class Leg(NamedTuple):
    """One transaction to be, by number of purse."""

    debit: int
    credit: int
    amount: int
    kind: str = "TRANSFER"

    @property
    def counted(self) -> int:
        return 0 if self.kind in UNCOUNTED else self.amount


@dataclass
class Purse:
    id: UUID
    hot: bool = False
    debit_normal: bool = False
    balance: int = 0
    floor: int | None = 0
    cap: int | None = None
    state: str = "ACTIVE"
    version: int = 0
    tier: int = 1
    sent: int = 0
    received: int = 0

    def limit_refusal(self, side: str, counted: int) -> str | None:
        if self.hot or not counted:
            return None
        sending, receiving, single = LIMITS[self.tier]
        if side == "DEBIT" and single is not None and counted > single:
            return "single_amount_exceeded"
        if side == "DEBIT" and sending is not None and self.sent + counted > sending:
            return "daily_sending_limit_exceeded"
        if side == "CREDIT" and receiving is not None and self.received + counted > receiving:
            return "daily_receiving_limit_exceeded"
        return None


@dataclass
class Hold:
    id: UUID
    purse: int
    amount: int
    committed: int = 0
    state: str = "OPEN"


@dataclass
class Move:
    """A posting that was made; how to make it again; what of each line was taken back in parts."""

    id: UUID
    lines: list[Leg]
    again: Callable[[], Any]
    reversed: bool = False
    parts: Counter[int] = field(default_factory=Counter)

    def left(self) -> list[tuple[int, Leg]]:
        """What of each line is not taken back yet, with the line's place."""
        rests = [(n, leg._replace(amount=leg.amount - self.parts[n])) for n, leg in enumerate(self.lines)]
        return [] if self.reversed else [(n, leg) for n, leg in rests if leg.amount]


@dataclass
class Books:
    purses: list[Purse] = field(default_factory=list)
    holds: list[Hold] = field(default_factory=list)
    moves: list[Move] = field(default_factory=list)

    def held(self, purse: int) -> int:
        return sum(h.amount - h.committed for h in self.holds if h.purse == purse and h.state == "OPEN")

    def refusal(
        self, lines: list[Leg], *, freed: int = 0, of_hold: bool = False, takes_back: list[Leg] | None = None
    ) -> str | None:
        """Why these lines may not be posted, None when they may; `freed` is about to be no longer held."""
        return self._run([replace(purse) for purse in self.purses], lines, freed, of_hold, takes_back)

    def apply(
        self, lines: list[Leg], *, freed: int = 0, of_hold: bool = False, takes_back: list[Leg] | None = None
    ) -> None:
        assert self._run(self.purses, lines, freed, of_hold, takes_back) is None

    def _run(
        self, purses: list[Purse], lines: list[Leg], freed: int, of_hold: bool, takes_back: list[Leg] | None
    ) -> str | None:
        for n, leg in enumerate(lines):
            for number, side in ((leg.debit, "DEBIT"), (leg.credit, "CREDIT")):
                purse = purses[number]
                if purse.state in STOPS[side]:
                    return f"account_{purse.state.lower()}"
                up = (side == "DEBIT") == purse.debit_normal
                held = self.held(number) - (freed if number == lines[0].debit else 0)
                down_to, up_to = purse.balance - held - leg.amount, purse.balance + leg.amount
                if not up and purse.floor is not None and down_to < purse.floor:
                    return "insufficient_funds"
                if up and purse.cap is not None and up_to > purse.cap:
                    return "balance_cap_exceeded"
                if takes_back:
                    self._give_back(purse, side, leg.amount if takes_back[n].counted else 0)
                elif not of_hold or side == "CREDIT":
                    refusal = purse.limit_refusal(side, leg.counted)
                    if refusal:
                        return refusal
                    self._count(purse, side, leg.counted)
                purse.balance += leg.amount if up else -leg.amount
                purse.version += not purse.hot
        return None

    def _count(self, purse: Purse, side: str, counted: int) -> None:
        if purse.hot:
            return
        purse.sent += counted if side == "DEBIT" else 0
        purse.received += counted if side == "CREDIT" else 0

    def _give_back(self, purse: Purse, side: str, counted: int) -> None:
        """Of what the original counted, on the other side of what takes it back."""
        if side == "DEBIT":
            purse.received -= min(counted, purse.received)
        else:
            purse.sent -= min(counted, purse.sent)


class Ledger(RuleBasedStateMachine):
    """Each rule asks the database and the model the same, and they must agree to the code of a refusal."""

    people: list[User]

    def __init__(self) -> None:
        super().__init__()
        self.books, self.ran, self.closed = Books(), ExitStack(), False
        self.ran.enter_context(transaction.atomic())
        self.ran.enter_context(acting_as_service())
        self.month = timezone.localdate().replace(day=1)
        self.day = ask("select wallet.day_of(clock_timestamp())")
        for code, debit_normal in SYSTEM.items():
            self.books.purses.append(Purse(system(code), hot=True, debit_normal=debit_normal, floor=None))
        self.open(PEOPLE - 2)

    def teardown(self) -> None:
        transaction.set_rollback(True)
        self.ran.close()

    def open(self, count: int) -> None:
        for user in self.people[len(self.books.purses) - HOT :][:count]:
            pk = services.open_wallet(owner_id=user.pk)
            ask("select wallet.set_limits(%s, 0, null)", pk)
            self.books.purses.append(Purse(pk))
            self.post([Leg(0, len(self.books.purses) - 1, 300)])

    def agree(self, refusal: str | None, call: Callable[[], Any], then: Callable[[], Any]) -> None:
        """Make the call: refused, it leaves no trace; done, the model follows. At midnight the model gives up."""
        assume(self.day == ask("select wallet.day_of(clock_timestamp())"))
        if refusal is None:
            call()
            then()
            return
        before = written()
        with pytest.raises(LedgerRefusal) as caught:
            call()
        assert caught.value.code == refusal
        assert written() == before

    def pick(self, number: int, among: list[Any]) -> int:
        return number % len(among)

    def real(self, lines: list[Leg]) -> list[Line]:
        purses = self.books.purses
        return [Line(leg.kind, purses[leg.debit].id, purses[leg.credit].id, leg.amount) for leg in lines]

    def post(self, lines: list[Leg]) -> None:
        pk, real = posting_id(), self.real(lines)

        def call() -> Any:
            return services.post(posting_id=pk, lines=real, description="model")

        def then() -> None:
            self.books.apply(lines)
            self.books.moves.append(Move(pk, lines, call))

        self.agree(self.books.refusal(lines), call, then)

    @rule(found=st.lists(st.tuples(numbers, amounts), min_size=1, max_size=2), before=st.booleans())
    def date_back(self, found: list[tuple[int, int]], before: bool) -> None:
        """To the last month, which may be closed, or to just now, which never is; limits count it today."""
        lines, pk = [self.line(number, amount) for number, amount in found], posting_id()
        happened = periods.start_of(self.month) if before else timezone.now()
        refusal = "period_closed" if before and self.closed else self.books.refusal(lines)

        def call() -> Any:
            moment = happened - timedelta(milliseconds=1)
            return services.post(posting_id=pk, lines=self.real(lines), effective_at=moment)

        def then() -> None:
            self.books.apply(lines)
            self.books.moves.append(Move(pk, lines, call))

        self.agree(refusal, call, then)

    @initialize(closed=st.booleans())
    def begin(self, closed: bool) -> None:
        """Half of the worlds begin with their last month closed; in the others it may be at any time."""
        if closed:
            self.close_last_month()

    @precondition(lambda self: not self.closed)
    @rule()
    def close_last_month(self) -> None:
        month = periods.month_before(self.month)
        periods.close_period(month=month, by=self.people[0], reason="The model", at=timezone.now())
        self.closed = True

    def line(self, number: int, amount: int, kind: str = "TRANSFER") -> Leg:
        debit, step = divmod(number, len(self.books.purses) - 1)
        debit %= len(self.books.purses)
        return Leg(debit, (debit + 1 + step) % len(self.books.purses), amount, kind)

    @precondition(lambda self: len(self.books.purses) < PEOPLE + HOT)
    @rule()
    def open_another(self) -> None:
        self.open(1)

    @rule(number=numbers, amount=st.integers(50, 400))
    def fund(self, number: int, amount: int) -> None:
        self.post([Leg(0, HOT + self.pick(number, self.books.purses[HOT:]), amount)])

    @precondition(lambda self: len(self.books.purses) > HOT + 1)
    @rule(number=numbers, amount=amounts, charges=st.dictionaries(st.sampled_from([*CHARGES]), amounts))
    def send_with_charges(self, number: int, amount: int, charges: dict[str, int]) -> None:
        """A transfer and what it costs, by the service a customer's goes through."""
        people = len(self.books.purses) - HOT
        source = number % people
        target = (source + 1 + number // people % (people - 1)) % people
        lines = [Leg(HOT + source, HOT + target, amount)]
        paid = [kind for kind in CHARGES if kind in charges]
        lines += [Leg(HOT + source, CHARGES[kind], charges[kind], kind) for kind in paid]
        quoted = tuple(FeeLine(kind, charges[kind], CREDITED[kind], None) for kind in paid)
        pk, purse = posting_id(), self.books.purses[HOT + source]

        def call() -> Any:
            return services.transfer(
                posting_id=pk,
                source=Account(pk=purse.id, currency_id="NGN"),
                recipient_id=self.people[target].pk,
                amount=amount,
                at=timezone.now(),
                note="model",
                charges=FeeQuote("TRANSFER", amount, quoted),
            )

        def then() -> None:
            self.books.apply(lines)
            self.books.moves.append(Move(pk, lines, call))

        self.agree(self.books.refusal(lines), call, then)

    @rule(number=numbers, tier=st.sampled_from([1, 2]))
    def change_tier(self, number: int, tier: int) -> None:
        place = self.pick(number, self.books.purses[HOT:])
        purse = self.books.purses[HOT + place]
        ask("update accounts_customer set tier = %s where user_id = %s", tier, self.people[place].pk)
        if purse.tier != tier:
            purse.tier, purse.cap = tier, None

    @rule(number=numbers, amount=amounts)
    def transfer(self, number: int, amount: int) -> None:
        self.post([self.line(number, amount)])

    @rule(found=st.lists(st.tuples(numbers, amounts), min_size=2, max_size=5))
    def transfer_many_lines(self, found: list[tuple[int, int]]) -> None:
        self.post([self.line(number, amount) for number, amount in found])

    @rule(found=st.lists(st.tuples(numbers, amounts), min_size=1, max_size=4))
    def transfer_in_bulk(self, found: list[tuple[int, int]]) -> None:
        lines = [self.line(number, amount, "BULK") for number, amount in found]
        batch = [Single(posting_id(), line) for line in self.real(lines)]
        stopped = [why for line in lines if (why := self.stopped(line))]
        refusal = stopped[0] if stopped else self.over_a_limit(lines) or self.books.refusal(lines)
        self.agree(refusal, lambda: services.post_many(postings=batch), lambda: self.books.apply(lines))

    def over_a_limit(self, lines: list[Leg]) -> str | None:
        """The refusal by a limit, which a batch looks at before any balance."""
        purses = [replace(purse) for purse in self.books.purses]
        for leg in lines:
            for number, side in ((leg.debit, "DEBIT"), (leg.credit, "CREDIT")):
                refusal = purses[number].limit_refusal(side, leg.counted)
                if refusal:
                    return refusal
                self.books._count(purses[number], side, leg.counted)
        return None

    def stopped(self, line: Leg) -> str | None:
        """The refusal by state, which a batch looks at before any money."""
        for number, side in ((line.debit, "DEBIT"), (line.credit, "CREDIT")):
            state = self.books.purses[number].state
            if state in STOPS[side]:
                return f"account_{state.lower()}"
        return None

    @precondition(lambda self: self.books.moves)
    @rule(number=numbers)
    def repeat(self, number: int) -> None:
        move = self.books.moves[self.pick(number, self.books.moves)]
        assert move.again().replayed

    @precondition(lambda self: self.books.moves)
    @rule(number=numbers)
    def reuse_an_id(self, number: int) -> None:
        move = self.books.moves[self.pick(number, self.books.moves)]
        first = move.lines[0]
        [changed] = self.real([first._replace(amount=first.amount + 1)])
        self.agree(
            "posting_id_reused", lambda: services.post(posting_id=move.id, lines=[changed]), lambda: None
        )

    @precondition(lambda self: self.books.moves)
    @rule(number=numbers)
    def reverse(self, number: int) -> None:
        move = self.books.moves[self.pick(number, self.books.moves)]
        origins = [leg for _n, leg in reversed(move.left())]
        back = [Leg(leg.credit, leg.debit, leg.amount, "REVERSAL") for leg in origins]
        refusal = self.books.refusal(back, takes_back=origins) if origins else "already_reversed"
        pk = posting_id()

        def call() -> Any:
            return services.reverse(posting_id=pk, reverses=move.id)

        def then() -> None:
            self.books.apply(back, takes_back=origins)
            move.reversed = True
            self.books.moves.append(Move(pk, back, call))

        self.agree(refusal, call, then)

    @precondition(lambda self: self.books.moves)
    @rule(number=numbers, place=numbers, amount=amounts)
    def reverse_a_part(self, number: int, place: int, amount: int) -> None:
        """However many parts of a transaction are taken back, together they are never more than it."""
        move = self.books.moves[self.pick(number, self.books.moves)]
        place = self.pick(place, move.lines)
        was, pk = move.lines[place], posting_id()
        back = [Leg(was.credit, was.debit, amount, "REVERSAL")]
        if move.reversed:
            refusal = "already_reversed"
        elif amount > was.amount - move.parts[place]:
            refusal = "reversal_exceeded"
        else:
            refusal = self.books.refusal(back, takes_back=[was])

        def call() -> Any:
            return posting.reverse_part(posting_id=pk, transaction_id=nth(move.id, place), amount=amount)

        def then() -> None:
            self.books.apply(back, takes_back=[was])
            move.parts[place] += amount
            self.books.moves.append(Move(pk, back, call))

        self.agree(refusal, call, then)

    @rule(number=numbers, amount=amounts)
    def hold(self, number: int, amount: int) -> None:
        place = HOT + self.pick(number, self.books.purses[HOT:])
        purse, hold = self.books.purses[place], uuid7()
        refusal = f"account_{purse.state.lower()}" if purse.state in STOPS["DEBIT"] else None
        if refusal is None and purse.floor is not None:
            short = purse.balance - self.books.held(place) - amount < purse.floor
            refusal = "insufficient_funds" if short else None
        refusal = refusal or purse.limit_refusal("DEBIT", amount)

        def call() -> None:
            services.place_hold(hold_id=hold, account_id=purse.id, amount=amount, expires_at=None, reason="")

        def then() -> None:
            self.books.holds.append(Hold(hold, place, amount))
            purse.sent += amount

        self.agree(refusal, call, then)

    @precondition(lambda self: self.books.holds)
    @rule(number=numbers, to=numbers, amount=amounts, final=st.booleans())
    def commit(self, number: int, to: int, amount: int, final: bool) -> None:
        hold = self.books.holds[self.pick(number, self.books.holds)]
        others = [place for place in range(len(self.books.purses)) if place != hold.purse]
        target, pk, left = others[self.pick(to, others)], posting_id(), hold.amount - hold.committed
        lines = [Leg(hold.purse, target, amount, "PAYMENT")]
        if hold.state != "OPEN":
            refusal = "hold_not_open"
        elif amount > left:
            refusal = "hold_exceeded"
        else:
            refusal = self.books.refusal(lines, freed=left if final else amount, of_hold=True)

        def call() -> Any:
            return services.commit_hold(
                hold_id=hold.id,
                posting_id=pk,
                credit=self.books.purses[target].id,
                amount=amount,
                kind="PAYMENT",
                final=final,
            )

        def then() -> None:
            self.books.apply(lines, freed=left if final else amount, of_hold=True)
            hold.committed += amount
            if final or hold.committed == hold.amount:
                hold.state = "COMMITTED"
                self.free(hold.purse, left - amount)
            self.books.moves.append(Move(pk, lines, call))

        self.agree(refusal, call, then)

    def free(self, place: int, unused: int) -> None:
        """What counted when a hold was placed and is not paid out is given back to the day."""
        purse = self.books.purses[place]
        purse.sent -= min(unused, purse.sent)

    @precondition(lambda self: self.books.holds)
    @rule(number=numbers, to=numbers, amount=amounts, charge=amounts)
    def pay_out(self, number: int, to: int, amount: int, charge: int) -> None:
        """What is left of a hold in two lines, the amount and its fee, as a withdrawal does."""
        hold = self.books.holds[self.pick(number, self.books.holds)]
        others = [place for place in range(len(self.books.purses)) if place != hold.purse]
        lines = [Leg(hold.purse, others[self.pick(to, others)], amount, "PAYMENT")]
        lines.append(Leg(hold.purse, CHARGES["FEE"], charge, "FEE"))
        pk, left = posting_id(), hold.amount - hold.committed
        if hold.state != "OPEN":
            refusal = "hold_not_open"
        elif amount + charge > left:
            refusal = "hold_exceeded"
        else:
            refusal = self.books.refusal(lines, freed=left, of_hold=True)

        def call() -> Any:
            return services.commit_hold_lines(hold_id=hold.id, posting_id=pk, lines=self.real(lines))

        def then() -> None:
            self.books.apply(lines, freed=left, of_hold=True)
            self.free(hold.purse, left - amount)
            hold.committed += amount + charge
            hold.state = "COMMITTED"
            self.books.moves.append(Move(pk, lines, call))

        self.agree(refusal, call, then)

    @precondition(lambda self: self.books.holds)
    @rule(number=numbers)
    def release(self, number: int) -> None:
        hold = self.books.holds[self.pick(number, self.books.holds)]
        refusal = "hold_not_open" if hold.state == "COMMITTED" else None
        call = lambda: services.release_hold(hold_id=hold.id)  # noqa: E731

        def then() -> None:
            if hold.state == "OPEN":
                self.free(hold.purse, hold.amount - hold.committed)
                hold.state = "RELEASED"

        self.agree(refusal, call, then)

    @rule(number=numbers, state=st.sampled_from(STATES))
    def set_state(self, number: int, state: str) -> None:
        purse = self.books.purses[self.pick(number, self.books.purses)]
        ask("select wallet.set_state(%s, %s)", purse.id, state)
        purse.state = state

    @rule(number=numbers, floor=st.sampled_from([0, 0, -100, 50, None]), cap=st.sampled_from([None, 300]))
    def set_limits(self, number: int, floor: int | None, cap: int | None) -> None:
        place = HOT + self.pick(number, self.books.purses[HOT:])
        purse = self.books.purses[place]
        available = purse.balance - self.books.held(place)
        refusal = "insufficient_funds" if floor is not None and available < floor else None

        def then() -> None:
            purse.floor, purse.cap = floor, cap

        self.agree(refusal, lambda: ask("select wallet.set_limits(%s, %s, %s)", purse.id, floor, cap), then)

    @invariant()
    def every_account_is_as_the_model_has_it(self) -> None:
        rows = ask("select id, wallet.balance_of(id), held, version, state, floor, cap from wallet_account")
        found = {row[0]: row[1:] for row in rows}
        for number, purse in enumerate(self.books.purses):
            held = self.books.held(number)
            wanted = (purse.balance, held, purse.version, purse.state, purse.floor, purse.cap)
            assert found[purse.id] == wanted
            assert purse.floor is None or purse.balance - held >= purse.floor

    @invariant()
    def what_counts_today_is_as_the_model_has_it(self) -> None:
        assume(self.day == ask("select wallet.day_of(clock_timestamp())"))
        found = {row[0]: row[1:] for row in ask("select id, sent, received from wallet_account")}
        for purse in self.books.purses[HOT:]:
            assert found[purse.id] == (purse.sent, purse.received)
            assert purse.sent >= 0 <= purse.received

    @invariant()
    def money_is_conserved_and_every_balance_is_the_sum_of_its_entries(self) -> None:
        purses = self.books.purses
        assert sum(p.balance if p.debit_normal else -p.balance for p in purses) == 0
        sums = dict(ask("select account_id, sum(change) from wallet_entry group by account_id"))
        assert {p.id: p.balance for p in purses if p.id in sums} == sums

    @invariant()
    def the_books_are_proven(self) -> None:
        assert services.verify() == []


def test_the_ledger_does_what_the_model_does():
    for tier, (sending, receiving, single) in LIMITS.items():
        make_rule(tier, daily_sending=sending, daily_receiving=receiving, single_amount=single)
    Ledger.people = [make_person() for _ in range(PEOPLE)]
    longer = int(os.environ.get("MODEL_EXAMPLES", 0))
    run_state_machine_as_test(
        Ledger,
        settings=examples(
            max_examples=longer or 30,
            stateful_step_count=40 if longer else 20,
            derandomize=not longer,
            database=None,
            deadline=None,
            phases=[Phase.generate, Phase.shrink],
            suppress_health_check=[*HealthCheck],
        ),
    )
