"""What with money takes two people: adjustments, reversals, rules of limits, a gateway's credentials, lost payouts."""

from accounts import approvals
from wallet.services.approved import adjustments, credentials, payout_outcomes, reversals, rules


def register() -> None:
    """Make these actions known to whoever proposes and approves."""
    by_two = (adjustments, reversals, credentials, payout_outcomes)
    for action in (*(each.ACTION for each in by_two), *rules.ACTIONS):
        approvals.register(action)
