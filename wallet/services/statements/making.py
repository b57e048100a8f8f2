"""Making statements: one for a range that somebody asks for, and each month one for everybody."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, connection, transaction
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from accounts import audit
from core.actors import acting_as_service
from core.errors import DomainError
from wallet.models import Account, Document, Statement
from wallet.refusals import MovementsInArchive
from wallet.services import documents
from wallet.services.archives import recalls
from wallet.services.statements.contents import Contents, StatementDoesNotAddUp, names_of
from wallet.services.statements.lines import (
    LAGOS,
    Line,
    Versions,
    end_of,
    lines_of,
    lines_of_many,
    start_of,
    versions_of,
)

LONGEST = timedelta(days=366)
CHUNK = 200
# Accounts with fewer lines are read together; one with more is read by itself, a piece at a time.
SHORT = 100
MONTHLY = (Account.Kind.WALLET, Account.Kind.MERCHANT)

__all__ = ["PeriodInvalid", "StatementDoesNotAddUp", "complete", "make_monthly", "make_statement"]


class PeriodInvalid(DomainError):
    code = "period_invalid"
    message = _("Choose a first and a last day, a year apart at most, and none that is still to come.")


def make_statement(
    *, account: Account, since: date, until: date, at: datetime, language: str = settings.LANGUAGE_CODE
) -> Statement:
    """Make a statement of the days from `since` to `until`; where it was made before, return that one.

    It is WAITING where some of it lies in the archive: that is being fetched then, and `complete_waiting` goes on.
    Lines of one that was made before are fetched too. The caller knows that the account is theirs. Raises
    PeriodInvalid.
    """
    if not (since <= until <= at.astimezone(LAGOS).date() and until - since <= LONGEST):
        raise PeriodInvalid
    if account.hot:
        raise PeriodInvalid(_("Statements are made of accounts that keep a balance."))
    with acting_as_service():
        made = Statement(account=account, since=since, until=until, language=language, asked_at=at)
        try:
            found = _finished(made, at=at)
        except MovementsInArchive:
            found = _waiting(made)
        recalls.recall(account=account, since=start_of(since), until=end_of(until), at=at)
        return found


def _waiting(wanted: Statement) -> Statement:
    same = {"account": wanted.account, "since": wanted.since, "until": wanted.until, "monthly": False}
    found = Statement.objects.filter(**same, state=Statement.State.WAITING).first()
    if found is not None:
        return found
    try:
        with transaction.atomic():
            wanted.save(force_insert=True)
    except IntegrityError:  # somebody else asked for it just now
        return Statement.objects.get(**same, state=Statement.State.WAITING)
    audit.record(action="wallet.statement.asked", target=wanted, account=str(wanted.account_id))
    return wanted


def complete(*, statement_id: UUID, at: datetime) -> Statement:
    """Finish a statement whose months are here by now. Raises MovementsInArchive where they are not."""
    with acting_as_service():
        held = (
            Statement.objects.select_for_update(of=("self",)).select_related("account").get(pk=statement_id)
        )
        return held if held.is_ready else _finished(held, at=at)


def complete_waiting(*, at: datetime) -> int:
    """Finish what waits for months that are here by now, ask again for others; return how many were finished."""
    done = 0
    with acting_as_service():
        waiting = list(Statement.objects.filter(state=Statement.State.WAITING).order_by("asked_at"))
    for one in waiting:
        try:
            complete(statement_id=one.pk, at=at)
        except MovementsInArchive:
            with acting_as_service():
                recalls.recall(account=one.account, since=start_of(one.since), until=end_of(one.until), at=at)
        else:
            done += 1
    return done


def _finished(statement: Statement, *, at: datetime) -> Statement:
    """Read, prove and write one statement, inside the service's transaction. Raises MovementsInArchive."""
    account = statement.account
    with connection.cursor() as cursor:
        # Two who ask for the same at once: the second finds what the first made.
        cursor.execute("select pg_advisory_xact_lock(hashtextextended(%s, 0))", [str(account.pk)])
    _alone_with([account.pk])
    end = min(end_of(statement.until), at)
    versions = versions_of(accounts=[account.pk], since=start_of(statement.since), until=end)[account.pk]
    same = Statement.objects.filter(
        account=account,
        since=statement.since,
        until=statement.until,
        last_version=versions.last,
        monthly=False,
    ).ready()
    found = same.select_related("document").first()
    if found is not None:
        if not statement._state.adding:
            statement.delete()
        return found
    recalls.require_here(account=account, first=versions.first, last=versions.last)
    names = names_of({line.counterparty_id for line in _read(account, versions)})
    document = _filled(statement, versions, names, _read(account, versions), at=at)
    document.save(force_insert=True)
    statement.save()
    audit.record(
        action="wallet.statement.made", target=statement, account=str(account.pk), sha256=document.sha256
    )
    return statement


