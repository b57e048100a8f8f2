"""For tests of what with money takes two people: colleagues by what they may, and their browsers."""

from typing import Any

from django.test import Client
from django.utils import timezone

from accounts import factors, roles
from accounts.models import Approval, User
from accounts.services import approvals
from accounts.tests.approving import WHY, make_colleague
from accounts.tests.staff import at_work
from core.actors import acting_as_service

VIEWS = ("accounts.view_approval", "wallet.view_transaction", "wallet.view_account")
MAKER = (roles.PROPOSE_ADJUSTMENT, roles.REVERSE, roles.PROPOSE_LIMITS, roles.PROPOSE_CREDENTIALS, *VIEWS)
CHECKER = (
    *(roles.APPROVE_ADJUSTMENT, roles.APPROVE_REVERSAL, roles.APPROVE_LIMITS, roles.APPROVE_CREDENTIALS),
    *VIEWS,
)
MOTIVE = {"reason": WHY, "ticket": "T-4711"}


def maker() -> User:
    return make_colleague(*MAKER)


def checker() -> User:
    return make_colleague(*CHECKER)


def browser_of(colleague: User) -> Client:
    factors.enrol_totp(user=colleague)
    return at_work(colleague)


def address_of(action: str) -> str:
    return f"/staff/accounts/approval/propose/{action}/"


def propose(
    action: str, payload: dict[str, Any], *, by: User | None = None, target: str = "a test"
) -> Approval:
    return approvals.propose(
        action=action, payload=payload, target=target, maker=by or maker(), at=timezone.now(), **MOTIVE
    )


def approve(approval: Approval, *, by: User | None = None) -> Approval:
    return approvals.approve(approval_id=approval.pk, checker=by or checker(), at=timezone.now())


def again(approval: Approval) -> Approval:
    with acting_as_service():
        return Approval.objects.get(pk=approval.pk)
