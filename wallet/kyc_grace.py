"""How long a customer may go without a BVN or NIN, by tier and day; asked by accounts through settings.KYC_GRACE."""

from datetime import date


def grace_days_of(tier: int, on: date) -> int | None:
    """Return the days of grace of a tier on a day; None where no number is asked for."""
    return None
