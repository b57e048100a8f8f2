"""The monthly return to the credit bureaux: how every loan stood when the month ended, and what was told wrong before.

Made once for each month, when all its days are closed, with a file for each bureau; all of it in one transaction. Minor
units (kobo).
"""

from collections.abc import Iterator, Sequence
from datetime import date, datetime
from hashlib import sha256
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Count, Q, Sum
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts import audit
from accounts.services.kyc.identified import identified_all
from core import encryption
from core.actors import acting_as_service
from core.errors import DomainError
from core.ids import uuid7
from core.rolling import days_to_close
from credit import bureaux
from credit.bureau_file import FileLine, file_for
from credit.models import BureauFile, BureauReturn, ReportedLoan, loan_day_id
from credit.services.closing import LOANS
from credit.services.portfolio import month_after
from credit.services.return_corrections import add_corrections, last_day_of
from storage_app import blobs
from storage_app.services import house, objects

AT_ONCE = 1_000
SEALED = "credit_bureaufile"
FIRST, LAST = UUID(int=0), UUID(int=2**128 - 1)


class MonthOpen(DomainError):
    """`data["day"]` is the first day of it that is not closed for all loans."""

    code = "credit_month_open"
    kind = "conflict"
    message = _("The month is not closed for all loans yet.")
    public = ("day",)


class MonthPast(DomainError):
    """`data["month"]` is the last month for which there is one."""

    code = "credit_return_past"
    kind = "conflict"
    message = _(
        "A later month was told already. What is wrong in this one goes into the next file as a correction."
    )
    public = ("month",)


def make_return(*, month: date, at: datetime) -> BureauReturn:
    """Make the return of a month (its first day) with its files; made again, it is the one that is there.

    Outside every transaction. Raises MonthOpen, MonthPast.
    """
    house.bucket(house.BUREAU_FILES, at=at)
    with acting_as_service(), transaction.atomic():
        _take_turn()
        found = BureauReturn.objects.filter(month=month).first()
        if found is not None:
            return found
        _check(month, timezone.localdate(at))
        # Its lines are written before it, so that its sums are those of the lines and nothing is ever changed.
        key = uuid7()
        with connection.cursor() as cursor:
            cursor.execute(_LINES, _of(key, month))
        add_corrections(key, month)
        made = _with_sums(key, month, at)
        for code in bureaux.codes():
            _make_file(made, code, at)
        audit.record(
            action="credit.return.made",
            target=made,
            rows=made.rows,
            corrections=made.corrections,
            bureaux=bureaux.codes(),
        )
        return made


def month_due(*, on: date) -> date:
    """Return the month for which a return is due on a day: the last one that is over."""
    return month_after(on.replace(day=1), -1)


def content_of(file: BureauFile) -> bytes:
    """Return what is sent to a bureau. Raises DecryptionFailed, ObjectNotFound."""
    with acting_as_service():
        found = objects.find(bucket_id=house.BUREAU_FILES, name=file.object_name)
        sealed = b"".join(blobs.read(found.version.blob_key)).decode()
    return encryption.open_sealed(sealed, aad=f"{SEALED}.{file.pk}").encode()


def lines_of(of_return: BureauReturn) -> Iterator[FileLine]:
    """Yield a return's lines in order, with the people that they are about. Needs the service."""
    rows = ReportedLoan.objects.filter(of_return=of_return).select_related("loan").order_by("loan", "month")
    after: tuple[UUID, date] | None = None
    while True:
        here = (
            rows
            if after is None
            else rows.filter(Q(loan__gt=after[0]) | Q(loan=after[0], month__gt=after[1]))
        )
        some = list(here[:AT_ONCE])
        if not some:
            return
        yield from _named(of_return, some)
        after = (some[-1].loan_id, some[-1].month)


def _named(of_return: BureauReturn, rows: Sequence[ReportedLoan]) -> Iterator[FileLine]:
    people = identified_all(user_ids={row.loan.user_id for row in rows}, purpose=f"bureau return {of_return}")
    for row in rows:
        who = people[row.loan.user_id]
        yield FileLine(
            loan=row.loan.number,
            month=row.month,
            is_correction=row.month != of_return.month,
            bvn=who.bvn,
            family_name=who.last_name,
            given_name=who.first_name,
            born=who.birth_date,
            opened=row.loan.opened_on,
            lent=row.loan.amount,
            balance=row.balance,
            overdue=row.overdue,
            days_late=row.days_late,
            status=row.status,
        )


