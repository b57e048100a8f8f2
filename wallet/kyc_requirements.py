"""What each tier requires to be known of a customer, for the floor below (settings.KYC_REQUIREMENTS)."""

from datetime import date

_BASIC = ("PERSONAL", "BVN", "NIN", "ADDRESS", "BANK_ACCOUNT")
_REQUIRED: dict[int, tuple[str, ...]] = {
    1: ("BVN_OR_NIN",),
    2: _BASIC,
    3: (*_BASIC, "DOCUMENT", "SELFIE", "PROOF_OF_ADDRESS"),
}


def required_of(tier: int, on: date) -> tuple[str, ...]:
    return _REQUIRED[tier]
