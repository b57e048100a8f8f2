"""What becomes of an application once the bureaux have answered."""

import json
from dataclasses import replace as replace_in
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import Notification
from core.actors import acting_as_service
from credit.bureaux import Report
from credit.card_data import card_of
from credit.card_rules import ban_on, findings
from credit.decisions import NotItsCard, replay
from credit.inputs import INPUTS, NAMES
from credit.models import Case, Consent, CreditScore, StatusChange
from credit.notices.scoring import refusal_in_words
from credit.services.adverse import nearing, send_all_adverse
from credit.services.disputing import DisputeRefused, dispute
from credit.services.reviewing import ReviewRefused, ask_for_review
from credit.services.scoring import card_in_force, decide_application, due_to_score
from credit.tests.scored import (
    BAD,
    BORN,
    CLEAN,
    LATELY,
    applicant,
    cases_of,
    fresh,
    poor,
    searched,
    submitted,
    told_of,
)
from credit.tests.world import lender, lent, product

pytestmark = pytest.mark.django_db
NOW = timezone.now


def score_of(made: Any) -> CreditScore:
    with acting_as_service():
        return CreditScore.objects.select_related("card").get(application=made)


def test_the_card_in_force_asks_only_for_what_is_known_and_for_nothing_banned() -> None:
    with acting_as_service():
        card = card_of(card_in_force(at=NOW()).card)
    assert findings(card, known=NAMES) == []
    assert card.inputs <= NAMES
    for one in INPUTS:
        assert ban_on(one.name) is None
        assert ban_on(str(one.label)) is None


def test_who_passes_is_listed_for_seven_days_and_the_record_replays_byte_for_byte() -> None:
    made = submitted(applicant())
    searched(made)
    at = NOW()
    assert decide_application(application_id=made.pk, at=at) is not None
    now = fresh(made)
    assert (now.state, now.deadline, now.listings) == ("LISTED", at + timedelta(days=7), 1)
    score = score_of(made)
    assert (score.outcome, score.reasons) == ("PASSED", [])
    card = card_of(score.card.card)
    again = replay(score.record, card)
    assert (again.record, again.sha256) == (score.record, score.sha256)
    facts = {one["name"]: one for one in json.loads(score.record)["inputs"]}
    assert facts["bureau_standing"]["text"] == "CLEAR"
    assert facts["bureau_standing"]["source"] == "bureaux: meridian, savanna"
    # Debts of ₦20,000 and a twelfth of ₦100,000, out of ₦400,000 a month.
    assert facts["pay_to_income"]["number"] == "7.0"
    assert facts["age"]["number"] == str(int((NOW().date() - BORN).days / 365.25))
    with pytest.raises(NotItsCard):
        replay(score.record, replace_in(card, cut_off=601))
    # Scored again, by whoever comes second: nothing more happens.
    assert decide_application(application_id=made.pk, at=at) is None
    assert score_of(made) == score


def test_a_hard_rule_declines_with_reasons_that_the_applicant_reads_at_once(
    django_capture_on_commit_callbacks: Any,
) -> None:
    made = submitted(applicant())
    searched(made, BAD)
    at = NOW()
    with django_capture_on_commit_callbacks(execute=True):
        decide_application(application_id=made.pk, at=at)
    assert fresh(made).state == "DECLINED"
    [told] = told_of(made)
    assert told.reasons == [
        "Standing at the credit bureaux: a loan in default, which alone declines an application"
    ]
    assert told.due_at == (made.complete_at or at) + timedelta(days=30)
    assert [one["bureau"] for one in told.bureaux] == ["meridian", "savanna"]
    assert told.sent_at is not None
    with acting_as_service():
        notice = Notification.objects.get(user_id=made.user_id, event="loan.refused")
        step = StatusChange.objects.get(application=made)
    assert (step.event, step.who, step.reason) == ("decline", "system", "in_default")
    words = refusal_in_words(notice.data)
    assert "a loan in default" in words
    assert f"Your score was {score_of(made).score}" in words
    assert "Meridian Credit Bureau, Savanna Registry" in words
    assert "dispute" in words
    assert send_all_adverse(at=at) == 0


def test_a_score_that_falls_short_declines_nobody_an_officer_looks() -> None:
    made = poor(applicant())
    searched(made)
    score = decide_application(application_id=made.pk, at=NOW())
    assert score is not None
    assert score.score < score.cut_off
    assert (fresh(made).state, cases_of(made), told_of(made)) == ("SUBMITTED", [("REFERRED", False)], [])
    assert {one["cause"] for one in score.reasons} == {"FACTOR"}
    # It waits for the officer: nobody scores it meanwhile.
    assert decide_application(application_id=made.pk, at=NOW()) is None
    with acting_as_service():
        assert made.pk not in due_to_score(at=NOW() + timedelta(hours=1))


def test_nobody_of_that_name_is_an_answer_and_counts_as_missing() -> None:
    made = submitted(applicant())
    searched(made, Report(found=False), Report(found=False))
    score = decide_application(application_id=made.pk, at=NOW())
    assert score is not None
    assert score.outcome == "PASSED"
    hits = {one["name"]: one["bin"] for one in json.loads(score.record)["hits"]}
    assert (hits["bureau_standing"], hits["bureau_months"], hits["inquiries"]) == ("STAND0", "FILE0", "INQ0")


