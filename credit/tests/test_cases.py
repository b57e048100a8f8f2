"""Who gets which case, and what an officer decides on it."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any

import pytest
from django.db import IntegrityError, connections, transaction
from django.utils import timezone

from accounts.models import AuditEvent, Notification, User
from accounts.tests.approving import make_colleague
from core.actors import acting_as_service
from credit.case_reasons import REASONS, Decision
from credit.models import Application, BureauReport, Case, Question, StatusChange
from credit.services import cases, deciding
from credit.services.cases import (
    LEASE,
    MOST_CLAIMS,
    OVERRIDE,
    WORK,
    CaseDecided,
    ClaimedByAnother,
    NotClaimed,
    NotForYou,
    NothingToClaim,
    TooManyClaims,
    open_case,
)
from credit.services.deciding import (
    CaseChanged,
    DecisionRefused,
    DecisionUnclear,
    decide_case,
)
from credit.services.disputing import dispute
from credit.services.reviewing import ask_for_review
from credit.services.scoring import decide_application, due_to_score
from credit.tests.scored import (
    BAD,
    applicant,
    cases_of,
    fresh,
    poor,
    searched,
    submitted,
    told_of,
)

pytestmark = pytest.mark.django_db
NOW = timezone.now
SAW = "Pay slips of six months agree"


def officer(*rights: str) -> User:
    return make_colleague(*(rights or (WORK, OVERRIDE)))


def referred(naira: int = 300_000) -> Case:
    """A case of somebody whose score falls short."""
    made = poor(applicant(), naira=naira, count=36)
    searched(made)
    decide_application(application_id=made.pk, at=NOW())
    return case_of(made, Case.Kind.REFERRED)


def case_of(made: Application, kind: str) -> Case:
    with acting_as_service():
        return Case.objects.select_related("application__user").get(
            application=made, kind=kind, decided_at=None
        )


def decided(case: Case, by: User, decision: str, message: str = "", **changes: Any) -> Case:
    """Claim it and decide, for the first reason there is."""
    at = NOW()
    cases.claim(case_id=case.pk, by=by, at=at)
    facts: dict[str, Any] = {
        "reason_code": REASONS[decision][0].code,
        "text": SAW,
        "message": message,
        "seen": seen(case),
        "at": at,
        **changes,
    }
    return decide_case(case_id=case.pk, by=by, decision=decision, **facts)


def seen(case: Case) -> str:
    with acting_as_service():
        return deciding.seen_of(Application.objects.get(pk=case.application_id))


def open_to(case: Case, user: User) -> list[Decision]:
    with acting_as_service():
        return deciding.decisions_for(case, user)


def told(case: Case) -> list[str]:
    with acting_as_service():
        notices = Notification.objects.filter(user_id=case.application.user_id, event__startswith="loan.")
        return list(notices.order_by("id").values_list("event", flat=True))


def test_the_most_urgent_case_comes_first_and_a_lease_that_runs_out_returns_it() -> None:
    ruth, sam, at = officer(), officer(), NOW()
    first, second = referred(), referred()
    with acting_as_service():
        urgent = open_case(submitted(applicant()), Case.Kind.REVIEW, at=at)
    assert [cases.claim_next(by=ruth, at=at).pk for _ in range(3)] == [urgent.pk, first.pk, second.pk]
    with pytest.raises(NothingToClaim):
        cases.claim_next(by=sam, at=at)
    with pytest.raises(ClaimedByAnother):
        cases.claim(case_id=first.pk, by=sam, at=at)
    # A look makes a lease last; one that ran out is nobody's.
    assert cases.look(case_id=first.pk, by=ruth, at=at + LEASE / 2)
    over = at + LEASE + timedelta(seconds=1)
    assert cases.claim_next(by=sam, at=over).pk == urgent.pk
    with pytest.raises(ClaimedByAnother):
        cases.claim(case_id=first.pk, by=sam, at=over)
    with pytest.raises(NotClaimed):
        cases.release(case_id=second.pk, by=ruth, at=over)
    cases.release(case_id=first.pk, by=ruth, at=over)
    assert cases.claim(case_id=first.pk, by=sam, at=over).claimed_by_id == sam.pk


def test_nobody_holds_more_than_a_few_or_their_own_or_without_the_right() -> None:
    ruth, at = officer(), NOW()
    with acting_as_service():
        own = open_case(submitted(ruth), Case.Kind.UNDECIDED, at=at)
        others = [
            open_case(submitted(applicant()), Case.Kind.UNDECIDED, at=at) for _ in range(MOST_CLAIMS + 1)
        ]
    with pytest.raises(NotForYou):
        cases.claim(case_id=own.pk, by=ruth, at=at)
    with pytest.raises(NothingToClaim):
        cases.claim_next(by=officer("credit.view_case"), at=at)
    for _ in range(MOST_CLAIMS):
        cases.claim_next(by=ruth, at=at)
    with pytest.raises(TooManyClaims):
        cases.claim_next(by=ruth, at=at)
    with pytest.raises(TooManyClaims):
        cases.claim(case_id=others[-1].pk, by=ruth, at=at)


@pytest.mark.django_db(transaction=True)
def test_agents_who_ask_at_once_never_get_the_same_case() -> None:
    agents, at = [officer() for _ in range(4)], NOW()
    with acting_as_service():
        for _ in range(10):
            open_case(submitted(applicant(), consents=False), Case.Kind.UNDECIDED, at=at)
        one = open_case(submitted(applicant(), consents=False), Case.Kind.REVIEW, at=at)
    start = Barrier(len(agents))

    def chosen(agent: User) -> Any:
        try:
            start.wait()
            return cases.claim(case_id=one.pk, by=agent, at=NOW()).claimed_by_id
        except ClaimedByAnother:
            return None
        finally:
            connections.close_all()

    def given(agent: User) -> list[Any]:
        try:
            start.wait()
            return [cases.claim_next(by=agent, at=NOW()).pk for _ in range(2)]
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(agents)) as pool:
        assert list(pool.map(chosen, agents)).count(None) == len(agents) - 1
        got = [key for keys in pool.map(given, agents) for key in keys]
    assert len(got) == len(set(got)) == 8


def test_an_officer_lists_what_the_score_would_not_or_declines_it_with_the_scores_reasons(
    django_capture_on_commit_callbacks: Any,
) -> None:
    ruth = officer()
    listed = referred()
    decided(listed, ruth, Decision.LIST)
    assert (fresh(listed.application).state, told(listed)) == ("LISTED", ["loan.listed"])
    with acting_as_service():
        step = StatusChange.objects.get(application=listed.application, now="LISTED")
    assert (step.who, step.reason) == ("officer", "income_proved")
    with pytest.raises(CaseDecided):
        cases.claim(case_id=listed.pk, by=ruth, at=NOW())

    declined = referred()
    with django_capture_on_commit_callbacks(execute=True):
        done = decided(declined, ruth, Decision.DECLINE)
    assert (done.decided_by_id, done.reason_code, done.note) == (ruth.pk, "score_borne_out", SAW)
    assert (fresh(declined.application).state, told(declined)) == ("DECLINED", ["loan.refused"])
    [action] = told_of(declined.application)
    assert action.sent_at is not None
    assert any(reason.startswith("Repayments out of income: ") for reason in action.reasons)
    assert not any("score" in reason.lower() for reason in action.reasons)


def test_who_may_not_override_may_decline_and_ask_and_the_clock_waits_for_the_answer() -> None:
    sam = officer(WORK)
    case = referred()
    assert open_to(case, sam) == [Decision.DECLINE, Decision.ASK]
    with pytest.raises(DecisionRefused):
        decided(case, sam, Decision.LIST)
    with pytest.raises(DecisionUnclear):
        decided(case, sam, Decision.ASK)
    decided(case, sam, Decision.ASK, message="Please show your last three pay slips.")
    now = fresh(case.application)
    assert (now.state, told(case)) == ("INCOMPLETE", ["loan.question"])
    with acting_as_service():
        question = Question.objects.get(application=now)
    assert (question.text, question.asked_by_id) == ("Please show your last three pay slips.", sam.pk)


def test_above_a_million_one_recommends_and_another_decides() -> None:
    ruth, sam = officer(), officer()
    case = referred(naira=1_000_001)
    assert open_to(case, ruth) == [Decision.RECOMMEND, Decision.DECLINE, Decision.ASK]
    decided(case, ruth, Decision.RECOMMEND)
    assert (fresh(case.application).state, told(case)) == ("SUBMITTED", [])
    case = case_of(case.application, Case.Kind.REFERRED)
    assert (case.recommended_by_id, case.claimed_by_id) == (ruth.pk, None)
    # Who recommended it is given it no more, and may not decide.
    with pytest.raises(NothingToClaim):
        cases.claim_next(by=ruth, at=NOW())
    with pytest.raises(NotForYou):
        cases.claim(case_id=case.pk, by=ruth, at=NOW())
    assert open_to(case, ruth) == []
    assert open_to(case, officer(WORK)) == []
    assert open_to(case, sam) == [Decision.LIST, Decision.SEND_BACK]
    # The database refuses the same of both, whoever writes.
    for facts in ({"decided_by": ruth}, {"decided_by": ruth, "recommended_by": None}):
        with (
            pytest.raises(IntegrityError, match=r"case_two_people|one recommends and another decides"),
            transaction.atomic(),
            acting_as_service(),
        ):
            Case.objects.filter(pk=case.pk).update(decided_at=NOW(), decision=Decision.LIST, **facts)
            with transaction.get_connection().cursor() as cursor:
                cursor.execute("set constraints all immediate")
    decided(case, sam, Decision.SEND_BACK)
    decided(case, ruth, Decision.RECOMMEND)
    decided(case, sam, Decision.LIST)
    assert fresh(case.application).state == "LISTED"


def test_a_decision_stands_on_what_was_seen() -> None:
    ruth, case = officer(), referred()
    before = seen(case)
    with acting_as_service():
        report = BureauReport.objects.filter(application=case.application).first()
    assert report is not None
    dispute(report_id=report.pk, user=case.application.user, text="That loan is not mine.", at=NOW())
    with pytest.raises(CaseChanged):
        decided(case, ruth, Decision.LIST, seen=before)
    assert fresh(case.application).state == "SUBMITTED"
    with pytest.raises(NotClaimed):
        at = NOW() + LEASE + timedelta(minutes=1)
        facts = {"reason_code": "income_proved", "text": SAW, "seen": before}
        decide_case(case_id=case.pk, by=ruth, decision=Decision.LIST, at=at, **facts)


def test_a_review_is_upheld_opened_again_or_confirmed() -> None:
    ruth = officer()
    found = []
    for decision in (Decision.UPHOLD, Decision.REOPEN, Decision.CONFIRM):
        ada = applicant()
        made = submitted(ada)
        searched(made, BAD)
        decide_application(application_id=made.pk, at=NOW())
        case = ask_for_review(application_id=made.pk, user=ada, text="That loan was paid off.", at=NOW())
        case.application = made
        decided(case, ruth, decision, message="We have spoken to the bureau.")
        found.append((fresh(made).state, told(case)[-1:]))
    assert found == [
        ("LISTED", ["loan.review_upheld"]),
        ("SUBMITTED", ["loan.review_upheld"]),
        ("DECLINED", ["loan.review_confirmed"]),
    ]
    with acting_as_service():
        upheld = StatusChange.objects.filter(event="open", who="officer").get()
        assert upheld.reason == "income_proved"
        assert len(due_to_score(at=NOW() + timedelta(minutes=1))) == 1


def test_a_disputed_entry_is_settled_by_an_officer() -> None:
    ruth, ada = officer(), applicant()
    made = submitted(ada)
    bad, _good = searched(made, BAD)
    dispute(report_id=bad.pk, user=ada, text="This loan was my brother's.", at=NOW())
    case = case_of(made, Case.Kind.DISPUTE)
    assert open_to(case, ruth) == [Decision.STANDS, Decision.LEFT_OUT]
    decided(case, ruth, Decision.LEFT_OUT, message="The bureau corrects it.")
    decide_application(application_id=made.pk, at=NOW())
    # Left out, it declines nobody; that the file is good an officer says.
    again = case_of(made, Case.Kind.DISPUTE)
    assert Decision.LIST in open_to(again, ruth)
    decided(again, ruth, Decision.STANDS)
    decide_application(application_id=made.pk, at=NOW())
    assert (fresh(made).state, told(case)) == ("DECLINED", ["loan.dispute_settled"] * 2)


def test_what_moved_on_is_closed_and_notes_are_kept_in_the_trail() -> None:
    ruth, case = officer(), referred()
    cases.note(case_id=case.pk, by=ruth, text=" Called the employer. ")
    with pytest.raises(cases.NoteEmpty):
        cases.note(case_id=case.pk, by=ruth, text=" ")
    with acting_as_service():
        assert AuditEvent.objects.get(action="credit.case.noted").data["text"] == "Called the employer."
        Application.objects.filter(pk=case.application_id).update(state="WITHDRAWN")
    case = case_of(case.application, Case.Kind.REFERRED)
    assert open_to(case, ruth) == [Decision.CLOSE]
    decided(case, ruth, Decision.CLOSE)
    assert cases_of(case.application) == [("REFERRED", True)]
    assert set(REASONS) == set(deciding.Decision)
