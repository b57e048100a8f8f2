"""After a payment: whether a loan is still owed, paid off, or paid too much. Only what was really checked is said."""

from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import Sum
from django.utils.translation import gettext_lazy as _

from accounts import audit
from core.actors import acting_as_service
from core.errors import DomainError
from credit.models import Collection, Disbursement, LoanTransaction, Position
from credit.replay import quote
from credit.services.agreements import release_undrawn
from credit.services.balancing import differences, unexplained
from credit.services.holding import Held, hold
from credit.services.steps import step
from credit.states import Actor, Event, Guard, State

Kind = LoanTransaction.Kind


class NotSettled(DomainError):
    """`data["why"]` names what is left."""

    code = "loan_not_settled"
    kind = "conflict"
    message = _("The loan cannot be closed yet: something of it is still open.")
    public = ("why",)


def settle(held: Held, *, who: Actor, by: Event = Event.REPAY) -> State:
    """Take the step that a payment leads to; the loan is held, and the money has moved.

    Raises NotSettled where a new loan was to pay all of it and did not.
    """
    guard, faults = found_to_hold(held)
    if by == Event.REFINANCE:
        if guard != Guard.ALL_SETTLED:
            raise NotSettled(why=faults or [str(guard)])
        guard = Guard.NEW_LOAN_LINKED
    now = step(held.application, by, who=who, at=held.at, holding=[guard])
    if faults:
        park(held, faults)
    if now in (State.CLOSED_MET, State.CLOSED_REFINANCED):
        close(held)
    return now


def settle_again(*, loan_id: UUID, at: datetime) -> State:
    """Close a loan of which nothing is owed and whose books agree now, or let it wait for its refund.

    Raises LoanNotFound, LoanParked.
    """
    with acting_as_service(), transaction.atomic():
        held = hold(loan_id, user_id=None, at=at)
        guard, faults = found_to_hold(held)
        state = State(held.application.state)
        if state != State.ACTIVE or faults or guard == Guard.STILL_OWED:
            return state
        return settle(held, who=Actor.SYSTEM)


def to_settle() -> list[UUID]:
    """Return the running loans of which nothing is owed by their positions."""
    nothing = dict.fromkeys(("principal", "due_interest", "due_principal", "fees", "penalties"), 0)
    with acting_as_service():
        found = Position.objects.filter(loan__application__state=State.ACTIVE, parked_at=None, **nothing)
        return list(found.order_by("pk").values_list("pk", flat=True))


def found_to_hold(held: Held) -> tuple[Guard, list[str]]:
    """Return what holds of a loan, and what is wrong with its books once nothing is owed."""
    if quote(held.standing, held.today).total:
        return Guard.STILL_OWED, []
    faults = in_the_way(held)
    if overpaid(held):
        return Guard.PAID_TOO_MUCH, faults
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
    """A loan has ended: nothing is taken for it any more, and nothing more is paid out."""
    release_undrawn(held.loan.contract, at=held.at)
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
