"""A lender is admitted, suspended, and given its commission by two people."""

from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from uuid import UUID

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.approvals import ApprovalAction, Described, Payload
from accounts.models import Approval
from credit.models import Provider
from credit.refusals import ProviderNotFound
from credit.services import lenders
from credit.services.lenders import CommissionRefused, LenderStateRefused, LicenceOver

PROPOSE, APPROVE = "credit.propose_provider", "credit.approve_provider"


def target_of(provider: Provider) -> str:
    return f"lender {provider.pk}"


def admission(provider: Provider, *, licensed_until: date, reason: str) -> Payload:
    return {"lender": str(provider.pk), "licensed_until": licensed_until.isoformat(), "reason": reason}


def suspension(provider: Provider, *, reason: str) -> Payload:
    return {"lender": str(provider.pk), "reason": reason}


def commission(provider: Provider, *, percent: Decimal, from_date: date) -> Payload:
    return {"lender": str(provider.pk), "percent": str(percent), "from_date": from_date.isoformat()}


def _lender(payload: Payload) -> Provider:
    provider = Provider.objects.filter(pk=payload["lender"]).select_related("organization").first()
    if provider is None:
        raise ProviderNotFound
    return provider


def _version(payload: Payload) -> str:
    """Whatever was decided of it, or what it says of itself, is another state of affairs."""
    provider = _lender(payload)
    held = lenders.commission_on(provider.pk, date.max)
    facts = (provider.state, provider.licensed_until, provider.licence_number, held.pk if held else 0)
    return "|".join(map(str, facts))


def _named(provider: Provider) -> list[tuple[str, str]]:
    return [
        (_("Lender"), f"{provider.display_name} ({provider.organization.name})"),
        (_("Licence"), provider.licence_number),
        (_("State"), str(provider.get_state_display())),
    ]


# Admitting


def _check_admission(payload: Payload) -> None:
    _lender(payload)
    if date.fromisoformat(payload["licensed_until"]) <= timezone.localdate():
        raise LicenceOver


def _describe_admission(payload: Payload) -> Described:
    until = date.fromisoformat(payload["licensed_until"])
    return [
        *_named(_lender(payload)),
        (_("May lend until"), until.isoformat()),
        (_("Why"), payload["reason"]),
    ]


def _admit(payload: Payload, approval: Approval, at: datetime) -> None:
    until = date.fromisoformat(payload["licensed_until"])
    lenders.admit(provider_id=UUID(payload["lender"]), licensed_until=until, reason=payload["reason"], at=at)


# Suspending


def _check_suspension(payload: Payload) -> None:
    provider = _lender(payload)
    if provider.state != Provider.State.ACTIVE:
        raise LenderStateRefused(state=provider.state)


def _describe_suspension(payload: Payload) -> Described:
    return [
        *_named(_lender(payload)),
        (_("What it means"), _("Nothing new is offered or paid out. What borrowers owe it still comes in.")),
        (_("Why"), payload["reason"]),
    ]


def _suspend(payload: Payload, approval: Approval, at: datetime) -> None:
    lenders.suspend(provider_id=UUID(payload["lender"]), reason=payload["reason"], at=at)


# Pricing


def _check_commission(payload: Payload) -> None:
    _lender(payload)
    try:
        percent = Decimal(payload["percent"])
    except InvalidOperation as error:
        raise CommissionRefused from error
    if not 0 <= percent <= 100 or date.fromisoformat(payload["from_date"]) < timezone.localdate():
        raise CommissionRefused


def _describe_commission(payload: Payload) -> Described:
    provider, begins = _lender(payload), date.fromisoformat(payload["from_date"])
    held = lenders.commission_on(provider.pk, begins)
    was = f"{held.percent.normalize():f} % → " if held else ""
    return [
        *_named(provider),
        (_("Of what it lends it owes us"), f"{was}{Decimal(payload['percent']).normalize():f} %"),
        (_("From"), begins.isoformat()),
    ]


def _price(payload: Payload, approval: Approval, at: datetime) -> None:
    lenders.set_commission(
        provider_id=UUID(payload["lender"]),
        percent=Decimal(payload["percent"]),
        from_date=date.fromisoformat(payload["from_date"]),
        approval=approval,
        at=at,
    )


ADMIT = ApprovalAction(
    code="credit.lender_admit",
    label=gettext_lazy("Admit a lender"),
    propose=PROPOSE,
    approve=APPROVE,
    check=_check_admission,
    target_version=_version,
    describe=_describe_admission,
    apply=_admit,
)
SUSPEND = ApprovalAction(
    code="credit.lender_suspend",
    label=gettext_lazy("Suspend a lender"),
    propose=PROPOSE,
    approve=APPROVE,
    check=_check_suspension,
    target_version=_version,
    describe=_describe_suspension,
    apply=_suspend,
)
COMMISSION = ApprovalAction(
    code="credit.lender_commission",
    label=gettext_lazy("Commission of a lender"),
    propose=PROPOSE,
    approve=APPROVE,
    check=_check_commission,
    target_version=_version,
    describe=_describe_commission,
    apply=_price,
)
ACTIONS = (ADMIT, SUSPEND, COMMISSION)
