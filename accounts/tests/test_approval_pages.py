"""The queue of proposals and the page of one: who sees which, and what the pages never do."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts import factors
from accounts.models import Approval, Organization, User
from accounts.services import approvals as service
from accounts.tests.approving import (
    APPROVE,
    PROPOSE,
    WHY,
    make_colleague,
    name_of,
    propose_name,
    register_rename,
    state_of,
    two_above_a_thousand,  # noqa: F401 - a fixture
)
from accounts.tests.factories import make_organization, make_person
from accounts.tests.staff import at_work
from core.actors import acting_as_service

pytestmark = pytest.mark.usefixtures("transactional_db")
LIST = "/staff/accounts/approval/"
VIEW = "accounts.view_approval"


@pytest.fixture(autouse=True)
def _action(monkeypatch):
    register_rename(monkeypatch)


@pytest.fixture
def firm() -> Organization:
    return make_organization(owner=make_person(), name="Old")


def colleague(*rights: str) -> User:
    who = make_colleague(*(rights or (PROPOSE, APPROVE)), VIEW)
    factors.enrol_totp(user=who)
    return who


def page_of(approval: Approval) -> str:
    return f"{LIST}{approval.pk}/change/"


def decide(browser: Client, approval: Approval, word: str, reason: str = WHY) -> int:
    said = {"decision": word, "word-reason": reason}
    return browser.post(f"{LIST}{approval.pk}/decide/", said).status_code


def listed(browser: Client, **filters: str) -> set[str]:
    return {row.payload["name"] for row in browser.get(LIST, filters).context["cl"].result_list}


def test_each_sees_what_is_theirs_to_decide_what_they_wait_for_and_all(firm, two_above_a_thousand):  # noqa: F811
    one, two, at = colleague(), colleague(), timezone.now()
    propose_name(firm, one, "A")
    propose_name(firm, two, "B", amount=2_000_000_00)
    propose_name(firm, one, "C", at=at - timedelta(hours=30))
    propose_name(firm, one, "D", at=at - timedelta(days=10))
    half = propose_name(firm, one, "E", amount=5_000)
    service.approve(approval_id=half.pk, checker=two, at=at)
    service.withdraw(approval_id=propose_name(firm, one, "F").pk, maker=one, at=at)
    browser = at_work(two)
    assert listed(browser) == set("ABCDEF")
    assert listed(browser, turn="decide") == set("AC")
    assert listed(browser, turn="mine") == set("B")
    assert listed(browser, turn="waiting") == set("ABCE")
    assert listed(browser, turn="second") == set("E")
    assert listed(browser, age="day") == set("ABE") and listed(browser, age="three-days") == set("C")
    assert listed(browser, age="late") == set()
    assert listed(browser, **{"from": "100000000"}) == set("B")
    assert listed(browser, what="test.rename", state__exact="WITHDRAWN") == set("F")
    assert listed(at_work(colleague(VIEW)), turn="decide") == set()


def test_each_figure_of_the_first_page_equals_its_list(firm, two_above_a_thousand):  # noqa: F811
    one, two, at = colleague(), colleague(), timezone.now()
    for name, hours in (("A", 1), ("B", 2), ("C", 40), ("D", 90)):
        propose_name(firm, one, name, at=at - timedelta(hours=hours))
    half = propose_name(firm, one, "E", amount=5_000)
    service.approve(approval_id=half.pk, checker=two, at=at)
    browser = at_work(two)
    group = next(each for each in browser.get("/staff/").context["groups"] if each.model is Approval)
    assert [figure.value for figure in group.figures] == [3, 1, 0, 1]
    for figure in group.figures:
        assert browser.get(figure.address).context["cl"].result_count == figure.value


def test_a_page_of_a_hundred_costs_as_much_as_one_of_few(firm):
    one, browser = colleague(), at_work(colleague())
    for number in range(30):
        propose_name(firm, one, str(number))
    browser.get(LIST)
    with CaptureQueriesContext(connection) as asked:
        browser.get(LIST, {"turn": "decide"})
    reads = [query["sql"] for query in asked if query["sql"].lstrip().upper().startswith("SELECT")]
    assert len([sql for sql in reads if "set_config" not in sql]) <= 10


def test_the_page_says_what_changes_and_takes_a_decision_with_its_reason(firm):
    maker, checker = colleague(), colleague()
    approval = propose_name(firm, maker, secret="sk_live_abc")
    mine, theirs = at_work(maker), at_work(checker)
    shown = theirs.get(page_of(approval)).content.decode()
    assert "Old → New" in shown and WHY in shown and "T-1" in shown and "Runs out in" in shown
    assert "sk_live_abc" not in shown and ">Approve</button>" in shown
    own = mine.get(page_of(approval)).content.decode()
    assert ">Withdraw</button>" in own and ">Approve</button>" not in own
    assert decide(theirs, approval, "approve", "short") == 422
    assert decide(mine, approval, "approve") == 422 and decide(theirs, approval, "withdraw") == 422
    assert name_of(firm) == "Old"
    assert decide(theirs, approval, "approve") == 302
    assert decide(theirs, approval, "approve") == 422
    after = theirs.get(page_of(approval)).content.decode()
    assert name_of(firm) == "Old|New" and "Old → New" in after and ">Approve</button>" not in after


def test_a_rejection_and_a_withdrawal_change_nothing(firm):
    maker, checker = colleague(), colleague()
    first, second = propose_name(firm, maker, "A"), propose_name(firm, maker, "B")
    assert decide(at_work(checker), first, "reject") == 302
    assert decide(at_work(maker), second, "withdraw", "") == 302
    assert (state_of(first), state_of(second), name_of(firm)) == ("REJECTED", "WITHDRAWN", "Old")


def test_what_was_overtaken_offers_no_approval_and_what_was_forged_says_so(firm):
    approval = propose_name(firm, colleague())
    with acting_as_service():
        Organization.objects.filter(pk=firm.pk).update(name="Other")
    browser = at_work(colleague())
    shown = browser.get(page_of(approval)).content.decode()
    assert "can no longer be applied" in shown and ">Approve</button>" not in shown
    assert decide(browser, approval, "approve") == 422
    assert state_of(approval) == "STALE"


def test_without_a_fresh_proof_one_is_asked_for_it_first(firm):
    approval = propose_name(firm, colleague())
    browser = at_work(colleague(), proven=False)
    said = {"decision": "approve", "word-reason": WHY}
    answer = browser.post(f"{LIST}{approval.pk}/decide/", said)
    assert answer.status_code == 302 and "reauthenticate" in answer.url
    assert name_of(firm) == "Old"


def test_a_customer_a_stranger_and_who_may_only_look_decide_nothing(firm):
    approval = propose_name(firm, colleague())
    assert decide(Client(), approval, "approve") == 302
    assert decide(at_work(colleague(VIEW)), approval, "approve") == 403
    looker = make_colleague(APPROVE)
    factors.enrol_totp(user=looker)
    assert decide(at_work(looker), approval, "approve") == 403
    assert state_of(approval) == "PENDING"


def test_an_action_without_a_form_has_no_page():
    assert at_work(colleague()).get(f"{LIST}propose/test.rename/").status_code == 404
