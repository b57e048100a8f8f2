"""Credit, for staff: cases that wait for an officer, what was decided by which card, and who has to be told."""

from credit import card_versions, case_figures  # noqa: F401 - they register what they say
from credit.admin import cards_form, cases, decisions, loans

__all__ = ["cards_form", "cases", "decisions", "loans"]