def _one_run_at_a_time() -> None:
    """Until this transaction ends: another run then finds what this one made."""
    with connection.cursor() as cursor:
        cursor.execute("select pg_advisory_xact_lock(hashtext('wallet.statements'))")


def _alone_with(accounts: Iterable[UUID]) -> None:
    """Wait until nothing is on its way on these accounts: whatever comes is recorded later than now."""
    with connection.cursor() as cursor:
        cursor.execute("select wallet.hold_still(%s)", [list(accounts)])


def _read(account: Account, versions: Versions) -> Iterable[Line]:
    return lines_of(account=account, first=versions.first, last=versions.last)


def _filled(
    statement: Statement, versions: Versions, names: dict[str, str], lines: Iterable[Line], *, at: datetime
) -> Document:
    """Take all facts into the row and return its document, neither written yet. Raises StatementDoesNotAddUp."""
    contents = Contents(statement.account, statement.since, statement.until, versions, names)
    for line in lines:
        contents.take(line)
    sha256 = contents.finish()
    statement.first_version, statement.last_version = versions.first, versions.last
    statement.opening, statement.closing = versions.opening, versions.closing
    statement.money_in, statement.money_out = contents.money_in, contents.money_out
    statement.by_kind, statement.names = contents.by_kind, names
    statement.made_at, statement.state = at, Statement.State.READY
    statement.document = documents.prepared(
        kind=Document.Kind.STATEMENT,
        subject_id=statement.pk,
        sha256=sha256,
        at=at,
        account=statement.account,
        facts={"holder": _holder(statement.account)},
        language=statement.language,
    )
    return statement.document


def _holder(account: Account) -> str:
    return names_of([account.pk]).get(str(account.pk), "") or account.code


def make_monthly(*, month: date, at: datetime, chunk: int = CHUNK) -> int:
    """Make everybody's statement of the month that `month` is a day of; return how many were made now.

    Each chunk commits by itself: killed anywhere and run again, it goes on with those that have none. Accounts without
    money and movements get none. Raises PeriodInvalid for a month that is not over.
    """
    since = month.replace(day=1)
    until = (since + timedelta(days=31)).replace(day=1) - timedelta(days=1)
    if at < end_of(until):
        raise PeriodInvalid(_("This month is not over yet."))
    made, after = 0, UUID(int=0)
    while True:
        with acting_as_service():
            _one_run_at_a_time()
            accounts = list(_without(since, until, after)[:chunk])
            made += _month_of(accounts, since, until, at=at)
        if len(accounts) < chunk:
            return made
        after = accounts[-1].pk


def _without(since: date, until: date, after: UUID) -> QuerySet[Account]:
    have = Statement.objects.filter(monthly=True, since=since).values("account")
    return (
        Account.objects.filter(kind__in=MONTHLY, hot=False, version__gt=0, pk__gt=after)
        .filter(opened_at__lt=end_of(until))
        .exclude(pk__in=have)
        .order_by("pk")
    )


def _month_of(accounts: Iterable[Account], since: date, until: date, *, at: datetime) -> int:
    by_id = {account.pk: account for account in accounts}
    if not by_id:
        return 0
    _alone_with(by_id)
    found = versions_of(accounts=by_id, since=start_of(since), until=end_of(until))
    wanted = {pk: one for pk, one in found.items() if one.closing or one.opening or one.last >= one.first}
    short = {pk: one for pk, one in wanted.items() if one.last - one.first < SHORT}
    read = dict(lines_of_many(short))
    others = {line.counterparty_id for lines in read.values() for line in lines}
    names = names_of(others | set(wanted))
    statements = []
    for pk, versions in wanted.items():
        statement = Statement(
            account=by_id[pk],
            since=since,
            until=until,
            monthly=True,
            language=settings.LANGUAGE_CODE,
            asked_at=at,
        )
        lines = read.get(pk)
        ids = {line.counterparty_id for line in lines or _read(by_id[pk], versions)}
        own = names if pk in short else names_of(ids)
        _filled(
            statement,
            versions,
            {str(other): own[str(other)] for other in ids if str(other) in own},
            lines if lines is not None else _read(by_id[pk], versions),
            at=at,
        )
        statements.append(statement)
    Document.objects.bulk_create([one.document for one in statements if one.document])
    Statement.objects.bulk_create(statements)
    audit.record_each(
        action="wallet.statement.made",
        targets=[(one, {"account": str(one.account_id), "month": f"{since:%Y-%m}"}) for one in statements],
    )
    return len(statements)
