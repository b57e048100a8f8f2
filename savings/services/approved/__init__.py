"""What with savings takes two people: plans and their terms."""

from accounts import approvals
from savings.services.approved import plan_terms


def register() -> None:
    """Make these actions known to whoever proposes and approves."""
    approvals.register(plan_terms.ACTION)
