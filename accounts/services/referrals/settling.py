"""Writing down, for many at once, what became of bonuses that a run of payments took up."""

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from django.db import connection, transaction
from django.db.models import F

from accounts.models import Referral, ReferralBonus, ReferralProgram
from accounts.models.referrals import Reason
from realtime import doorbell

# A referral is paid when nothing of it is due any more and something of it was paid.
PAID = """
with paid as (
    update accounts_referralbonus set state = 'PAID', waits_for = '', settled_at = %(at)s
    where id = any (%(bonuses)s::uuid[]) and state = 'DUE'
    returning 1
), done as (
    update accounts_referral set state = 'PAID', changed_at = %(at)s
    where id = any (%(referrals)s::uuid[]) and state = 'QUALIFIED'
    returning 1
)
select (select count(*) from paid), (select count(*) from done)
"""
# Those of which nothing was paid and nothing will be: all their beneficiaries have left.
UNPAID = """
select r.id from accounts_referral r
where r.id = any (%s::uuid[]) and not exists (
    select from accounts_referralbonus b where b.referral_id = r.id and b.state <> 'REFUSED')
"""
# A notice to each beneficiary, in bulk, as `notify` leaves them one by one: kept from the notice centre where they want
# none of the kind there, and told to the outbox. Whoever listens to the table itself is told by the same rows.
TELL = """
with notice as materialized (
    select uuidv7() as id, b.beneficiary_id as me, exists (
            select from accounts_notificationpreference p
            where p.user_id = b.beneficiary_id and p.kind = %(kind)s and p.channel = 'IN_APP' and not p.wanted
        ) as muted,
        jsonb_build_object('amount', b.amount, 'currency', b.currency, 'posting', b.posting_id, 'level', b.level) as data
    from accounts_referralbonus b where b.id = any (%(bonuses)s::uuid[])
), noticed as (
    insert into accounts_notification (id, user_id, event, data, created_at, muted)
    select n.id, n.me, 'referral.paid', n.data, %(at)s, n.muted from notice n
    returning *
), told as (
    insert into realtime_message (topic, extension, event, payload)
    select 'user:' || n.me, 'event', 'notification.created',
        jsonb_build_object('notification', n.id, 'event', 'referral.paid', 'data', n.data)
    from notice n
)
insert into realtime_message (topic, extension, event, payload, owners)
select '', 'postgres_changes', 'INSERT', realtime.change(d, 'INSERT', to_jsonb(n), null, n.created_at), array[n.user_id]
from noticed n
join realtime_declared d on d.schema = 'public' and d.table = 'accounts_notification'
where exists (
    select from realtime_subscription s
    where s.bindings <> '[]' and (s.user_id = n.user_id or s.role = 'service_role'))
"""
IN_BULK = "select set_config('realtime.told_in_bulk', %s, true)"
WAITING = """
with waiting as (
    select * from unnest(%(bonuses)s::uuid[], %(reasons)s::text[], %(postings)s::uuid[]) as w (id, waits_for, posting)
)
update accounts_referralbonus b
set waits_for = w.waits_for, posting_id = w.posting
from waiting w where b.id = w.id and b.state = 'DUE'
"""


def mark_paid(*, bonuses: Sequence[UUID], referrals: Sequence[UUID], at: datetime) -> int:
    """Note that these bonuses were posted, and that nothing else of these referrals is due; return how many bonuses."""
    with connection.cursor() as cursor:
        cursor.execute(PAID, {"bonuses": list(bonuses), "referrals": list(referrals), "at": at})
        return int(cursor.fetchone()[0])


def refuse_unpaid(*, referrals: Collection[UUID], at: datetime) -> set[UUID]:
    """Refuse those among them of which nothing was paid and nothing is due any more; return which."""
    if not referrals:
        return set()
    with connection.cursor() as cursor:
        cursor.execute(UNPAID, [list(referrals)])
        unpaid = {referral for (referral,) in cursor.fetchall()}
    Referral.objects.filter(pk__in=unpaid).update(
        state=Referral.State.REFUSED, reason=Reason.ACCOUNT_CLOSED, changed_at=at
    )
    return unpaid


def tell_paid(*, bonuses: Sequence[UUID], at: datetime) -> None:
    """Leave each beneficiary a notice, in the transaction of the payment."""
    if not bonuses:
        return
    with connection.cursor() as cursor:
        cursor.execute(IN_BULK, ["accounts_notification"])
        cursor.execute(TELL, {"bonuses": list(bonuses), "kind": "REFERRALS", "at": at})
        cursor.execute(IN_BULK, [""])
    transaction.on_commit(doorbell.ring)


def put_off(
    *,
    bonuses: Sequence[tuple[UUID, str, UUID]],
    referrals: Sequence[UUID],
    until: datetime,
) -> None:
    """Note of each bonus what it waits for and the posting that the next try is made by, and when that is."""
    ids, reasons, postings = zip(*bonuses, strict=True)
    with connection.cursor() as cursor:
        cursor.execute(WAITING, {"bonuses": list(ids), "reasons": list(reasons), "postings": list(postings)})
    Referral.objects.filter(pk__in=referrals, state=Referral.State.QUALIFIED).update(due_at=until)


def give_up(*, referral: Referral, reason: str, at: datetime, only: Sequence[UUID] | None = None) -> int:
    """Refuse what is still due of a referral that is locked, and free what was set aside for it; return how much."""
    due = referral.bonuses.filter(state=ReferralBonus.State.DUE)
    if only is not None:
        due = due.filter(pk__in=only)
    freed = sum(due.values_list("amount", flat=True))
    due.update(state=ReferralBonus.State.REFUSED, reason=reason, waits_for="", settled_at=at)
    if referral.reserved_at and freed:
        ReferralProgram.objects.filter(pk=referral.program_id).update(spent=F("spent") - freed)
    return freed
