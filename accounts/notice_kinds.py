"""What people are told of, in kinds: one row each on the page of preferences.

Apps above add theirs when they are loaded (`AppConfig.ready`). An event belongs to the kind that names it, or that
names the beginning of its name up to a dot; one that nobody names belongs to OTHER.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from django.db.models import Q
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.models.notices import LEGAL, LOCKED_CHANNELS, LOCKED_KINDS, SECURITY, Channel

ORGANIZATION, NEWS, OTHER = "ORGANIZATION", "NEWS", "OTHER"
IN_APP, EMAIL, SMS, PUSH = Channel.IN_APP, Channel.EMAIL, Channel.SMS, Channel.PUSH


@dataclass(frozen=True)
class Kind:
    """A kind of events, and by which channels people are told of them unless they say otherwise."""

    code: str
    title: str | Promise
    text: str | Promise
    icon: str
    events: tuple[str, ...] = ()
    wanted: frozenset[str] = frozenset({IN_APP})
    # Tells of their work, so customers have no choice to make about it.
    for_staff: bool = False

    def is_locked(self, channel: str) -> bool:
        """Whether nobody can switch it off there."""
        return self.code in LOCKED_KINDS and channel in LOCKED_CHANNELS

    @property
    def is_urgent(self) -> bool:
        """Whether it waits neither for quiet hours to end nor for a digest, and is mailed though it was read."""
        return self.code in LOCKED_KINDS

    def covers(self, event: str) -> bool:
        return any(event == name or (name.endswith(".") and event.startswith(name)) for name in self.events)


KINDS: dict[str, Kind] = {}


def register(*kinds: Kind) -> None:
    """Add kinds, before our own, which come last on the page. Raises ValueError where two would name one event."""
    for kind in kinds:
        for name in kind.events:
            rivals = [other for other in KINDS.values() if other.code != kind.code and _share(other, name)]
            if rivals:
                raise ValueError(f"{name} belongs to {rivals[0].code} already")
        KINDS[kind.code] = kind
    for code in (ORGANIZATION, SECURITY, LEGAL, NEWS, OTHER):
        if code in KINDS:
            KINDS[code] = KINDS.pop(code)


def kinds_for(*, staff: bool) -> list[Kind]:
    """Return the kinds that somebody may get."""
    return [kind for kind in KINDS.values() if staff or not kind.for_staff]


def kind_of(event: str) -> Kind:
    return next((kind for kind in KINDS.values() if kind.covers(event)), KINDS[OTHER])


def events_of(kind: Kind) -> Q:
    """The condition on a notice that it is of this kind."""
    if kind.code == OTHER:
        named = [name for each in KINDS.values() for name in each.events]
        return ~_named(named)
    return _named(kind.events)


def unlocked() -> list[Kind]:
    """Those whose mails can be switched off."""
    return [kind for kind in KINDS.values() if not kind.is_locked(EMAIL)]


def wants(kind: Kind, channel: str, chosen: Mapping[tuple[str, str], bool]) -> bool:
    """Whether a kind comes by a channel, by what somebody chose (kind and channel -> wanted)."""
    return kind.is_locked(channel) or chosen.get((kind.code, channel), channel in kind.wanted)


def _named(names: Collection[str]) -> Q:
    found = Q(event__in=[name for name in names if not name.endswith(".")])
    for name in names:
        if name.endswith("."):
            found |= Q(event__startswith=name)
    return found


def _share(kind: Kind, name: str) -> bool:
    return kind.covers(name) or any(name.endswith(".") and mine.startswith(name) for mine in kind.events)


register(
    Kind(
        ORGANIZATION,
        _("Your organisations"),
        _("Who joins or leaves, your role, and webhooks that no longer work."),
        "building-2",
        ("organization.", "member.", "webhook."),
        frozenset({IN_APP, EMAIL}),
    ),
    Kind(
        SECURITY,
        _("Security"),
        _("Locks, log-ins, and changes to how you get in."),
        "shield-check",
        ("security.",),
        frozenset({IN_APP, EMAIL, PUSH}),
    ),
    Kind(
        LEGAL,
        _("Legal"),
        _("Terms, contracts, and what the law makes us tell you."),
        "scale",
        ("legal.",),
        frozenset({IN_APP, EMAIL}),
    ),
    Kind(
        NEWS,
        _("News and offers"),
        _("What is new, and what might be worth your while."),
        "megaphone",
        ("news.", "offer."),
        frozenset({IN_APP}),
    ),
    Kind(OTHER, _("Anything else"), _("Whatever has no row of its own yet."), "bell"),
)
