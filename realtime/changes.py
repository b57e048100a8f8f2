"""Stand-in until the branch with declared tables is merged: no table is declared."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from core.actors import Actor
from realtime.services.outbox import Placed

Key = tuple[str, str, UUID | None]


class BindingRefused(Exception):
    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


@dataclass(frozen=True, slots=True)
class Change:
    keys: tuple[Key, ...]


@dataclass(frozen=True, slots=True)
class Binding:
    id: int
    echo: dict[str, Any]
    keys: tuple[Key, ...]

    def matches(self, change: Change) -> bool:
        return False

    def data(self, change: Change) -> str:
        return "{}"


def bind(request: dict[str, Any], *, actor: Actor) -> Binding:
    raise BindingRefused("no table is declared")


def read(placed: Placed) -> Change:
    return Change(())
