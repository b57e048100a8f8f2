"""New credentials of a gateway, by two people. The new ones hold from the commit on, the old ones are gone."""

import hashlib
from datetime import datetime

from django.utils.translation import gettext_lazy as _

from accounts.approvals import ApprovalAction, Described, Payload
from accounts.models import Approval
from core.actors import acting_as_service
from core.errors import DomainError
from wallet.models import PaymentGateway
from wallet.services import credentials as forms
from wallet.services import gateways

CODE = "wallet.gateway_credentials"


class GatewayGone(DomainError):
    code = "gateway_not_found"
    kind = "not_found"
    message = _("There is no such gateway.")


def target_of(code: str) -> str:
    return f"gateway:{code}"


def _gateway(payload: Payload) -> PaymentGateway:
    found = PaymentGateway.objects.filter(pk=payload["gateway"]).first()
    if found is None:
        raise GatewayGone
    return found


def _check(payload: Payload) -> None:
    """Raises GatewayGone, CredentialsUnfit."""
    forms.check(kind=_gateway(payload).kind, credentials=payload["credentials"])


def _try(payload: Payload) -> None:
    """Raises GatewayGone, CredentialsUnfit, CredentialsRefused, CredentialsUntried."""
    with acting_as_service():
        gateway = _gateway(payload)
    gateways.try_credentials(kind=gateway.kind, credentials=payload["credentials"])


def _version(payload: Payload) -> str:
    """Tells that they were changed, and nothing of them: what is stored is sealed anew each time."""
    return hashlib.sha256(_gateway(payload).credentials.encode()).hexdigest()[:32]


def _describe(payload: Payload) -> Described:
    gateway = _gateway(payload)
    return [
        (_("Gateway"), f"{gateway.name} ({gateway.code})"),
        (_("Replaced"), ", ".join(gateways.credential_names(gateway))),
        (_("From"), _("The moment it is approved, without a restart. The old ones cannot be read again.")),
    ]


def _apply(payload: Payload, approval: Approval, at: datetime) -> None:
    gateways.rotate_credentials(
        code=payload["gateway"],
        credentials=payload["credentials"],
        by=approval.decided_by_id,
        approval=approval.pk,
    )


ACTION = ApprovalAction(
    code=CODE,
    label=_("New credentials of a gateway"),
    propose="wallet.propose_credentials",
    approve="wallet.approve_credentials",
    check=_check,
    target_version=_version,
    describe=_describe,
    apply=_apply,
    sealed=frozenset({"credentials"}),
    try_first=_try,
)
