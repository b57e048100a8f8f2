"""Late charges of one close: made at once for all, each as if it had been entered alone, and none but whole."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from accounts.models import AuditEvent, Notification
from accounts.tests.factories import make_person
from core.actors import acting_as_service
from core.rolling import END, FIRST, Closed, close_again
from credit.models import Loan, LoanStanding, LoanTransaction, Position
from credit.penalties import LateCharge
from credit.replay import Charge
from credit.services.closing import LOANS, close_day
from credit.services.folding import Kind
from credit.services.holding import hold
from credit.services.noting import enter
from credit.tests.closing import closed
from credit.tests.hard import is_proven
from credit.tests.world import DAY, day, lender, lent, moment, product, transactions_of
from realtime.models import Message

pytestmark = pytest.mark.django_db
OPENED = 50


def late_loans(number: int) -> tuple[list[Loan], date]:
    """Loans of several people that stand at a day, and the day that has them charged once it is closed."""
    made = product(lender(make_person(), naira=100_000_000))
    people = [make_person() for _ in range(3)]
    loans = [lent(people[n % 3], made, naira=20_000, at=moment(day(OPENED))) for n in range(number)]
    due = closed(loans[0], day(OPENED - 1)).next_due_on
    assert due is not None
    on = day(OPENED)
    while on < due + 3 * DAY:
        close(on)
        on += DAY
    return sorted(loans, key=lambda loan: loan.pk), on


def close(on: date) -> Closed:
    with acting_as_service(), transaction.atomic():
        return close_day(on, FIRST, END)


def charges_of(loan: Loan) -> list[tuple[int, date, object]]:
    rows = [row for row in transactions_of(loan) if row.kind == Kind.PENALTY]
    return [(row.number, row.on, row.data) for row in rows]


def test_fifty_loans_are_charged_in_as_many_queries_as_three() -> None:
    loans, on = late_loans(50)
    with acting_as_service(), transaction.atomic():
        waiting = Position.objects.filter(pk__in=[loan.pk for loan in loans[3:]])
        waiting.update(parked_at=moment(on))
        with CaptureQueriesContext(connection) as for_three:
            assert close(on).closed == 3
        assert LoanTransaction.objects.filter(kind=Kind.PENALTY).count() == 3
        transaction.set_rollback(True)
    with acting_as_service(), transaction.atomic(), CaptureQueriesContext(connection) as for_fifty:
        result = close(on)
    assert (result.closed, result.parked, result.sums["folded"]) == (50, 0, 50)
    assert len(for_fifty) == len(for_three) < 25
    assert [charges_of(loan) for loan in loans] == 50 * [[(2, on + DAY, {"row": 1})]]
    for loan in loans[::10]:
        is_proven(loan)


def test_a_loan_that_cannot_be_charged_is_parked_alone_and_charged_once_that_is_mended() -> None:
    loans, on = late_loans(7)
    broken, others = loans[4], [*loans[:4], *loans[5:]]
    with acting_as_service():
        LoanStanding.objects.filter(pk=broken.pk).update(transactions=0)
    result = close(on)
    assert (result.closed, result.parked, result.sums["folded"]) == (6, 1, 6)
    assert [charges_of(loan) for loan in others] == 6 * [[(2, on + DAY, {"row": 1})]]
    assert charges_of(broken) == [] and told_of(broken) == ([], [], [])
    with acting_as_service():
        position = Position.objects.get(pk=broken.pk)
        assert position.parked_at is not None and "loan_transaction_numbered" in position.error
        assert (position.next_day, position.penalties, position.charged_row) == (on, 0, 0)
        LoanStanding.objects.filter(pk=broken.pk).update(transactions=1)
    assert close_again(LOANS, broken, reason="mended", at=moment(on + DAY))
    assert charges_of(broken) == [(2, on + DAY, {"row": 1})]
    assert [len(told) for told in told_of(broken)] == [1, 1, 2]
    for loan in (broken, others[0]):
        is_proven(loan)


def test_a_charge_of_a_close_is_in_every_table_what_one_is_that_is_entered_alone() -> None:
    [loan], on = late_loans(1)
    alone = lent(make_person(), free_of_late_charges(), naira=20_000, at=moment(day(OPENED)))
    closed(alone, on)
    close(on)
    [charge] = [row for row in transactions_of(loan) if row.kind == Kind.PENALTY]
    with acting_as_service(), transaction.atomic():
        held = hold(alone.pk, user_id=None, at=moment(on + DAY))
        event = Charge(on + DAY, charge.amount, is_penalty=True)
        enter(held, event, kind=Kind.PENALTY, amount=charge.amount, data={"row": 1})
        held.position.penalties_charged += charge.amount
        held.position.save(update_fields=["penalties_charged"])
    assert charge.amount > 0
    assert kept(LoanTransaction, loan) == kept(LoanTransaction, alone)
    assert kept(LoanStanding, loan) == kept(LoanStanding, alone)
    [mine], [theirs] = kept(Position, loan), kept(Position, alone)
    assert (mine.pop("charged_row"), theirs.pop("charged_row")) == (1, 0)
    assert abs(mine.pop("noted") - theirs.pop("noted")) < Decimal("1e-8")  # nobody looked at the other's days
    assert mine == theirs
    (trail, notices, events), (other_trail, _none, other_events) = told_of(loan), told_of(alone)
    assert trail == other_trail and len(trail) == 1
    assert [notice["event"] for notice in notices] == ["loan.late_charge"]
    assert [event["event"] for event in events] == ["credit.penalty", "notification.created"]
    for event, other in zip(events, other_events, strict=False):
        assert event["payload"].keys() == other["payload"].keys()
        assert event["payload"]["amount"] == other["payload"]["amount"] == charge.amount
    for one in (loan, alone):
        is_proven(one)


def test_a_late_charge_is_told_with_its_amount_and_its_day() -> None:
    [loan], on = late_loans(1)
    close(on)
    [charge] = [row for row in transactions_of(loan) if row.kind == Kind.PENALTY]
    _trail, [notice], _events = told_of(loan)
    due = (on - 3 * DAY).isoformat()
    facts = {"loan": str(loan.pk), "number": loan.number, "currency": "NGN", "due": charge.amount, "day": due}
    assert (notice["user_id"], notice["data"]) == (loan.user_id, facts)


def free_of_late_charges() -> Any:
    return product(lender(make_person()), late=LateCharge(percent=0))


def kept(model: Any, loan: Loan) -> list[dict[str, Any]]:
    """Rows of a loan without what tells one loan from another."""
    own = {"id", "loan_id", "posting_id", "made_at"}
    with acting_as_service():
        rows = list(model.objects.filter(loan=loan).order_by("pk").values())
    return [{name: value for name, value in row.items() if name not in own} for row in rows]


def told_of(loan: Loan) -> tuple[list[Any], list[Any], list[Any]]:
    """What the trail, the notices and the outbox have of a loan's late charges."""
    own = {"id", "target_id", "recorded_at"}
    with acting_as_service():
        trail = AuditEvent.objects.filter(action="credit.loan.penalty", target_id=str(loan.pk)).values()
        notices = Notification.objects.filter(event="loan.late_charge", data__loan=str(loan.pk)).values()
        ids = [str(notice["id"]) for notice in notices]
        charges = LoanTransaction.objects.filter(loan=loan, kind=Kind.PENALTY).count()
        events = Message.objects.filter(event="credit.penalty", topic=f"user:{loan.user_id}").order_by("pk")
        told = Message.objects.filter(event="notification.created", payload__notification__in=ids)
        of_loan = [*events.values()[:charges], *told.values()]
        lines = [{name: value for name, value in row.items() if name not in own} for row in trail]
        return lines, list(notices), of_loan
