"""A card is watched: by whom it scores, by what became of those it passed, and by what officers decided otherwise."""

import json
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import AuditEvent, User
from accounts.tests.approving import make_colleague
from accounts.tests.factories import make_person
from core.actors import acting_as_service
from core.ids import uuid7_at
from credit.models import Application, BucketChange, CreditScore, Loan, ScorecardVersion
from credit.services import monitoring
from credit.services.portfolio import month_after
from credit.stability import Shift, is_off, shift_of, stability_index
from credit.states import State
from credit.tests.test_cases import decided, officer, referred
from credit.tests.test_portfolio import staff as staff_of_loans
from credit.tests.test_portfolio import text_of
from credit.tests.world import lender, lent, moment, product
from wallet.tests.approving import browser_of
from wallet.tests.test_admin import only_reads

LOW, HIGH = ("A", 600), ("B", 700)


def test_the_index_is_the_published_sum_and_an_empty_bin_is_half_an_observation() -> None:
    # (0.6 − 0.5) ln 1.2 + (0.4 − 0.5) ln 0.8 = 0.0182321557 + 0.0223143551
    index = stability_index([50, 50], [60, 40])
    assert index is not None and round(index, 10) == Decimal("0.0405465108")
    # (0.0025 − 0.5) ln 0.005 + (1 − 0.5) ln 2 = 2.6359128902 + 0.3465735903
    emptied = stability_index([100, 100], [0, 200])
    assert emptied is not None and round(emptied, 8) == Decimal("2.98248648")
    assert stability_index([10, 0, 10], [20, 0, 20]) == 0  # empty in both: nothing
    assert stability_index([0, 0], [1, 2]) is None
    with pytest.raises(ValueError):
        stability_index([1, 2], [1, 2, 3])
    said = [shift_of(Decimal(one), reference=1000, now=200) for one in ("0.0999", "0.10", "0.2499", "0.25")]
    assert said == [Shift.STABLE, Shift.WATCHED, Shift.WATCHED, Shift.SHIFTED]
    assert shift_of(Decimal(3), reference=1000, now=199) == Shift.TOO_FEW
    # 100 at 0.05: 5 expected, variance 4.75; 1.96 × 2.1794 = 4.27.
    assert [is_off(bads, expected=Decimal(5), variance=Decimal("4.75")) for bads in (0, 1, 9, 10)] == [
        *(True, False, False, True)
    ]


def a_bin(code: str) -> dict[str, str]:
    return {"code": code, "words": code, "points": "1"}


def card_of_two_bins(by: str = "tests") -> ScorecardVersion:
    """A card of one factor with two bins."""
    factor = {"name": "home", "label": "Home", "average": "1", "bins": [a_bin("A"), a_bin("B")]}
    return ScorecardVersion.objects.create(
        name="Watched",
        version=1,
        card={"characteristics": [factor], "rules": [], "cut_off": 600},
        sha256="0" * 64,
        from_date=date(2020, 2, 1),
        source=by,
    )


def scores(card: ScorecardVersion, user: User, on: datetime, *groups: tuple[int, tuple[str, int]]) -> None:
    """So many decisions of each group, one after the other from a moment on."""
    asked = [
        Application(user=user, currency_id="NGN", state=State.DECLINED, amount=1, count=1, listings=0)
        for many, _group in groups
        for _ in range(many)
    ]
    Application.objects.bulk_create(asked)
    rows = [group for many, group in groups for _ in range(many)]
    CreditScore.objects.bulk_create(
        CreditScore(
            id=uuid7_at(on + timedelta(seconds=number)),
            application=application,
            card=card,
            outcome="PASSED",
            score=score,
            cut_off=600,
            pd=Decimal("0.02"),
            record=json.dumps({"hits": [{"name": "home", "bin": code, "points": "1"}]}),
            sha256="0" * 64,
            made_at=on + timedelta(seconds=number),
        )
        for number, (application, (code, score)) in enumerate(zip(asked, rows, strict=True))
    )


