"""The ledger against a model of it in a few lines of Python, under random orders of everything one can ask."""

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import pytest
from django.db import transaction
from hypothesis import HealthCheck, Phase
from hypothesis import settings as examples
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from accounts.models import User
from accounts.tests.factories import make_person
from core.actors import acting_as_service
from core.ids import posting_id, uuid7
from wallet import services
from wallet.refusals import LedgerRefusal
from wallet.services import Line, Single
from wallet.tests.ledger import ask, system, written

# No transaction around it all: one that runs for seconds would hold up every fold and seal on the server.
pytestmark = pytest.mark.django_db(transaction=True)

PEOPLE = 4
amounts = st.integers(1, 120)
numbers = st.integers(0, 10**6)
STATES = ["ACTIVE", "ACTIVE", "FROZEN", "NO_DEBIT", "NO_CREDIT"]
STOPS = {"DEBIT": {"FROZEN", "NO_DEBIT", "CLOSED"}, "CREDIT": {"FROZEN", "NO_CREDIT", "CLOSED"}}


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


@dataclass
class Hold:
    id: UUID
    purse: int
    amount: int
    committed: int = 0
    state: str = "OPEN"


@dataclass
class Move:
    """A posting that was made: lines of (debit, credit, amount), by number of purse; how to make it again."""

    id: UUID
    lines: list[tuple[int, int, int]]
    again: Callable[[], Any]
    reversed: bool = False


@dataclass
class Books:
    purses: list[Purse] = field(default_factory=list)
    holds: list[Hold] = field(default_factory=list)
    moves: list[Move] = field(default_factory=list)

    def held(self, purse: int) -> int:
        return sum(h.amount - h.committed for h in self.holds if h.purse == purse and h.state == "OPEN")

    def refusal(self, lines: list[tuple[int, int, int]], freed: int = 0) -> str | None:
        """Why these lines may not be posted, None when they may; `freed` is about to be no longer held."""
        balance = [p.balance for p in self.purses]
        for debit, credit, amount in lines:
            for number, side in ((debit, "DEBIT"), (credit, "CREDIT")):
                purse = self.purses[number]
                if purse.state in STOPS[side]:
                    return f"account_{purse.state.lower()}"
                up = (side == "DEBIT") == purse.debit_normal
                held = self.held(number) - (freed if number == lines[0][0] else 0)
                down_to, up_to = balance[number] - held - amount, balance[number] + amount
                if not up and purse.floor is not None and down_to < purse.floor:
                    return "insufficient_funds"
                if up and purse.cap is not None and up_to > purse.cap:
                    return "balance_cap_exceeded"
                balance[number] += amount if up else -amount
        return None

    def apply(self, lines: list[tuple[int, int, int]]) -> None:
        for debit, credit, amount in lines:
            for number, side in ((debit, "DEBIT"), (credit, "CREDIT")):
                purse = self.purses[number]
                purse.balance += amount if (side == "DEBIT") == purse.debit_normal else -amount
                purse.version += not purse.hot


