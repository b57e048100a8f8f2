"""Setting the bonuses that are due aside from their programme's budget, first come first served.

Under the programme's row lock, in a transaction of its own: whatever pays afterwards, in however many processes, pays
what was set aside here, and a budget that ends between two of one batch ends at one place.
"""

import json
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection

from accounts import audit
from accounts.models import Notification, ReferralProgram
from accounts.services.notices import notify
from accounts.services.referrals import due
from core.actors import acting_as_service

BATCH = 10_000
# The locks stand alone and come first: inside the statement that updates, it would read rows as they were before the
# wait.
LOCK = """
select referral_id from accounts_referraldue
where program_id = %s and reserved_at is null
order by qualified_at, referral_id limit %s for update
"""
# Each bonus with what its beneficiary had been given and promised by this programme before. `late` is past the most
# that one person is paid for; `dear` past what the budget still has, counted over those that are not late. The first
# that does not fit ends it for all behind it.
JUDGE = """
with due as materialized (
    select b.id, b.referral_id, b.beneficiary_id, b.level, b.amount, q.qualified_at
    from accounts_referraldue q join accounts_referralbonus b on b.referral_id = q.referral_id and b.state = 'DUE'
    where q.referral_id = any (%(referrals)s::uuid[])
), earlier as materialized (
    select b.beneficiary_id, count(*) as many, sum(b.amount) as much
    from (select distinct beneficiary_id from due where %(capped)s and level > 0) d
    join accounts_referralbonus b using (beneficiary_id)
    join accounts_referral r on r.id = b.referral_id
    left join accounts_referraldue q on q.referral_id = b.referral_id
    where b.level > 0 and b.state <> 'REFUSED' and b.referral_id <> all (%(referrals)s::uuid[])
        and r.program_id = %(program)s and (q.referral_id is null or q.reserved_at is not null)
    group by b.beneficiary_id
), ranked as (
    select d.*,
        d.level > 0 and %(capped)s and (
            coalesce(e.many, 0) + row_number() over mine > %(cap_referrals)s
            or coalesce(e.much, 0) + sum(d.amount) over mine > %(cap_amount)s) is true as late
    from due d left join earlier e using (beneficiary_id)
    window mine as (partition by d.beneficiary_id, d.level > 0 order by d.qualified_at, d.referral_id, d.level)
), judged as materialized (
    select r.*, not r.late and sum(case when r.late then 0 else r.amount end)
        over (order by r.qualified_at, r.referral_id, r.level) > %(left)s as dear
    from ranked r
), refused as (
    update accounts_referralbonus b
    set state = 'REFUSED', reason = case when j.late then 'CAP_REACHED' else 'BUDGET_SPENT' end, settled_at = %(at)s
    from judged j where b.id = j.id and (j.late or j.dear)
), hopeless as (
    select referral_id, case when bool_or(dear) then 'BUDGET_SPENT' else 'CAP_REACHED' end as why
    from judged group by referral_id having bool_and(late or dear)
), closed as (
    update accounts_referral r
    set state = 'REFUSED', changed_at = %(at)s, reason = h.why, told = h.why
    from hopeless h where r.id = h.referral_id
), kept as (
    update accounts_referraldue set reserved_at = %(at)s
    where referral_id = any (%(referrals)s::uuid[]) and not exists (
        select from hopeless h where h.referral_id = accounts_referraldue.referral_id)
), gone as (
    delete from accounts_referraldue q using hopeless h where q.referral_id = h.referral_id
)
select coalesce(sum(amount) filter (where not late and not dear), 0)::bigint,
    coalesce(jsonb_agg(distinct jsonb_build_object(
        'beneficiary', beneficiary_id, 'referral', referral_id, 'level', level,
        'told', case when late then 'CAP_REACHED' else 'BUDGET_SPENT' end)) filter (where late or dear), '[]')
from judged
"""


def reserve(*, at: datetime, limit: int | None = None) -> int:
    """Set aside, of each programme, what is due to the next `limit` referrals; return how many were looked at.

    A bonus past its beneficiary's cap or the budget is refused, and its beneficiary told. A programme at which another
    process is just now is left to that one.
    """
    with acting_as_service():
        programs = due.programs_of(reserved=False)
    return sum(_reserve(program, limit or BATCH, at) for program in programs)


def _reserve(program_id: UUID, limit: int, at: datetime) -> int:
    with acting_as_service(), connection.cursor() as cursor:
        program = ReferralProgram.objects.select_for_update(skip_locked=True).filter(pk=program_id).first()
        if program is None:
            return 0
        cursor.execute(due.BY_INDEX)
        cursor.execute(LOCK, [program.pk, limit])
        referrals = [referral for (referral,) in cursor.fetchall()]
        if not referrals:
            return 0
        facts: dict[str, Any] = {
            "program": program.pk,
            "referrals": referrals,
            "capped": program.cap_referrals is not None or program.cap_amount is not None,
            "cap_referrals": program.cap_referrals,
            "cap_amount": program.cap_amount,
            "left": program.left,
            "at": at,
        }
        cursor.execute(JUDGE, facts)
        taken, found = cursor.fetchone()
        refused = json.loads(found)
        if taken:
            program.spent += taken
            program.save(update_fields=["spent"])
        audit.record(
            action="accounts.referral_program.reserved",
            target=program,
            referrals=len(referrals),
            amount=taken,
            refused=len(refused),
        )
        notify(notices=_notices(refused))
    return len(referrals)


def _notices(refused: list[dict[str, Any]]) -> list[Notification]:
    return [
        Notification(
            user_id=each["beneficiary"],
            event="referral.refused",
            data={"told": each["told"], **({"own": True} if each["level"] == 0 else {})},
        )
        for each in refused
    ]
