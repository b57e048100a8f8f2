"""When an invited person does what their programme asks: checked once, and what each is given for it made due."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.db import connection

from accounts import audit, referral_signals
from accounts.models import Notification, Referral, ReferralBonus, ReferralDue, ReferralProgram
from accounts.models.referrals import MOST_LEVELS, Reason, told_of
from accounts.services.notices import notify
from core.actors import acting_as_service

# How far up a ring is looked for, and whose devices, cards and numbers a new customer's are compared with.
HIGHEST = 20
UPLINE = """
with recursive above (person, height) as (
    select %s::uuid, 1
    union all
    select r.referrer_id, a.height + 1
    from above a join accounts_referral r on r.invited_id = a.person and r.reason <> 'REPLACED'
    where a.height < %s
) cycle person set is_ring using path
select person from above where not is_ring order by height
"""


def qualify(
    *,
    user_id: UUID,
    event: str,
    at: datetime,
    amount: int = 0,
    currency: str = "",
    reference: UUID | None = None,
) -> Referral | None:
    """Note that a person did `event`, of `amount` (minor units) by the posting `reference`, where there is one.

    Returns the referral that this settled, qualified or refused; None where nobody invited them, it is settled already,
    or their programme asks for something else. Safe to call at each event, and twice.
    """
    with acting_as_service():
        referral = (
            Referral.objects.select_for_update(of=("self",))
            .select_related("program")
            .filter(invited=user_id, state=Referral.State.JOINED)
            .first()
        )
        if referral is None or not _is_asked_for(referral.program, event, amount, currency):
            return None
        if at > referral.qualify_by:
            return refuse_for(referral, Reason.TOO_LATE, at=at)
        above = upline(referral.referrer_id)
        reason = _forbidden(user_id, above)
        if reason:
            return refuse_for(referral, reason, at=at)
        referral.state, referral.qualified_at = Referral.State.QUALIFIED, at
        referral.reference, referral.changed_at = reference, at
        referral.save(update_fields=["state", "qualified_at", "reference", "changed_at"])
        ReferralDue.objects.create(referral=referral, program=referral.program, qualified_at=at, due_at=at)
        ReferralBonus.objects.bulk_create(_bonuses(referral, user_id, above))
        audit.record(action="accounts.referral.qualified", target=referral, event=event)
        _tell(referral, "referral.qualified")
    return referral


def upline(referrer_id: UUID) -> list[UUID]:
    """Return who invited, who invited that one, and so on, nearest first."""
    with acting_as_service(), connection.cursor() as cursor:
        cursor.execute(UPLINE, [referrer_id, HIGHEST])
        return [person for (person,) in cursor.fetchall()]


def refuse_for(referral: Referral, reason: str, *, at: datetime) -> Referral:
    """Refuse a referral that is locked, write down why, and tell its inviter as much as they may know."""
    referral.state, referral.reason, referral.changed_at = Referral.State.REFUSED, reason, at
    referral.told = told_of(reason)
    referral.save(update_fields=["state", "reason", "told", "changed_at"])
    audit.record(action="accounts.referral.refused", target=referral, reason=reason)
    _tell(referral, "referral.refused")
    return referral


def lapse(*, at: datetime, limit: int = 2_000) -> int:
    """Refuse those whose time is over, some at once; return how many. Whoever was invited only by mail is let go."""
    with acting_as_service():
        late = list(
            Referral.objects.select_for_update(skip_locked=True)
            .filter(state__in=[Referral.State.INVITED, Referral.State.JOINED], qualify_by__lt=at)
            .order_by("qualify_by")[:limit]
        )
        joined = [each for each in late if each.state == Referral.State.JOINED]
        Referral.objects.filter(pk__in=[each.pk for each in late]).update(
            state=Referral.State.REFUSED, reason=Reason.TOO_LATE, told=Reason.TOO_LATE, changed_at=at
        )
        audit.record_each(
            action="accounts.referral.refused", targets=[(each, {"reason": Reason.TOO_LATE}) for each in late]
        )
        notify(notices=[_notice(each, "referral.refused", Reason.TOO_LATE) for each in joined])
    return len(late)


def _is_asked_for(program: ReferralProgram, event: str, amount: int, currency: str) -> bool:
    if event != program.event:
        return False
    return not program.minimum or (amount >= program.minimum and currency == program.currency)


def _forbidden(user_id: UUID, above: Sequence[UUID]) -> str:
    """Why these people may not be paid for one another; empty where they may."""
    if user_id in above:
        return Reason.SELF if above[0] == user_id else Reason.RING
    return referral_signals.shared(user_id, above)


def _bonuses(referral: Referral, user_id: UUID, above: Sequence[UUID]) -> list[ReferralBonus]:
    program = referral.program
    amounts = [program.invited_bonus, *program.level_bonuses[:MOST_LEVELS]]
    return [
        ReferralBonus(
            referral=referral, beneficiary_id=person, level=level, amount=amount, currency=program.currency
        )
        for level, (person, amount) in enumerate(zip([user_id, *above], amounts, strict=False))
        if amount
    ]


def _tell(referral: Referral, event: str) -> None:
    notify(notices=[_notice(referral, event, referral.told)])


def _notice(referral: Referral, event: str, told: str) -> Notification:
    data = {"name": referral.shown_as, **({"told": told} if told else {})}
    return Notification(user_id=referral.referrer_id, event=event, data=data)
