"""An adjustment is proposed, previewed, approved by another, posted once, and linked both ways."""

import pytest

from accounts.models import Approval, AuditEvent
from accounts.services import approvals
from accounts.tests.approving import make_colleague
from accounts.tests.factories import make_person
from core.actors import acting_as_service
from wallet.models import Account, Transaction
from wallet.refusals import AccountFrozen, InsufficientFunds, SameAccount
from wallet.services.approved.adjustments import OwnMoney
from wallet.tests.approving import (
    CHECKER,
    MAKER,
    MOTIVE,
    address_of,
    again,
    approve,
    browser_of,
    checker,
    maker,
    propose,
)
from wallet.tests.factories import make_wallet
from wallet.tests.ledger import (
    as_service,
    at_once,
    balances,
    errors,
    give,
    prove_the_books,
    set_state,
    system,
    written,
)

pytestmark = pytest.mark.usefixtures("transactional_db")
ADJUSTMENT = "wallet.adjustment"


@pytest.fixture
def ada() -> Account:
    return make_wallet(make_person(name="Ada Obi"), amount=50_000)


def terms(debit: object, credit: object, amount: int = 20_000) -> dict:
    return {"debit": str(debit), "credit": str(credit), "amount": amount, "description": "Correction"}


def test_one_agent_proposes_on_the_page_and_another_approves(ada):
    first, second = maker(), checker()
    mine, theirs = browser_of(first), browser_of(second)
    typed = {
        "debit": str(ada.pk),
        "credit": "fee_income",
        "amount": "200",
        "description": "Correction of a fee",
        **MOTIVE,
    }
    before = written()
    look = mine.post(address_of(ADJUSTMENT), typed)
    assert look.status_code == 200
    page = look.content.decode()
    assert "₦500.00 → ₦300.00" in page and "₦0.00 → ₦200.00" in page
    assert written() == before
    answer = mine.post(address_of(ADJUSTMENT), {**typed, "step": "propose"})
    assert answer.status_code == 302 and balances(ada.pk) == [50_000]
    assert mine.post(address_of(ADJUSTMENT), {**typed, "step": "propose"}).status_code == 422

    decide = answer.url.replace("change", "decide")
    said = {"decision": "approve", "word-reason": "Looked at the ticket: right"}
    assert "Withdraw" in mine.get(answer.url).content.decode()
    assert mine.post(decide, said).status_code == 422
    assert theirs.post(decide, {"decision": "approve", "word-reason": ""}).status_code == 422
    assert theirs.post(decide, {"decision": "perhaps"}).status_code == 404
    assert balances(ada.pk) == [50_000]
    assert theirs.post(decide, said).status_code == 302
    assert balances(ada.pk, system("FEE_INCOME")) == [30_000, 20_000]
    assert theirs.post(decide, said).status_code == 422
    assert balances(ada.pk) == [30_000]

    with acting_as_service():
        approval = Approval.objects.get()
        row = Transaction.objects.get(posting_id=approval.posting_id)
        posted = AuditEvent.objects.get(action="wallet.adjustment.posted")
    assert (row.kind, row.amount, row.description) == ("ADJUSTMENT", 20_000, "Correction of a fee")
    assert approval.decision_reason == "Looked at the ticket: right"
    assert (posted.data["ticket"], posted.actor_id) == ("T-4711", second.pk)
    # Each leads to the other.
    assert str(row.pk) in theirs.get(answer.url).content.decode()
    assert str(approval.pk) in theirs.get(f"/staff/wallet/transaction/{row.pk}/change/").content.decode()
    prove_the_books()


def test_what_the_books_would_refuse_is_refused_when_proposed_and_when_approved(ada):
    income = system("FEE_INCOME")
    with pytest.raises(InsufficientFunds):
        propose(ADJUSTMENT, terms(ada.pk, income, 50_001))
    with pytest.raises(SameAccount):
        propose(ADJUSTMENT, terms(ada.pk, ada.pk))
    first, second = (
        propose(ADJUSTMENT, terms(ada.pk, income, 30_000)),
        propose(ADJUSTMENT, terms(ada.pk, income, 40_000)),
    )
    approve(first)
    with pytest.raises(InsufficientFunds):
        approve(second)
    assert again(second).state == "PENDING" and balances(ada.pk) == [20_000]
    give(ada.pk, 20_000)
    approve(second)
    assert balances(ada.pk, income) == [0, 70_000]


def test_it_is_overtaken_when_an_account_was_frozen_meanwhile(ada):
    approval = propose(ADJUSTMENT, terms(ada.pk, system("FEE_INCOME")))
    set_state(ada.pk, "FROZEN")
    with pytest.raises(approvals.ApprovalStale):
        approve(approval)
    with pytest.raises(AccountFrozen):
        propose(ADJUSTMENT, terms(ada.pk, system("FEE_INCOME")))
    assert balances(ada.pk) == [50_000]


def test_a_million_naira_takes_two_checkers():
    rich = make_wallet(make_person(), tier=3)
    approval = propose(ADJUSTMENT, terms(system("EQUITY"), rich.pk, 1_000_000_00))
    assert approve(approval).state == "PENDING" and balances(rich.pk) == [0]
    assert approve(approval).state == "APPLIED" and balances(rich.pk) == [1_000_000_00]


def test_nobody_has_a_say_over_their_own_money():
    who = make_colleague(*MAKER, *CHECKER)
    own = make_wallet(who)
    for approval, by in (
        (propose(ADJUSTMENT, terms(system("EQUITY"), own.pk, 1), by=who), None),
        (propose(ADJUSTMENT, terms(system("EQUITY"), own.pk, 2)), who),
    ):
        with pytest.raises(OwnMoney):
            approve(approval, by=by)
    assert balances(own.pk) == [0]


def test_four_checkers_at_once_post_it_once(ada):
    approval = propose(ADJUSTMENT, terms(ada.pk, system("FEE_INCOME")))
    people = [checker() for _ in range(4)]
    results = at_once(*[as_service(approve, approval, by=who) for who in people])
    assert errors(results) == {approvals.ApprovalDecided: 3}
    assert balances(ada.pk) == [30_000]
    prove_the_books()
