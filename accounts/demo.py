"""The demo world's customers as staff see them: an application to decide on, and a programme for invitations."""

from datetime import date, datetime

from accounts.kyc import consent
from accounts.models import KycApplication, ReferralProgram, User
from accounts.models.referrals import Event
from accounts.services import referrals
from accounts.services.kyc import applications, declaring, numbers
from accounts.services.referrals import programs
from core.actors import acting_as_service

NAIRA = 100


def apply_for_tier_2(*, user: User, at: datetime) -> None:
    """Send the application of an invented person, unless they have one."""
    with acting_as_service():
        if KycApplication.objects.filter(customer_id=user.pk).exists():
            return
    first, last = user.display_name.split()
    applications.start(user=user, tier=2, at=at)
    declaring.save_personal(
        user=user,
        first_name=first,
        middle_name="",
        last_name=last,
        date_of_birth=date(1994, 8, 21),
        at=at,
    )
    numbers.save_number(user=user, kind="BVN", number="22200000014", step="BVN", at=at)
    numbers.save_number(user=user, kind="NIN", number="70000000015", step="NIN", at=at)
    declaring.save_address(user=user, address="7 Bourdillon Road", city="Ikoyi", region="LAGOS", at=at)
    declaring.save_bank_account(user=user, bank_code="058", number="0111111111", at=at)
    applications.give_consent(user=user, version=consent.VERSION, at=at)
    applications.submit(user=user, at=at)


def run_program(*, by: User, at: datetime) -> None:
    """Begin a programme for invitations, unless one was begun before."""
    with acting_as_service():
        if ReferralProgram.objects.exists():
            return
    referrals.make_program(
        by=by,
        reason="For the demo world",
        at=at,
        starts_on=programs.day_of(at),
        name="Bring a friend",
        currency="NGN",
        budget=5_000_000 * NAIRA,
        cap_referrals=20,
        event=Event.FIRST_DEPOSIT,
        minimum=1_000 * NAIRA,
        invited_bonus=500 * NAIRA,
        level_bonuses=[1_000 * NAIRA],
        terms="One bonus for each friend who joins with your link and adds ₦1,000 or more within 30 days.",
    )
