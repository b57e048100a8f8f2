"""A seller is approved, paused, and given its commission by two people."""

from datetime import date, datetime
from uuid import UUID

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts import approvals
from accounts.approvals import ApprovalAction, Described, Payload
from accounts.models import Approval
from marketplace.models import Seller
from marketplace.models.sellers import MOST_BASIS_POINTS
from marketplace.refusals import CommissionRefused, SellerNotFound, SellerStateRefused
from marketplace.services import sellers

PROPOSE, APPROVE = "marketplace.propose_seller", "marketplace.approve_seller"


def target_of(seller: Seller) -> str:
    return f"seller {seller.pk}"


def decision(seller: Seller, *, reason: str) -> Payload:
    """To approve or pause a seller; `reason` is what its people read."""
    return {"seller": str(seller.pk), "reason": reason}


def commission(seller: Seller, *, basis_points: int, from_date: date) -> Payload:
    return {"seller": str(seller.pk), "basis_points": basis_points, "from_date": from_date.isoformat()}


def register() -> None:
    """Make these actions known to whoever proposes and approves."""
    for action in (APPROVE_SELLER, PAUSE, COMMISSION):
        approvals.register(action)


def _seller(payload: Payload) -> Seller:
    seller = Seller.objects.filter(pk=payload["seller"]).select_related("organization").first()
    if seller is None:
        raise SellerNotFound
    return seller


def _version(payload: Payload) -> str:
    """Whatever was decided of it is another state of affairs."""
    seller = _seller(payload)
    held = sellers.commission_on(seller.pk, date.max)
    return f"{seller.state}|{held.pk if held else 0}"


def _named(seller: Seller) -> Described:
    return [
        (_("Seller"), f"{seller.display_name} ({seller.organization.name})"),
        (_("State"), str(seller.get_state_display())),
    ]


def _check_approval(payload: Payload) -> None:
    seller = _seller(payload)
    if seller.state == Seller.State.APPROVED:
        raise SellerStateRefused(state=seller.state)


def _check_pause(payload: Payload) -> None:
    seller = _seller(payload)
    if seller.state != Seller.State.APPROVED:
        raise SellerStateRefused(state=seller.state)


def _describe_decision(payload: Payload) -> Described:
    return [*_named(_seller(payload)), (_("Why"), payload["reason"])]


def _approve(payload: Payload, approval: Approval, at: datetime) -> None:
    sellers.approve_seller(seller_id=UUID(payload["seller"]), reason=payload["reason"], at=at)


def _pause(payload: Payload, approval: Approval, at: datetime) -> None:
    sellers.pause_seller(seller_id=UUID(payload["seller"]), reason=payload["reason"], at=at)


def _check_commission(payload: Payload) -> None:
    _seller(payload)
    begins = date.fromisoformat(payload["from_date"])
    if not 0 <= payload["basis_points"] <= MOST_BASIS_POINTS or begins < timezone.localdate():
        raise CommissionRefused


def _describe_commission(payload: Payload) -> Described:
    seller, begins = _seller(payload), date.fromisoformat(payload["from_date"])
    held = sellers.commission_on(seller.pk, begins)
    was = f"{held.basis_points} → " if held else ""
    return [
        *_named(seller),
        (_("Basis points of what it sells"), f"{was}{payload['basis_points']}"),
        (_("From"), begins.isoformat()),
    ]


def _price(payload: Payload, approval: Approval, at: datetime) -> None:
    sellers.set_commission(
        seller_id=UUID(payload["seller"]),
        basis_points=payload["basis_points"],
        from_date=date.fromisoformat(payload["from_date"]),
        approval=approval,
        at=at,
    )


APPROVE_SELLER = ApprovalAction(
    code="marketplace.seller_approve",
    label=gettext_lazy("Approve a seller"),
    propose=PROPOSE,
    approve=APPROVE,
    check=_check_approval,
    target_version=_version,
    describe=_describe_decision,
    apply=_approve,
)
PAUSE = ApprovalAction(
    code="marketplace.seller_pause",
    label=gettext_lazy("Pause a seller"),
    propose=PROPOSE,
    approve=APPROVE,
    check=_check_pause,
    target_version=_version,
    describe=_describe_decision,
    apply=_pause,
)
COMMISSION = ApprovalAction(
    code="marketplace.seller_commission",
    label=gettext_lazy("Commission of a seller"),
    propose=PROPOSE,
    approve=APPROVE,
    check=_check_commission,
    target_version=_version,
    describe=_describe_commission,
    apply=_price,
)
