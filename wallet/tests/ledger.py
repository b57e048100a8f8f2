"""The ledger under test: ways to ask it, what it has written, and many askers at the same moment."""

import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime, timedelta
from threading import Barrier
from typing import Any
from uuid import UUID

import psycopg
import pytest
from django.conf import settings
from django.db import DatabaseError, IntegrityError, ProgrammingError, connection, connections, transaction
from django.utils import timezone

from accounts.tests.approving import applied
from accounts.tests.factories import make_person
from conftest import OF_TESTS, superuser
from core.actors import acting_as_service
from core.embedded import Postgres
from core.ids import posting_id, uuid7
from wallet import services as wallet
from wallet.models import Account, CoolingOffRule, TierRule
from wallet.refusals import ExpiryInPast, LedgerRefusal, refusal_of
from wallet.services import Line, Posting
from wallet.services.approved import rules
from wallet.tests.factories import make_wallet

TABLES = (
    "wallet_account",
    "wallet_transaction",
    "wallet_hold",
    "wallet_reversal",
    "wallet_checkpoint",
    "wallet_seal",
)
ROLES = ("anon", "authenticated", "service_role")
PATIENCE = 60.0


def wallets(*amounts: int) -> list[UUID]:
    """A wallet for each amount, each of a person of its own of the highest tier, with room for any amount."""
    found = [make_wallet(make_person(), tier=3).pk for _amount in amounts]
    for account, amount in zip(found, amounts, strict=True):
        set_limits(account, floor=0, cap=None)
        if amount:
            give(account, amount)
    return found


def uncounted(amount: int = 0) -> UUID:
    """An account of a person that has no limits at all: what is kept for them."""
    person = make_person()
    with acting_as_service():
        pk = wallet.open_wallet(owner_id=person.pk, kind=Account.Kind.HELD)
    if amount:
        give(pk, amount)
    return pk


def lift_limits(tier: int = 3) -> None:
    """Let wallets of this tier move any amount, by a rule of today; it goes with the test."""
    make_rule(tier, source=OF_TESTS)


def make_rule(tier: int = 1, *, days: int = 0, **limits: Any) -> TierRule:
    """A rule from so many days from now on, in naira kobo; what is not named has no limit."""
    approval = applied(rules.TIER)
    with acting_as_service():
        return TierRule.objects.create(
            tier=tier,
            currency_id="NGN",
            from_date=timezone.localdate() + timedelta(days=days),
            approval=approval,
            **{"source": OF_TESTS, **limits},
        )


def trust_new_factors() -> None:
    """Let people send much although their way in changed just now."""
    approval, today = applied(rules.COOLING_OFF), timezone.localdate()
    with acting_as_service():
        CoolingOffRule.objects.create(
            currency_id="NGN", from_date=today, amount=10**12, source=OF_TESTS, approval=approval
        )


def give(account: UUID, amount: int) -> Posting:
    """Money from outside: from the clearing account, which is hot."""
    return post_one_line(system("PAYSTACK_CLEARING"), account, amount)


def system(code: str) -> UUID:
    with acting_as_service():
        return wallet.system_account(code)


def post_one_line(debit: UUID, credit: UUID, amount: int, **options: Any) -> Posting:
    options = {"posting_id": posting_id(), **options}
    kind = options.pop("kind", "TRANSFER")
    with acting_as_service():
        return wallet.post(lines=[Line(kind, debit, credit, amount)], **options)


def account(pk: UUID) -> Account:
    with acting_as_service():
        return Account.objects.get(pk=pk)


def balances(*accounts: UUID) -> list[int]:
    with acting_as_service():
        return [wallet.balance_of(pk) for pk in accounts]


