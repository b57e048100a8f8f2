"""How a notice leaves the house.

Each channel has a driver, which the setting NOTICE_CHANNELS names; one without is not offered.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Protocol
from uuid import UUID

from django.conf import settings
from django.utils.module_loading import import_string
from django.utils.translation import gettext_lazy as _

from accounts.models.notices import OUTSIDE
from core.errors import DomainError


class ChannelUnavailable(DomainError):
    """The service did not answer, or said that it is busy: try again later. It may have sent it all the same."""

    code = "channel_unavailable"
    kind = "unavailable"
    message = _("The service that sends did not answer.")


class MessageRefused(DomainError):
    """The service will never send this: there is no such address, or it wants nothing from us."""

    code = "message_refused"
    message = _("The service that sends refused it.")


@dataclass(frozen=True)
class Message:
    """One message to one address. `id` stays the same when it is tried again, so that a repeat can be recognised."""

    id: UUID
    channel: str
    to: str
    subject: str
    text: str
    html: str = ""
    href: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)


class Driver(Protocol):
    """What a channel needs: a way to send, once for each call, outside any transaction."""

    def send(self, message: Message) -> None:
        """Send it. Raises ChannelUnavailable, MessageRefused."""


def offered() -> list[str]:
    """Return the channels that have a driver, in the order in which pages show them."""
    return [channel for channel in OUTSIDE if settings.NOTICE_CHANNELS.get(channel)]


def driver_of(channel: str) -> Driver:
    return _driver(settings.NOTICE_CHANNELS[channel])


@lru_cache(maxsize=8)
def _driver(path: str) -> Driver:
    driver: Driver = import_string(path)()
    return driver
