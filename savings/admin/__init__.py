"""Savings, for staff to look at: plans, savings, the closing of days, groups, and automatic saving."""

from savings import figures, rule_versions  # noqa: F401 - they register what they say
from savings.admin import automatic, backdated_form, groups, plans, rolls, savings, terms_form

__all__ = ["automatic", "backdated_form", "groups", "plans", "rolls", "savings", "terms_form"]
