"""The figures of the staff's first page. Each app registers its groups; a figure equals the list it links to, or says
that there are more.

    staff_figures.register(Case, cases, order=50)     # cases(at) -> Group

A group is counted and shown only for who may view the rows of its model.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Model, QuerySet
from django.utils.functional import Promise

MOST = 10_000


@dataclass(frozen=True)
class Figure:
    """A number and the address of the list it counts; `alarm` when staff should look."""

    label: str | Promise
    value: int | str | Promise | datetime
    address: str
    alarm: bool = False
    more: bool = False


@dataclass(frozen=True)
class Group:
    title: str | Promise
    model: type[Model]
    figures: list[Figure]


Count = Callable[[datetime], Group]
_groups: list[tuple[int, type[Model], Count]] = []


def register(model: type[Model], count: Count, *, order: int) -> None:
    """Have a group on the first page, among the others by `order`: what people wait for comes first."""
    _groups.append((order, model, count))
    _groups.sort(key=lambda group: group[0])


def overview(*, at: datetime, sees: Callable[[type[Model]], bool]) -> list[Group]:
    """Return all groups whose model the reader `sees`, counted as of `at`."""
    return [count(at) for _order, model, count in _groups if sees(model)]


def counted(label: str | Promise, rows: QuerySet[Any], address: str, *, alarming: bool = False) -> Figure:
    """A figure of how many rows there are, up to a bound; `alarming` where each is one too many."""
    found = rows.order_by()[: MOST + 1].count()
    return Figure(label, min(found, MOST), address, alarm=alarming and found > 0, more=found > MOST)
