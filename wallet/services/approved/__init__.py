"""What with money takes two people: corrections, rules of limits, prices, a gateway's credentials, closing a day."""

from accounts import approvals
from wallet.services.approved import (
    adjustments,
    claims,
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
    actions = (*(each.ACTION for each in BY_TWO), *rules.ACTIONS, *claims.ACTIONS, *closing.ACTIONS)
    for action in actions:
        approvals.register(action)
