"""Sending what is due. A delivery is taken in one transaction, sent outside any, and marked in another.

Whoever takes it has LEASE to come back; then another may. Killed between the call and the mark, a worker leaves a
delivery that is sent once more, under the same message id.
"""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import UUID

from django.db import connection
from django.db.models import F, Min, QuerySet
from django.utils.translation import gettext_lazy as _

from accounts import audit, channels, notice_letters
from accounts.channels import ChannelUnavailable, MessageRefused
from accounts.models import Channel, NotificationDelivery, NotificationSettings
from accounts.notice_kinds import kind_of, wants
from accounts.notice_letters import Parcel
from accounts.services import preferences
from accounts.services.deliveries import addresses_of
from core.actors import acting_as_service
from core.errors import DomainError
from core.ids import uuid7_at

# At once; each may keep us waiting for EMAIL_TIMEOUT, which must fit into a lease.
BATCH = 10
LEASE = timedelta(minutes=5)
# After the first try 1 minute, then twice as long each time: for about four hours in all.
TRIES = 9
PAUSE = timedelta(minutes=1)
KEPT = timedelta(days=90)
MOST = 10_000

_State, _Reason = NotificationDelivery.State, NotificationDelivery.Reason
Deliveries = list[NotificationDelivery]
logger = logging.getLogger(__name__)


class NotFailed(DomainError):
    code = "delivery_not_failed"
    kind = "conflict"
    message = _("Only what failed is sent again.")


class SentInsideTransaction(RuntimeError):
    """A message cannot be rolled back, and a mail server may keep us waiting."""


def send_due(*, at: datetime, clock: Callable[[], datetime]) -> int:
    """Send one batch of each channel, and one daily mail; return how many deliveries were taken up.

    `clock` tells when each was sent. Where a channel does not answer, the rest of its batch waits for its next turn.
    """
    if connection.in_atomic_block:
        raise SentInsideTransaction
    taken = 0
    for channel in channels.offered():
        batch = _claim(_singles(channel, at), at)
        taken += len(batch)
        _send_each([[parcel] for parcel in _still_wanted(batch)], clock)
    digest = _claim_digest(at)
    wanted = _still_wanted(digest)
    if wanted:
        _send_each([wanted], clock)
    return taken + len(digest)


def settle_hopeless(*, at: datetime) -> int:
    """Close what was tried too often, and what waits for a channel that is no longer offered; return how many."""
    due = NotificationDelivery.objects.due(at)
    with acting_as_service():
        worn_out = due.filter(tries__gte=TRIES).update(state=_State.FAILED, error=_Reason.GAVE_UP)
        orphans = due.exclude(channel__in=channels.offered())
        return worn_out + orphans.update(state=_State.SKIPPED, error=_Reason.NOT_OFFERED)


def send_again(*, delivery_id: UUID, at: datetime) -> None:
    """Put a delivery that failed back among those that wait. Raises NotFailed."""
    with acting_as_service():
        delivery = NotificationDelivery.objects.select_for_update().get(pk=delivery_id)
        if delivery.state != _State.FAILED:
            raise NotFailed
        why, delivery.state, delivery.error = delivery.error, _State.WAITING, ""
        delivery.tries, delivery.not_before, delivery.digest_at = 0, at, None
        delivery.save(update_fields=["state", "error", "tries", "not_before", "digest_at"])
        audit.record(action="accounts.notice.sent_again", target=delivery, why=why, channel=delivery.channel)


def forget(*, at: datetime) -> int:
    """Delete deliveries that came to their end and are older than KEPT; return how many."""
    with acting_as_service():
        old = NotificationDelivery.objects.filter(pk__lt=uuid7_at(at - KEPT)).exclude(
            state__in=NotificationDelivery.OPEN
        )
        keys = list(old.order_by("pk").values_list("pk", flat=True)[:MOST])
        return NotificationDelivery.objects.filter(pk__in=keys).delete()[0]


def _singles(channel: str, at: datetime) -> Callable[[], QuerySet[NotificationDelivery]]:
    due = NotificationDelivery.objects.due(at).filter(channel=channel, digest_at=None, tries__lt=TRIES)
    return lambda: due.select_for_update(skip_locked=True).order_by("not_before", "pk")[:BATCH]


def _claim(due: Callable[[], QuerySet[NotificationDelivery]], at: datetime) -> Deliveries:
    with acting_as_service():
        return _taken(list(due()), at)


