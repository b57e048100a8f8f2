"""The demo world's proposal: the administrator's, for the agent to decide on. Development only."""

from datetime import datetime

from accounts.models import Approval, User
from accounts.services import approvals
from core.actors import acting_as_service
from wallet.services.accounts import open_wallet, system_account
from wallet.services.approved import adjustments


def propose_one(*, by: User, customer: User, at: datetime) -> None:
    """Propose an adjustment in a customer's favour, unless one was proposed before."""
    with acting_as_service():
        if Approval.objects.filter(action=adjustments.CODE).exists():
            return
        terms = adjustments.Terms(
            debit=str(system_account("FEE_INCOME")),
            credit=str(open_wallet(owner_id=customer.pk)),
            amount=150_00,
            description="Fee given back",
        )
    approvals.propose(
        action=adjustments.CODE,
        payload=dict(terms),
        target=adjustments.target_of(terms),
        maker=by,
        reason="A fee was taken twice on the same transfer",
        ticket="SUP-1042",
        at=at,
    )
