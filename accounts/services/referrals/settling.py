"""Writing down, for many at once, what became of bonuses that a run of payments took up."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import F

from accounts.models import Referral, ReferralBonus, ReferralDue, ReferralProgram
from accounts.models.referrals import Reason

# All that is due of these referrals was posted, but for the bonuses named. A referral is done with when none of its own
# is among them.
PAID = """
with paid as (
    update accounts_referralbonus set state = 'PAID', waits_for = '', settled_at = %(at)s
    where referral_id = any (%(referrals)s::uuid[]) and state = 'DUE' and id <> all (%(but)s::uuid[])
    returning amount
), done as (
    update accounts_referral set state = 'PAID', changed_at = %(at)s
    where id = any (%(done)s::uuid[])
), gone as (
    delete from accounts_referraldue where referral_id = any (%(done)s::uuid[])
)
select count(*), coalesce(sum(amount), 0)::bigint from paid
"""
WAITING = """
update accounts_referralbonus b set waits_for = w.waits_for, posting_id = w.posting
from unnest(%(bonuses)s::uuid[], %(reasons)s::text[], %(postings)s::uuid[]) as w (id, waits_for, posting)
where b.id = w.id and b.state = 'DUE'
"""


def mark_paid(
    *, referrals: Sequence[UUID], done: Sequence[UUID], but: Sequence[UUID], at: datetime
) -> tuple[int, int]:
    """Note that what is due of these referrals was posted, `but` for some bonuses; return how many, and how much.

    Nothing more is due of those that are `done`.
    """
    facts: dict[str, Any] = {"referrals": list(referrals), "done": list(done), "but": list(but), "at": at}
    with connection.cursor() as cursor:
        cursor.execute(PAID, facts)
        many, much = cursor.fetchone()
    return int(many), int(much)


def put_off(*, bonuses: Sequence[tuple[UUID, str, UUID]], referrals: Sequence[UUID], until: datetime) -> None:
    """Note of each bonus what it waits for and the posting that the next try is made by, and when that is."""
    ids, reasons, postings = zip(*bonuses, strict=True)
    with connection.cursor() as cursor:
        cursor.execute(WAITING, {"bonuses": list(ids), "reasons": list(reasons), "postings": list(postings)})
    ReferralDue.objects.filter(pk__in=referrals).update(due_at=until)


def refuse_closed(*, bonuses: Sequence[UUID], referrals: Sequence[UUID], at: datetime) -> set[UUID]:
    """Refuse bonuses of people who left, and their referrals where nothing else was given or is due; return those."""
    for referral in Referral.objects.filter(pk__in=referrals).order_by("pk"):
        give_up(referral=referral, reason=Reason.ACCOUNT_CLOSED, at=at, only=bonuses)
    kept = ReferralBonus.objects.filter(referral__in=referrals).exclude(state=ReferralBonus.State.REFUSED)
    empty = set(referrals) - set(kept.values_list("referral_id", flat=True))
    ReferralDue.objects.filter(pk__in=empty).delete()
    Referral.objects.filter(pk__in=empty).update(
        state=Referral.State.REFUSED,
        reason=Reason.ACCOUNT_CLOSED,
        told=Reason.ACCOUNT_CLOSED,
        changed_at=at,
    )
    return empty


def give_up(*, referral: Referral, reason: str, at: datetime, only: Sequence[UUID] | None = None) -> int:
    """Refuse what is still due of a referral that is locked, and free what was set aside for it; return how much."""
    due = referral.bonuses.filter(state=ReferralBonus.State.DUE)
    if only is not None:
        due = due.filter(pk__in=only)
    freed = sum(due.values_list("amount", flat=True))
    due.update(state=ReferralBonus.State.REFUSED, reason=reason, waits_for="", settled_at=at)
    waits = ReferralDue.objects.filter(pk=referral.pk)
    if freed and waits.filter(reserved_at__isnull=False).exists():
        ReferralProgram.objects.filter(pk=referral.program_id).update(spent=F("spent") - freed)
    if only is None:
        waits.delete()
    return freed
