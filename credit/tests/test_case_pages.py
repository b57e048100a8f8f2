"""The queue and the screen of a case: what staff see, and deciding step by step."""

from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts import factors
from accounts.models import User
from accounts.tests.approving import make_colleague
from accounts.tests.staff import at_work
from core.actors import acting_as_service
from credit.models import AdverseAction, BureauReport, Case, CreditScore, ScorecardVersion
from credit.services import cases
from credit.services.cases import OVERRIDE, WORK
from credit.services.scoring import decide_application
from credit.tests.scored import BAD, BEHIND, applicant, fresh, poor, searched, submitted
from credit.tests.test_cases import referred

pytestmark = pytest.mark.django_db
SAW = "Pay slips of six months agree"
VIEW = "credit.view_case"


def at_desk(*rights: str, name: str = "Kemi Agent") -> tuple[User, Client]:
    """A member of staff with these rights, and their browser past both factors."""
    agent = make_colleague(*(rights or (VIEW, WORK, OVERRIDE)))
    factors.enrol_totp(user=agent)
    return agent, at_work(agent)


def page(case: Case, name: str = "change", *parts: object) -> str:
    return reverse(f"admin:credit_case_{name}", args=[case.pk, *parts])


def text_of(answer: Any) -> str:
    return str(answer.content.decode())


def test_a_case_is_claimed_read_decided_and_the_next_one_given() -> None:
    case = referred()
    _agent, desk = at_desk()
    queue = text_of(desk.get("/staff/credit/case/"))
    assert "Waiting to be claimed: 1." in queue
    assert 'data-key="n"' in queue
    answer = desk.post("/staff/credit/case/next/")
    assert answer.headers["Location"] == page(case)
    shown = text_of(desk.get(page(case)))
    for words in (
        "₦300,000.00",
        "Meridian Credit Bureau",
        "Repayments out of income",
        "Average of those who just pass",
    ):
        assert words in shown
    assert case.application.user.email not in shown
    assert 'data-key="x"' in shown
    assert "List it all the same" in shown
    form = page(case, "decide", "decline")
    assert "See what the applicant will read" in text_of(desk.get(form))
    seen = str(desk.get(form).context["form"].initial["seen"])
    given = {"seen": seen, "reason": "score_borne_out", "text": SAW}
    assert desk.post(form, {**given, "text": ""}).status_code == 422
    review = text_of(desk.post(form, given))
    assert "The applicant will read" in review
    assert "Repayments out of income" in review
    assert "Your score was 591" in review
    assert "You may ask for a person to look at it again." in review
    assert fresh(case.application).state == "SUBMITTED"
    assert SAW in text_of(desk.post(form, {**given, "step": "change"}))
    done = desk.post(form, {**given, "step": "confirm"})
    assert done.headers["Location"] == "/staff/credit/case/"
    assert fresh(case.application).state == "DECLINED"
    shown = text_of(desk.get(page(case)))
    assert SAW in shown
    assert "Decide</h2>" not in shown
    assert desk.post("/staff/credit/case/next/").headers["Location"] == "/staff/credit/case/"


def test_what_is_asked_of_an_applicant_is_shown_before_it_is_sent_and_what_changed_is_not_decided() -> None:
    case = referred()
    _agent, desk = at_desk()
    desk.post(page(case, "claim"))
    form = page(case, "decide", "ask")
    seen = str(desk.get(form).context["form"].initial["seen"])
    asked = {"seen": seen, "reason": "income", "text": SAW, "message": "Please show your pay slips."}
    assert "Please show your pay slips." in text_of(desk.post(form, asked))
    stale = desk.post(form, {**asked, "seen": "0" * 32, "step": "confirm"})
    assert stale.headers["Location"] == page(case)
    assert fresh(case.application).state == "SUBMITTED"
    desk.post(page(case, "note"), {"text": "Called the employer."})
    assert "Called the employer." in text_of(desk.get(page(case)))
    desk.post(page(case, "release"))
    assert "Nobody holds this case" in text_of(desk.get(page(case)))
    assert desk.get(form).headers["Location"] == page(case)


def test_who_only_looks_sees_the_states_and_decides_nothing() -> None:
    case = referred()
    _agent, desk = at_desk(VIEW)
    shown = text_of(desk.get(page(case)))
    assert "History" in shown
    assert "₦300,000.00" not in shown
    assert "Meridian" not in shown
    assert desk.post(page(case, "claim")).status_code == 403
    assert desk.post("/staff/credit/case/next/").status_code == 403
    assert desk.get(page(case, "decide", "decline")).status_code == 403
    _other, nobody = at_desk("accounts.view_user")
    assert nobody.get(page(case)).status_code == 403


def test_the_list_costs_the_same_with_many_and_pages_by_place(django_assert_max_num_queries: Any) -> None:
    agent, desk = at_desk()
    at = timezone.now()
    with acting_as_service():
        opened = [
            cases.open_case(submitted(agent, consents=False), Case.Kind.UNDECIDED, at=at) for _ in range(103)
        ]
    desk.get("/staff/credit/case/")
    with django_assert_max_num_queries(25):
        first = desk.get("/staff/credit/case/")
    listed = [row.pk for row in first.context["cl"].result_list]
    assert listed == [case.pk for case in opened[:100]]
    rest = desk.get("/staff/credit/case/" + first.context["cl"].older_url)
    assert [row.pk for row in rest.context["cl"].result_list] == [case.pk for case in opened[100:]]
    for query in (
        "?standing=held",
        "?standing=decided",
        "?kind=REVIEW",
        "?due=over",
        "?turn=second",
        "?turn=mine",
    ):
        assert list(desk.get(f"/staff/credit/case/{query}").context["cl"].result_list) == []
    assert len(desk.get("/staff/credit/case/?due=soon").context["cl"].result_list) in (0, 100)
    found = desk.get(f"/staff/credit/case/?q={opened[5].pk}").context["cl"].result_list
    assert [row.pk for row in found] == [opened[5].pk]


def test_what_was_decided_can_be_looked_at() -> None:
    made, late = submitted(applicant()), poor(applicant(BEHIND))
    searched(made, BAD)
    decide_application(application_id=made.pk, at=timezone.now())
    searched(late)
    decide_application(application_id=late.pk, at=timezone.now())
    agent, _desk = at_desk()
    with acting_as_service():
        models = ("creditscore", "adverseaction", "bureaureport", "scorecardversion")
        views = [f"view_{model}" for model in models]
        agent.user_permissions.add(
            *Permission.objects.filter(content_type__app_label="credit", codename__in=views)
        )
        rows = [
            model.objects.first() for model in (CreditScore, AdverseAction, BureauReport, ScorecardVersion)
        ]
    desk = at_work(agent)
    for model, row in zip(models, rows, strict=True):
        assert row is not None
        assert desk.get(f"/staff/credit/{model}/").status_code == 200
        assert desk.get(reverse(f"admin:credit_{model}_change", args=[row.pk])).status_code == 200
    assert "1" in text_of(desk.get("/staff/credit/adverseaction/?told=no"))
    assert desk.get("/staff/credit/adverseaction/?told=soon").status_code == 200
    shown = text_of(desk.get("/staff/"))
    assert "Credit cases" in shown
    assert "Refusals to tell of" in shown
    assert "Cut-off 600" in text_of(desk.get("/staff/rules/"))
