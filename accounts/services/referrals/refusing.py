"""Refusing a referral by hand, before anything of it is paid."""

from datetime import datetime
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from accounts import audit
from accounts.models import Referral, User
from accounts.models.referrals import Reason
from accounts.services.referrals.qualifying import refuse_for
from accounts.services.referrals.settling import give_up
from core.actors import acting_as_service
from core.errors import DomainError


class NotRefusable(DomainError):
    code = "referral_not_refusable"
    kind = "conflict"
    message = _("This referral is paid or refused already.")


def refuse(*, referral_id: UUID, by: User, reason: str, at: datetime) -> Referral:
    """Refuse a referral, as staff; what its programme set aside for it is free again. Raises NotRefusable."""
    with acting_as_service():
        referral = Referral.objects.select_for_update().get(pk=referral_id)
        if referral.state in (Referral.State.PAID, Referral.State.REFUSED, Referral.State.CLAWED_BACK):
            raise NotRefusable
        if referral.bonuses.exclude(state__in=["DUE", "REFUSED"]).exists():
            raise NotRefusable
        give_up(referral=referral, reason=Reason.BY_STAFF, at=at)
        refuse_for(referral, Reason.BY_STAFF, at=at)
        audit.record(
            action="accounts.referral.refused_by_staff", target=referral, actor_id=by.pk, reason=reason
        )
    return referral
