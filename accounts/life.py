"""What the apps above add to the life of an account. They enter themselves when they are loaded (`AppConfig.ready`)."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.dispatch import Signal
from django.utils.functional import Promise

from accounts.models import User

# A file of an export: its name, and its rows as JSON-able dictionaries, read while they are written.
File = tuple[str, Iterable[Mapping[str, Any]]]


@dataclass(frozen=True)
class Blocker:
    """Why an account cannot be closed yet, and where that is put right."""

    title: str | Promise
    text: str | Promise
    href: str = ""


# Each is asked as the person whose data it is about.
exporters: list[Callable[[User], Iterator[File]]] = []
# Each is asked as the service.
blockers: list[Callable[[User], Iterable[Blocker]]] = []

# Sent with `organization` inside the transaction that closes one; a receiver that raises stops it.
closing_organization = Signal()
# Sent with `user` and `at` inside the transaction that closes an account; a receiver that raises stops it.
closing = Signal()
