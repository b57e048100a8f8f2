"""Every type of event that an organisation can be told of: one catalogue for the pages, the API and what is sent.

An app declares its own where Django finds it ready (`AppConfig.ready`), so that every process knows them, and tells
them by `realtime.publish(topic=f"org:{id}", event=name, payload=…)`. What is not declared here stays inside.
"""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

TOPIC = "org:"
# Sent to one endpoint when somebody asks for it.
TEST = "webhook.test"


@dataclass(frozen=True)
class EventType:
    """What an event of this name means, and what its `data` looks like: every one has exactly these keys."""

    name: str
    description: str | Promise
    example: dict[str, Any]


_declared: dict[str, EventType] = {}


def declare(*types: EventType) -> None:
    _declared.update({each.name: each for each in types})


def all_event_types() -> dict[str, EventType]:
    """Return every type that has been declared, in the order of names."""
    return dict(sorted(_declared.items()))


def is_told(event: str) -> bool:
    """Whether organisations hear of events of this name."""
    return event in _declared


def topic_of(organization_id: UUID) -> str:
    return f"{TOPIC}{organization_id}"


def organization_of(topic: str) -> UUID | None:
    """Whose topic this is, if it is an organisation's."""
    try:
        return UUID(topic.removeprefix(TOPIC)) if topic.startswith(TOPIC) else None
    except ValueError:
        return None


declare(
    EventType(
        TEST,
        _("Somebody asked for it, to see whether this endpoint hears. Nothing else has happened."),
        {"webhook_endpoint": "whe_01bXeVFsjJrkCWVZkY9mJE"},
    )
)
