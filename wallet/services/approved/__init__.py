"""What with money takes two people: adjustments, reversals, the rules of limits, prices,
a gateway's credentials."""

from accounts import approvals
from wallet.services.approved import adjustments, credentials, fees, reversals, rules


def register() -> None:
    """Make these actions known to whoever proposes and approves."""
    for action in (adjustments.ACTION, reversals.ACTION, credentials.ACTION, fees.ACTION, *rules.ACTIONS):
        approvals.register(action)
