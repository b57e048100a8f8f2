"""The portfolio: its figures are those of the closed days, set-wise, and only lawful groups are compared."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import AuditEvent, Customer
from accounts.tests.approving import make_colleague
from accounts.tests.factories import make_person
from core.actors import acting_as_service
from core.ids import uuid7
from core.rolling import close_whole_day
from credit.admin import portfolio_charts as charts
from credit.admin.portfolio import quarters_until
from credit.inputs import INPUTS
from credit.models import Application, BucketChange, Loan, LoanDay, loan_day_id
from credit.services import portfolio
from credit.services.closing import LOANS
from credit.states import State
from credit.tests.world import NAIRA, application, bid, day, lender, lent, moment, product
from wallet.tests.approving import browser_of
from wallet.tests.test_admin import only_reads

pytestmark = pytest.mark.django_db
PAGE = "/staff/credit/loan/portfolio/"
DAY = timedelta(days=1)
KYC_OF = {"EMPLOYED": 3, "STUDENT": 1, "RETIRED": 2}


def staff() -> Client:
    return browser_of(make_colleague("credit.view_loan"))


def text_of(answer: Any) -> str:
    return str(answer.content.decode())


def rolled(loans: int) -> list[Loan]:
    """Loans of yesterday, and that day closed for all."""
    terms = product(lender(make_person()))
    made = [lent(make_person(), terms, naira=20_000, at=moment(day(1))) for _ in range(loans)]
    assert sum(part.closed for part in close_whole_day(LOANS, day=day(1))) == loans
    return made


def in_bucket(on: date, *, bucket: str, stage: int, principal: int, allowance: int = 0) -> None:
    key = uuid7()
    LoanDay.objects.create(
        id=loan_day_id(key, on),
        loan_id=key,
        day=on,
        principal=principal,
        accrued=0,
        overdue=principal // 10,
        overdue_days=40,
        bucket=bucket,
        stage=stage,
        allowance=allowance,
    )


def test_principal_by_bucket_and_stages_with_their_coverage_are_of_the_closed_days() -> None:
    desk = staff()
    assert "No day was closed yet" in text_of(desk.get(PAGE))
    rolled(2)
    with acting_as_service():
        in_bucket(day(1), bucket="DAYS_31_60", stage=2, principal=1_000_000, allowance=100_000)
        in_bucket(day(1), bucket="DAYS_OVER_90", stage=3, principal=500_000, allowance=350_000)
        assert portfolio.last_closed() == day(1)
        found = portfolio.by_bucket([day(1), day(2)])
        assert set(found) == {(day(1), name) for name in ("CURRENT", "DAYS_31_60", "DAYS_OVER_90")}
        current = found[day(1), "CURRENT"]
        assert (current.loans, current.principal) == (2, 40_000 * NAIRA)
        stages = portfolio.by_stage(day(1))
    assert stages[1].allowance > 0 and stages[1].loans == 2
    assert (stages[2].coverage, stages[3].coverage) == (Decimal(10), Decimal(70))
    with CaptureQueriesContext(connection) as few:
        page = text_of(desk.get(PAGE))
    assert "₦40,000.00" in page and "₦10,000.00" in page and "70%" in page
    assert page.count("<polyline") == 0 and "portfolio__part--3" in page
    with acting_as_service():
        for _ in range(20):
            in_bucket(day(1), bucket="DAYS_1_30", stage=1, principal=1)
            application(make_person(), at=moment(day(0)))
    with CaptureQueriesContext(connection) as many:
        desk.get(PAGE)
    assert len(only_reads(many)) == len(only_reads(few))
    answer = desk.get(PAGE + "?csv=stages")
    assert answer["Content-Type"].startswith("text/csv")
    assert "3,1,5000.00,500.00,3500.00,70.00" in text_of(answer)
    assert ",42," not in text_of(desk.get(PAGE + "?csv=vintages"))
    with acting_as_service():
        assert AuditEvent.objects.filter(action="credit.portfolio.exported").count() == 2
    assert desk.get(PAGE + "?csv=secrets").status_code == 404
    assert desk.post(PAGE).status_code == 403
    assert browser_of(make_colleague("accounts.view_user")).get(PAGE).status_code == 403


def test_months_of_payout_are_compared_by_months_since_as_far_as_all_have_lived() -> None:
    loans = rolled(4)
    with acting_as_service():
        opened = loans[0].opened_on
        month = opened.replace(day=1)
        last = portfolio.month_after(month, 5) - DAY
        # One fell late in the second month after its payout, the other in the third.
        for loan, on in ((loans[0], opened + 40 * DAY), (loans[1], opened + 70 * DAY)):
            for later in (on, on + 40 * DAY):
                BucketChange.objects.create(
                    loan=loan,
                    day=later,
                    was="DAYS_1_30",
                    now="DAYS_31_60",
                    stage_was=1,
                    stage_now=2,
                    overdue_days=31,
                )
        BucketChange.objects.create(
            loan=loans[2],
            day=opened + 35 * DAY,
            was="CURRENT",
            now="DAYS_1_30",
            stage_was=1,
            stage_now=1,
            overdue_days=1,
        )
        Application.objects.filter(pk=loans[3].pk).update(state=State.CANCELLED)
        [vintage] = portfolio.vintages(since=month, last=last, months=12)
        [earlier] = portfolio.vintages(since=month, last=last - DAY, months=12)
        assert portfolio.vintages(since=portfolio.month_after(month, 1), last=last, months=12) == []
    assert (vintage.month, vintage.loans, vintage.lent) == (month, 3, 60_000 * NAIRA)
    assert vintage.late == (0, 1, 2, 2)
    assert earlier.late == (0, 1, 2)


def asked(number: int, *, employment: str, passed: int) -> list[Application]:
    made = []
    for place in range(number):
        user = make_person()
        with acting_as_service():
            Customer.objects.update_or_create(user=user, defaults={"tier": KYC_OF[employment]})
        made.append(
            application(
                user,
                employment=employment,
                listings=int(place < passed),
                state=State.LISTED if place < passed else State.DECLINED,
            )
        )
    return made


def test_approval_is_compared_by_lawful_groups_and_small_ones_are_not_shown() -> None:
    employed = asked(12, employment="EMPLOYED", passed=10)
    students = asked(10, employment="STUDENT", passed=10)
    asked(9, employment="RETIRED", passed=0)
    first, second = (
        product(lender(make_person(), name="Harvest")),
        product(lender(make_person(), name="Other")),
    )
    for one in (*employed[:10], *students[:7]):
        bid(one, first)
    bid(employed[0], second)
    quarter = quarters_until(timezone.localdate())[0]
    with acting_as_service():
        found = portfolio.impact(first=quarter, until=portfolio.month_after(quarter, 3))
    assert [(one.who, one.kind) for one in found] == [
        (who, kind) for who in ("Our scorecard", "Harvest", "Other") for kind in ("Work", "KYC tier")
    ]
    ours, _tiers, harvest, by_tier, other, _other_tiers = found
    assert [(one.group, one.asked, one.approved, one.is_low) for one in ours.groups] == [
        ("Student", 10, 10, False),
        ("Employed", 12, 10, False),
    ]
    assert ours.hidden == 1
    assert [(one.group, one.asked, one.approved, one.ratio, one.is_low) for one in harvest.groups] == [
        ("Employed", 10, 10, Decimal(100), False),
        ("Student", 10, 7, Decimal(70), True),
    ]
    assert [(one.group, one.is_low) for one in by_tier.groups] == [("Tier 3", False), ("Tier 1", True)]
    assert [(one.group, one.approved, one.ratio) for one in other.groups] == [
        ("Employed", 1, Decimal(100)),
        ("Student", 0, Decimal(0)),
    ]
    page = text_of(staff().get(PAGE))
    assert "Low" in page and "Retired" not in page
    # Only what may be held is compared.
    assert set(portfolio.GROUPS) == {"employment", "tier"} and INPUTS


def test_charts_have_a_part_for_all_that_is_not_nothing_and_lines_from_nothing_on() -> None:
    drawn = charts.stacked([("Jan", [100, 0, 1]), ("Feb", [0, 0, 0])])
    assert [part.height for part in drawn.columns[0].segments][1:] == [0, Decimal("2.0")]
    assert drawn.columns[0].segments[-1].y == charts.TOP
    lines = charts.lines([("Jan", [Decimal(0), Decimal("12.5")])], steps=12)
    assert lines.lines[0].points.count(",") == 3
    assert [label for _y, label in lines.grid] == ["0%", "7.5%", "15%"]
    assert charts.lines([], steps=12).lines == []
