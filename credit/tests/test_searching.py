"""Searches at both bureaux, over their own wires: what they answer, and everything that may go wrong on the way."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from hashlib import sha256
from threading import Barrier
from typing import Any

import pytest
from django.db import connections
from django.utils import timezone

from accounts.models import IdentityNumber, Notification
from accounts.notice_words import said
from core.actors import acting_as_service
from credit import bureaux
from credit.bureaux import Answer, Person, Report
from credit.models import Application, BureauReport, Case, Consent, CreditScore
from credit.sandbox.files import Fault, choose_fault
from credit.services import applying, searching
from credit.services.scoring import due_to_score, score_application
from credit.services.searching import (
    BureauUnavailable,
    NoConsent,
    SearchRefused,
    raw_answer,
    report_in,
    search_hard,
    search_soft,
)
from credit.tests.applying import ready
from credit.tests.scored import (
    BEHIND,
    IN_DEFAULT,
    UNKNOWN,
    applicant,
    cases_of,
    fresh,
    reach_bureaux,
    submitted,
    told_of,
)

pytestmark = pytest.mark.django_db(transaction=True)
NOW = timezone.now
MINUTE = timedelta(minutes=1)


@pytest.fixture(autouse=True)
def sandbox(live_server: Any, settings: Any) -> Iterator[None]:
    """Both bureaux, reached as in production: over HTTP."""
    reach_bureaux(settings, live_server.url)
    yield
    for code in settings.CREDIT_BUREAUX:
        choose_fault(code, "")


def reports_of(made: Application) -> list[BureauReport]:
    with acting_as_service():
        return list(BureauReport.objects.filter(application=made).order_by("id"))


def states_of(made: Application) -> list[tuple[str, str]]:
    return [(row.bureau, row.state) for row in reports_of(made)]


def test_two_bureaux_with_two_wires_say_the_same_and_what_they_said_is_kept_sealed() -> None:
    made = submitted(applicant(BEHIND))
    score = score_application(application_id=made.pk, at=NOW())
    first, second = reports_of(made)
    assert (first.bureau, second.bureau) == ("meridian", "savanna")
    assert report_in(first) == report_in(second)
    assert [(line.standing, line.owed, line.late_days) for line in report_in(first).lines] == [
        ("CLEAR", 4_000_000, 0),
        ("LATE", 9_000_000, 34),
    ]
    for row in (first, second):
        raw = raw_answer(row)
        assert row.sha256 == sha256(raw.encode()).hexdigest()
        assert row.pk.hex in raw
        assert row.pk.hex not in row.sealed
        with acting_as_service():
            assert row.consent.kind == "SOFT_SEARCH"
    assert score is not None
    assert fresh(made).state == "LISTED"
    # Somebody whom no bureau knows is scored all the same.
    unknown = submitted(applicant(UNKNOWN))
    assert score_application(application_id=unknown.pk, at=NOW()) is not None
    assert not any(report_in(row).found for row in reports_of(unknown))


@pytest.mark.parametrize("fault", [one for one in Fault.values if one])
def test_a_bureau_that_gives_no_good_answer_decides_nothing_and_is_asked_again(
    fault: str, settings: Any
) -> None:
    settings.CREDIT_BUREAU_SECONDS = 1.5 if fault == Fault.SLOW else 15.0
    choose_fault("savanna", fault)
    made, at = submitted(applicant()), NOW()
    assert score_application(application_id=made.pk, at=at) is None
    assert (fresh(made).state, cases_of(made)) == ("SUBMITTED", [])
    assert states_of(made) == [("meridian", "ANSWERED"), ("savanna", "FAILED")]
    failed = reports_of(made)[1]
    wanted = {
        "down": "refused: HTTP 503",
        "slow": "unreachable: timed_out",
        "cut_off": "unreachable: ",
        "nonsense": "nonsense: no JSON",
        "shape": "nonsense: not the shape agreed",
        "somebody_else": "somebody_else: another person",
    }
    assert failed.error.startswith(wanted[fault])
    # Nothing of another person's file is kept; what was only nonsense is, sealed, to show it to the bureau.
    assert bool(failed.sealed) == (fault in ("down", "nonsense", "shape"))
    # Not before its time; then only the one that had failed.
    assert score_application(application_id=made.pk, at=at + MINUTE) is None
    assert len(states_of(made)) == 2
    with acting_as_service():
        assert made.pk not in due_to_score(at=at + MINUTE)
        assert made.pk in due_to_score(at=at + 3 * MINUTE)
    choose_fault("savanna", "")
    settings.CREDIT_BUREAU_SECONDS = 15.0
    assert score_application(application_id=made.pk, at=at + 3 * MINUTE) is not None
    assert states_of(made)[2:] == [("savanna", "ANSWERED")]
    assert fresh(made).state == "LISTED"


def test_after_some_tries_an_officer_has_the_case_and_may_have_it_tried_again() -> None:
    choose_fault("meridian", Fault.DOWN)
    made, at = submitted(applicant()), NOW()
    for minutes in (0, 3, 14, 75, 440):
        assert cases_of(made) == []
        score_application(application_id=made.pk, at=at + minutes * MINUTE)
    assert cases_of(made) == [("UNDECIDED", False)]
    assert [state for _bureau, state in states_of(made)].count("FAILED") == 5
    later = at + 500 * MINUTE
    with acting_as_service():
        assert made.pk not in due_to_score(at=later)
        Case.objects.filter(application=made).update(decided_at=later, decision="RESCORE")
        assert made.pk in due_to_score(at=later + MINUTE)
    choose_fault("meridian", "")
    assert score_application(application_id=made.pk, at=later + MINUTE) is not None


def test_no_search_without_consent_and_none_that_was_taken_back_meanwhile(settings: Any) -> None:
    made = submitted(applicant())
    with acting_as_service():
        Consent.objects.filter(application=made, kind="SOFT_SEARCH").update(withdrawn_at=NOW())
    with pytest.raises(NoConsent):
        search_soft(application_id=made.pk, at=NOW())
    assert score_application(application_id=made.pk, at=NOW()) is None
    assert (reports_of(made), cases_of(made)) == ([], [("UNDECIDED", False)])
    # Taken back while the answer is on its way: nothing of the answer is kept.
    settings.CREDIT_BUREAUX = {
        "meridian": {**settings.CREDIT_BUREAUX["meridian"], "adapter": f"{__name__}.TakesBack"}
    }
    other = submitted(applicant())
    assert score_application(application_id=other.pk, at=NOW()) is None
    [row] = reports_of(other)
    assert (row.state, row.error, row.sealed, row.mapped) == ("FAILED", "credit_consent_missing", "", None)


class TakesBack:
    """A bureau that answers just after the applicant took their consent back."""

    name = "Slow Bureau"

    def __init__(self, *, url: str, key: str) -> None: ...

    def search(self, person: Person, *, kind: str, reference: str) -> Answer:
        with acting_as_service():
            Consent.objects.filter(kind="SOFT_SEARCH").update(withdrawn_at=NOW())
        return Answer("{}", Report(found=False))


def test_who_gave_no_number_cannot_be_searched_for() -> None:
    ada = applicant()
    made = submitted(ada)
    with acting_as_service():
        IdentityNumber.objects.filter(customer_id=ada.pk).update(released_at=NOW())
    assert score_application(application_id=made.pk, at=NOW()) is None
    assert cases_of(made) == [("UNDECIDED", False)]


def test_a_worker_that_died_leaves_nothing_half_done() -> None:
    made, at = submitted(applicant()), NOW()
    # Between writing down that it asks, and the answer.
    searching._begin(made.pk, "meridian", searching.Kind.SOFT, at)
    assert score_application(application_id=made.pk, at=at + MINUTE) is None
    assert states_of(made) == [("meridian", "ASKED")]
    assert score_application(application_id=made.pk, at=at + 5 * MINUTE) is not None
    assert states_of(made) == [("meridian", "FAILED"), ("meridian", "ANSWERED"), ("savanna", "ANSWERED")]
    # Between the answers and the score: the reports that are there are enough.
    other = submitted(applicant())
    assert not search_soft(application_id=other.pk, at=NOW()).missing
    with acting_as_service():
        assert other.pk in due_to_score(at=NOW() + MINUTE)
    assert score_application(application_id=other.pk, at=NOW() + MINUTE) is not None
    assert len(states_of(other)) == 2


def test_scored_twice_at_once_it_is_searched_for_and_decided_once() -> None:
    made, start, at = submitted(applicant()), Barrier(2), NOW()

    def work(_number: int) -> CreditScore | None:
        try:
            start.wait()
            return score_application(application_id=made.pk, at=at)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(work, range(2)))
    # Whoever came second left it to the first, who may have met the other's search in turn.
    score_application(application_id=made.pk, at=at)
    assert sorted(states_of(made)) == [("meridian", "ANSWERED"), ("savanna", "ANSWERED")]
    with acting_as_service():
        assert CreditScore.objects.filter(application=made).count() == 1
    assert fresh(made).listings == 1


def test_hard_searches_are_made_once_an_offer_is_accepted_with_a_consent_of_their_own() -> None:
    made = submitted(applicant())
    with pytest.raises(SearchRefused):
        search_hard(application_id=made.pk, at=NOW())
    with acting_as_service():
        Application.objects.filter(pk=made.pk).update(state="ACCEPTED")
    choose_fault("savanna", Fault.DOWN)
    with pytest.raises(BureauUnavailable) as refused:
        search_hard(application_id=made.pk, at=NOW())
    assert refused.value.data == {"bureaux": ["savanna"]}
    choose_fault("savanna", "")
    with pytest.raises(BureauUnavailable):  # not before its time
        search_hard(application_id=made.pk, at=NOW())
    found = search_hard(application_id=made.pk, at=NOW() + 3 * MINUTE)
    assert {(row.bureau, row.kind) for row in found} == {("meridian", "HARD"), ("savanna", "HARD")}
    assert bureaux.name_of(found[0].bureau) in ("Meridian Credit Bureau", "Savanna Registry")
    with acting_as_service():
        Consent.objects.filter(application=made, kind="HARD_SEARCH").update(withdrawn_at=NOW())
    with pytest.raises(NoConsent):
        search_hard(application_id=made.pk, at=NOW())


def test_the_sandbox_page_chooses_what_goes_wrong(client: Any) -> None:
    page = client.get("/sandbox/bureaux/")
    assert "Savanna" in page.content.decode()
    assert client.post("/sandbox/bureaux/", {"bureau": "savanna", "fault": "down"}).status_code == 302
    assert '<option value="down" selected>' in client.get("/sandbox/bureaux/").content.decode()
    assert client.post("/sandbox/bureaux/", {"bureau": "savanna", "fault": "loud"}).status_code == 404


def test_what_is_sent_is_searched_for_scored_and_answered_by_the_time_it_is_committed() -> None:
    good, bad = applicant(), applicant(IN_DEFAULT)
    sent = [ready(user) for user in (good, bad)]
    for user, draft in zip((good, bad), sent, strict=True):
        applying.submit(application_id=draft.pk, user=user, at=NOW())
    assert [fresh(draft).state for draft in sent] == ["LISTED", "DECLINED"]
    with acting_as_service():
        notice = Notification.objects.get(user=bad, event="loan.refused")
        words = said(notice)
    assert words.href == f"/borrow/applications/{sent[1].pk}/decision/"
    assert "a loan in default, which alone declines an application." in words.note
    assert "Reports of Meridian Credit Bureau, Savanna Registry counted" in words.note
    assert "a loan in default" not in str(words.outside)
    assert told_of(sent[1])[0].sent_at is not None