@pytest.mark.django_db
def test_months_are_compared_with_the_cards_first_decisions_by_score_and_by_factor(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(monitoring, "REFERENCE", 200)
    user = make_person()
    this = timezone.localdate().replace(day=1)
    before, first = (month_after(this, back) for back in (-1, -2))
    with acting_as_service():
        card = card_of_two_bins()
        # Alternating, so that the reference is of its own month and the rest of that month is compared.
        scores(card, user, moment(first), (100, LOW), (100, HIGH), (120, LOW), (80, HIGH))
        scores(card, user, moment(before), (200, HIGH))
        scores(card, user, moment(this), (50, LOW), (50, HIGH))
        # Scored again in the same month, an application counts once.
        newest = CreditScore.objects.filter(card=card).order_by("-id")[0]
        newest.pk = uuid7_at(moment(this) + timedelta(hours=2))
        newest._state.adding = True
        newest.save(force_insert=True)
        with CaptureQueriesContext(connection) as few:
            found = monitoring.population(card, since=first)
        assert len(few) == 2
    assert (found.reference, found.edges) == (200, (600, 700))
    index = Decimal("0.0405465108")
    assert [(one.month, one.many, one.shift) for one in found.score] == [
        (first, 200, Shift.STABLE),
        (before, 200, Shift.SHIFTED),
        (this, 100, Shift.TOO_FEW),
    ]
    assert [round(one.index or 0, 10) for one in found.score[:1] + found.facts[:1]] == [index, index]
    assert [round(one.index or 0, 8) for one in found.facts[1:]] == [Decimal("2.98248648"), 0]
    desk = browser_of(make_colleague("credit.view_scorecardversion"))
    page = f"/staff/credit/scorecardversion/{card.pk}/monitoring/"
    shown = text_of(desk.get(page))
    assert "0.0405" in shown and "2.9825" in shown and "Shifted" in shown and "Too few to say" in shown
    assert "portfolio__part--5" in shown and "Home" in shown
    assert page in text_of(desk.get(f"/staff/credit/scorecardversion/{card.pk}/change/"))
    assert ",200,0.0405,Stable" in text_of(desk.get(page + "?csv=stability"))
    with acting_as_service():
        assert AuditEvent.objects.filter(action="credit.scorecard.exported").count() == 1
    assert desk.get(page + "?csv=secrets").status_code == 404
    assert desk.post(page).status_code == 403
    assert staff_of_loans().get(page).status_code == 403


def scored(loan: Loan, card: ScorecardVersion, *, score: int, pd: str) -> None:
    CreditScore.objects.create(
        application_id=loan.pk,
        card=card,
        outcome="PASSED",
        score=score,
        cut_off=600,
        pd=Decimal(pd),
        record="{}",
        sha256="0" * 64,
    )


def fell(loan: Loan, on: date, bucket: str) -> None:
    BucketChange.objects.create(
        loan=loan, day=on, was="DAYS_61_90", now=bucket, stage_was=2, stage_now=3, overdue_days=91
    )


@pytest.mark.django_db
def test_probabilities_are_compared_with_loans_that_turned_bad_within_their_twelve_months() -> None:
    terms = product(lender(make_person()))
    loans = [lent(make_person(), terms, naira=20_000) for _ in range(11)]
    opened = loans[0].opened_on
    year = opened.replace(year=opened.year + 1) if (opened.month, opened.day) != (2, 29) else opened
    with acting_as_service():
        card = card_of_two_bins()
        for number, loan in enumerate(loans):
            scored(loan, card, score=700 - number, pd=f"0.0{number}" if number < 10 else "0.5")
        fell(loans[0], year, "DAYS_OVER_90")
        fell(loans[1], year + timedelta(days=1), "DAYS_OVER_90")  # after its twelve months
        fell(loans[2], opened + timedelta(days=70), "DAYS_61_90")  # not bad
        Application.objects.filter(pk=loans[10].pk).update(state=State.CANCELLED)
        with CaptureQueriesContext(connection) as one:
            had = monitoring.calibration(card, last=year)
        assert len(one) == 1
        soon = monitoring.calibration(card, last=year - timedelta(days=1))
    assert [(each.number, each.highest, each.full.loans, each.full.bads) for each in had[:3]] == [
        *((1, 700, 1, 1), (2, 699, 1, 0), (3, 698, 1, 0))
    ]
    assert len(had) == 10 and had[9].full.mean == Decimal("0.09") and had[0].full.rate == 1
    assert (soon[0].full.loans, soon[0].full.rate, soon[0].so_far.bads) == (0, None, 1)
    assert had[4].full.variance == Decimal("0.04") * Decimal("0.96")


@pytest.mark.django_db
def test_what_officers_decide_against_the_card_is_logged_with_its_grounds_and_its_outcome() -> None:
    ruth = officer()
    listed, borne_out = referred(), referred()
    decided(listed, ruth, "LIST")
    decided(borne_out, ruth, "DECLINE")
    since = month_after(timezone.localdate().replace(day=1), -11)
    with acting_as_service():
        card = CreditScore.objects.filter(application=listed.application_id).get().card
        [one] = monitoring.overrides(card, since=since)
        [month] = monitoring.decided_by_month(card, since=since)
    assert (one.application_id, one.decision, one.reason_code) == (
        listed.application_id,
        "LIST",
        "income_proved",
    )
    assert (one.decided_by_id, one.state, one.bad_on) == (ruth.pk, State.LISTED, None)
    assert one.score < one.cut_off
    assert (month.decided, month.overrides) == (2, 1)
    desk = browser_of(make_colleague("credit.view_scorecardversion"))
    page = f"/staff/credit/scorecardversion/{card.pk}/monitoring/"
    with CaptureQueriesContext(connection) as few:
        shown = text_of(desk.get(page))
    assert "Pay slips of six months agree" in shown and "Income is proved" in shown and "50%" in shown
    assert listed.application.user.email not in shown
    decided(referred(), ruth, "LIST")
    with CaptureQueriesContext(connection) as many:
        taken: Any = desk.get(page)
    assert taken.status_code == 200 and len(only_reads(many)) == len(only_reads(few))
    assert str(listed.application_id) in text_of(desk.get(page + "?csv=overrides"))
