"""What with money takes two people: corrections, rules of limits, prices, a gateway's credentials, closing a day."""

from accounts import approvals
from wallet.services.approved import (
    adjustments,
    closing,
    credentials,
    fees,
    payout_outcomes,
    reversals,
    rules,
)

BY_TWO = (adjustments, reversals, credentials, fees, payout_outcomes)


def register() -> None:
    """Make these actions known to whoever proposes and approves."""
    for action in (*(each.ACTION for each in BY_TWO), *rules.ACTIONS, *closing.ACTIONS):
        approvals.register(action)
