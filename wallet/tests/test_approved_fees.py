"""Schedules of fees: proposed by one with what they change, approved by another, in force from a day to come."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from accounts import roles
from accounts.models import AuditEvent
from accounts.services import approvals
from accounts.tests.approving import make_colleague
from conftest import OF_TESTS
from core.actors import acting_as_service
from wallet import services as wallet
from wallet.fees import FEE, LEVY, STAMP_DUTY, Band
from wallet.models import FeeSchedule
from wallet.services.approved import fees as approved
from wallet.tests.approving import (
    MOTIVE,
    VIEWS,
    address_of,
    again,
    approve,
    browser_of,
    checker,
    maker,
    propose,
)
from wallet.tests.pages import text
from wallet.tests.schedules import make_schedule

pytestmark = pytest.mark.usefixtures("transactional_db")
DUTY = Band(STAMP_DUTY, 10_000_00, flat=50_00, waived_for=frozenset({"SALARY"}))


def schedule(*bands: Band, days: int = 1, **facts: Any) -> dict[str, Any]:
    begins = timezone.localdate() + timedelta(days=days)
    return {
        "kind": "TRANSFER",
        "tier": None,
        "currency": "NGN",
        "from_date": begins.isoformat(),
        "tax_rate": "0.075",
        "bands": [approved.as_payload(band) for band in bands],
        "source": OF_TESTS,
        **facts,
    }


def cost(amount: int, *, days: int) -> int:
    with acting_as_service():
        at = timezone.now() + timedelta(days=days)
        return wallet.quote_fee(kind="TRANSFER", amount=amount, currency="NGN", tier=None, at=at).total


def test_an_approved_schedule_holds_from_its_day_on_and_says_who_decided():
    share = Band(FEE, 0, rate=Decimal("0.015"), minimum=100, maximum=2_000_00)
    approval = propose(approved.CODE, schedule(share, DUTY))
    with acting_as_service():
        assert not FeeSchedule.objects.filter(source=OF_TESTS).exists()
    approve(approval)
    with acting_as_service():
        made = FeeSchedule.objects.get(source=OF_TESTS)
        assert made.approval_id == approval.pk
        assert {rule.band().charge for rule in made.rules.all()} == {FEE, STAMP_DUTY}
        trace = AuditEvent.objects.get(action="wallet.fee_schedule.added")
        assert (trace.data["approval"], trace.actor_id) == (str(approval.pk), again(approval).decided_by_id)
    assert [cost(10_000_00, days=days) for days in (0, 1)] == [50_00, 150_00 + 11_25 + 50_00]


@pytest.mark.parametrize(
    ("wrong", "refusal"),
    [
        (schedule(DUTY, days=0), approved.ScheduleTooSoon),
        (schedule(DUTY, source=" "), approved.ScheduleUnsound),
        (schedule(DUTY, kind="GIFT"), approved.ScheduleUnsound),
        (schedule(DUTY, tax_rate="1.1"), approved.ScheduleUnsound),
        (schedule(DUTY, DUTY), approved.ScheduleUnsound),
        (schedule(Band(FEE, 0, flat=-1)), approved.ScheduleUnsound),
        (schedule(Band(FEE, 0, rate=Decimal(2))), approved.ScheduleUnsound),
        (schedule(Band(FEE, 0, minimum=2, maximum=1)), approved.ScheduleUnsound),
        (schedule(Band(LEVY, 0, flat=1)), approved.ScheduleUnsound),
        (schedule(Band(FEE, 0, waived_for=frozenset({"FRIENDS"}))), approved.ScheduleUnsound),
    ],
)
def test_what_is_no_schedule_is_not_even_proposed(wrong: dict[str, Any], refusal: type[Exception]):
    with pytest.raises(refusal):
        propose(approved.CODE, wrong)


def test_there_is_one_of_a_day_and_another_overtakes_what_waits():
    with acting_as_service():
        waiting = propose(approved.CODE, schedule(DUTY, days=2))
    make_schedule("TRANSFER", Band(FEE, 0, flat=1), days=1)
    with pytest.raises(approved.ScheduleExists):
        propose(approved.CODE, schedule(DUTY, days=1))
    with pytest.raises(approvals.ApprovalStale):
        approve(waiting)
    assert cost(10_000_00, days=2) == 1


def test_nobody_approves_what_they_propose_or_may_not():
    both = make_colleague(roles.PROPOSE_LIMITS, roles.APPROVE_LIMITS, *VIEWS)
    approval = propose(approved.CODE, schedule(DUTY), by=both)
    with pytest.raises(approvals.OtherPersonNeeded):
        approve(approval, by=both)
    with pytest.raises(approvals.NotAllowedToDecide):
        approve(approval, by=make_colleague(*VIEWS))


def form(**changes: Any) -> dict[str, Any]:
    begins = timezone.localdate() + timedelta(days=1)
    return {
        "kind": "TRANSFER",
        "tier": "",
        "from_date": begins.isoformat(),
        "tax": "7.5",
        "bands": "FEE, 0, 10\nFEE, 5000.01, 25\nSTAMP_DUTY, 10000, 50, , , , SALARY OWN_ACCOUNT",
        "source": OF_TESTS,
        **MOTIVE,
        **changes,
    }


def test_the_form_begins_with_what_holds_now():
    page = browser_of(maker()).get(address_of(approved.CODE) + "?kind=WITHDRAWAL").content.decode()
    assert "FEE, 5000.01, 25, 0, 0\n" in page
    assert "STAMP_DUTY, 10000, 50, 0, 0, , OWN_ACCOUNT SALARY" in page
    assert 'value="7.5"' in page


def test_staff_see_what_it_changes_before_they_propose_and_another_before_approving():
    browser = browser_of(maker())
    seen = text(browser.post(address_of(approved.CODE), {**form(), "step": "preview"}))
    assert "Fee – → ₦10.00; ₦25.00 from ₦5,000.01" in seen
    assert "Stamp duty ₦50.00 from ₦10,000.00 (not for: Own account in the same bank, Salary)" in seen
    assert "₦5,000.00 costs ₦0.00 → ₦10.75" in seen
    assert "₦10,000.00 costs ₦50.00 → ₦76.88" in seen
    done = browser.post(address_of(approved.CODE), {**form(), "step": "propose"})
    decide = text(browser_of(checker()).get(done.url))
    assert "₦10,000.00 costs ₦50.00 → ₦76.88" in decide


@pytest.mark.parametrize(
    ("bands", "said"),
    [
        ("FEE, x", "Line 1 cannot be read."),
        ("FEE, 0, 10\n\nGIFT, 0, 1", "Line 2 cannot be read."),
        ("LEVY, 0, 1", "Line 1 cannot be read."),
        ("FEE, 0, 1.001", "Line 1 cannot be read."),
        ("FEE, 0, 0, 101", "Line 1 cannot be read."),
        ("FEE, 0, 0, NaN", "Line 1 cannot be read."),
        ("FEE, 0, 0, 0.000001", "A schedule names where it comes from."),
        ("FEE, 0, 0, -1", "Line 1 cannot be read."),
        ("FEE, 0, 0, 0, 0, 0, FRIENDS", "Line 1 cannot be read."),
        ("FEE, 0, 0, 0, 0, 0, SALARY, 1", "Line 1 cannot be read."),
    ],
)
def test_a_line_that_says_nothing_is_named(bands: str, said: str):
    page = browser_of(maker()).post(address_of(approved.CODE), {**form(bands=bands), "step": "preview"})
    assert page.status_code == 422 and said in text(page)


def test_the_list_shows_what_holds_and_offers_a_new_one_to_who_may():
    viewer = make_colleague("wallet.view_feeschedule", *VIEWS)
    page = text(browser_of(viewer).get("/staff/wallet/feeschedule/"))
    assert "Stamp duty: ₦50.00 from ₦10,000.00" in page
    assert "No longer" in page and "Now" in page
    assert "propose" not in browser_of(viewer).get("/staff/wallet/feeschedule/").content.decode().lower()
    both = make_colleague("wallet.view_feeschedule", roles.PROPOSE_LIMITS, *VIEWS)
    assert (
        "/approval/propose/wallet.fee_schedule/?kind=TRANSFER"
        in browser_of(both).get("/staff/wallet/feeschedule/").content.decode()
    )
