"""What people want to be told, by which channels, and when."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import time
from uuid import UUID
from zoneinfo import available_timezones

from django.utils.translation import gettext_lazy as _

from accounts import audit, notice_kinds
from accounts.models import Channel, NotificationPreference, NotificationSettings, User
from accounts.notice_kinds import KINDS
from accounts.unsubscribing import ALL
from core.actors import acting_as_service
from core.errors import DomainError

# Kind and channel -> wanted.
Choices = Mapping[tuple[str, str], bool]


class LockedOn(DomainError):
    code = "notice_locked_on"
    kind = "forbidden"
    message = _("Notices about security and legal matters always come in the app and by e-mail.")


class NoSuchNotice(DomainError):
    code = "no_such_notice_kind"
    kind = "not_found"
    message = _("There is no such kind of notice.")


class QuietHoursIncomplete(DomainError):
    code = "quiet_hours_incomplete"
    message = _("Say both when quiet hours begin and when they end, at two different times.")


class UnknownZone(DomainError):
    code = "unknown_time_zone"
    message = _("We do not know this time zone.")


class HourOutOfRange(DomainError):
    code = "hour_out_of_range"
    message = _("An hour is a number from 0 to 23.")


@dataclass(frozen=True)
class Timing:
    """When somebody wants to be reached; see NotificationSettings."""

    quiet_from: time | None
    quiet_until: time | None
    zone: str
    digest: str
    digest_hour: int


def chosen_by(*, user_ids: Iterable[UUID]) -> dict[UUID, dict[tuple[str, str], bool]]:
    """Return what each of these people chose that departs from what would be by itself."""
    chosen: dict[UUID, dict[tuple[str, str], bool]] = {}
    rows = NotificationPreference.objects.filter(user__in=list(user_ids))
    for user_id, kind, channel, wanted in rows.values_list("user_id", "kind", "channel", "wanted"):
        chosen.setdefault(user_id, {})[kind, channel] = wanted
    return chosen


def settings_of(*, user: User) -> NotificationSettings:
    """Return a person's settings; where they have none, those that hold by themselves, not stored."""
    return NotificationSettings.objects.filter(user=user).first() or NotificationSettings(user=user)


def choose(*, user: User, choices: Choices, via: str = "page") -> int:
    """Store what a person wants; what is so by itself leaves no row. Returns how many choices changed.

    Raises NoSuchNotice, LockedOn, and then nothing was written.
    """
    for (code, channel), wanted in choices.items():
        if code not in KINDS or channel not in Channel.values:
            raise NoSuchNotice
        if not wanted and KINDS[code].is_locked(channel):
            raise LockedOn(kind=code, channel=channel)
    with acting_as_service(on_behalf_of=user):
        # Two pages of one person's take turns, so that neither inserts what the other has.
        User.objects.select_for_update().get(pk=user.pk)
        before = chosen_by(user_ids=[user.pk]).get(user.pk, {})
        changed = {
            key: wanted
            for key, wanted in choices.items()
            if notice_kinds.wants(KINDS[key[0]], key[1], before) != wanted
        }
        for (code, channel), wanted in changed.items():
            mine = NotificationPreference.objects.filter(user=user, kind=code, channel=channel)
            if wanted == (channel in KINDS[code].wanted):
                mine.delete()
            elif not mine.update(wanted=wanted):
                NotificationPreference.objects.create(user=user, kind=code, channel=channel, wanted=wanted)
        if changed:
            told = {f"{code}.{channel}": wanted for (code, channel), wanted in sorted(changed.items())}
            audit.record(
                action="accounts.notices.chosen", target=user, actor_id=user.pk, changed=told, via=via
            )
    return len(changed)


def set_timing(*, user: User, timing: Timing) -> None:
    """Store when a person wants to be reached. Raises QuietHoursIncomplete, UnknownZone, HourOutOfRange."""
    if (timing.quiet_from is None) != (timing.quiet_until is None) or (
        timing.quiet_from is not None and timing.quiet_from == timing.quiet_until
    ):
        raise QuietHoursIncomplete
    if timing.zone not in available_timezones():
        raise UnknownZone
    if not 0 <= timing.digest_hour <= 23:
        raise HourOutOfRange
    facts = {
        "quiet_from": timing.quiet_from,
        "quiet_until": timing.quiet_until,
        "zone": timing.zone,
        "digest": NotificationSettings.Digest(timing.digest),
        "digest_hour": timing.digest_hour,
    }
    with acting_as_service(on_behalf_of=user):
        before = settings_of(user=user)
        if all(getattr(before, name) == value for name, value in facts.items()):
            return
        NotificationSettings.objects.update_or_create(user=user, defaults=facts)
        audit.record(
            action="accounts.notices.timed",
            target=user,
            actor_id=user.pk,
            **{name: None if value is None else str(value) for name, value in facts.items()},
        )


def stop_mails(*, user: User, kind: str, channel: str, again: bool = False) -> int:
    """Switch a kind off (or on again) by its link in a mail; of ALL, every kind that can be. Returns how many changed.

    Raises NoSuchNotice, LockedOn.
    """
    kinds = [each.code for each in notice_kinds.unlocked()] if kind == ALL else [kind]
    return choose(user=user, choices={(code, channel): again for code in kinds}, via="link")