def ask(statement: str, *parameters: object) -> list[tuple[Any, ...]]:
    """Run SQL as whoever acts now, in a savepoint; a refusal of the ledger comes out by its name."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement, parameters or None)
            return cursor.fetchall() if cursor.description else []
    except DatabaseError as error:
        cause = error.__cause__
        refusal = refusal_of(cause) if isinstance(cause, psycopg.Error) else None
        raise refusal or error from cause


def set_limits(pk: UUID, *, floor: int | None, cap: int | None) -> None:
    with acting_as_service():
        ask("select wallet.set_limits(%s, %s, %s)", pk, floor, cap)


def set_state(pk: UUID, state: str) -> None:
    with acting_as_service():
        ask("select wallet.set_state(%s, %s)", pk, state)


def written() -> dict[str, list[str]]:
    """Every row of the books, as text."""
    with acting_as_service():
        return {
            table: [row for (row,) in ask(f"select t::text from {table} t order by 1")] for table in TABLES
        }


@contextmanager
def refused(error: type[LedgerRefusal], **facts: object) -> Iterator[None]:
    """The block is refused by this name with these facts, and the books are what they were, to the letter."""
    before = written()
    with pytest.raises(error) as caught:
        yield
    assert {name: caught.value.data.get(name) for name in facts} == facts
    assert written() == before


@dataclass(frozen=True)
class Done:
    """One transaction as a door answers: what the services tell of it, and whether it was there before."""

    id: UUID
    debit_version: int | None
    debit_balance: int | None
    credit_version: int | None
    credit_balance: int | None
    replayed: bool


DONE = ", ".join(field.name for field in fields(Done))


def by_service(
    posting: UUID,
    kind: str,
    debit: UUID,
    credit: UUID,
    amount: int,
    description: str = "",
    effective_at: datetime | None = None,
) -> Done:
    lines = [Line(kind, debit, credit, amount)]
    found = wallet.post(posting_id=posting, lines=lines, description=description, effective_at=effective_at)
    return Done(**asdict(found.transactions[0]), replayed=found.replayed)


def by_post(posting: UUID, kind: str, debit: UUID, credit: UUID, amount: int, *rest: Any) -> Done:
    marks = ", %s" * len(rest)
    statement = f"select {DONE} from wallet.post(%s, %s, %s::uuid[], %s::uuid[], %s::bigint[]{marks})"
    return Done(*ask(statement, posting, [kind], [debit], [credit], [amount], *rest)[0])


def by_post_one(posting: UUID, kind: str, debit: UUID, credit: UUID, amount: int, *rest: Any) -> Done:
    marks = ", %s" * len(rest)
    statement = f"select {DONE} from wallet.post_one(%s, %s, %s, %s, (%s)::bigint{marks})"
    return Done(*ask(statement, posting, kind, debit, credit, amount, *rest)[0])


DOORS = [by_service, by_post, by_post_one]


def at_once(*calls: Callable[[], Any]) -> list[Any]:
    """Start all calls at the same moment, each in a thread and connection of its own.

    Returns what each returned or raised.
    """
    start = Barrier(len(calls))

    def run(call: Callable[[], Any]) -> Any:
        try:
            connection.ensure_connection()
            start.wait(PATIENCE)
            return call()
        except Exception as error:
            return error
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(run, calls))


def login(role: str = "alajo_app") -> psycopg.Connection:
    """A connection of its own, as nothing but this login role; what it does is committed at once."""
    return psycopg.connect(
        Postgres(settings.TEST_ROOT).dsn(role=role, dbname=settings.DATABASES["default"]["NAME"]),
        autocommit=True,
    )


def root() -> psycopg.Connection:
    """The superuser in the database under test."""
    return superuser(settings.DATABASES["default"]["NAME"])


def passed_by_the_horizon() -> None:
    """Wait until every transaction that ended is below the oldest that runs; other tests share the server."""
    with root() as database:
        ((newest,),) = database.execute("select pg_current_xact_id()").fetchall()
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            ((oldest,),) = database.execute("select pg_snapshot_xmin(pg_current_snapshot())").fetchall()
            if int(oldest) > int(newest):
                return
            time.sleep(0.02)
    raise AssertionError("some other transaction runs on and on")


def now() -> datetime:
    return datetime.now(UTC)


@contextmanager
def undone() -> Iterator[None]:
    """What the block does is taken back at its end."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def as_service(call: Callable[..., Any], *args: Any, **kwargs: Any) -> Callable[[], Any]:
    def run() -> Any:
        with acting_as_service():
            return call(*args, **kwargs)

    return run


def errors(results: list[Any]) -> Counter[type | str]:
    """The kinds of errors among the results; those of the server are shown whole."""
    found = [result for result in results if isinstance(result, Exception)]
    return Counter(str(error) if isinstance(error, DatabaseError) else type(error) for error in found)


def prove_the_books() -> None:
    """Everything adds up, and an account's versions rise with the clock, as `balance_at` trusts."""
    assert wallet.verify() == []
    with acting_as_service():
        assert not ask(
            "select * from (select recorded_at, "
            "lag(recorded_at) over (partition by account_id order by version) as before "
            "from wallet_entry where version is not null) e where recorded_at < before"
        )


def place(source: UUID, amount: int, *, expires_in: timedelta | None = None) -> UUID:
    hold = uuid7()
    with acting_as_service():
        expires_at = now() + expires_in if expires_in else None
        wallet.place_hold(
            hold_id=hold, account_id=source, amount=amount, expires_at=expires_at, reason="order"
        )
    return hold


def place_overdue(source: UUID, amount: int) -> UUID:
    """A hold whose time is over and which nobody has closed yet. On a slow day its time takes longer to pass."""
    for seconds in (0.005, 0.1, 2.0):
        with suppress(ExpiryInPast, IntegrityError), transaction.atomic():
            hold = place(source, amount, expires_in=timedelta(seconds=seconds))
            ask("select pg_sleep(%s)", seconds)
            return hold
    raise AssertionError("this machine is too slow for a hold of two seconds")


def let_expire(hold: UUID, *, after: timedelta) -> datetime:
    """Have a hold that is committed to the database end so long from now; return when that is."""
    with root() as database:
        ((at,),) = database.execute(
            "update wallet_hold set expires_at = clock_timestamp() + %s, created_at = created_at - interval '1 day' "
            "where id = %s returning expires_at",
            [after, hold],
        ).fetchall()
        # It was placed the day before, so it counts in no counter of today.
        database.execute(
            "update wallet_account a set sent = sent - h.amount "
            "from wallet_hold h where h.id = %s and a.id = h.account_id",
            [hold],
        )
    return at


def commit(hold: UUID, credit: UUID, amount: int, *, final: bool = True) -> Posting:
    with acting_as_service():
        return wallet.commit_hold(
            hold_id=hold, posting_id=posting_id(), credit=credit, amount=amount, kind="PAYMENT", final=final
        )


@contextmanager
def denied(*, match: str = "permission denied") -> Iterator[None]:
    """The server itself says no (42501), and the books are what they were."""
    before = written()
    with pytest.raises(ProgrammingError, match=match) as caught:
        yield
    assert caught.value.__cause__.sqlstate == "42501"
    assert written() == before


def plainly_denied(statement: str) -> None:
    with pytest.raises(ProgrammingError, match="permission denied"):
        ask(statement)


def somebody_waits() -> bool:
    """Whether a session of the runtime role waits for another's lock."""
    with root() as database:
        found = database.execute(
            "select 1 from pg_stat_activity where datname = current_database() and usename = 'alajo_app' "
            "and wait_event_type = 'Lock'"
        )
        return found.fetchone() is not None
