"""Fee schedules for tests, in force until the test is over."""

from datetime import timedelta
from decimal import Decimal

from django.utils import timezone

from conftest import OF_TESTS
from core.actors import acting_as_service
from wallet.fees import Band
from wallet.models import FeeRule, FeeSchedule
from wallet.services.fees import add_fee_schedule

# Stamp duty on a transfer of 10,000 naira and above, in kobo: what the law's own schedule charges the sender.
DUTY = 50_00


def make_schedule(
    kind: str,
    *bands: Band,
    tier: int | None = None,
    days: int = 0,
    tax_rate: Decimal = Decimal(0),
    forget: bool = True,
) -> FeeSchedule:
    """What a kind of movement costs from so many days from now on; without bands nothing."""
    facts = {"kind": kind, "tier": tier, "from_date": timezone.localdate() + timedelta(days=days)}
    with acting_as_service():
        if forget:
            return add_fee_schedule(**facts, currency="NGN", tax_rate=tax_rate, source=OF_TESTS, bands=bands)
        schedule = FeeSchedule.objects.create(**facts, currency_id="NGN", tax_rate=tax_rate, source=OF_TESTS)
        for band in bands:
            FeeRule.objects.create(schedule=schedule, charge=band.charge, flat=band.flat)
        return schedule


def lift_fees(kind: str = "TRANSFER") -> None:
    """Let movements of this kind cost nothing; it goes with the test."""
    make_schedule(kind)
