"""An officer marks a bureau's report as disputed for the person it is about, and another officer decides on it."""

from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone

from accounts import factors
from accounts.models import AuditEvent, User
from accounts.tests.approving import make_colleague
from accounts.tests.staff import at_work
from core.actors import acting_as_service
from core.staff import page_of
from credit.case_reasons import Decision
from credit.models import BureauReport, Case
from credit.services import cases, deciding
from credit.services.cases import OVERRIDE, WORK, NotForYou
from credit.services.disputing import DisputeRefused, DisputeUnclear, ReportNotFound, dispute_for
from credit.services.scoring import decide_application
from credit.tests.scored import BAD, applicant, fresh, searched, submitted
from credit.tests.test_cases import case_of, decided, officer, told

pytestmark = pytest.mark.django_db
WORDS = "She paid it off in May, by her account statement."


def disputable() -> BureauReport:
    """What a bureau says of somebody, by which alone they would be declined."""
    made = submitted(applicant())
    return searched(made, BAD)[0]


def test_a_report_is_marked_once_by_an_officer_with_the_reason_and_the_person_is_told() -> None:
    ruth, bad, at = officer(), disputable(), timezone.now()
    made = bad.application
    for by, key, text, error in (
        (make_colleague("credit.view_case"), bad.pk, WORDS, NotForYou),
        (ruth, bad.pk, " short ", DisputeUnclear),
        (ruth, made.pk, WORDS, ReportNotFound),
    ):
        with pytest.raises(error):
            dispute_for(report_id=key, by=by, text=text, at=at)
    row = dispute_for(report_id=bad.pk, by=ruth, text=WORDS, at=at)
    assert (row.disputed_at, row.dispute, row.disputed_by) == (at, WORDS, ruth)
    with pytest.raises(DisputeRefused):
        dispute_for(report_id=bad.pk, by=officer(), text=WORDS, at=at)
    with acting_as_service():
        event = AuditEvent.objects.get(action="credit.report.disputed")
        assert (event.actor_id, event.target_id, event.data["text"]) == (ruth.pk, str(bad.pk), WORDS)
    decide_application(application_id=made.pk, at=at)
    assert fresh(made).state == "SUBMITTED"  # that report declines nobody by itself
    assert told(case_of(made, Case.Kind.DISPUTE)) == ["loan.dispute_marked"]


def test_another_officer_decides_and_the_database_says_so_too() -> None:
    ruth, sam, bad, at = officer(), officer(), disputable(), timezone.now()
    dispute_for(report_id=bad.pk, by=ruth, text=WORDS, at=at)
    case = case_of(bad.application, Case.Kind.DISPUTE)
    with pytest.raises(NotForYou):
        cases.claim(case_id=case.pk, by=ruth, at=at)
    with acting_as_service():
        assert deciding.decisions_for(case, ruth) == []
        assert case not in cases.waiting().filter(cases.for_turn_of(ruth))
        assert case in cases.waiting().filter(cases.for_turn_of(sam))
    written(case, sam)
    with pytest.raises(IntegrityError, match="one marks a report as disputed"):
        written(case, ruth)
    decided(case, sam, Decision.STANDS, message="The bureau confirms it.")
    assert told(case) == ["loan.dispute_marked", "loan.dispute_settled"]
    # Another case of the same person is open to whoever marked the report.
    decide_application(application_id=bad.application_id, at=at)
    assert fresh(bad.application).state == "DECLINED"


def written(case: Case, by: User) -> None:
    """Write that somebody decided on a case past every service, and take it back."""
    with acting_as_service(), transaction.atomic():
        Case.objects.filter(pk=case.pk).update(decided_by=by)
        with transaction.get_connection().cursor() as cursor:
            cursor.execute("set constraints all immediate")
        transaction.set_rollback(True)


def test_nobody_marks_a_report_of_their_own() -> None:
    bad = disputable()
    with acting_as_service():
        ada = User.objects.get(pk=fresh(bad.application).user_id)
        ada.user_permissions.add(Permission.objects.get(codename="work_credit"))
        assert ada.has_perm(WORK)
    with pytest.raises(NotForYou):
        dispute_for(report_id=bad.pk, by=ada, text=WORDS, at=timezone.now())


def test_the_page_asks_for_the_reason_and_is_for_who_works_on_cases() -> None:
    bad = disputable()
    view, where = "credit.view_bureaureport", reverse("admin:credit_bureaureport_dispute", args=[bad.pk])

    def desk(*rights: str) -> Any:
        agent = make_colleague(*rights)
        factors.enrol_totp(user=agent)
        return at_work(agent)

    def shown(browser: Any) -> str:
        return str(browser.get(page_of(BureauReport, bad.pk)).content.decode())

    looks, works = desk(view), desk(view, WORK, OVERRIDE, "credit.view_case")
    assert where not in shown(looks)
    assert (looks.get(where).status_code, looks.post(where, {"text": WORDS}).status_code) == (403, 403)
    assert where in shown(works)
    assert works.post(where, {"text": "no"}).status_code == 422
    with acting_as_service():
        assert BureauReport.objects.get(pk=bad.pk).disputed_at is None
    assert works.post(where, {"text": WORDS}).url == page_of(BureauReport, bad.pk)
    assert "By an officer for the borrower" in shown(works) and where not in shown(works)
    assert works.post(where, {"text": WORDS}).status_code == 422
    # From the screen of a case, too: the other bureau's report is still to be had.
    case = case_of(bad.application, Case.Kind.DISPUTE)
    screen = str(works.get(page_of(Case, case.pk)).content.decode())
    assert screen.count("/dispute/") == 1 and WORDS in screen
