"""Background work of referrals. Any number may run at once, and be killed: each bonus is paid once."""

import time

from celery import shared_task
from django.utils import timezone

from accounts.services import referrals
from wallet.services import referral_bonuses

# Well before a worker is killed for taking too long (CELERY_TASK_TIME_LIMIT).
SECONDS = 60


@shared_task
def pay_referral_bonuses() -> None:
    """Set aside what is due, then pay it. What is left waits for the next run."""
    end = time.monotonic() + SECONDS
    referral_bonuses.run(clock=timezone.now, until=lambda: time.monotonic() > end)


@shared_task
def settle_referrals() -> None:
    """Every night: end what is too late, and take back what is owed."""
    until = time.monotonic() + SECONDS
    while referrals.lapse(at=timezone.now()) and time.monotonic() < until:
        pass
    for reference in referral_bonuses.untold_reversals(at=timezone.now()):
        referral_bonuses.posting_reversed(reference=reference, at=timezone.now())
    for bonus_id in referral_bonuses.owed_back():
        referral_bonuses.take_back(bonus_id=bonus_id, at=timezone.now())
