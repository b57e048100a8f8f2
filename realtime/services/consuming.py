"""Consumers of the outbox, each of whom takes every event once, in the order of commits.

The setting REALTIME_CONSUMERS names for each a function `take(told: list[Told]) -> None`. It runs in the transaction that
moves the consumer's position, as the service, and does nothing but write rows: what calls outside is a task it starts
on commit. What it cannot take is parked, and holds up nothing.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Told:
    """An event that a service published. Of broadcasts and changes of rows no consumer hears."""

    id: UUID
    topic: str
    event: str
    payload: dict[str, Any]
    inserted_at: datetime
