"""What with credit takes two people: lenders, cards, payouts undone, measures of help, giving up, taking back."""

from accounts import approvals
from credit.services import cards
from credit.services.approved import lenders, losses, measures, payouts, taken_back


def register() -> None:
    """Make these actions known to whoever proposes and approves."""
    for action in (
        *(*lenders.ACTIONS, cards.ACTION, *payouts.ACTIONS),
        *(*measures.ACTIONS, *losses.ACTIONS, *taken_back.ACTIONS),
    ):
        approvals.register(action)