def _claim_digest(at: datetime) -> Deliveries:
    """Take all that one person's daily mail gathers. Their settings' row is the lock: nobody takes a part of it."""
    with acting_as_service():
        due = NotificationDelivery.objects.due(at).filter(
            channel=Channel.EMAIL, digest_at__isnull=False, tries__lt=TRIES
        )
        readers = NotificationSettings.objects.filter(user__in=due.values("user"))
        reader = readers.select_for_update(skip_locked=True).order_by("pk").first()
        if reader is None:
            return []
        theirs = due.filter(user=reader.pk)
        # Two mails that are overdue stay two.
        hour = theirs.aggregate(first=Min("digest_at"))["first"]
        return _taken(list(theirs.filter(digest_at=hour)), at)


def _taken(found: Deliveries, at: datetime) -> Deliveries:
    keys = [delivery.pk for delivery in found]
    NotificationDelivery.objects.filter(pk__in=keys).update(
        state=_State.SENDING, not_before=at + LEASE, tries=F("tries") + 1
    )
    taken = NotificationDelivery.objects.filter(pk__in=keys).select_related("notification", "user")
    return list(taken.order_by("not_before", "pk"))


def _still_wanted(batch: Deliveries) -> list[Parcel]:
    """Those that are still to be sent, and where to; of the others it is noted why not."""
    if not batch:
        return []
    wanted = []
    with acting_as_service():
        ids = {delivery.user_id for delivery in batch}
        chosen = preferences.chosen_by(user_ids=ids)
        addresses = {
            channel: addresses_of(ids, channel) for channel in {delivery.channel for delivery in batch}
        }
        for delivery in batch:
            to = addresses[delivery.channel].get(delivery.user_id, "")
            why = _why_not(delivery, to, chosen.get(delivery.user_id, {}))
            if why:
                _end(delivery, _State.SKIPPED, why)
            else:
                wanted.append(Parcel(delivery, to))
    return wanted


def _why_not(delivery: NotificationDelivery, to: str, chosen: dict[tuple[str, str], bool]) -> str:
    kind = kind_of(delivery.notification.event)
    if not delivery.user.is_active:
        return _Reason.CLOSED
    if not wants(kind, delivery.channel, chosen):
        return _Reason.UNWANTED
    if not to:
        return _Reason.NO_ADDRESS
    # Whoever is in an account that is not theirs must not be able to keep a warning from its owner.
    return _Reason.READ if delivery.notification.read_at and not kind.is_urgent else ""


def _send_each(groups: list[list[Parcel]], clock: Callable[[], datetime]) -> None:
    """Send a message for each group, until the channel does not answer."""
    for number, parcels in enumerate(groups):
        group = [parcel.delivery for parcel in parcels]
        try:
            message = notice_letters.compose(parcels)
            channels.driver_of(message.channel).send(message)
        except ChannelUnavailable as error:
            logger.warning("%s does not answer: %s", group[0].channel, error.__cause__ or error)
            _put_off(group, _Reason.UNAVAILABLE, clock())
            _give_back([parcel.delivery for rest in groups[number + 1 :] for parcel in rest], clock())
            return
        except MessageRefused as error:
            logger.warning("delivery %s is refused: %s", group[0].pk, error.__cause__ or error)
            _end_all(group, _State.FAILED, _Reason.REFUSED)
        except Exception:
            # Whatever is wrong with this one, the next ones are not to suffer for it.
            logger.exception("delivery %s could not be sent", group[0].pk)
            _put_off(group, _Reason.FAULT, clock())
        else:
            _end_all(group, _State.SENT, "", sent_at=clock())


def _put_off(group: Deliveries, why: str, at: datetime) -> None:
    with acting_as_service():
        for delivery in group:
            if delivery.tries >= TRIES:
                _end(delivery, _State.FAILED, why)
            else:
                pause = PAUSE * 2 ** (delivery.tries - 1)
                _mine(delivery).update(state=_State.WAITING, not_before=at + pause, error=why)


def _give_back(rest: Deliveries, at: datetime) -> None:
    """What was taken and not tried waits a little, and that counts as no try."""
    with acting_as_service():
        for delivery in rest:
            _mine(delivery).update(state=_State.WAITING, not_before=at + PAUSE, tries=F("tries") - 1)


def _end_all(group: Deliveries, state: str, why: str, sent_at: datetime | None = None) -> None:
    with acting_as_service():
        for delivery in group:
            _end(delivery, state, why, sent_at)


def _end(delivery: NotificationDelivery, state: str, why: str, sent_at: datetime | None = None) -> None:
    _mine(delivery).update(state=state, error=why, sent_at=sent_at)


def _mine(delivery: NotificationDelivery) -> QuerySet[NotificationDelivery]:
    """The row, as long as nobody else has taken it since: its number of tries would be another."""
    return NotificationDelivery.objects.filter(pk=delivery.pk, state=_State.SENDING, tries=delivery.tries)