def _take_turn() -> None:
    """One at a time: whoever comes second finds it made."""
    with connection.cursor() as cursor:
        cursor.execute("select pg_advisory_xact_lock(hashtext('credit.bureau_return'))")


def _check(month: date, today: date) -> None:
    last = last_day_of(month)
    open_days = days_to_close(LOANS, until=last) if last < today else [last]
    if open_days:
        raise MonthOpen(day=open_days[0].isoformat())
    later = BureauReturn.objects.filter(month__gt=month).order_by("-month").first()
    if later is not None:
        raise MonthPast(month=str(later))


def _of(key: UUID, month: date) -> dict[str, Any]:
    last = last_day_of(month)
    return {
        "key": key,
        "month": month,
        "last": last,
        "first_id": loan_day_id(FIRST, last),
        "last_id": loan_day_id(LAST, last),
    }


def _with_sums(key: UUID, month: date, at: datetime) -> BureauReturn:
    told = ReportedLoan.objects.filter(of_return_id=key).aggregate(
        rows=Count("pk"),
        corrections=Count("pk", ~Q(month=month)),
        lent=Sum("loan__amount", default=0),
        balance=Sum("balance", default=0),
        overdue=Sum("overdue", default=0),
    )
    return BureauReturn.objects.create(pk=key, month=month, made_at=at, **told)


def _make_file(made: BureauReturn, code: str, at: datetime) -> BureauFile:
    file = BureauFile(of_return=made, bureau=code, made_at=at)
    content, _totals = file_for(bureau=code, month=made.month, key=file.pk.hex, lines=lines_of(made))
    file.sha256, file.bytes = sha256(content).hexdigest(), len(content)
    file.object_name = f"{code}/{made}/{file.pk}"
    sealed = encryption.seal(content.decode(), aad=f"{SEALED}.{file.pk}").encode()
    place = objects.place_for(
        bucket_id=house.BUREAU_FILES, name=file.object_name, upsert=False, content_type="text/plain"
    )
    with blobs.Writer(blobs.key_of(uuid7())) as writer:
        for start in range(0, len(sealed), blobs.PIECE):
            writer.write(sealed[start : start + blobs.PIECE])
        written = writer.finish()
    objects.put(place=place, written=written, content_type="text/plain", at=at)
    file.save(force_insert=True)
    return file


# Who had money of a loan at the end of the month: loans whose last day was closed, those given up by then as long as
# anything of them is owed, and those that were paid off in it. One that was given back at once never was a loan.
_LINES = """
with given_up as (
    select distinct on (t.loan_id) t.loan_id, t.kind, t.amount, t.number from credit_loantransaction t
    where t.kind in ('CHARGE_OFF', 'WRITE_OFF') and t."on" <= %(last)s and not exists (
        select from credit_loantransaction u
        where u.loan_id = t.loan_id and u.kind = 'WRITE_OFF_UNDONE' and u.number > t.number and u."on" <= %(last)s)
    order by t.loan_id, t.number desc
), owed as (
    select g.loan_id, case g.kind when 'WRITE_OFF' then 'WRITTEN_OFF' else 'CHARGED_OFF' end as status,
        g.amount - coalesce(sum(r.amount), 0) as balance, max(r."on") as paid_on
    from given_up g left join credit_loantransaction r on r.loan_id = g.loan_id and r.kind = 'RECOVERY'
        and r.number > g.number and r."on" <= %(last)s
        and not exists (select from credit_loantransaction x where x.reverses_id = r.id)
    group by g.loan_id, g.kind, g.amount
), stood as (
    select d.loan_id, 'OPEN' as status, d.principal as balance, d.overdue, d.overdue_days as days
    from credit_loanday d where d.id >= %(first_id)s and d.id <= %(last_id)s
    union all
    select o.loan_id, o.status, o.balance, o.balance, p.overdue_days
    from owed o join credit_position p on p.loan_id = o.loan_id where o.balance > 0 or o.paid_on >= %(month)s
    union all
    select l.application_id, 'CLOSED', 0, 0, 0 from credit_loan l
    where l.closed_on >= %(month)s and l.closed_on <= %(last)s
)
insert into credit_reportedloan (of_return_id, loan_id, month, status, balance, overdue, days_late)
select distinct on (s.loan_id) %(key)s, s.loan_id, %(month)s, s.status, s.balance, s.overdue, s.days
from stood s join credit_application a on a.id = s.loan_id and a.state not in ('CANCELLED', 'SIGNED')
order by s.loan_id, case s.status when 'CLOSED' then 0 when 'OPEN' then 2 else 1 end
"""
