"""Credit, for staff: cases that wait for an officer, which card decided what, who has to be told, and lenders."""

from credit import card_versions, case_figures  # noqa: F401 - they register what they say
from credit.admin import (
    cards_form,
    cases,
    contracts,
    decisions,
    hardship,
    lenders,
    lenders_form,
    measure_forms,
    payout_form,
)

__all__ = [
    "cards_form",
    "cases",
    "contracts",
    "decisions",
    "hardship",
    "lenders",
    "lenders_form",
    "measure_forms",
    "payout_form",
]
