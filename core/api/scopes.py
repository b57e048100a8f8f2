"""Every scope there is. An app declares its own, with the words that people read when they give it to a program."""

from collections.abc import Mapping

from django.utils.functional import Promise

_declared: dict[str, str | Promise] = {}


def declare(scopes: Mapping[str, str | Promise]) -> None:
    """Make scopes known (`resource:read` or `resource:write`), with what they allow in plain words."""
    _declared.update(scopes)


def all_scopes() -> dict[str, str | Promise]:
    """Return every scope that has been declared, with its words."""
    return dict(_declared)
