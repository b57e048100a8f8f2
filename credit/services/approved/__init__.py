"""What with credit takes two people."""

from accounts import approvals
from credit.services.approved import lenders


def register() -> None:
    """Make these actions known to whoever proposes and approves."""
    for action in lenders.ACTIONS:
        approvals.register(action)
