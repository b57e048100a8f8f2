"""What with money takes two people: adjustments, reversals, the rules of limits, a gateway's credentials, closing."""

from accounts import approvals
from wallet.services.approved import adjustments, closing, credentials, reversals, rules


def register() -> None:
    """Make these actions known to whoever proposes and approves."""
    for action in (
        adjustments.ACTION,
        reversals.ACTION,
        credentials.ACTION,
        *rules.ACTIONS,
        *closing.ACTIONS,
    ):
        approvals.register(action)
