"""What takes two people: the actions that one member of staff proposes and another approves, by their code.

Each app registers its own when it is ready. What an action says here is asked again when it is applied, so that
nothing is done on grounds that no longer hold.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from core.errors import DomainError

if TYPE_CHECKING:
    from accounts.models import Approval, User

Payload = dict[str, Any]
Described = Sequence[tuple[str | Promise, str | Promise]]


class UnknownAction(DomainError):
    code = "approval_action_unknown"
    kind = "not_found"
    message = _("There is no such thing to approve.")


def _no_amount(_payload: Payload) -> int | None:
    return None


@dataclass(frozen=True)
class ApprovalAction:
    """One thing that takes two people. Its callables read; only `apply` writes, inside the approving transaction.

    `check` raises a DomainError where the payload could not be applied now. `target_version` changes whenever what the
    proposal is about does: a proposal on an older one can no longer be applied. `describe` is given the payload
    without its `sealed` keys, and says in words what will be other than before. `amount` (kobo) picks the band.
    `posts` gives the approval the id of the posting that `apply` makes. `try_first` asks somebody outside, before it is
    proposed and outside every transaction, whether it would do; it raises a DomainError where it would not.
    """

    code: str
    label: str | Promise
    propose: str
    approve: str
    check: Callable[[Payload], None]
    target_version: Callable[[Payload], str]
    describe: Callable[[Payload], Described]
    apply: Callable[[Payload, "Approval", datetime], None]
    amount: Callable[[Payload], int | None] = _no_amount
    sealed: frozenset[str] = frozenset()
    posts: bool = False
    try_first: Callable[[Payload], None] | None = None


_actions: dict[str, ApprovalAction] = {}


def register(action: ApprovalAction) -> None:
    """Make an action known. Raises ValueError where another has its code."""
    if _actions.setdefault(action.code, action) != action:
        raise ValueError(f"{action.code} is registered twice")


def action_of(code: str) -> ApprovalAction:
    """Return the action of a code. Raises UnknownAction."""
    try:
        return _actions[code]
    except KeyError:
        raise UnknownAction(action=code) from None


def all_actions() -> list[ApprovalAction]:
    return [_actions[code] for code in sorted(_actions)]


def actions_for(user: "User", *, to: Literal["propose", "approve"]) -> list[ApprovalAction]:
    """Return the actions that somebody may propose, or decide on."""
    return [kind for kind in all_actions() if user.has_perm(getattr(kind, to))]


def canonical(data: Any) -> str:
    """Return data as JSON in the one spelling that is hashed.

    Raises TypeError for what JSON would not bring back as it was: floats, dates, keys that are no text.
    """
    _refuse_what_changes(data)
    return json.dumps(data, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def _refuse_what_changes(data: Any) -> None:
    if isinstance(data, dict):
        for key, value in data.items():
            if type(key) is not str:
                raise TypeError("a payload's keys are text")
            _refuse_what_changes(value)
    elif isinstance(data, list):
        for value in data:
            _refuse_what_changes(value)
    elif data is not None and type(data) not in (str, int, bool):
        raise TypeError(f"a payload holds text, integers, truths, lists and dicts, not {type(data).__name__}")
