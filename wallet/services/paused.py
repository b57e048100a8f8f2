"""Transfers that a limit stopped: kept as they were asked for, offered when they fit, never sent by themselves."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts import audit
from accounts import services as accounts
from accounts.models import Notification
from core.errors import DomainError
from wallet.fees import FeeQuote
from wallet.models import Account, PausedTransfer
from wallet.models.limits import KEPT_FOR
from wallet.refusals import LimitExceeded
from wallet.services.limits import Limits, limits_of
from wallet.services.posting import Posting
from wallet.services.transfers import transfer

WAITING, AT_ONCE = PausedTransfer.State.WAITING, 500


class PausedTransferOver(DomainError):
    code = "paused_transfer_over"
    kind = "conflict"
    message = _("This transfer is no longer waiting: it was sent, given up, or has expired.")


@transaction.atomic
def pause_transfer(
    *,
    source: Account,
    recipient: accounts.Recipient,
    typed: str,
    amount: int,
    note: str,
    refusal: LimitExceeded,
    at: datetime,
) -> PausedTransfer:
    """Keep a transfer (minor units) that a limit of `source` stopped. The same one again is kept once, as of now."""
    facts: dict[str, Any] = {"code": refusal.code, "facts": refusal.public_data, "created_at": at}
    whose = {"owner_id": source.owner_id, "recipient_name": recipient.display_name, "typed": typed}
    paused, is_new = PausedTransfer.objects.get_or_create(
        source=source,
        recipient_id=recipient.user_id,
        amount=amount,
        note=note,
        state=WAITING,
        defaults={**facts, **whose},
    )
    if is_new:
        audit.record(action="wallet.transfer.paused", target=paused, amount=amount, code=refusal.code)
    else:
        PausedTransfer.objects.filter(pk=paused.pk).update(**facts, offered_at=None)
        paused.refresh_from_db()
    return paused


@transaction.atomic
def dismiss_paused(*, paused: PausedTransfer, at: datetime) -> None:
    """Give up a transfer that waits. Raises PausedTransferOver."""
    _end(paused, PausedTransfer.State.DISMISSED, at=at)
    audit.record(action="wallet.transfer.dismissed", target=paused)


@transaction.atomic
def resume_transfer(
    *, paused: PausedTransfer, posting_id: UUID, at: datetime, charges: FeeQuote | None = None
) -> Posting:
    """Send a transfer that waited, and say so of it, both or neither; once per posting id.

    `charges` are those of `transfer`. Raises PausedTransferOver, and whatever `transfer` raises.
    """
    if paused.state != WAITING and paused.posting_id != posting_id:
        raise PausedTransferOver
    posting = transfer(
        posting_id=posting_id,
        source=paused.source,
        recipient_id=paused.recipient_id,
        amount=paused.amount,
        note=paused.note,
        at=at,
        charges=charges,
    )
    if not posting.replayed:
        _end(paused, PausedTransfer.State.SENT, at=at, posting_id=posting_id)
    return posting


def offer_paused(*, at: datetime, owner_id: UUID | None = None) -> int:
    """Tell owners, once, of those of their waiting transfers that fit into their limits now; return how many."""
    waiting = PausedTransfer.objects.waiting(at).filter(offered_at=None)
    if owner_id:
        waiting = waiting.filter(owner=owner_id)
    limits: dict[UUID, Limits] = {}
    fitting = []
    # All of them, in bites: those that never fit must not stand before those that do.
    for paused in waiting.select_related("source").order_by("pk").iterator(chunk_size=AT_ONCE):
        if paused.source_id not in limits:
            limits[paused.source_id] = limits_of(account=paused.source, at=at)
        if limits[paused.source_id].refusal_of(paused.amount) is None:
            fitting.append(paused.pk)
    # Asked once more under the lock: another may have offered them meanwhile.
    locked = waiting.filter(pk__in=fitting).select_related("source")
    offered = list(locked.order_by("pk").select_for_update(skip_locked=True, of=("self",)))
    PausedTransfer.objects.filter(pk__in=[paused.pk for paused in offered]).update(offered_at=at)
    accounts.notify(notices=[_offer(paused) for paused in offered])
    return len(offered)


def expire_paused(*, at: datetime) -> int:
    """End what waited for `KEPT_FOR`; return how many."""
    old = PausedTransfer.objects.filter(state=WAITING, created_at__lte=at - KEPT_FOR)
    return old.update(state=PausedTransfer.State.EXPIRED, ended_at=at)


def _end(paused: PausedTransfer, state: str, *, at: datetime, posting_id: UUID | None = None) -> None:
    """In one statement, so that of two who end it at once one is refused, and takes back what it did."""
    rows = PausedTransfer.objects.filter(pk=paused.pk, state=WAITING)
    if not rows.update(state=state, ended_at=at, posting_id=posting_id):
        raise PausedTransferOver


def _offer(paused: PausedTransfer) -> Notification:
    data = {
        "paused": str(paused.pk),
        "amount": paused.amount,
        "currency": paused.source.currency_id,
        "name": paused.recipient_name,
    }
    return Notification(user_id=paused.owner_id, event="transfer.resumable", data=data)
