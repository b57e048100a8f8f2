"""Maker and checker: one member of staff proposes, another approves, and only then is it done."""

import logging
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts import approval_notices, approvals, audit
from accounts import approval_payloads as payloads
from accounts.approvals import ApprovalAction, Payload
from accounts.models import Approval, ApprovalBand, Notification, User
from accounts.services.notices import notify
from core import ids
from core.actors import acting_as_service
from core.errors import DomainError

State = Approval.State
logger = logging.getLogger(__name__)


class ApprovalNotFound(DomainError):
    code = "approval_not_found"
    kind = "not_found"
    message = _("There is no such proposal.")


class ApprovalDecided(DomainError):
    code = "approval_decided"
    kind = "conflict"
    message = _("This was decided, withdrawn or overtaken already.")


class ApprovalExpired(DomainError):
    code = "approval_expired"
    kind = "conflict"
    message = _("The time to decide on this is over. Propose it again.")


class ApprovalStale(DomainError):
    code = "approval_stale"
    kind = "conflict"
    message = _(
        "What this is about has changed since it was proposed. Look at it as it is now, and propose again."
    )


class ApprovalChanged(DomainError):
    code = "approval_changed"
    kind = "conflict"
    message = _(
        "This is not what was proposed: somebody changed it in the database. Tell the security officer."
    )


class ApprovalPending(DomainError):
    code = "approval_pending"
    kind = "conflict"
    message = _("The very same was proposed already and waits for a decision.")


class OtherPersonNeeded(DomainError):
    code = "other_person_needed"
    kind = "forbidden"
    message = _("Somebody else must decide: you proposed this, or approved it already.")


class NotAllowedToDecide(DomainError):
    code = "approval_not_allowed"
    kind = "forbidden"
    message = _("You are not allowed to propose or decide this.")


def propose(
    *, action: str, payload: Payload, target: str, maker: User, reason: str, ticket: str = "", at: datetime
) -> Approval:
    """Freeze an action for others to decide on.

    Raises UnknownAction, NotAllowedToDecide, ApprovalPending, and whatever the action's own check does.
    """
    kind = approvals.action_of(action)
    with acting_as_service():
        _require(maker, kind.propose)
        kind.check(payload)
        amount = kind.amount(payload)
        band = ApprovalBand.objects.holding(action=action, amount=amount)
        approval = Approval(
            action=action,
            target=target,
            target_version=kind.target_version(payload),
            amount=amount,
            approvals_needed=band.approvals_needed,
            reason=reason,
            ticket=ticket,
            maker=maker,
            made_at=at,
            expires_at=at + timedelta(hours=band.expires_hours),
        )
        payloads.freeze(approval, kind, payload)
        _expire(Approval.objects.filter(action=action, target=target), at=at)
        _insert(approval)
        _record("proposed", approval, maker, reason=reason, ticket=ticket, needs=band.approvals_needed)
    return approval


def approve(*, approval_id: UUID, checker: User, at: datetime, reason: str = "") -> Approval:
    """Say yes; with the last word that it takes, apply it in this same transaction.

    All is asked again: it raises ApprovalNotFound, ApprovalDecided, ApprovalExpired, ApprovalStale, ApprovalChanged,
    OtherPersonNeeded, NotAllowedToDecide, and whatever the action's own check does, which leaves it pending.
    """
    with acting_as_service():
        approval = _lock(approval_id)
        kind = approvals.action_of(approval.action)
        _require_other(approval, checker, kind)
        payload, refusal = _as_proposed(approval, kind, at)
        if payload is not None:
            kind.check(payload)
            _agree(approval, kind, payload, checker, reason, at)
    # Only now: what it found (run out, overtaken) has to stay written.
    if refusal:
        raise refusal
    return approval


def reject(*, approval_id: UUID, checker: User, reason: str, at: datetime) -> Approval:
    """Say no. Raises ApprovalNotFound, ApprovalDecided, OtherPersonNeeded, NotAllowedToDecide."""
    with acting_as_service():
        approval = _lock(approval_id)
        kind = approvals.action_of(approval.action)
        _require(checker, kind.approve)
        if checker.pk == approval.maker_id:
            raise OtherPersonNeeded
        _end(approval, State.REJECTED, at=at, by=checker, reason=reason)
    return approval


def withdraw(*, approval_id: UUID, maker: User, at: datetime) -> Approval:
    """Take back what oneself proposed. Raises ApprovalNotFound, also for another's, and ApprovalDecided."""
    with acting_as_service():
        approval = _lock(approval_id)
        if approval.maker_id != maker.pk:
            raise ApprovalNotFound
        _end(approval, State.WITHDRAWN, at=at, by=maker)
    return approval


def expire(*, at: datetime) -> int:
    """End all that ran out or was overtaken, and return how many: nobody waits for what can no longer be applied."""
    with acting_as_service():
        ended = _expire(Approval.objects.all(), at=at)
        for approval in Approval.objects.waiting(at).order_by("pk").select_for_update(skip_locked=True):
            ended += _look_again(approval, at)
    return ended


