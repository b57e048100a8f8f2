"""Every fault of a sandbox met in every state, against the tables in docs/faults.md.

A table says for each fault (a row) what becomes of a story that meets it in a state (a column): its state after the
next step, and after an arrow its state in the end, where that is another. "–" means that nothing there can meet it.
Another gateway gets a table under a heading of its own, and a dictionary of stories with its states.
"""

import re
from collections.abc import Callable
from contextlib import suppress
from types import SimpleNamespace
from typing import Protocol
from unittest.mock import patch

from django.conf import settings
from django.core.cache import cache

from core.actors import acting_as_service
from core.errors import DomainError
from wallet import services as wallet
from wallet import tasks
from wallet.models import WebhookEvent
from wallet.sandbox import announcing
from wallet.sandbox.models import Fault, SandboxBook, SandboxDelivery
from wallet.services import deposits
from wallet.tests.deposits import calls_answered_again

Table = dict[str, dict[str, str]]
Kind = Fault.Kind

PAGE = settings.BASE_DIR / "docs" / "faults.md"
NONE, UNMET = "none", "–"
# An adapter asks three times: what meets one of these has no answer at all.
TRIES = 3
LASTING = (
    Kind.DROP_REPLY,
    Kind.BAD_GATEWAY_AFTER,
    Kind.BAD_GATEWAY_BEFORE,
    Kind.HTML_503,
    Kind.TOO_MANY,
    Kind.WRONG_SHAPE,
)
# An answer later than an adapter waits is one that never comes: DROP_REPLY.
VALUES = {Kind.DELAY: "0", Kind.DUPLICATE_WEBHOOK: "3", Kind.WEBHOOK_DELAY: "1"}


class Story(Protocol):
    """Money on its way in or out, brought to a state by its maker."""

    def step(self) -> None:
        """Have the next thing happen."""

    def end(self) -> None:
        """Have all happen that still may."""

    def state(self) -> str: ...

    def check(self) -> None:
        """Check that money moved once, and that its account has what its state says."""


Stories = dict[str, Callable[[], Story]]


def check_table(heading: str, stories: Stories) -> None:
    """Play every fault in every state, and check that what becomes of it is what the page says."""
    said = _read(heading)
    assert list(said) == [NONE, *Kind.values], "a row for each fault"
    found: Table = {kind: {} for kind in said}
    for name, begin in stories.items():
        harmless = [kind for kind in Kind.values if said[kind].get(name) == UNMET or kind == Kind.DELAY]
        for kinds in (harmless, *([kind] for kind in Kind.values if kind not in harmless)):
            try:
                words, met = _play(begin, kinds)
            except Exception as error:
                error.add_note(f"{kinds} met when {name}")
                raise
            found[NONE].setdefault(name, words)
            found |= {kind: found[kind] | {name: words if kind in met else UNMET} for kind in kinds}
    assert found == said, f"It turned out as\n\n{_written(found)}"


@patch.object(deposits, "time", SimpleNamespace(sleep=lambda _seconds: None))
def _play(begin: Callable[[], Story], kinds: list[str]) -> tuple[str, list[str]]:
    """Return what became of a story, and which of these faults it met."""
    cache.clear()
    story = begin()
    for kind in kinds:
        _wait(kind)
    with suppress(DomainError):
        story.step()
    with acting_as_service():
        left = dict(Fault.objects.values_list("kind", "remaining"))
    met = [kind for kind in kinds if left.get(kind) != _times(kind)]
    first = story.state()
    calls_answered_again()
    cache.clear()
    story.end()
    last = story.state()
    story.check()
    return (first if first == last else f"{first} → {last}"), met


def _wait(kind: str) -> None:
    """Have a fault wait for whatever comes."""
    with acting_as_service():
        Fault.objects.create(kind=kind, value=VALUES.get(kind, ""), remaining=_times(kind))


def _times(kind: str) -> int:
    return TRIES if kind in LASTING else 1


def gap() -> int:
    """How much more a gateway has for us than our books say (kobo)."""
    book = SandboxBook.objects.filter(currency="NGN").first()
    theirs = book.balance if book else settings.SANDBOX_OPENING_BALANCE
    return theirs - wallet.balance_of(wallet.system_account("PAYSTACK_CLEARING"))


def webhooks_again(reference: str) -> None:
    """Bring every webhook there was once more, lost ones too, and have each dealt with twice."""
    with acting_as_service():
        deliveries = list(SandboxDelivery.objects.filter(about=reference).order_by("pk"))
    for delivery in deliveries:
        with acting_as_service():
            announcing.resend(delivery=delivery)
    with acting_as_service():
        waiting = list(WebhookEvent.objects.filter(reference=reference).waiting().order_by("received_at"))
    for event in waiting:
        tasks.process_webhook(event_id=str(event.pk))
        tasks.process_webhook(event_id=str(event.pk))


def _read(heading: str) -> Table:
    part = PAGE.read_text().split(f"\n## {heading}\n", 1)[1].split("\n## ", 1)[0]
    rows = [re.split(r"\s*\|\s*", line.strip("| ")) for line in part.splitlines() if line.startswith("|")]
    states = rows[0][1:]
    return {row[0].strip("`"): dict(zip(states, row[1:], strict=True)) for row in rows[2:]}


def _written(found: Table) -> str:
    states = list(found[NONE])
    rows = [["fault", *states], ["---"] * (len(states) + 1)]
    rows += [[kind if kind == NONE else f"`{kind}`", *row.values()] for kind, row in found.items()]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)
