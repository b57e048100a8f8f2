"""A person's notices, as far as pages list and count them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from itertools import groupby
from uuid import UUID

from django.utils import timezone

from accounts import notice_kinds, notice_words
from accounts.models import Notification, User
from accounts.models.notices import NotificationQuerySet
from accounts.notice_kinds import Kind
from accounts.notice_words import Notice

PAGE = 20
COUNTED, COUNTED_IN_CENTRE = 9, 99


@dataclass(frozen=True)
class Wanted:
    """Which part of somebody's notices a page is to show: `before` and `after` name where its neighbour ended."""

    kind: Kind | None = None
    unread: bool = False
    before: UUID | None = None
    after: UUID | None = None

    @property
    def narrows(self) -> bool:
        return self.unread or self.kind is not None


@dataclass(frozen=True)
class Day:
    date: date
    notices: Sequence[Notice]


@dataclass(frozen=True)
class Page:
    """Some notices, newest first, and the keys from which the pages beside it go on."""

    notices: Sequence[Notice]
    newer: UUID | None
    older: UUID | None

    @property
    def days(self) -> list[Day]:
        by_day = groupby(self.notices, key=lambda notice: timezone.localdate(notice.at))
        return [Day(day, list(notices)) for day, notices in by_day]

    @property
    def seen(self) -> str:
        """Changes with anything that the page shows."""
        facts = [(notice.id.hex, notice.is_unread) for notice in self.notices]
        return sha256(repr((facts, self.older)).encode()).hexdigest()[:16]


def page_of(*, user: User, wanted: Wanted) -> Page:
    """One page of a person's notices, newest first. Those that arrive meanwhile move no page."""
    notices = _narrowed(Notification.objects.visible_to(user).listed(), wanted)
    if wanted.after is not None:
        found = list(notices.filter(pk__gt=wanted.after).order_by("pk")[: PAGE + 1])
        if len(found) > PAGE:
            return _page(found[PAGE - 1 :: -1], has_newer=True, has_older=True)
    before = wanted.before if wanted.after is None else None
    found = list((notices.filter(pk__lt=before) if before else notices).order_by("-pk")[: PAGE + 1])
    if before and not found:
        return page_of(user=user, wanted=Wanted(wanted.kind, wanted.unread))
    return _page(found[:PAGE], has_newer=before is not None, has_older=len(found) > PAGE)


def unread_of(user: User, *, at_most: int = COUNTED) -> str:
    """Return how many notices are unread, as a badge says it: nothing, 3, 9+.

    It reads no more of its index than it counts, however many notices there ever were.
    """
    unread = Notification.objects.visible_to(user).unread()[: at_most + 1].count()
    return f"{at_most}+" if unread > at_most else str(unread or "")


def newest_of(user: User) -> UUID | None:
    """The key of a person's newest notice."""
    return Notification.objects.visible_to(user).order_by("-pk").values_list("pk", flat=True).first()


def _narrowed(notices: NotificationQuerySet, wanted: Wanted) -> NotificationQuerySet:
    if wanted.unread:
        notices = notices.unread()
    return notices.filter(notice_kinds.events_of(wanted.kind)) if wanted.kind else notices


def _page(rows: Sequence[Notification], *, has_newer: bool, has_older: bool) -> Page:
    return Page(
        [notice_words.notice(row) for row in rows],
        rows[0].pk if rows and has_newer else None,
        rows[-1].pk if rows and has_older else None,
    )
