"""What with credit takes two people."""

from accounts import approvals
from credit.services.approved import lenders
"""What with a loan takes two people: measures of help, giving it up, and taking back what happened to it."""

from accounts import approvals
from credit.services.approved import losses, measures, taken_back


def register() -> None:
    """Make these actions known to whoever proposes and approves."""
    for action in lenders.ACTIONS:
        approvals.register(action)
    for each in (*measures.ACTIONS, *losses.ACTIONS, *taken_back.ACTIONS):
        approvals.register(each)
