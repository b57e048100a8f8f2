"""Postings that staff take back: small ones alone, larger ones by two people, each once."""

from uuid import UUID

import pytest
from django.utils import timezone

from accounts import roles
from accounts.models import AuditEvent
from accounts.services import approvals
from accounts.tests.approving import make_colleague
from accounts.tests.factories import make_person
from core.actors import acting_as_service
from core.ids import posting_id
from wallet.models import Account, Transaction
from wallet.refusals import AlreadyReversed, InsufficientFunds, PostingNotFound
from wallet.services.approved import reversals
from wallet.tests.approving import MOTIVE, address_of, approve, browser_of, checker, maker, propose
from wallet.tests.factories import make_wallet
from wallet.tests.ledger import as_service, at_once, balances, errors, give, post_one_line, prove_the_books

pytestmark = pytest.mark.usefixtures("transactional_db")
REVERSAL = "wallet.reversal"
LIMIT = 50_000_00


@pytest.fixture
def ada() -> Account:
    return make_wallet(make_person(name="Ada Obi"), tier=3)


def terms(posted: UUID) -> dict:
    return {"posting": str(posted), "description": "Taken back"}


def alone(posted: UUID, *, by=None, reversal: UUID | None = None):
    return reversals.reverse_alone(
        reversal_id=reversal or posting_id(),
        reverses=posted,
        by=by or maker(),
        description="Taken back",
        at=timezone.now(),
        **MOTIVE,
    )


def test_up_to_the_rule_of_the_day_one_takes_back_alone_and_above_it_two(ada):
    small, large = give(ada.pk, LIMIT), give(ada.pk, LIMIT + 1)
    with pytest.raises(reversals.TakesTwoPeople) as refused:
        alone(large.id)
    assert refused.value.data == {"most": LIMIT}
    done = alone(small.id)
    assert balances(ada.pk) == [LIMIT + 1]
    approval = propose(REVERSAL, terms(large.id))
    assert (approval.amount, approval.approvals_needed) == (LIMIT + 1, 1)
    approval = approve(approval)
    assert balances(ada.pk) == [0]
    with acting_as_service():
        assert Transaction.objects.get(pk=approval.posting_id).reverses == large.id
        trail = AuditEvent.objects.filter(action="wallet.posting.reversed").order_by("pk")
        assert [(each.target_id, each.data["ticket"], each.data.get("approval")) for each in trail] == [
            (str(done.id), "T-4711", None),
            (str(approval.posting_id), "T-4711", str(approval.pk)),
        ]
    prove_the_books()


def test_what_was_reversed_meanwhile_is_overtaken(ada):
    posted = give(ada.pk, 1_000)
    approval = propose(REVERSAL, terms(posted.id))
    alone(posted.id)
    with pytest.raises(approvals.ApprovalStale):
        approve(approval)
    with pytest.raises(AlreadyReversed):
        propose(REVERSAL, terms(posted.id))
    with pytest.raises(AlreadyReversed):
        alone(posted.id)
    with pytest.raises(PostingNotFound):
        propose(REVERSAL, terms(posting_id()))
    assert balances(ada.pk) == [0]


def test_money_that_is_gone_cannot_be_taken_back(ada):
    posted, bola = give(ada.pk, 1_000), make_wallet(make_person())
    post_one_line(ada.pk, bola.pk, 600)
    with pytest.raises(InsufficientFunds):
        propose(REVERSAL, terms(posted.id))
    with pytest.raises(InsufficientFunds):
        alone(posted.id)
    assert balances(ada.pk, bola.pk) == [400, 600]


def test_a_repeat_of_the_same_form_takes_back_once_and_two_at_once_too(ada):
    one, other, by = give(ada.pk, 1_000), give(ada.pk, 1_000), maker()
    reversal = posting_id()
    assert [alone(one.id, by=by, reversal=reversal).replayed for _ in range(2)] == [False, True]
    results = at_once(*[as_service(alone, other.id, by=by) for _ in range(4)])
    assert errors(results) == {AlreadyReversed: 3}
    assert balances(ada.pk) == [0]
    with acting_as_service():
        assert AuditEvent.objects.filter(action="wallet.posting.reversed").count() == 2


def test_nobody_takes_back_what_touches_their_own_account():
    who = make_colleague(roles.REVERSE, roles.APPROVE_REVERSAL)
    posted = give(make_wallet(who).pk, 1_000)
    with pytest.raises(reversals.OwnMoneyAlone):
        alone(posted.id, by=who)


def test_the_page_takes_back_a_small_posting_and_leads_to_a_proposal_for_a_large_one(ada):
    small, large = give(ada.pk, 70_000), give(ada.pk, LIMIT + 1)
    browser = browser_of(maker())
    shown = browser.get(f"/staff/wallet/transaction/{small.id}/change/").content.decode()
    page = f"/staff/wallet/transaction/{small.id}/take-back/"
    assert page in shown
    form = browser.get(page)
    assert "₦50,700.01 → ₦50,000.01" in form.content.decode()
    typed = {"form_key": form.context["form"]["form_key"].value(), "description": "Sent twice", **MOTIVE}
    assert browser.post(page, {**typed, "ticket": ""}).status_code == 422
    for _ in range(2):
        assert browser.post(page, typed).status_code == 302
    assert balances(ada.pk) == [LIMIT + 1]
    assert page not in browser.get(f"/staff/wallet/transaction/{small.id}/change/").content.decode()
    answer = browser.get(f"/staff/wallet/transaction/{large.id}/take-back/")
    assert answer.url == f"{address_of(REVERSAL)}?posting={large.id}"
    assert str(large.id) in browser.get(answer.url).content.decode()
    assert browser.get(f"/staff/wallet/transaction/{posting_id()}/take-back/").status_code == 404
    stranger = browser_of(checker())
    assert stranger.get(page).status_code == stranger.post(page, typed).status_code == 403
