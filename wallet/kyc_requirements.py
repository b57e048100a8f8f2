"""What tiers ask of a customer, by the rules of the naira; for accounts (settings.KYC_REQUIREMENTS, KYC_GRACE)."""

from datetime import date

from wallet.models import TierRule
from wallet.services.accounts import NGN


def required_of(tier: int, on: date) -> tuple[str, ...]:
    """Return the codes (accounts.kyc.steps) of what a tier requires on a day in Lagos."""
    rule = _rule(tier, on)
    return tuple(rule.requires) if rule else ()


def grace_days_of(tier: int, on: date) -> int | None:
    """Return the days that a tier's customers may go without a BVN or NIN; None where none is asked for."""
    rule = _rule(tier, on)
    return rule.grace_days if rule else None


def _rule(tier: int, on: date) -> TierRule | None:
    return TierRule.objects.in_force(currency=NGN, on=on).filter(tier=tier).first()
