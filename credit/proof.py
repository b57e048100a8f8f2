"""A loan followed by hand: each event, where each payment went, where the loan stood before and after it. Pure.

It is `credit/replay.py` step by step, for whoever wants to see how a figure came about. Amounts are minor units (kobo).
"""

from collections.abc import Iterable
from dataclasses import dataclass, fields

from credit.allocation import Paid
from credit.replay import Event, PayOff, Repay, happen, pay
from credit.standing import Standing, begin
from credit.terms import Terms

PARTS = tuple(field.name for field in fields(Paid))


@dataclass(frozen=True)
class Step:
    """One event, by the number of its transaction, and where its money went; `paid` is None for what is no payment."""

    number: int
    event: Event
    paid: Paid | None
    before: Standing
    after: Standing


def walk(terms: Terms, events: Iterable[tuple[int, Event]]) -> list[Step]:
    """Live a loan again, event after event. Raises ValueError for what cannot have happened."""
    standing, steps = begin(terms), []
    for number, event in events:
        before, paid = standing, None
        if isinstance(event, Repay | PayOff):
            standing, paid = pay(before, event)
        else:
            standing = happen(before, event)
        steps.append(Step(number, event, paid, before, standing))
    return steps


def sum_paid(steps: Iterable[Step]) -> Paid:
    """Return where all the payments together went."""
    paid = [step.paid for step in steps if step.paid is not None]
    return Paid(**{name: sum(getattr(one, name) for one in paid) for name in PARTS})