def description_of(approval: Approval) -> list[tuple[str, str]]:
    """Return what a proposal means, in words: as of its decision, or of now where it waits. Secrets stay hidden.

    Nothing where it cannot be said any more: what it is about is gone, or nobody knows the action.
    """
    if approval.description is not None:
        return [(label, text) for label, text in approval.description]
    try:
        with transaction.atomic():
            kind = approvals.action_of(approval.action)
            shown = payloads.shown(approval, kind)
            return [(str(label), str(text)) for label, text in kind.describe(shown)]
    except Exception:
        logger.exception("approval %s cannot be described", approval.pk)
        return []


def is_overtaken(approval: Approval) -> bool:
    """Whether what this is about changed since, or is gone: then it waits in vain."""
    try:
        kind = approvals.action_of(approval.action)
        payload = payloads.thaw(approval, kind)
        return payload is None or kind.target_version(payload) != approval.target_version
    except DomainError:
        return True


def _insert(approval: Approval) -> None:
    try:
        with transaction.atomic():
            approval.save(force_insert=True)
    except IntegrityError as error:
        if "approval_pending_once" in str(error):
            raise ApprovalPending from None
        raise


def _lock(approval_id: UUID) -> Approval:
    """Lock a proposal with all others about the same, in order: two of them are never applied on one state of it."""
    found = Approval.objects.filter(pk=approval_id).values("action", "target").first()
    if found is None:
        raise ApprovalNotFound
    pending = Approval.objects.filter(**found, state=State.PENDING)
    people = pending.select_related("maker", "checker").order_by("pk")
    locked = {each.pk: each for each in people.select_for_update(of=("self",))}
    if approval_id not in locked:
        raise ApprovalDecided
    return locked[approval_id]


def _require(user: User, permission: str) -> None:
    if not user.has_perm(permission):
        raise NotAllowedToDecide


def _require_other(approval: Approval, checker: User, kind: ApprovalAction) -> None:
    _require(checker, kind.approve)
    if checker.pk in (approval.maker_id, approval.checker_id):
        raise OtherPersonNeeded


def _as_proposed(
    approval: Approval, kind: ApprovalAction, at: datetime
) -> tuple[Payload | None, DomainError | None]:
    """Return the payload if it can still be applied; else end the proposal and return why."""
    payload = payloads.thaw(approval, kind)
    if approval.expires_at <= at:
        _end(approval, State.EXPIRED, at=at)
        return None, ApprovalExpired()
    if payload is None:
        logger.error("approval %s is not what was proposed", approval.pk)
        _end(approval, State.STALE, at=at, reason=gettext("Changed in the database"))
        return None, ApprovalChanged()
    if kind.target_version(payload) != approval.target_version:
        _end(approval, State.STALE, at=at)
        return None, ApprovalStale()
    return payload, None


def _agree(
    approval: Approval, kind: ApprovalAction, payload: Payload, checker: User, reason: str, at: datetime
) -> None:
    if approval.checker_id is None:
        approval.checker, approval.checked_at = checker, at
    else:
        approval.second_checker = checker
    if approval.approvals_needed > 1 and approval.second_checker_id is None:
        approval.save(update_fields=["checker", "checked_at"])
        _record("approved_first", approval, checker, reason=reason)
        return
    approval.posting_id = ids.posting_id() if kind.posts else None
    _end(approval, State.APPLIED, at=at, by=checker, reason=reason)
    kind.apply(payload, approval, at)


def _end(approval: Approval, state: State, *, at: datetime, by: User | None = None, reason: str = "") -> None:
    approval.description = description_of(approval)
    approval.state, approval.decided_by, approval.decided_at = state, by, at
    approval.decision_reason = reason
    approval.save(
        update_fields=[
            *("state", "checker", "checked_at", "second_checker", "decided_by", "decided_at"),
            *("decision_reason", "description", "posting_id"),
        ]
    )
    _record(state.lower(), approval, by, **({"reason": reason} if reason else {}))
    _tell_maker(approval)


def _tell_maker(approval: Approval) -> None:
    """Who took it back themselves is told nothing."""
    event = f"approval.{approval.state.lower()}"
    if event in approval_notices.EVENTS:
        facts = {
            "approval": str(approval.pk),
            "action": approval.action,
            "reason": approval.decision_reason,
        }
        notify(notices=[Notification(user_id=approval.maker_id, event=event, data=facts)])


def _look_again(approval: Approval, at: datetime) -> bool:
    """End a proposal that waits in vain, and say whether it did; one whose action only newer code knows goes on."""
    try:
        _payload, refusal = _as_proposed(approval, approvals.action_of(approval.action), at)
        return refusal is not None
    except approvals.UnknownAction:
        return False
    except DomainError:
        _end(approval, State.STALE, at=at, reason=gettext("What it was about is gone"))
        return True


def _expire(found: Any, *, at: datetime) -> int:
    over = found.filter(state=State.PENDING, expires_at__lte=at).order_by("pk")
    locked = list(over.select_for_update(skip_locked=True))
    for approval in locked:
        _end(approval, State.EXPIRED, at=at)
    return len(locked)


def _record(deed: str, approval: Approval, by: User | None, **facts: Any) -> None:
    audit.record(
        action=f"accounts.approval.{deed}",
        target=approval,
        actor_id=by.pk if by else None,
        what=approval.action,
        about=approval.target,
        amount=approval.amount,
        **facts,
    )
