"""What with savings takes two people: plans and their terms, and entries of days that are over."""

from accounts import approvals
from savings.services.approved import backdated, plan_terms


def register() -> None:
    """Make these actions known to whoever proposes and approves."""
    for each in (plan_terms, backdated):
        approvals.register(each.ACTION)
