"""What became known late is proposed with what it comes to, and entered when another approves, once."""

from typing import Any

import pytest
from django.utils import timezone

from accounts import roles
from accounts.models import Approval, User
from accounts.services import approvals
from accounts.tests.approving import make_colleague
from core.actors import acting_as_service
from core.errors import DomainError
from savings.models import Move, Replay, SavingsPlan, UserSavings
from savings.refusals import (
    BeforeOpening,
    DayToCome,
    NotEnoughThatDay,
    SavingFrozen,
    SavingInvalid,
    SavingNotFound,
)
from savings.services import freeze_saving
from savings.services.approved import backdated
from savings.tests.looked_at import DAILY
from savings.tests.planning import SEES
from savings.tests.world import NAIRA, balance, day, funded, moment, opened, plan_of
from wallet import services as wallet
from wallet.refusals import LedgerRefusal
from wallet.services.approved.adjustments import OwnMoney
from wallet.tests.approving import MOTIVE, address_of, again, approve, browser_of, propose
from wallet.tests.pages import text

pytestmark = pytest.mark.usefixtures("transactional_db")
WORDS = "Paid in at the branch"


def proposer() -> User:
    return make_colleague(roles.PROPOSE_BACKDATED, *SEES)


def approver() -> User:
    return make_colleague(roles.APPROVE_BACKDATED, *SEES)


@pytest.fixture
def saving(transactional_db: None, ada: User) -> UserSavings:
    """A thousand naira since three days ago, at 10% a year that is paid each day."""
    funded(ada)
    return opened(ada, plan_of("FLEXIBLE", terms=DAILY), at=moment(day(3)))


def entry(saving: UserSavings, naira: int = 500, back: int = 2, **changes: Any) -> dict[str, Any]:
    facts = {
        "saving": str(saving.pk),
        "amount": naira * NAIRA,
        "value_date": day(back).isoformat(),
        "description": WORDS,
    }
    return {**facts, **changes}


def proposed(facts: dict[str, Any], *, by: User | None = None) -> Approval:
    return propose(backdated.CODE, facts, by=by or proposer(), target=backdated.target_of(facts))


def test_two_people_enter_it_once_with_its_own_day(saving, ada):
    approval = proposed(entry(saving))
    with acting_as_service():
        assert not Replay.objects.exists() and not Move.objects.filter(amount=500 * NAIRA).exists()
    approve(approval, by=approver())
    done = again(approval)
    with acting_as_service():
        move = Move.objects.get(pk=done.posting_id)
        assert (move.amount, move.value_date) == (500 * NAIRA, day(2))
        replay = Replay.objects.get(posting_id=done.posting_id)
        assert (replay.approval_id, replay.reason, replay.actor_id is not None) == (approval.pk, WORDS, False)
    # 27 less 3 for the first day, then 41 less 4, and 42 less 4, on what it held.
    assert balance(saving) == 1_500 * NAIRA + 24 + 37 + 38
    with acting_as_service():
        assert wallet.verify() == []
    with pytest.raises(approvals.ApprovalDecided):
        approve(approval, by=approver())


def test_nobody_enters_it_alone_and_nobody_into_a_saving_of_their_own(saving, ada):
    both = make_colleague(roles.PROPOSE_BACKDATED, roles.APPROVE_BACKDATED, *SEES)
    approval = proposed(entry(saving), by=both)
    with pytest.raises(approvals.OtherPersonNeeded):
        approve(approval, by=both)
    with pytest.raises(approvals.NotAllowedToDecide):
        approve(approval, by=proposer())
    with pytest.raises(approvals.NotAllowedToDecide):
        proposed(entry(saving, 400), by=approver())
    funded(both)
    with acting_as_service():
        plan = SavingsPlan.objects.get()
    own = opened(both, plan, at=moment(day(3)))
    mine = proposed(entry(own), by=both)
    with pytest.raises(OwnMoney):
        approve(mine, by=approver())
    with acting_as_service():
        assert not Replay.objects.exists()


def test_large_ones_take_two_different_people(saving, ada):
    funded(ada, 5_000_000)
    approval = proposed(entry(saving, 1_000_000))
    first = approver()
    assert approve(approval, by=first).state == "PENDING"
    with pytest.raises(approvals.OtherPersonNeeded):
        approve(approval, by=first)
    assert approve(approval, by=approver()).state == "APPLIED"


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({"amount": 0}, SavingInvalid),
        ({"amount": 10**18}, SavingInvalid),
        ({"amount": -1_001 * NAIRA}, NotEnoughThatDay),
        ({"amount": 200_000 * NAIRA}, LedgerRefusal),
        ({"value_date": "2020-01-01"}, BeforeOpening),
        ({"value_date": "2999-01-01"}, DayToCome),
        ({"description": " "}, SavingInvalid),
        ({"description": "x" * 141}, SavingInvalid),
        ({"saving": "01900000-0000-7000-8000-000000000000"}, SavingNotFound),
    ],
)
def test_what_the_books_would_refuse_is_not_even_proposed(saving, changes, refusal):
    with pytest.raises(refusal):
        proposed({**entry(saving), **changes})
    assert balance(saving) == 1_000 * NAIRA


@pytest.mark.parametrize("name", ["saving", "amount", "value_date"])
def test_a_bent_payload_is_never_applied(saving, name):
    with pytest.raises((DomainError, ValueError, TypeError, AttributeError)):
        proposed({**entry(saving), name: "'; drop table x; --"})
    assert balance(saving) == 1_000 * NAIRA


def test_another_entry_or_a_freeze_overtakes_what_waits(saving):
    waiting, other = proposed(entry(saving)), proposed(entry(saving, 100))
    approve(other, by=approver())
    with pytest.raises(approvals.ApprovalStale):
        approve(waiting, by=approver())
    third = proposed(entry(saving, 200))
    freeze_saving(saving_id=saving.pk, reason="Court order 4711", at=timezone.now())
    with pytest.raises(approvals.ApprovalStale):
        approve(third, by=approver())
    with pytest.raises(SavingFrozen):
        proposed(entry(saving, 300))


def test_staff_see_what_it_comes_to_before_and_nothing_has_moved(saving, ada):
    browser = browser_of(proposer())
    link = f"/staff/accounts/approval/propose/{backdated.CODE}/?saving={saving.pk}"
    assert link in browser.get(f"/staff/savings/usersavings/{saving.pk}/change/").content.decode()
    assert str(saving.pk) in browser.get(link).content.decode()
    form = {
        "saving": str(saving.pk),
        "direction": "in",
        "amount": "500",
        "value_date": day(2).isoformat(),
        "description": WORDS,
        **MOTIVE,
    }
    seen = text(browser.post(address_of(backdated.CODE), {**form, "step": "preview"}))
    assert "+₦500.00 from the owner's wallet" in seen.replace("’", "'")
    assert "₦1,000.00 → ₦1,500.99" in seen and "+₦0.99" in seen
    assert balance(saving) == 1_000 * NAIRA
    refused = browser.post(
        address_of(backdated.CODE), {**form, "direction": "out", "amount": "2000", "step": "preview"}
    )
    assert refused.status_code == 422
    done = browser.post(address_of(backdated.CODE), {**form, "step": "propose"})
    decide = text(browser_of(approver()).get(done.url))
    assert "₦1,500.99" in decide and ada.email not in decide
