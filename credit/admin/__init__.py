"""Credit, for staff: cases that wait for an officer, which card decided what, loans and their measures, lenders."""

from credit import card_versions, case_figures, loan_figures  # noqa: F401 - they register what they say
from credit.admin import (
    applications,
    cards_form,
    case_decide,
    case_deeds,
    case_queue,
    case_screen,
    cases,
    contracts,
    decisions,
    hardship,
    late_queue,
    lenders,
    lenders_form,
    loans,
    measure_forms,
    payout_form,
    returns,
    rolls,
)

__all__ = [
    "applications",
    "cards_form",
    "case_decide",
    "case_deeds",
    "case_queue",
    "case_screen",
    "cases",
    "contracts",
    "decisions",
    "hardship",
    "late_queue",
    "lenders",
    "lenders_form",
    "loans",
    "measure_forms",
    "payout_form",
    "returns",
    "rolls",
]
