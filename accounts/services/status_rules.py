"""What restricts customers by itself, and lets them go: no number after the days of grace, a sanctions list, an end."""

import logging
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.utils import timezone
from django.utils.module_loading import import_string

from accounts.models import Customer, CustomerStatusChange, IdentityNumber, KycApplication, User
from accounts.services import status
from core.actors import acting_as_service
from core.errors import DomainError

S, CAUSE = Customer.Status, CustomerStatusChange.Cause
MISSING, SCREENED = "IDENTITY_MISSING", "SCREENING"
CHUNK = 200
TIERS = (1, 2, 3)

logger = logging.getLogger(__name__)


def restrict_chunk(*, after: UUID | None, at: datetime) -> UUID | None:
    """Go through the next customers by key: restrict who gave no number in time, let go who has one that is confirmed.

    Returns the last of them; None when nobody is left.
    """
    with acting_as_service():
        touched = Customer.objects.filter(_overdue(at) | Q(status=S.NO_DEBIT))
        touched = touched.filter(pk__gt=after) if after else touched
        keys = list(touched.order_by("pk").values_list("pk", "status")[:CHUNK])
    for key, holds in keys:
        try:
            if holds == S.NO_DEBIT:
                lift_identity_missing(customer_id=key, at=at)
            else:
                _restrict(key, at)
        except DomainError as refusal:
            # Somebody else was quicker: what they did counts.
            logger.info("customer %s stays as they are: %s", key, refusal.code)
    return keys[-1][0] if len(keys) == CHUNK else None


def lift_identity_missing(*, customer_id: UUID, at: datetime) -> bool:
    """Let go who was restricted for want of a number, once one is confirmed or an application approved; say whether."""
    with acting_as_service():
        held = Customer.objects.select_for_update().filter(pk=customer_id, status=S.NO_DEBIT).first()
        if held is None or status.layer_of(held).reason_code != MISSING:
            return False
        if not Customer.objects.filter(_known(), pk=customer_id).exists():
            return False
        status.lift(customer=held, cause=CAUSE.RULE, reason_code="IDENTITY_GIVEN", text="", by=None, at=at)
        return True


def freeze_by_screening(
    *, customer_id: UUID, at: datetime, cause: str = CAUSE.RULE, by: User | None = None
) -> None:
    """Freeze whom a sanctions list names, unless they are frozen already or gone. Not a word of why is told."""
    with acting_as_service():
        held = Customer.objects.select_for_update().get(pk=customer_id)
        if held.status in (S.FROZEN, S.CLOSED):
            return
        status.set_status(
            customer=held, to=S.FROZEN, cause=cause, reason_code=SCREENED, text="", by=by, at=at
        )


def lift_screening(*, customer_id: UUID, by: User, at: datetime) -> None:
    """Let go whom screening froze, since every hit turned out to mean somebody else."""
    with acting_as_service():
        held = Customer.objects.select_for_update().get(pk=customer_id)
        if held.status == S.FROZEN and status.layer_of(held).reason_code == SCREENED:
            status.lift(customer=held, cause=CAUSE.STAFF, reason_code="CLEARED", text="", by=by, at=at)


def lift_expired(*, at: datetime) -> int:
    """Let go whoever's time is over, if what restricts them is still the same; return how many."""
    with acting_as_service():
        over = CustomerStatusChange.objects.filter(until__lte=at, customer__status=F("to_status"))
        keys = list(over.order_by("customer_id").values_list("customer_id", flat=True).distinct())
    return sum(_lift_if_over(key, at) for key in keys)


def _lift_if_over(key: UUID, at: datetime) -> bool:
    with acting_as_service():
        held = Customer.objects.select_for_update().get(pk=key)
        if held.status not in status.RESTRICTIONS or not status.layer_of(held).is_over(at):
            return False
        try:
            status.lift(customer=held, cause=CAUSE.RULE, reason_code="OVER", text="", by=None, at=at)
        except status.HitsUndecided:
            return False
        return True


def _restrict(key: UUID, at: datetime) -> None:
    with acting_as_service():
        held = Customer.objects.select_for_update().get(pk=key)
        # Asked again under the lock: the number may have come meanwhile.
        if Customer.objects.filter(_overdue(at), pk=key).exists():
            status.set_status(
                customer=held, to=S.NO_DEBIT, cause=CAUSE.RULE, reason_code=MISSING, text="", by=None, at=at
            )


def _overdue(at: datetime) -> Q:
    """Active customers whose tier gives so many days, who joined before those, and of whom no number is known."""
    grace = import_string(settings.KYC_GRACE)
    on = timezone.localdate(at)
    late = Q(pk__in=[])
    for tier in TIERS:
        days = grace(tier, on)
        if days is not None:
            late |= Q(tier=tier, user__created_at__lte=at - timedelta(days=days))
    return late & Q(status=S.ACTIVE) & ~Exists(_numbers()) & ~Exists(_approved())


def _known() -> Q:
    return Q(Exists(_numbers().filter(verified_at__isnull=False))) | Q(Exists(_approved()))


def _numbers() -> QuerySet[IdentityNumber]:
    return IdentityNumber.objects.filter(customer=OuterRef("pk"), released_at=None)


def _approved() -> QuerySet[KycApplication]:
    return KycApplication.objects.filter(customer=OuterRef("pk"), state=KycApplication.State.APPROVED)
