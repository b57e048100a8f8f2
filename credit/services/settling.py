"""After a payment: whether a loan is still owed, paid off, or paid too much. Only what was really checked is said."""

from datetime import datetime

from django.db.models import Sum

from accounts import audit
from credit.models import Collection, Disbursement, LoanTransaction
from credit.replay import quote
from credit.services.balancing import differences, unexplained
from credit.services.holding import Held
from credit.services.steps import step
from credit.states import Actor, Event, Guard, State

Kind = LoanTransaction.Kind


def settle(held: Held, *, who: Actor) -> State:
    """Take the step that a payment leads to; the loan is held, and the money has moved."""
    guard, faults = found_to_hold(held)
    now = step(held.application, Event.REPAY, who=who, at=held.at, holding=[guard])
    if faults:
        park(held, faults)
    if now == State.CLOSED_MET:
        close(held)
    return now


def found_to_hold(held: Held) -> tuple[Guard, list[str]]:
    """Return what holds of a loan, and what is wrong with its books where that alone keeps it open."""
    if quote(held.standing, held.today).total:
        return Guard.STILL_OWED, []
    if overpaid(held):
        return Guard.PAID_TOO_MUCH, []
    faults = in_the_way(held)
    return (Guard.STILL_OWED, faults) if faults else (Guard.ALL_SETTLED, [])


def in_the_way(held: Held) -> list[str]:
    """Name what keeps a loan of which nothing is owed from being closed: money on its way, books that differ."""
    loan = held.loan
    faults = differences(loan)
    if difference := unexplained(held):
        faults.append(f"what was paid and what was earned differ by {difference}")
    if Disbursement.objects.filter(share__contract_id=loan.contract_id, state="DUE").exists():
        faults.append("a share is still to be paid out")
    return faults


def overpaid(held: Held) -> int:
    """Return what was paid too much and not given back yet; minor units."""
    given = LoanTransaction.objects.filter(loan=held.loan, kind=Kind.REFUND, reversed_by=None)
    return max(held.standing.overpaid - (given.aggregate(sum=Sum("amount"))["sum"] or 0), 0)


def close(held: Held) -> None:
    """A loan has ended: nothing is taken for it any more."""
    held.loan.closed_on = held.today
    held.loan.save(update_fields=["closed_on"])
    Collection.objects.filter(loan=held.loan, state=Collection.State.DUE).update(
        state=Collection.State.PAID, next_try_at=None, ended_at=held.at
    )


def reopen(held: Held) -> None:
    """A payment of a loan that had ended was taken back: its days go on from today."""
    held.loan.closed_on = None
    held.loan.save(update_fields=["closed_on"])
    if held.position.next_day is None:
        held.position.next_day = held.today
        held.position.save(update_fields=["next_day"])


def park(held: Held, faults: list[str], *, at: datetime | None = None) -> None:
    """Let nobody write to a loan whose books differ before staff looked at it."""
    held.position.parked_at = at or held.at
    held.position.error = "; ".join(faults)[:500]
    held.position.save(update_fields=["parked_at", "error"])
    audit.record(action="credit.loan.parked", target=held.loan, faults=faults[:20])
