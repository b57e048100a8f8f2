"""What happens to one contract at the same moment, and what is left when a worker is killed while it pays out."""

import pytest

from accounts.tests.factories import make_person
from core.actors import acting_as_service
from core.tests.at_once import at_once, killed_at_random
from credit.models import Contract, Disbursement, Loan, LoanTransaction, Signature
from credit.services import cancelling, disbursing, signing
from credit.services.cancelling import cancel
from credit.states import State
from credit.tests.agreed import accepted, owner_of, paid_out, signed, state_of
from credit.tests.test_disbursing import wallet_of
from credit.tests.world import day, moment
from wallet import services as wallet
from wallet.models import Account, Transaction

pytestmark = pytest.mark.django_db(transaction=True)
AT = moment(day(0))


@pytest.fixture(autouse=True)
def _no_task(monkeypatch: pytest.MonkeyPatch) -> None:
    """Here a test says itself when and by whom it is paid out."""
    monkeypatch.setattr("credit.contract_tasks.disburse_loan.delay", lambda **_ids: None)


def test_signed_by_both_at_once_and_twice_each_is_signed_once() -> None:
    ada, owner = make_person(), make_person()
    made = accepted(ada, [owner], at=AT)
    key = made.application_id
    with acting_as_service():
        [share] = made.shares.select_related("provider")
    signing.sign(application_id=key, user=ada, sha256=made.sha256, at=AT)

    def borrower() -> object:
        return signing.sign(application_id=key, user=ada, sha256=made.sha256, at=AT)

    def lends() -> object:
        return signing.provider_sign(
            application_id=key, provider_id=share.provider_id, by=owner, sha256=made.sha256, at=AT
        )

    assert at_once(borrower, lends, lends, borrower) == [made] * 4
    with acting_as_service():
        assert Signature.objects.count() == 2
        assert Disbursement.objects.count() == 1
        assert owner_of(share.provider) == owner
        assert wallet.verify() == []


def test_workers_at_once_pay_out_once_and_a_cancellation_wins_or_follows() -> None:
    ada = make_person()
    made = signed(accepted(ada, [make_person()], at=AT), at=AT)
    pay = [lambda: disbursing.disburse(application_id=made.application_id, at=AT)] * 4
    at_once(*pay)
    with acting_as_service():
        assert Loan.objects.count() == LoanTransaction.objects.count() == 1
        assert Transaction.objects.filter(kind="LOAN_PAYOUT").count() == 1
    for _round in range(3):
        ben = make_person()
        other = accepted(ben, [make_person()], at=AT)
        contract = signed(other, at=AT)
        key = contract.application_id
        at_once(
            lambda key=key: disbursing.disburse(application_id=key, at=AT),  # type: ignore[misc]
            lambda key=key, ben=ben: cancel(application_id=key, user=ben, at=AT),  # type: ignore[misc]
            lambda key=key: disbursing.disburse(application_id=key, at=AT),  # type: ignore[misc]
        )
        assert state_of(contract) == State.CANCELLED
        assert wallet_of(ben).balance == 0
    with acting_as_service():
        assert set(Account.objects.filter(kind="LENDER").values_list("held", flat=True)) == {0}
        assert wallet.verify() == []


def test_cancelled_and_undone_at_once_money_goes_back_once() -> None:
    ada = make_person()
    loan = paid_out(accepted(ada, [make_person()], at=AT), at=AT)
    at_once(
        lambda: cancel(application_id=loan.pk, user=ada, at=AT),
        lambda: cancelling.undo_payout(application_id=loan.pk, reason="a mistake", at=AT),
        lambda: cancel(application_id=loan.pk, user=ada, at=AT),
    )
    assert state_of(loan) == State.CANCELLED
    assert wallet_of(ada).balance == 0
    with acting_as_service():
        assert Transaction.objects.filter(kind="REVERSAL", credit_account__kind="LENDER").count() >= 1
        assert LoanTransaction.objects.count() == 2
        assert wallet.verify() == []


def pay_what_is_due() -> None:
    for key in disbursing.due_payouts(at=AT):
        disbursing.disburse(application_id=key, at=AT)


def check(contracts: list[Contract]) -> int:
    """Each contract is paid out wholly or not at all; how many are."""
    with acting_as_service():
        paid = set(Disbursement.objects.filter(state="PAID").values_list("posting_id", flat=True))
        assert (
            set(Transaction.objects.filter(kind="LOAN_PAYOUT").values_list("posting_id", flat=True)) == paid
        )
        assert Loan.objects.count() == LoanTransaction.objects.count() == len(paid)
        assert wallet.verify() == []
    for one in contracts:
        with acting_as_service():
            is_paid = Loan.objects.filter(pk=one.application_id).exists()
            user = one.application.user
        assert state_of(one) == (State.ACTIVE if is_paid else State.SIGNED)
        assert wallet_of(user).balance == (one.received if is_paid else 0)
    return len(paid)


@pytest.mark.slow
def test_killed_at_random_moments_each_contract_is_paid_out_once() -> None:
    owner = make_person()
    contracts = [signed(accepted(make_person(), [owner], at=AT), at=AT) for _each in range(8)]
    assert check(contracts) == 0
    killed_at_random(pay_what_is_due, rounds=5, within=(0.01, 0.08), after_each=lambda: check(contracts))
    assert check(contracts) == 8
