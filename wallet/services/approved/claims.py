"""Giving a suspended deposit to a customer, and paying a deposit back, because we want to or because its customer asks.

Proposed by one, approved by another.
"""

from datetime import datetime
from uuid import UUID

from django.db.models import Sum
from django.utils.translation import gettext_lazy as _

from accounts.approvals import ApprovalAction, Described, Payload
from accounts.models import Approval
from core.errors import DomainError
from core.templatetags.money import money
from wallet.models import Account, Payment, Refund, SuspendedDeposit
from wallet.services.approved.adjustments import refuse_own_money
from wallet.services.approved.words import account_named, before_and_after, name_of
from wallet.services.refund_asks import check_asked, let_go
from wallet.services.refunds import check_refund, left_to_refund, purse_of, request_refund
from wallet.services.suspense import SuspendedNotFound, attribute_deposit, check_attribution

ATTRIBUTE, REFUND, ASKED = "wallet.attribute_deposit", "wallet.refund", "wallet.refund_asked"


class RefundNotFound(DomainError):
    code = "refund_not_found"
    kind = "not_found"
    message = _("There is no such refund.")


def deposit_named(key: str) -> SuspendedDeposit:
    """Raises SuspendedNotFound."""
    found = SuspendedDeposit.objects.select_related("payment", "gateway").filter(pk=UUID(key)).first()
    if found is None:
        raise SuspendedNotFound
    return found


def payment_named(key: str) -> Payment:
    """Raises SuspendedNotFound."""
    found = Payment.objects.select_related("account__owner", "gateway").filter(pk=UUID(key)).first()
    if found is None:
        raise SuspendedNotFound
    return found


def _check_attribution(payload: Payload) -> None:
    check_attribution(deposit=deposit_named(payload["deposit"]), account=account_named(payload["account"]))


def _attribution_version(payload: Payload) -> str:
    deposit, account = deposit_named(payload["deposit"]), account_named(payload["account"])
    return f"{deposit.state} {account.state}/{account.owner_state}"


def _describe_attribution(payload: Payload) -> Described:
    deposit, account = deposit_named(payload["deposit"]), account_named(payload["account"])
    told = [(str(name).replace("_", " "), str(value)) for name, value in sorted(deposit.sender.items())]
    return [
        (_("Amount"), money(deposit.amount, deposit.currency_code)),
        (_("Came in as"), f"{deposit.gateway_id} {deposit.reference}"),
        *told,
        (_("Goes to"), name_of(account)),
        (_("Its balance"), before_and_after(account, debited=0, credited=deposit.amount)),
    ]


def _attribute(payload: Payload, approval: Approval, at: datetime) -> None:
    """Raises OwnMoney, and what `attribute_deposit` raises."""
    account = account_named(payload["account"])
    refuse_own_money([account], approval)
    attribute_deposit(
        deposit_id=UUID(payload["deposit"]),
        account_id=account.pk,
        by=approval.decided_by or approval.maker,
        reason=approval.reason,
        at=at,
    )


def _check_refund(payload: Payload) -> None:
    check_refund(payment=payment_named(payload["payment"]), amount=payload["amount"])


def _refund_version(payload: Payload) -> str:
    payment = payment_named(payload["payment"])
    rows = Refund.objects.filter(gateway=payment.gateway_id, reference=payment.reference)
    return f"{payment.state} {rows.count()} {rows.aggregate(sum=Sum('amount'))['sum'] or 0}"


def _describe_refund(payload: Payload) -> Described:
    payment = payment_named(payload["payment"])
    account: Account = purse_of(payment)
    amount = payload["amount"]
    return [
        (_("Paid back"), money(amount, payment.currency_id)),
        (_("Of the payment"), f"{payment.reference}, {money(payment.amount, payment.currency_id)}"),
        (_("Left of it now"), money(left_to_refund(payment), payment.currency_id)),
        (_("Out of"), name_of(account)),
        (_("Its balance"), before_and_after(account, debited=amount, credited=0)),
        (_("What the customer reads"), payload["note"]),
    ]


def _refund(payload: Payload, approval: Approval, at: datetime) -> None:
    """Set it aside; a worker orders it. Raises OwnMoney, and what `request_refund` raises."""
    payment = payment_named(payload["payment"])
    refuse_own_money([payment.account], approval)
    request_refund(
        payment=payment,
        amount=payload["amount"],
        reason=approval.reason,
        note=payload["note"],
        by=approval.maker,
        refund_id=approval.pk,
        at=at,
    )


def refund_named(key: str) -> Refund:
    """Raises RefundNotFound."""
    found = Refund.objects.select_related("account__owner", "payment__gateway").filter(pk=UUID(key)).first()
    if found is None:
        raise RefundNotFound
    return found


def _check_asked(payload: Payload) -> None:
    check_asked(refund=refund_named(payload["refund"]))


def _describe_asked(payload: Payload) -> Described:
    refund = refund_named(payload["refund"])
    payment = refund.payment
    of = f"{refund.reference}, {money(payment.amount, payment.currency_id)}" if payment else refund.reference
    return [
        (_("Asked for by the customer"), money(refund.amount, refund.currency_id)),
        (_("Of the payment"), of),
        (_("Out of"), name_of(refund.account)),
        (_("Its balance"), before_and_after(refund.account, debited=refund.amount, credited=0)),
        (_("What the customer wrote"), refund.note),
    ]


def _let_go(payload: Payload, approval: Approval, at: datetime) -> None:
    """Have it ordered by a worker. Raises OwnMoney, RefundNotAsked."""
    refund = refund_named(payload["refund"])
    refuse_own_money([refund.account], approval)
    let_go(refund_id=refund.pk, by=approval.decided_by or approval.maker, at=at)


ACTIONS = (
    ApprovalAction(
        code=ATTRIBUTE,
        label=_("Give a suspended deposit to a customer"),
        propose="wallet.resolve_suspended",
        approve="wallet.approve_suspended",
        check=_check_attribution,
        target_version=_attribution_version,
        describe=_describe_attribution,
        apply=_attribute,
        amount=lambda payload: deposit_named(payload["deposit"]).amount,
    ),
    ApprovalAction(
        code=REFUND,
        label=_("Refund of a deposit"),
        propose="wallet.propose_refund",
        approve="wallet.approve_refund",
        check=_check_refund,
        target_version=_refund_version,
        describe=_describe_refund,
        apply=_refund,
        amount=lambda payload: int(payload["amount"]),
    ),
    ApprovalAction(
        code=ASKED,
        label=_("Refund that a customer asks for"),
        propose="wallet.propose_refund",
        approve="wallet.approve_refund",
        check=_check_asked,
        target_version=lambda payload: refund_named(payload["refund"]).state,
        describe=_describe_asked,
        apply=_let_go,
        amount=lambda payload: refund_named(payload["refund"]).amount,
    ),
)
