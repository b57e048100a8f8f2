"""What a tier asks of a customer: dated data of the floor above. The setting KYC_REQUIREMENTS names who knows it."""

from collections.abc import Callable
from datetime import date
from functools import lru_cache

from django.conf import settings
from django.utils.module_loading import import_string

Known = Callable[[int, date], tuple[str, ...]]


def required_of(tier: int, on: date) -> tuple[str, ...]:
    """Return the codes (accounts.kyc.steps) of what a tier requires on a day in Lagos."""
    return _known(settings.KYC_REQUIREMENTS)(tier, on)


@lru_cache(maxsize=1)
def _known(path: str) -> Known:
    found: Known = import_string(path)
    return found