def test_a_disputed_entry_declines_nobody_by_itself_and_is_no_way_past_an_officer() -> None:
    ada = applicant()
    made = submitted(ada)
    bad, _good = searched(made, BAD)
    row = dispute(report_id=bad.pk, user=ada, text="This loan was my brother's.", at=NOW())
    assert row.disputed_at is not None
    with pytest.raises(DisputeRefused):
        dispute(report_id=bad.pk, user=ada, text="This loan was my brother's.", at=NOW())
    assert cases_of(made) == [("DISPUTE", False)]
    assert decide_application(application_id=made.pk, at=NOW()) is None
    with acting_as_service():
        Case.objects.filter(application=made).update(decided_at=NOW(), decision="STANDS")
    decide_application(application_id=made.pk, at=NOW())
    assert fresh(made).state == "SUBMITTED"
    assert cases_of(made) == [("DISPUTE", True), ("DISPUTE", False)]
    assert told_of(made) == []


def test_a_rule_that_another_bureau_bears_out_declines_though_one_entry_is_disputed() -> None:
    ada = applicant()
    made = submitted(ada)
    bad, _also = searched(made, BAD, BAD)
    dispute(report_id=bad.pk, user=ada, text="This loan was my brother's.", at=NOW())
    with acting_as_service():
        Case.objects.filter(application=made).update(decided_at=NOW(), decision="STANDS")
    decide_application(application_id=made.pk, at=NOW())
    assert fresh(made).state == "DECLINED"
    assert [one["bureau"] for one in told_of(made)[0].bureaux] == ["savanna"]
    assert '"source":"bureaux: savanna"' in score_of(made).record


def test_consent_that_was_taken_back_leaves_nothing_scored() -> None:
    made = submitted(applicant())
    searched(made)
    with acting_as_service():
        Consent.objects.filter(application=made, kind="SCORING").update(withdrawn_at=NOW())
    assert decide_application(application_id=made.pk, at=NOW()) is None
    assert (fresh(made).state, cases_of(made)) == ("SUBMITTED", [("UNDECIDED", False)])
    with acting_as_service():
        assert not CreditScore.objects.filter(application=made).exists()


def test_loans_here_count_for_and_against() -> None:
    ada = applicant()
    loan = lent(ada, product(lender(applicant())), wallet_naira=0)
    with acting_as_service():
        loan.position.overdue_days = 45
        loan.position.save(update_fields=["overdue_days"])
    made = submitted(ada)
    searched(made)
    decide_application(application_id=made.pk, at=NOW())
    assert fresh(made).state == "DECLINED"
    assert told_of(made)[0].reasons == [
        "Days behind on a loan here: 45 days, which alone declines an application"
    ]


def test_the_young_are_declined_and_what_is_late_elsewhere_weighs() -> None:
    young = submitted(applicant(born=NOW().date() - timedelta(days=17 * 365)))
    searched(young)
    decide_application(application_id=young.pk, at=NOW())
    assert told_of(young)[0].reasons == ["Age: 16 years, which alone declines an application"]
    late, clean = submitted(applicant()), submitted(applicant())
    searched(late, LATELY)
    searched(clean, CLEAN)
    scores = [decide_application(application_id=one.pk, at=NOW()) for one in (late, clean)]
    assert scores[0] is not None
    assert scores[1] is not None
    # Behind elsewhere costs 42 points, one inquiry more 10.
    assert scores[0].score == scores[1].score - 52


def test_a_declined_person_asks_for_a_person_once() -> None:
    ada = applicant()
    made = submitted(ada)
    with pytest.raises(ReviewRefused):
        ask_for_review(application_id=made.pk, user=ada, text="Please look again.", at=NOW())
    searched(made, BAD)
    decide_application(application_id=made.pk, at=NOW())
    case = ask_for_review(application_id=made.pk, user=ada, text="That loan was paid.", at=NOW())
    assert (case.kind, case.due_at.date()) == ("REVIEW", NOW().date() + timedelta(days=14))
    with pytest.raises(ReviewRefused):
        ask_for_review(application_id=made.pk, user=ada, text="And again, please.", at=NOW())


def test_what_is_due_soon_and_unsent_is_found() -> None:
    made = submitted(applicant(), at=NOW() - timedelta(days=26))
    searched(made, BAD)
    decide_application(application_id=made.pk, at=NOW())
    with acting_as_service():
        assert [one.application_id for one in nearing(at=NOW())] == [made.pk]
        assert list(nearing(at=NOW() - timedelta(days=3))) == []
    assert send_all_adverse(at=NOW()) == 1
    with acting_as_service():
        assert list(nearing(at=NOW())) == []


def test_of_no_income_nothing_is_a_part() -> None:
    made = submitted(applicant(), income=0)
    searched(made)
    decide_application(application_id=made.pk, at=NOW())
    record = score_of(made).record
    facts = {one["name"]: one for one in json.loads(record)["inputs"]}
    assert (facts["pay_to_income"]["number"], facts["savings_to_amount"]["number"]) == (None, "0.0")
    assert Decimal(facts["months_here"]["number"]) == 0
    assert date.fromisoformat(facts["age"]["at"][:10]) == NOW().date()
