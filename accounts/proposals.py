"""What staff fill in to propose an action: a form of its own for each, and where its result is looked at."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django import forms
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.approvals import Payload
from accounts.models import Approval

REASON_LEAST, REASON_MOST = 10, 500


class ProposalForm(forms.Form):
    """The fields of every proposal; an action adds its own, and says what they come to.

    One whose fields are secrets is never shown again for a second look (`previewed`).
    """

    previewed = True

    reason = forms.CharField(
        label=_("Reason"),
        min_length=REASON_LEAST,
        max_length=REASON_MOST,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("What the other person needs to know. Kept in the audit trail."),
    )
    ticket = forms.CharField(
        label=_("Ticket"),
        max_length=80,
        help_text=_("Where it was asked for, by number or address."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # Why comes after what.
        for name in ("reason", "ticket"):
            self.fields[name] = self.fields.pop(name)

    def payload(self) -> Payload:
        raise NotImplementedError

    def target(self) -> str:
        raise NotImplementedError


def no_result(_approval: Approval) -> str:
    return ""


@dataclass(frozen=True)
class ProposalPage:
    """How an action is proposed: its form, a sentence above it, and the address of what came of it."""

    action: str
    form: type[ProposalForm]
    text: str | Promise
    result: Callable[[Approval], str] = no_result


_pages: dict[str, ProposalPage] = {}


def register(page: ProposalPage) -> None:
    _pages[page.action] = page


def page_of(action: str) -> ProposalPage | None:
    return _pages.get(action)
