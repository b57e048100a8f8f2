"""What with money takes two people: adjustments, reversals, the rules of limits, prices,
a gateway's credentials, payouts without an answer."""

from accounts import approvals
from wallet.services.approved import adjustments, credentials, fees, payout_outcomes, reversals, rules


def register() -> None:
    """Make these actions known to whoever proposes and approves."""
    by_two = (adjustments, reversals, credentials, fees, payout_outcomes)
    for action in (*(each.ACTION for each in by_two), *rules.ACTIONS):
        approvals.register(action)
