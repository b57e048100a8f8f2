"""Every scope there is. An app declares its own, with the words that people read when they give it to a program."""

from collections.abc import Iterable, Mapping

from django.utils.functional import Promise

_declared: dict[str, str | Promise] = {}
_moving_money: set[str] = set()


def declare(scopes: Mapping[str, str | Promise], *, moving_money: Iterable[str] = ()) -> None:
    """Make scopes known (`resource:read` or `resource:write`), with what they allow in plain words.

    Those `moving_money`, or doing as great harm, are given to a program only by somebody who proves a second factor.
    """
    _declared.update(scopes)
    _moving_money.update(moving_money)


def all_scopes() -> dict[str, str | Promise]:
    """Return every scope that has been declared, with its words."""
    return dict(_declared)


def moves_money(scope: str) -> bool:
    return scope in _moving_money
