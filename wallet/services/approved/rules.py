"""Dated rules of what may move: tiers, cooling off, what staff reverse alone. Each is made by two people, for a day to
come or today, and only ever followed by another."""

from collections.abc import Callable
from datetime import date, datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts import audit
from accounts.approvals import ApprovalAction, Described, Payload
from accounts.kyc import steps
from accounts.models import Approval
from core.errors import DomainError
from core.templatetags.money import money
from wallet.models import CoolingOffRule, ReversalRule, TierRule
from wallet.models.limits import MOST
from wallet.services.approved.words import NOTHING

TIER, COOLING_OFF, REVERSAL = "wallet.tier_rule", "wallet.cooling_off_rule", "wallet.reversal_rule"
AMOUNTS: dict[str, str | Promise] = {
    "daily_sending": _("Sending in a day"),
    "daily_receiving": _("Receiving in a day"),
    "single_amount": _("In one transfer"),
    "balance_cap": _("Balance"),
}
NO_LIMIT = _("no limit")


class RuleInPast(DomainError):
    code = "rule_in_past"
    message = _("A rule begins today or later: what was allowed until now stays as it was.")


class RuleExists(DomainError):
    code = "rule_exists"
    kind = "conflict"
    message = _(
        "There is a rule that begins on this day already. A rule is never changed; choose a later day."
    )


class RuleUnsound(DomainError):
    code = "rule_unsound"
    message = _("A rule needs amounts from zero up, and names where it comes from.")


def key_of(payload: Payload) -> dict[str, Any]:
    """What tells a rule from those of other tiers and currencies."""
    return {name: payload[name] for name in ("tier", "currency") if name in payload}


def target_of(action: str, payload: Payload) -> str:
    what = action.removeprefix("wallet.").replace("_", " ")
    return " ".join([what, *[str(value) for value in key_of(payload).values()]])


def _of(model: Any, payload: Payload) -> Any:
    key = key_of(payload)
    key["currency_id"] = key.pop("currency")
    return model.objects.filter(**key)


def _checking(model: Any) -> Callable[[Payload], None]:
    def check(payload: Payload) -> None:
        """Raises RuleInPast, RuleExists, RuleUnsound."""
        begins = date.fromisoformat(payload["from_date"])
        if begins < timezone.localdate():
            raise RuleInPast
        if _of(model, payload).filter(from_date=begins).exists():
            raise RuleExists
        amounts = [payload[name] for name in (*AMOUNTS, "amount") if payload.get(name) is not None]
        if any(not 0 <= amount <= MOST for amount in amounts) or not payload["source"].strip():
            raise RuleUnsound
        if unknown := set(payload.get("requires", ())) - steps.STEPS.keys():
            raise RuleUnsound(unknown=sorted(unknown))

    return check


def _versioning(model: Any) -> Callable[[Payload], str]:
    def version(payload: Payload) -> str:
        """Another rule of the same sort, whatever its day, is another state of affairs."""
        newest = _of(model, payload).order_by("-pk").values_list("pk", flat=True).first()
        return str(newest or "")

    return version


def _describing(model: Any) -> Callable[[Payload], Described]:
    def describe(payload: Payload) -> Described:
        before = (
            _of(model, payload).filter(from_date__lte=payload["from_date"]).order_by("-from_date").first()
        )
        later = _of(model, payload).filter(from_date__gt=payload["from_date"]).order_by("from_date").first()
        until = [(_("Until the rule of"), later.from_date.isoformat())] if later else []
        return [
            (_("From"), payload["from_date"]),
            *until,
            *_changes(payload, before),
            (_("Where it comes from"), payload["source"]),
        ]

    return describe


def _changes(payload: Payload, before: Any) -> list[tuple[str | Promise, str]]:
    """Each thing the rule says, as it is and as it would be."""
    currency = payload["currency"]
    if "amount" in payload:
        was = money(before.amount, currency) if before else NOTHING
        return [(_("At most"), f"{was} → {money(payload['amount'], currency)}")]
    found: list[tuple[str | Promise, str]] = [
        (
            label,
            f"{_limit(getattr(before, name), currency) if before else NOTHING} → {_limit(payload[name], currency)}",
        )
        for name, label in AMOUNTS.items()
    ]
    asked = _steps(before.requires) if before else NOTHING
    found.append((_("Asks for"), f"{asked} → {_steps(payload['requires'])}"))
    grace = _days(before.grace_days) if before else NOTHING
    found.append((_("Days without a number that it asks for"), f"{grace} → {_days(payload['grace_days'])}"))
    return found


def _limit(amount: int | None, currency: str) -> str:
    return str(NO_LIMIT) if amount is None else money(amount, currency)


def _steps(codes: list[str]) -> str:
    return ", ".join(str(steps.STEPS[code].title) for code in codes) or NOTHING


def _days(days: int | None) -> str:
    return str(NO_LIMIT) if days is None else str(days)


def _applying(model: Any, name: str) -> Callable[[Payload, Approval, datetime], None]:
    def apply(payload: Payload, approval: Approval, at: datetime) -> None:
        """Write the rule. Raises RuleExists where another one of that day came first."""
        facts = dict(payload)
        facts["currency_id"] = facts.pop("currency")
        try:
            with transaction.atomic():
                rule = model.objects.create(**facts, approval=approval)
        except IntegrityError as error:
            if "_rule_once" in str(error):
                raise RuleExists from None
            raise
        audit.record(
            action=f"wallet.{name}.made",
            target=rule,
            actor_id=approval.decided_by_id,
            approval=str(approval.pk),
            reason=approval.reason,
            **{key: str(value) for key, value in payload.items()},
        )

    return apply


def _action(code: str, label: Promise, model: Any) -> ApprovalAction:
    return ApprovalAction(
        code=code,
        label=label,
        propose="wallet.propose_limits",
        approve="wallet.approve_limits",
        check=_checking(model),
        target_version=_versioning(model),
        describe=_describing(model),
        apply=_applying(model, code.removeprefix("wallet.")),
    )


ACTIONS = (
    _action(TIER, _("Limits of a tier"), TierRule),
    _action(COOLING_OFF, _("Cooling-off limit"), CoolingOffRule),
    _action(REVERSAL, _("What one person may reverse alone"), ReversalRule),
)
