"""A lender's rules for automatic offers: whom each is for, and at which rate; a rule that changes is a new one."""

from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Max
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts import audit
from core.actors import acting_as_service
from core.errors import DomainError
from credit import automatic
from credit.models import Application, AutoRule, LoanProduct, ProductTerms, Provider
from credit.services.desks import Caller
from credit.services.lenders import acting_for

MOST_RULES = 50
CHOICES = {"purpose": Application.Purpose.values, "employment": Application.Employment.values}


class RuleInvalid(DomainError):
    """`data["field"]` names what is wrong."""

    code = "auto_rule_invalid"
    message = _("A rule cannot be made so.")
    public = ("field",)


class RuleNotFound(DomainError):
    code = "auto_rule_not_found"
    kind = "not_found"
    message = _("There is no such rule.")


class TooManyRules(DomainError):
    code = "auto_rule_too_many"
    kind = "limited"
    message = _("You have 50 rules. End one that you no longer need.")


def add_rule(
    *,
    provider: Provider,
    by: Caller,
    product: LoanProduct,
    name: str,
    conditions: dict[str, Any],
    rate: Decimal,
    valid_days: int,
    at: datetime,
) -> AutoRule:
    """Have a product offered by itself, at `rate` percent a year, to whoever meets the conditions; tried last of all.

    Raises RuleInvalid, TooManyRules, OrganizationNotFound, RoleNotEnough.
    """
    name = " ".join(name.split())
    _check(name, conditions, rate, valid_days, product, at)
    with acting_as_service(), transaction.atomic():
        actor_id = acting_for(provider=provider, by=by)
        running = AutoRule.objects.filter(provider=provider, ended_at=None)
        if running.count() >= MOST_RULES:
            raise TooManyRules
        last = running.aggregate(last=Max("position"))["last"]
        rule = AutoRule.objects.create(
            provider=provider,
            product=product,
            name=name,
            position=0 if last is None else last + 1,
            conditions=conditions,
            rate=rate,
            valid_days=valid_days,
            made_by_id=actor_id,
        )
        audit.record(
            action="credit.rule.added", target=rule, actor_id=actor_id, rate=str(rate), conditions=conditions
        )
    return rule


def switch_rule(*, provider: Provider, by: Caller, rule_id: UUID, is_on: bool) -> AutoRule:
    """Let a rule rest, or offer again. Raises RuleNotFound, and as `add_rule`."""
    with acting_as_service(), transaction.atomic():
        rule, actor_id = _locked(provider, by, rule_id)
        rule.is_on = is_on
        rule.save(update_fields=["is_on"])
        audit.record(action="credit.rule.switched", target=rule, actor_id=actor_id, is_on=is_on)
    return rule


def raise_rule(*, provider: Provider, by: Caller, rule_id: UUID) -> AutoRule:
    """Have a rule tried before the one above it; the first stays first. Raises as `switch_rule`."""
    with acting_as_service(), transaction.atomic():
        rule, actor_id = _locked(provider, by, rule_id)
        above = AutoRule.objects.filter(provider=provider, ended_at=None, position__lt=rule.position)
        other = above.order_by("-position").first()
        if other is not None:
            rule.position, other.position = other.position, rule.position
            rule.save(update_fields=["position"])
            other.save(update_fields=["position"])
            audit.record(action="credit.rule.raised", target=rule, actor_id=actor_id, over=str(other.pk))
    return rule


def end_rule(*, provider: Provider, by: Caller, rule_id: UUID, at: datetime) -> AutoRule:
    """End a rule; what it offered stands. Raises as `switch_rule`."""
    with acting_as_service(), transaction.atomic():
        rule, actor_id = _locked(provider, by, rule_id)
        rule.is_on, rule.ended_at = False, at
        rule.save(update_fields=["is_on", "ended_at"])
        audit.record(action="credit.rule.ended", target=rule, actor_id=actor_id)
    return rule


def _check(
    name: str, conditions: dict[str, Any], rate: Decimal, days: int, product: LoanProduct, at: datetime
) -> None:
    if not 1 <= len(name) <= 80:
        raise RuleInvalid(_("Give it a name of at most 80 characters."), field="name")
    if not 1 <= days <= 30:
        raise RuleInvalid(_("An offer stands for 1 to 30 days."), field="valid_days")
    terms = ProductTerms.objects.filter(product=product, from_date__lte=timezone.localdate(at))
    held = terms.order_by("-from_date").first()
    if held is not None and not held.lowest_rate <= rate <= held.highest_rate:
        raise RuleInvalid(_("The rate is not among those of the product."), field="rate")
    if not 0 <= rate <= 1000:
        raise RuleInvalid(_("Rates are between 0 and 1,000 % a year."), field="rate")
    try:
        automatic.check(conditions)
    except ValueError as error:
        field = str(error).split(":", 1)[0]
        raise RuleInvalid(_("The least is above the most, or nothing is chosen."), field=field) from error
    for field, known in CHOICES.items():
        if not {*conditions.get(field, {}).get("in", ())} <= {*known}:
            raise RuleInvalid(_("There is no such choice."), field=field)


def _locked(provider: Provider, by: Caller, rule_id: UUID) -> tuple[AutoRule, UUID | None]:
    actor_id = acting_for(provider=provider, by=by)
    rule = AutoRule.objects.filter(provider=provider, pk=rule_id, ended_at=None).first()
    if rule is None:
        raise RuleNotFound
    return rule, actor_id