class Ledger(RuleBasedStateMachine):
    """Each rule asks the database and the model the same, and they must agree to the code of a refusal."""

    people: list[User]

    def __init__(self) -> None:
        super().__init__()
        self.books, self.ran = Books(), ExitStack()
        self.ran.enter_context(transaction.atomic())
        self.ran.enter_context(acting_as_service())
        for code, debit_normal in (("PAYSTACK_CLEARING", True), ("FEE_INCOME", False)):
            self.books.purses.append(Purse(system(code), hot=True, debit_normal=debit_normal, floor=None))
        self.open(PEOPLE - 2)

    def teardown(self) -> None:
        transaction.set_rollback(True)
        self.ran.close()

    def open(self, count: int) -> None:
        for user in self.people[len(self.books.purses) - 2 :][:count]:
            pk = services.open_wallet(owner_id=user.pk)
            ask("select wallet.set_limits(%s, 0, null)", pk)
            self.books.purses.append(Purse(pk))

    def agree(self, refusal: str | None, call: Callable[[], Any], then: Callable[[], Any]) -> None:
        """Make the call: refused, it leaves no trace; done, the model follows."""
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

    def post(self, lines: list[tuple[int, int, int]]) -> None:
        pk, purses = posting_id(), self.books.purses
        real = [Line("TRANSFER", purses[d].id, purses[c].id, amount) for d, c, amount in lines]

        def call() -> Any:
            return services.post(posting_id=pk, lines=real, description="model")

        def then() -> None:
            self.books.apply(lines)
            self.books.moves.append(Move(pk, lines, call))

        self.agree(self.books.refusal(lines), call, then)

    def line(self, number: int, amount: int) -> tuple[int, int, int]:
        debit, step = divmod(number, len(self.books.purses) - 1)
        debit %= len(self.books.purses)
        return debit, (debit + 1 + step) % len(self.books.purses), amount

    @precondition(lambda self: len(self.books.purses) < PEOPLE + 2)
    @rule()
    def open_another(self) -> None:
        self.open(1)

    @rule(number=numbers, amount=st.integers(50, 400))
    def fund(self, number: int, amount: int) -> None:
        self.post([(0, 2 + self.pick(number, self.books.purses[2:]), amount)])

    @rule(number=numbers, amount=amounts)
    def transfer(self, number: int, amount: int) -> None:
        self.post([self.line(number, amount)])

    @rule(found=st.lists(st.tuples(numbers, amounts), min_size=2, max_size=5))
    def transfer_many_lines(self, found: list[tuple[int, int]]) -> None:
        self.post([self.line(number, amount) for number, amount in found])

    @rule(found=st.lists(st.tuples(numbers, amounts), min_size=1, max_size=4))
    def transfer_in_bulk(self, found: list[tuple[int, int]]) -> None:
        lines = [self.line(number, amount) for number, amount in found]
        purses = self.books.purses
        batch = [Single(posting_id(), Line("BULK", purses[d].id, purses[c].id, n)) for d, c, n in lines]
        stopped = [why for line in lines if (why := self.stopped(line))]
        refusal = stopped[0] if stopped else self.books.refusal(lines)
        self.agree(refusal, lambda: services.post_many(postings=batch), lambda: self.books.apply(lines))

    def stopped(self, line: tuple[int, int, int]) -> str | None:
        """The refusal by state, which a batch looks at before any money."""
        for number, side in zip(line[:2], ("DEBIT", "CREDIT"), strict=True):
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
        debit, credit, amount = move.lines[0]
        purses = self.books.purses
        changed = Line("TRANSFER", purses[debit].id, purses[credit].id, amount + 1)
        self.agree(
            "posting_id_reused", lambda: services.post(posting_id=move.id, lines=[changed]), lambda: None
        )

    @precondition(lambda self: self.books.moves)
    @rule(number=numbers)
    def reverse(self, number: int) -> None:
        move = self.books.moves[self.pick(number, self.books.moves)]
        back, pk = [(credit, debit, amount) for debit, credit, amount in reversed(move.lines)], posting_id()
        refusal = "already_reversed" if move.reversed else self.books.refusal(back)

        def call() -> Any:
            return services.reverse(posting_id=pk, reverses=move.id)

        def then() -> None:
            self.books.apply(back)
            move.reversed = True
            self.books.moves.append(Move(pk, back, call))

        self.agree(refusal, call, then)

    @rule(number=numbers, amount=amounts)
    def hold(self, number: int, amount: int) -> None:
        place = 2 + self.pick(number, self.books.purses[2:])
        purse, hold = self.books.purses[place], uuid7()
        refusal = f"account_{purse.state.lower()}" if purse.state in STOPS["DEBIT"] else None
        if refusal is None and purse.floor is not None:
            short = purse.balance - self.books.held(place) - amount < purse.floor
            refusal = "insufficient_funds" if short else None

        def call() -> None:
            services.place_hold(hold_id=hold, account_id=purse.id, amount=amount, expires_at=None, reason="")

        self.agree(refusal, call, lambda: self.books.holds.append(Hold(hold, place, amount)))

    @precondition(lambda self: self.books.holds)
    @rule(number=numbers, to=numbers, amount=amounts, final=st.booleans())
    def commit(self, number: int, to: int, amount: int, final: bool) -> None:
        hold = self.books.holds[self.pick(number, self.books.holds)]
        others = [place for place in range(len(self.books.purses)) if place != hold.purse]
        target, pk, left = others[self.pick(to, others)], posting_id(), hold.amount - hold.committed
        lines = [(hold.purse, target, amount)]
        if hold.state != "OPEN":
            refusal = "hold_not_open"
        elif amount > left:
            refusal = "hold_exceeded"
        else:
            refusal = self.books.refusal(lines, freed=left if final else amount)

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
            self.books.apply(lines)
            hold.committed += amount
            if final or hold.committed == hold.amount:
                hold.state = "COMMITTED"
            self.books.moves.append(Move(pk, lines, call))

        self.agree(refusal, call, then)

    @precondition(lambda self: self.books.holds)
    @rule(number=numbers)
    def release(self, number: int) -> None:
        hold = self.books.holds[self.pick(number, self.books.holds)]
        refusal = "hold_not_open" if hold.state == "COMMITTED" else None
        call = lambda: services.release_hold(hold_id=hold.id)  # noqa: E731
        self.agree(refusal, call, lambda: setattr(hold, "state", "RELEASED"))

    @rule(number=numbers, state=st.sampled_from(STATES))
    def set_state(self, number: int, state: str) -> None:
        purse = self.books.purses[self.pick(number, self.books.purses)]
        ask("select wallet.set_state(%s, %s)", purse.id, state)
        purse.state = state

    @rule(number=numbers, floor=st.sampled_from([0, 0, -100, 50, None]), cap=st.sampled_from([None, 300]))
    def set_limits(self, number: int, floor: int | None, cap: int | None) -> None:
        place = 2 + self.pick(number, self.books.purses[2:])
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
    def money_is_conserved_and_every_balance_is_the_sum_of_its_entries(self) -> None:
        purses = self.books.purses
        assert sum(p.balance if p.debit_normal else -p.balance for p in purses) == 0
        sums = dict(ask("select account_id, sum(change) from wallet_entry group by account_id"))
        assert {p.id: p.balance for p in purses if p.id in sums} == sums

    @invariant()
    def the_books_are_proven(self) -> None:
        assert services.verify() == []


def test_the_ledger_does_what_the_model_does():
    Ledger.people = [make_person() for _ in range(PEOPLE)]
    run_state_machine_as_test(
        Ledger,
        settings=examples(
            max_examples=30,
            stateful_step_count=20,
            derandomize=True,
            database=None,
            deadline=None,
            phases=[Phase.generate, Phase.shrink],
            suppress_health_check=[*HealthCheck],
        ),
    )
