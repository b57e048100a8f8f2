"""Every code a problem can carry, gathered from the classes that raise them."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeVar

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from rest_framework.exceptions import APIException

from core.api.problems import CODES, STATUS_OF_KIND
from core.errors import DomainError

Base = TypeVar("Base")


@dataclass(frozen=True)
class Refusal:
    """One code: its status, what it means, and the facts that `data` may hold."""

    code: str
    status: int
    meaning: str | Promise
    facts: tuple[str, ...] = ()


def refusals() -> dict[str, Refusal]:
    """Return every code that has been loaded, sorted; the more exact class wins where two share a code."""
    found = {code: Refusal(code, status, meaning) for status, (code, meaning) in CODES.items()}
    found["csrf_failed"] = Refusal("csrf_failed", 403, _("A session needs its CSRF token."))
    for problem in _below(APIException):
        if isinstance(problem.default_code, str) and isinstance(problem.default_detail, str | Promise):
            found[problem.default_code] = Refusal(
                problem.default_code, problem.status_code, problem.default_detail
            )
    for refusal in _below(DomainError):
        status = STATUS_OF_KIND[refusal.kind]
        found[refusal.code] = Refusal(refusal.code, status, refusal.message, refusal.public)
    return dict(sorted(found.items()))


def _below(cls: type[Base]) -> Iterator[type[Base]]:
    for below in cls.__subclasses__():
        yield below
        yield from _below(below)
