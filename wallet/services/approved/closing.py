"""Closing a day of a clearing account, and opening a closed month again: by two people each."""

from datetime import date, datetime
from uuid import UUID

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _

from accounts.approvals import ApprovalAction, Described, Payload
from accounts.models import Approval
from core.templatetags.money import money, signed_money
from wallet.models import Account, ClosedPeriod
from wallet.services import periods, reconciliation
from wallet.services.approved.words import account_named

DAY, REOPENING = "wallet.day_close", "wallet.period_reopen"


def day_payload(*, account: Account, day: date, at: datetime) -> Payload:
    """Return the proposal to close a day as it stands: with the signature of its figures."""
    now = reconciliation.standing(account=account, day=day, at=at)
    return {
        "account": str(account.pk),
        "day": day.isoformat(),
        "signature": reconciliation.signature_of(now.figures),
    }


def target_of(account: Account, day: date) -> str:
    """Return what a proposal to close a day is about."""
    return f"day:{account.pk}:{day.isoformat()}"


def _day_of(payload: Payload) -> tuple[Account, date]:
    return account_named(payload["account"]), date.fromisoformat(payload["day"])


def _check_day(payload: Payload) -> None:
    account, day = _day_of(payload)
    reconciliation.check_day(account=account, day=day, signature=payload["signature"], at=timezone.now())


def _day_version(payload: Payload) -> str:
    account, day = _day_of(payload)
    return reconciliation.version_of(account=account, day=day)


def _describe_day(payload: Payload) -> Described:
    account, day = _day_of(payload)
    figures = reconciliation.standing(account=account, day=day, at=timezone.now()).figures
    currency = account.currency_id
    rows = figures["rows"]
    return [
        (_("Account"), account.code),
        (_("Day"), date_format(day)),
        (_("Our books"), money(figures["books"], currency)),
        (_("The gateway"), money(figures["gateway"], currency)),
        (_("Difference"), signed_money(figures["difference"], currency)),
        (_("Explained by what is listed"), signed_money(figures["explained"], currency)),
        (_("Rows"), str(rows["count"])),
        (_("Signature"), payload["signature"]),
    ]


def _close_day(payload: Payload, approval: Approval, at: datetime) -> None:
    account, day = _day_of(payload)
    checker: UUID = approval.decided_by_id  # type: ignore[assignment]
    reconciliation.freeze_day(
        account=account, day=day, signature=payload["signature"], approval=approval, checker_id=checker, at=at
    )


def _month_of(payload: Payload) -> date:
    return date.fromisoformat(payload["month"])


def _reopening_version(payload: Payload) -> str:
    found = ClosedPeriod.objects.closed().filter(month=_month_of(payload)).first()
    return str(found.pk) if found else ""


def _describe_reopening(payload: Payload) -> Described:
    found = periods.reopenable(_month_of(payload))
    return [
        (_("Month"), date_format(found.month, "F Y")),
        (_("Closed"), date_format(timezone.localtime(found.closed_at), "Y-m-d H:i")),
        (_("Until it is closed again"), _("Postings may be dated back into it.")),
    ]


def _reopen(payload: Payload, approval: Approval, at: datetime) -> None:
    periods.reopen_period(month=_month_of(payload), approval=approval, at=at)


def _check_reopening(payload: Payload) -> None:
    periods.reopenable(_month_of(payload))


ACTIONS = (
    ApprovalAction(
        code=DAY,
        label=_("Closing a day"),
        propose="wallet.propose_day",
        approve="wallet.approve_day",
        check=_check_day,
        target_version=_day_version,
        describe=_describe_day,
        apply=_close_day,
    ),
    ApprovalAction(
        code=REOPENING,
        label=_("Opening a month again"),
        propose="wallet.propose_reopening",
        approve="wallet.approve_reopening",
        check=_check_reopening,
        target_version=_reopening_version,
        describe=_describe_reopening,
        apply=_reopen,
    ),
)
