"""Plans and their terms: proposed by one, approved by another, in force from a day to come, never otherwise."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.utils import timezone

from accounts import roles
from accounts.models import AuditEvent
from accounts.services import approvals
from accounts.tests.approving import applied, make_colleague
from core.actors import acting_as_service
from core.errors import DomainError
from savings.interest import Rate
from savings.models import SavingsPlan, TermsTold
from savings.rate_tables import TableUnsound
from savings.services import planning, terms_in_force
from savings.services.approved import plan_terms as approved
from savings.services.planning import (
    NoticeTooShort,
    PlanExists,
    PlanUnknown,
    PlanUnsound,
    TermsExist,
    TermsTooSoon,
)
from savings.tests.planning import NEW, SEES, approver, in_days, payload, proposer, rates, typed, wish
from savings.tests.world import plan_of
from wallet.tests.approving import address_of, again, approve, browser_of, propose
from wallet.tests.pages import text

pytestmark = pytest.mark.usefixtures("transactional_db")
FIXED = replace(NEW, code="fixed", kind="FIXED")


def proposed(facts: dict[str, Any]) -> Any:
    return propose(approved.CODE, facts, by=proposer(), target=approved.target_of(facts))


def test_two_people_make_a_plan_that_holds_from_its_day_on():
    approval = proposed(payload("8.5", "10", tax=Decimal(10), minimum=500_00))
    with acting_as_service():
        assert not SavingsPlan.objects.exists()
    approve(approval, by=approver())
    with acting_as_service():
        plan = SavingsPlan.objects.get(code=NEW.code)
        terms = terms_in_force(plan.pk, in_days(1))
        assert (terms.approval_id, terms.minimum, terms.tax) == (approval.pk, 500_00, 10)
        assert [rate.base for rate in terms.rates.order_by("amount")] == [0, 10_000_000 * 10]
        trace = AuditEvent.objects.get(action="savings.plan_terms.added")
        assert (trace.data["approval"], trace.actor_id) == (str(approval.pk), again(approval).decided_by_id)
        assert not TermsTold.objects.exists()


def test_terms_of_a_plan_that_is_there_follow_and_its_savers_are_to_be_told():
    plan = plan_of("FLEXIBLE")
    approve(proposed(payload("11", plan=plan.code, days=2)), by=approver())
    with acting_as_service():
        assert terms_in_force(plan.pk, in_days(1)).cells()[0].rate == 10
        assert terms_in_force(plan.pk, in_days(2)).cells()[0].rate == 11
        assert TermsTold.objects.get().terms.plan_id == plan.pk


def test_nobody_makes_terms_alone():
    both = make_colleague(roles.PROPOSE_PLAN, roles.APPROVE_PLAN, *SEES)
    approval = propose(approved.CODE, payload(), by=both)
    with pytest.raises(approvals.OtherPersonNeeded):
        approve(approval, by=both)
    with pytest.raises(approvals.NotAllowedToDecide):
        approve(approval, by=proposer())
    with pytest.raises(approvals.NotAllowedToDecide):
        propose(approved.CODE, payload(), by=approver())


@pytest.mark.parametrize("action", [None, "wallet.fee_schedule"])
def test_the_database_takes_no_terms_without_their_own_approval(action):
    plan = plan_of("FLEXIBLE")
    other = applied(action) if action else None
    with acting_as_service(), pytest.raises(IntegrityError, match="approved proposal"), transaction.atomic():
        planning.add_terms(plan=plan, wish=wish(), at=timezone.now(), on=timezone.localdate(), approval=other)


@pytest.mark.parametrize(
    "statement",
    [
        "update savings_planterms set tax = 1",
        "update savings_planrate set rate = 1",
        "delete from savings_planrate",
        "truncate savings_planterms cascade",
    ],
)
def test_terms_and_rates_are_never_changed(statement):
    plan_of("FLEXIBLE")
    with (
        acting_as_service(),
        connection.cursor() as cursor,
        pytest.raises(DatabaseError),
        transaction.atomic(),
    ):
        cursor.execute(statement)


BY_TERM = (Rate(30, 0, Decimal(8)), Rate(90, 0, Decimal(9)))


@pytest.mark.parametrize(
    ("plan", "changes", "refusal", "field"),
    [
        (NEW, {"days": 0}, TermsTooSoon, None),
        (NEW, {"days": -30}, TermsTooSoon, None),
        (NEW, {"source": " "}, PlanUnsound, "source"),
        (NEW, {"rates": ()}, TableUnsound, None),
        (NEW, {"rates": rates("1000.1")}, TableUnsound, None),
        (NEW, {"minimum": 2, "maximum": 1}, PlanUnsound, "maximum"),
        (NEW, {"minimum": -1}, PlanUnsound, "minimum"),
        (NEW, {"tax": Decimal("100.0001")}, PlanUnsound, "tax"),
        (NEW, {"tax": Decimal("NaN")}, PlanUnsound, "tax"),
        (NEW, {"withdrawal_fee": Decimal(-1), "free_withdrawals": 1}, PlanUnsound, "withdrawal_fee"),
        (NEW, {"withdrawal_fee": Decimal(1)}, PlanUnsound, "free_withdrawals"),
        (NEW, {"penalty": "SHARE"}, PlanUnsound, "penalty_percent"),
        (NEW, {"penalty": "SHARE", "penalty_percent": Decimal(5)}, PlanUnsound, "penalty"),
        (NEW, {"paid": "NEVER"}, PlanUnsound, "paid"),
        (NEW, {"up_front": True, "paid": "END"}, PlanUnsound, "up_front"),
        (NEW, {"shortest": 30, "longest": 60}, PlanUnsound, "shortest"),
        (NEW, {"rates": BY_TERM}, PlanUnsound, "rates"),
        (FIXED, {}, PlanUnsound, "shortest"),
        (FIXED, {"shortest": 30}, PlanUnsound, "longest"),
        (FIXED, {"shortest": 60, "longest": 30}, PlanUnsound, "longest"),
        (FIXED, {"shortest": 1, "longest": 3661}, PlanUnsound, "longest"),
        (FIXED, {"shortest": 29, "longest": 90, "rates": BY_TERM}, PlanUnsound, "rates"),
        (replace(NEW, code="no spaces"), {}, PlanUnsound, "code"),
        (replace(NEW, name=" "), {}, PlanUnsound, "name"),
        (replace(NEW, summary="x" * 301), {}, PlanUnsound, "summary"),
        (replace(NEW, kind="GIFT"), {}, PlanUnsound, "kind"),
        ("nowhere", {}, PlanUnknown, None),
    ],
)
def test_what_is_no_plan_is_not_even_proposed(plan, changes, refusal, field):
    with pytest.raises(refusal) as refused:
        proposed(payload(plan=plan, **changes))
    assert refused.value.data.get("field") == field


def test_one_day_has_one_version_and_one_code_one_plan():
    approve(proposed(payload(days=2)), by=approver())
    with pytest.raises(TermsExist):
        proposed(payload(plan=NEW.code, days=2))
    with pytest.raises(PlanExists):
        proposed(payload(days=3))


def test_other_terms_of_the_plan_overtake_what_waits():
    plan = plan_of("FLEXIBLE")
    waiting = proposed(payload("11", plan=plan.code, days=9))
    approve(proposed(payload("12", plan=plan.code, days=3)), by=approver())
    with pytest.raises(approvals.ApprovalStale):
        approve(waiting, by=approver())


def test_a_lower_rate_of_an_open_ended_plan_takes_notice_when_it_is_approved_too():
    plan = plan_of("FLEXIBLE")
    with pytest.raises(NoticeTooShort) as refused:
        proposed(payload("9.9", plan=plan.code, days=5))
    days = (planning.notice_period.earliest(timezone.localdate()) - timezone.localdate()).days
    assert refused.value.data["earliest"] == in_days(days).isoformat()
    waiting = proposed(payload("9.9", plan=plan.code, days=days))
    later = timezone.now() + timedelta(days=1)
    with acting_as_service(), pytest.raises(NoticeTooShort):
        planning.check_terms(
            plan=plan, wish=wish("9.9", days=days), on=timezone.localdate(later) + timedelta(days=2)
        )
    approve(waiting, by=approver())
    with acting_as_service():
        assert terms_in_force(plan.pk, in_days(days)).cells()[0].rate == Decimal("9.9")


def test_savings_that_keep_their_terms_need_no_notice():
    plan = plan_of("TARGET")
    approve(proposed(payload("1", plan=plan.code)), by=approver())
    with acting_as_service():
        assert not TermsTold.objects.exists()


def test_staff_see_what_it_changes_and_another_before_approving():
    plan = plan_of("FLEXIBLE")
    browser = browser_of(proposer())
    page = browser.get(address_of(approved.CODE) + f"?plan={plan.code}").content.decode()
    assert "0, 0, 10</textarea>" in page and 'name="code"' not in page
    facts = typed(plan=plan.code, rates="0, 11\n100000, 12.5%", tax="7.5", source="<b>Board</b>")
    seen = text(browser.post(address_of(approved.CODE), {**facts, "step": "preview"}))
    assert "10% → 11%; 12.5% from ₦100,000.00" in seen
    assert "Tax withheld 10% → 7.5%" in seen
    assert "₦1,000,000.00 earns a year ₦100,000.00 → ₦125,000.00" in seen
    assert "Savings whose owners are told 0" in seen
    done = browser.post(address_of(approved.CODE), {**facts, "step": "propose"})
    decide = browser_of(approver()).get(done.url)
    assert "10% → 11%; 12.5% from ₦100,000.00" in text(decide)
    assert "<b>Board</b>" not in decide.content.decode()


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"rates": "0, x, 1"}, "Line 1 cannot be read."),
        ({"rates": "0, 10\n\n0, 0, 1, 2"}, "Line 2 cannot be read."),
        ({"rates": "٣, 0, 1"}, "Line 1 cannot be read."),
        ({"rates": "-1, 0, 1"}, "Line 1 cannot be read."),
        ({"rates": "0, 0.001, 1"}, "Line 1 cannot be read."),
        ({"rates": "0, 0, 1001"}, "Line 1: a rate is between 0 and 1,000 percent a year."),
        ({"rates": "0, 0, NaN"}, "Line 1: a rate is between 0 and 1,000 percent a year."),
        ({"rates": "0, 0, 1e999999"}, "Line 1: a rate is between 0 and 1,000 percent a year."),
        ({"rates": "0, 10\n0, 11"}, "Line 2 begins where line 1 does"),
        ({"rates": "100, 10"}, "begin it at 0"),
        ({"rates": "1," * 6_000}, "That is too long for a table."),
        ({"rates": ""}, "Give at least one rate."),
        ({"from_date": "2020-01-01"}, "Terms begin tomorrow at the earliest"),
        ({"minimum": "100", "maximum": "50"}, "The most is not below the least."),
        ({"kind": "FIXED"}, "A fixed plan says for how long."),
        ({"code": "a b"}, "letters, digits and hyphens"),
        ({"plan": "nowhere"}, "Select a valid choice"),
    ],
)
def test_what_is_wrong_stands_beside_its_field(changes: dict[str, Any], said: str):
    page = browser_of(proposer()).post(address_of(approved.CODE), {**typed(**changes), "step": "preview"})
    assert page.status_code == 422 and said in text(page)


@pytest.mark.parametrize("field", ["from_date", "rates", "day_count", "tax", "plan"])
def test_a_payload_that_somebody_bent_is_refused_or_an_error_and_never_applied(field):
    facts = {**payload(), field: "'; drop table x; --"}
    with pytest.raises((DomainError, ValueError, TypeError, ArithmeticError)):
        proposed(facts)
    with acting_as_service():
        assert not SavingsPlan.objects.exists()
