"""What is signed is paid out once, from what each lender set aside, or kept with what stands in the way."""

from datetime import timedelta

import pytest

from accounts.models import Customer, User
from accounts.tests.factories import make_person
from core.actors import acting_as_service
from credit import contract_tasks
from credit.models import Contract, Disbursement, Loan, LoanTransaction, StatusChange
from credit.services import cancelling, disbursing
from credit.services.cancelling import AlreadyPaidOut
from credit.services.folding import Kind
from credit.states import State
from credit.tests.agreed import accepted, signed, state_of
from credit.tests.test_signing import refused, told
from credit.tests.world import NAIRA, day, moment
from wallet import services as wallet
from wallet.models import Account, Transaction

pytestmark = pytest.mark.django_db
AT = moment(day(0))


def wallet_of(user: User) -> Account:
    with acting_as_service():
        return Account.objects.get(owner=user, kind="WALLET")


def test_a_pool_is_paid_out_once_from_what_each_lender_set_aside() -> None:
    ada, owners = make_person(), [make_person(), make_person()]
    made = signed(accepted(ada, owners, at=AT), at=AT)
    key = made.application_id
    assert disbursing.due_payouts(at=AT - timedelta(seconds=1)) == []
    assert disbursing.due_payouts(at=AT) == [key]
    assert disbursing.disburse(application_id=key, at=AT)
    assert not disbursing.disburse(application_id=key, at=AT)
    assert disbursing.due_payouts(at=AT + timedelta(days=9)) == []
    assert wallet_of(ada).balance == made.received == 99_000 * NAIRA
    assert state_of(made) == State.ACTIVE
    with acting_as_service():
        rows = list(
            Disbursement.objects.order_by("share").values_list("state", "tries", "code", "next_try_at")
        )
        assert rows == [("PAID", 0, "", None)] * 2
        posted = Transaction.objects.filter(kind="LOAN_PAYOUT").values_list("posting_id", flat=True)
        assert set(posted) == set(Disbursement.objects.values_list("posting_id", flat=True))
        assert [one.held for one in Account.objects.filter(kind="LENDER")] == [0, 0]
        assert LoanTransaction.objects.get().kind == Kind.DISBURSEMENT
        assert Loan.objects.get().opened_on == day(0)
    assert told(ada) == ["loan.signed", "loan.paid_out"]
    assert told(owners[1]) == ["loan.to_sign", "loan.lent"]


@pytest.mark.parametrize(
    ("change", "code"),
    [({"tier": 1}, "balance_cap_exceeded"), ({"status": "FROZEN"}, "customer_no_credit")],
)
def test_what_the_wallet_cannot_take_is_kept_tried_again_and_told(
    change: dict[str, object], code: str
) -> None:
    ada = make_person()
    made = signed(accepted(ada, [make_person()], naira=1_000_000, at=AT), at=AT)
    key = made.application_id
    with acting_as_service():
        before = Customer.objects.filter(user=ada).values("tier", "status").get()
        Customer.objects.filter(user=ada).update(**change)
    contract_tasks.disburse_loans()  # it is not due yet by the real clock, or is refused: nothing is paid
    for tries, waited in enumerate((1, 5, 30, 120, 360, 360), start=1):
        assert not disbursing.disburse(application_id=key, at=AT)
        with acting_as_service():
            row = Disbursement.objects.get()
        assert (row.state, row.code) == ("DUE", code)
        assert row.tries >= tries
        assert row.next_try_at == AT + timedelta(minutes=waited) or row.tries > tries
    assert state_of(made) == State.SIGNED
    assert told(ada) == ["loan.signed", "loan.payout_waits"]  # once, however often it is tried
    assert wallet_of(ada).balance == 0
    with acting_as_service():
        assert not Loan.objects.exists()
        assert Account.objects.get(kind="LENDER").held > 0  # what was set aside stays so
        Customer.objects.filter(user=ada).update(**before)
    assert disbursing.disburse(application_id=key, at=AT)
    assert wallet_of(ada).balance == made.received
    assert told(ada)[-1] == "loan.paid_out"


def test_what_cannot_be_paid_for_long_is_stopped_and_staff_end_it() -> None:
    ada, owner = make_person(), make_person()
    made = signed(accepted(ada, [owner], at=AT), at=AT)
    key = made.application_id
    with acting_as_service():
        Customer.objects.filter(user=ada).update(status="FROZEN")
    assert not disbursing.disburse(application_id=key, at=AT + disbursing.LONGEST)
    with acting_as_service():
        row = Disbursement.objects.get()
        assert (row.state, row.code, row.next_try_at) == ("STOPPED", "customer_no_credit", None)
    assert told(ada)[-1] == "loan.payout_stopped"
    assert not disbursing.disburse(application_id=key, at=AT + disbursing.LONGEST)
    cancelling.end_unpaid(application_id=key, reason="the wallet stays frozen", at=AT)
    assert state_of(made) == State.CANCELLED
    with acting_as_service():
        assert Account.objects.get(kind="LENDER").held == 0
        assert Contract.objects.get().end_reason == "the wallet stays frozen"
        last = StatusChange.objects.order_by("-pk").first()
        assert last is not None
        assert (last.event, last.who) == ("cancel", "officer")


def test_terms_that_are_not_those_signed_are_never_paid_out() -> None:
    ada = make_person()
    made = signed(accepted(ada, [make_person()], at=AT), at=AT)
    with acting_as_service(), pytest.raises(Exception, match="permission denied"):
        Contract.objects.filter(pk=made.pk).update(terms=made.terms.replace("borrower", "lender"))


def test_a_contract_that_was_paid_out_is_not_ended_as_unpaid() -> None:
    made = signed(accepted(make_person(), [make_person()], at=AT), at=AT)
    disbursing.disburse(application_id=made.application_id, at=AT)
    refused(
        AlreadyPaidOut,
        lambda: cancelling.end_unpaid(application_id=made.application_id, reason="too late", at=AT),
    )
    with acting_as_service():
        assert wallet.verify() == []
