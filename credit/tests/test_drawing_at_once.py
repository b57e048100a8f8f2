"""Parts asked for at the same moment, and by somebody whose worker is killed: each is paid once, and none above all."""

from dataclasses import replace
from datetime import timedelta

import pytest

from accounts.models import User
from accounts.tests.factories import make_person
from core.actors import acting_as_service
from core.errors import DomainError
from core.ids import posting_id
from core.tests.at_once import at_once, killed_at_random
from credit.models import Contract, Loan, LoanTransaction
from credit.services import lapsing
from credit.services.cancelling import cancel
from credit.services.drawable import PartTooLarge, drawable_of
from credit.services.proving import prove
from credit.states import State
from credit.tests.agreed import state_of
from credit.tests.test_disbursing import wallet_of
from credit.tests.test_drawing_down import AT, THIRDS, draw, held_by_lenders, in_parts
from credit.tests.world import NAIRA
from wallet import services as wallet
from wallet.models import Account, Transaction

pytestmark = pytest.mark.django_db(transaction=True)


def agrees(made: Contract, user: User) -> int:
    """Loan, rows, ledger, wallet and what is set aside say the same; how much was paid out."""
    with acting_as_service():
        rows = list(LoanTransaction.objects.filter(loan_id=made.application_id, kind="DISBURSEMENT"))
        lent = sum(row.amount for row in rows)
        received = sum(row.amount - row.data["fees"] for row in rows)
        wallet_id = wallet_of(user).pk
        out = Transaction.objects.filter(kind="LOAN_PAYOUT", credit_account=wallet_id)
        assert sum(out.values_list("amount", flat=True)) == received
        left = drawable_of(made)
        assert left is None or left.drawn == lent
        if rows:
            loan = Loan.objects.get(pk=made.application_id)
            assert loan.amount == lent <= made.amount
            assert [str(one) for one in prove(loan)] == []
        assert wallet.verify() == []
    assert wallet_of(user).balance == received
    return lent


def test_parts_asked_for_at_once_never_come_to_more_than_was_signed() -> None:
    ada = make_person()
    made = in_parts(ada, [make_person(), make_person()])
    same = posting_id()
    done = at_once(
        lambda: draw(made, ada, 60_000),
        lambda: draw(made, ada, 60_000),
        lambda: draw(made, ada, 60_000, key=same),
        lambda: draw(made, ada, 60_000, key=same),
    )
    paid = {one.pk for one in done if isinstance(one, LoanTransaction)}
    assert len(paid) == 1
    assert {type(one) for one in done} <= {LoanTransaction, PartTooLarge}
    assert agrees(made, ada) == 60_000 * NAIRA
    done = at_once(lambda: draw(made, ada, 20_000), lambda: draw(made, ada, 20_000))  # both fit
    assert not any(isinstance(one, DomainError) for one in done)
    assert agrees(made, ada) == 100_000 * NAIRA
    assert set(held_by_lenders()) == {0}


def test_a_part_and_a_cancellation_or_the_last_day_at_once() -> None:
    ada, ben = make_person(), make_person()
    made, other = in_parts(ada, [make_person()]), in_parts(ben, [make_person()])
    at_once(
        lambda: draw(made, ada, 40_000),
        lambda: cancel(application_id=made.application_id, user=ada, at=AT),
        lambda: draw(made, ada, 30_000),
    )
    assert state_of(made) == State.CANCELLED
    assert wallet_of(ada).balance == 0
    draw(other, ben, 40_000)
    late = AT + timedelta(days=THIRDS.days + 1)
    at_once(
        lambda: draw(other, ben, 30_000),
        lambda: lapsing.end_drawing(application_id=other.application_id, at=late),
        lambda: draw(other, ben, 20_000),
    )
    agrees(other, ben)
    assert set(held_by_lenders()) == {0}
    with acting_as_service():
        assert Account.objects.filter(kind="LENDER", held__lt=0).count() == 0


@pytest.mark.slow
def test_killed_at_random_moments_each_part_is_paid_out_once() -> None:
    ada = make_person()
    made = in_parts(ada, [make_person(), make_person()], rule=replace(THIRDS, parts=4))
    keys = [posting_id() for _part in range(4)]

    def ask_for_all() -> None:
        for key in keys:
            draw(made, ada, 25_000, key=key)

    killed_at_random(ask_for_all, rounds=6, within=(0.02, 0.12), after_each=lambda: agrees(made, ada))
    assert agrees(made, ada) == 100_000 * NAIRA
    with acting_as_service():
        rows = LoanTransaction.objects.filter(kind="DISBURSEMENT")
        assert list(rows.order_by("number").values_list("posting_id", flat=True)) == keys
    assert set(held_by_lenders()) == {0}
