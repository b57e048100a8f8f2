"""`python -m bench.statement_work fill|measure`: one long history, and the seconds its statement takes."""

import json
import sys
import time
import tracemalloc
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from uuid import UUID

import django
from django.conf import settings

django.setup()
settings.DEBUG = False  # which keeps a copy of every statement

from django.db import connection  # noqa: E402
from django.utils import timezone  # noqa: E402

from bench.statements import FEWER, LINES, PEOPLE_COUNT  # noqa: E402
from bench.world import account_id  # noqa: E402
from core.actors import acting_as_service  # noqa: E402
from core.ids import posting_id  # noqa: E402
from wallet import services as wallet  # noqa: E402
from wallet.models import Account, Document, Statement  # noqa: E402
from wallet.services.statements import contents, files, make_statement  # noqa: E402
from wallet.services.statements.lines import LAGOS, Versions, lines_of  # noqa: E402

OWN = UUID(account_id(1))


def fill() -> dict[str, float]:
    """Ten thousand movements of one account: half of them money in, half sent to a hundred people."""
    with acting_as_service():
        clearing, singles = wallet.system_account("PAYSTACK_CLEARING"), []
        for number in range(LINES // 2):
            other = UUID(account_id(2 + number % (PEOPLE_COUNT - 1)))
            singles.append(wallet.Single(posting_id(), wallet.Line("DEPOSIT", clearing, OWN, 50_000)))
            singles.append(
                wallet.Single(
                    posting_id(), wallet.Line("TRANSFER", OWN, other, 100 + number), f"Market day {number}"
                )
            )
        for start in range(0, len(singles), 2_000):
            wallet.post_many(postings=singles[start : start + 2_000])
    return {}


def measure() -> dict[str, float]:
    account = Account.objects.get(pk=OWN)
    first_day = timezone.now().astimezone(LAGOS).date() - timedelta(days=_used_days())
    found: dict[str, float] = {}
    found["bare"] = _timed(_bare)
    at = timezone.now()
    made: list[Statement] = []
    found["made"] = _timed(
        lambda: made.append(
            make_statement(account=account, since=first_day, until=at.astimezone(LAGOS).date(), at=at)
        )
    )
    statement = Statement.objects.select_related("account", "document").get(pk=made[0].pk)
    assert statement.lines == LINES
    found["pdf"] = _timed(lambda: files.pdf(statement))
    found["csv"] = _timed(lambda: _through(files.csv(statement)))
    found["ofx"] = _timed(lambda: _through(files.ofx(statement)))
    found["held"] = _held(files.csv(statement))
    found["held_by_fewer"] = _held(files.csv(_shorter(statement, at)))
    return found


def _used_days() -> int:
    """Another range for each round, so that each makes a statement of its own."""
    return Statement.objects.count()


def _bare() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "select version, transaction_id, posting_id, kind, change, balance, counterparty_id, description, "
            "effective_at, recorded_at from wallet_entry where account_id = %s and version <= %s order by version",
            [OWN, LINES],
        )
        assert len(cursor.fetchall()) == LINES


def _shorter(statement: Statement, at: datetime) -> Statement:
    """The first lines of it as a statement of their own, that is not kept."""
    lines = list(lines_of(account=OWN, first=1, last=FEWER))
    versions = Versions(first=1, last=FEWER, opening=0, closing=lines[-1].balance)
    told = contents.Contents(statement.account, statement.since, statement.until, versions, statement.names)
    for line in lines:
        told.take(line)
    return Statement(
        account=statement.account,
        since=statement.since,
        until=statement.until,
        first_version=1,
        last_version=FEWER,
        opening=0,
        closing=lines[-1].balance,
        names=statement.names,
        made_at=at,
        document=Document(sha256=told.finish(), issued_at=at),
    )


def _timed(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def _through(pieces: Iterator[bytes]) -> None:
    for _piece in pieces:
        pass


def _held(pieces: Iterator[bytes]) -> float:
    """The most that is held at once while pieces go by, in MB."""
    tracemalloc.start()
    _through(pieces)
    held = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return held / 1_000_000


if __name__ == "__main__":
    with acting_as_service():
        print(json.dumps({"fill": fill, "measure": measure}[sys.argv[1]]()))
