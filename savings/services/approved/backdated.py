"""Entries of a day that is over: proposed with what they come to, tried in the books, entered by a second person."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.approvals import ApprovalAction, Described, Payload
from accounts.models import Approval
from core.errors import DomainError
from core.ids import posting_id
from core.templatetags.money import money, signed_money
from savings import plan_words
from savings.models import Position, Replay, StateChange, UserSavings
from savings.refusals import SavingInvalid, SavingNotFound
from savings.services.replaying import enter_backdated
from wallet.services.approved.adjustments import refuse_own_money
from wallet.services.approved.words import name_of

CODE = "savings.backdated_entry"
LONGEST_DESCRIPTION, MOST_AMOUNT = 140, 10**17


@dataclass(frozen=True)
class Standing:
    """What a saving holds in the ledger, and what it has earned beside: minor units."""

    ledger: int
    owed: Decimal


def target_of(payload: Payload) -> str:
    return f"saving {payload['saving']}"


def saving_in(payload: Payload) -> UserSavings:
    """Raises SavingNotFound."""
    savings = UserSavings.objects.select_related("plan", "account__owner", "user")
    found = savings.filter(pk=UUID(payload["saving"])).first()
    if found is None:
        raise SavingNotFound
    return found


def check(payload: Payload) -> None:
    """Raises SavingNotFound, SavingInvalid, and whatever `enter_backdated` would refuse it for."""
    if not 1 <= len(payload["description"].strip()) <= LONGEST_DESCRIPTION:
        raise SavingInvalid(_("Say what the customer reads, in 140 characters at most."), field="description")
    if abs(payload["amount"]) > MOST_AMOUNT:
        raise SavingInvalid(_("This amount is too large."), field="amount")
    _rehearse(payload)


def version(payload: Payload) -> str:
    """Another entry or another state is another state of affairs; days are closed and money moves all the time."""
    saving = saving_in(payload)
    newest = [
        model.objects.filter(saving=saving).order_by("-pk").values_list("pk", flat=True).first()
        for model in (Replay, StateChange)
    ]
    return " ".join(str(key or "-") for key in newest)


def describe(payload: Payload) -> Described:
    """Whose saving, what moves from which day on, and what the saving comes to before and after."""
    saving, currency = saving_in(payload), saving_in(payload).plan.currency_id
    amount = payload["amount"]
    way = _("from the owner's wallet") if amount > 0 else _("to the owner's wallet")
    said: list[tuple[str | Promise, str]] = [
        (_("Saving"), f"{saving.plan.name}, {name_of(saving.account)}"),
        (_("What moves today"), f"{signed_money(amount, currency)} {way}"),
        (_("It counts from"), payload["value_date"]),
    ]
    try:
        before, after = _rehearse(payload)
    except DomainError as refusal:
        said.append((_("Cannot be entered now"), str(refusal)))
    else:
        said += [
            (_("It holds"), f"{money(before.ledger, currency)} → {money(after.ledger, currency)}"),
            (_("Of it, interest after tax"), signed_money(after.ledger - before.ledger - amount, currency)),
            (_("Earned, not paid yet"), f"{_kobo(before.owed)} → {_kobo(after.owed)}"),
        ]
    return [*said, (_("What the customer reads"), payload["description"])]


def _rehearse(payload: Payload) -> tuple[Standing, Standing]:
    """Enter it and take it back; return how the saving stood, and would stand. Raises as `enter_backdated`."""
    saving = saving_in(payload)
    with transaction.atomic():
        before = _standing(saving.pk)
        _enter(payload, posting=posting_id(), at=timezone.now(), approval=None)
        after = _standing(saving.pk)
        transaction.set_rollback(True)
    return before, after


def _standing(saving_id: UUID) -> Standing:
    position = Position.objects.select_related("saving__account").get(pk=saving_id)
    return Standing(position.saving.account.balance, position.carry)


def _kobo(owed: Decimal) -> str:
    return _("%(kobo)s kobo") % {"kobo": plan_words.plain(owed)}


def _enter(payload: Payload, *, posting: UUID, at: datetime, approval: Approval | None) -> None:
    enter_backdated(
        saving_id=UUID(payload["saving"]),
        amount=payload["amount"],
        value_date=date.fromisoformat(payload["value_date"]),
        reason=payload["description"],
        posting_id=posting,
        at=at,
        approval=approval,
    )


def apply(payload: Payload, approval: Approval, at: datetime) -> None:
    """Enter it under the approval's own posting id. Raises OwnMoney, and as `enter_backdated`."""
    refuse_own_money([saving_in(payload).account], approval)
    assert approval.posting_id is not None
    _enter(payload, posting=approval.posting_id, at=at, approval=approval)


ACTION = ApprovalAction(
    code=CODE,
    label=gettext_lazy("Entry of a day that is over"),
    propose="savings.propose_backdated",
    approve="savings.approve_backdated",
    check=check,
    target_version=version,
    describe=describe,
    apply=apply,
    amount=lambda payload: abs(payload["amount"]),
    posts=True,
)
