"""When the money that counted is taken back: what is not paid yet is refused, what is paid is owed to us."""

from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction

from accounts import audit
from accounts.models import Referral, ReferralBonus
from accounts.models.referrals import Reason
from accounts.services.referrals.qualifying import refuse_for
from accounts.services.referrals.settling import give_up
from core.actors import acting_as_service
from core.ids import posting_id

_State = Referral.State


def claw_back(*, reference: UUID, at: datetime) -> list[UUID]:
    """Note that the posting by which somebody qualified was reversed; return the bonuses that are owed to us by that.

    Nothing is owed where the programme's window is over, and nothing twice.
    """
    with acting_as_service(), transaction.atomic():
        referral = (
            Referral.objects.select_for_update(of=("self",))
            .select_related("program")
            .filter(reference=reference, state__in=[_State.QUALIFIED, _State.PAID])
            .first()
        )
        if referral is None or referral.qualified_at is None:
            return []
        if at > referral.qualified_at + timedelta(days=referral.program.clawback_days):
            return []
        give_up(referral=referral, reason=Reason.MONEY_REVERSED, at=at)
        paid = list(referral.bonuses.filter(state=ReferralBonus.State.PAID))
        for bonus in paid:
            bonus.state, bonus.reason = ReferralBonus.State.CLAWBACK_DUE, Reason.MONEY_REVERSED
            bonus.clawback_id, bonus.settled_at = posting_id(), at
        ReferralBonus.objects.bulk_update(paid, ["state", "reason", "clawback_id", "settled_at"])
        if referral.state == _State.QUALIFIED and not paid:
            refuse_for(referral, Reason.MONEY_REVERSED, at=at)
            return []
        _taken_back(referral, at)
    return [bonus.pk for bonus in paid]


def _taken_back(referral: Referral, at: datetime) -> None:
    if referral.state == _State.QUALIFIED:  # one side was paid, the other still waited
        Referral.objects.filter(pk=referral.pk).update(state=_State.PAID, changed_at=at)
    referral.state, referral.reason, referral.changed_at = _State.CLAWED_BACK, Reason.MONEY_REVERSED, at
    referral.told = Reason.MONEY_REVERSED
    referral.save(update_fields=["state", "reason", "told", "changed_at"])
    audit.record(action="accounts.referral.clawed_back", target=referral, reason=Reason.MONEY_REVERSED)
