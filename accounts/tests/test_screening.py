"""Whom a list may mean is found, shown to staff and decided once; who is named to the day of birth is frozen."""

from datetime import date, timedelta

import pytest
from django.core import mail
from django.utils import timezone

from accounts import check_tasks
from accounts.kyc import names
from accounts.kyc import screening as rule
from accounts.models import AuditEvent, Customer, KycCheck, Notification, SanctionsEntry
from accounts.services import status
from accounts.services.kyc import checks, rescreening, screening
from accounts.tests.declaring import BORN, begin, declare, now, outcomes, work
from accounts.tests.factories import make_person
from accounts.tests.sanctions import hit_of, hits, load_rows
from accounts.tests.staff import WHY, at_work, make_agent
from accounts.tests.status_steps import changes, holds, restrict
from accounts.tests.test_ways_in import at_once
from core.actors import acting_as_service

pytestmark = pytest.mark.django_db(transaction=True)
LATER = timedelta(days=30)


def screened(user, **declared):
    application = declare(user, **declared)
    begin(application)
    work(application)
    return application


def verdict(name: str, listed: str, *, born: date | None = None, listed_born: str = ""):
    return rule.judge(name=names.words(name), born=born, listed=[listed], listed_born=listed_born)


@pytest.mark.parametrize(
    ("name", "listed", "is_hit"),
    [
        ("Musa Bello", "BELLO, Musa", True),
        ("Mussa Belo", "Musa Bello", True),
        ("Musa Ibrahim Bello", "Musa Bello", True),
        ("Musa Bello", "Musa Ibrahim Abdullahi Bello", True),
        ("Musa Bello", "Musa Sani", False),
        ("Musa Bello", "Musa", False),
        ("Ada Obi", "Musa Bello", False),
    ],
)
def test_the_rule_by_names(name, listed, is_hit):
    assert verdict(name, listed).is_hit is is_hit


def test_the_rule_by_dates_of_birth():
    plain = verdict("Musa B. Bello", "Musa Ibrahim Bello")
    same = verdict("Mussa Bello", "Musa Bello", born=BORN, listed_born=BORN.isoformat())
    assert same.same_birth and same.score > verdict("Mussa Bello", "Musa Bello").score
    for year, is_hit in (("1990", True), ("1991", True), ("1950", False)):
        assert verdict("Mussa Belo", "Musa Bello", born=BORN, listed_born=year).is_hit is is_hit
    assert not plain.same_birth


def test_who_is_on_no_list_is_clear_and_without_a_list_nobody_is(ada, bola):
    assert outcomes(screened(ada), "SCREENING") == ["UNDECIDED"]
    load_rows("1,Somebody Else,,,,")
    assert outcomes(screened(bola, first="Bola", last="Ade"), "SCREENING") == ["CLEAR"]


def test_a_hit_is_kept_as_it_was_for_staff_and_restricts_nothing_by_itself(ada):
    load_rows(
        "1,OBI Ada,Ada the Great,,NG,Terror", "2,Chidi Eze,,,,", "3,Musa Bello,Ada Grace Ifeoma Ngozi Obi,,,"
    )
    application = screened(ada)
    assert outcomes(application, "SCREENING") == ["HIT"]
    assert hits(ada) == [("1", "OPEN"), ("3", "OPEN")]
    hit = hit_of(ada)
    assert (hit.entry["name"], hit.entry["country"], hit.list_name) == ("OBI Ada", "NG", "UN")
    with acting_as_service():
        latest = {check.kind: check for check in checks.latest_of_each(application)}
        assert hit.check_row == latest["SCREENING"]
    assert holds(ada) == "ACTIVE"
    assert now(application).priority == 63


def test_name_and_day_of_birth_freeze_and_not_a_word_of_it_is_told(ada):
    load_rows(f"1,Ada Obi,,{BORN},,Terror")
    screened(ada)
    assert changes(ada) == [("ACTIVE", "FROZEN", "SCREENING")]
    with acting_as_service():
        notices = str(list(Notification.objects.filter(user=ada).values_list("event", "data")))
    told = notices + mail.outbox[-1].subject + mail.outbox[-1].body
    for word in ("SCREENING", "sanction", "list", "Terror", "screen"):
        assert word not in told
    by_staff, other = make_agent("freeze_customer"), make_person(email="other@alajo.test")
    restrict(other, by=by_staff)
    assert mail.outbox[-1].body.replace("other@", "ada@") == mail.outbox[-2].body


def test_a_freeze_by_screening_is_not_lifted_before_its_hits_are_decided(ada):
    load_rows(f"1,Ada Obi,,{BORN},,")
    screened(ada)
    agent, at = make_agent("freeze_customer"), timezone.now()
    why = {"cause": "STAFF", "reason_code": "MISTAKE", "text": WHY, "by": agent, "at": at}
    with pytest.raises(status.HitsUndecided):
        status.lift(customer=Customer(pk=ada.pk), **why)
    screening.clear(hit=hit_of(ada), by=agent, reason=WHY, at=at)
    assert holds(ada) == "ACTIVE"


def test_what_was_cleared_comes_back_only_when_the_list_says_something_else(ada):
    agent, at = make_person(role="AGENT"), timezone.now()
    load_rows("1,Ada Obi,,,,")
    application = screened(ada)
    screening.clear(hit=hit_of(ada), by=agent, reason=WHY, at=at)
    with acting_as_service():
        checks.start(application=application, at=at)
    checks.rerun(application=application, kind="SCREENING", by=agent, at=at)
    assert outcomes(application, "SCREENING") == ["HIT", "CLEAR"]
    load_rows("1,Ada Obi,,,NG,")
    assert hits(ada) == [("1", "CLEARED"), ("1", "OPEN")]


def test_a_confirmed_hit_freezes_and_alarms_and_is_decided_once(ada):
    agent, at = make_person(role="AGENT"), timezone.now()
    load_rows("1,Ada Obi,,,,")
    screened(ada)
    hit = hit_of(ada)
    screening.confirm(hit=hit, by=agent, reason=WHY, at=at)
    assert holds(ada) == "FROZEN"
    with acting_as_service():
        assert AuditEvent.objects.get(action="kyc.screening.confirmed").data["alarm"] is True
    for verb in (screening.clear, screening.confirm):
        with pytest.raises(screening.AlreadyDecided):
            verb(hit=hit, by=agent, reason=WHY, at=at)


def test_two_colleagues_at_once_decide_once_and_nobody_on_themselves(ada):
    load_rows("1,Ada Obi,,,,")
    screened(ada)
    hit, at = hit_of(ada), timezone.now()
    with pytest.raises(status.OwnAccount):
        screening.clear(hit=hit, by=ada, reason=WHY, at=at)
    agents = [make_person(role="AGENT") for _ in range(2)]
    verbs = (screening.clear, screening.confirm)
    deeds = [
        lambda verb=verb, by=by: verb(hit=hit, by=by, reason=WHY, at=at)
        for verb, by in zip(verbs, agents, strict=True)
    ]
    assert at_once(*deeds) == ["", "AlreadyDecided"]


def test_a_new_entry_finds_customers_of_tier_2_and_those_who_applied_and_no_others(ada, bola, chidi):
    with acting_as_service():
        Customer.objects.filter(pk=ada.pk).update(tier=2)
    declare(bola, first="Bola", last="Adeyemi")
    load_rows("1,Obi Ada,,,,", "2,Adeyemi Bola,,,,", "3,Chidi Eze,,,,")
    assert (hits(ada), hits(bola), hits(chidi)) == ([("1", "OPEN")], [("2", "OPEN")], [])
    with acting_as_service():
        [check] = KycCheck.objects.all()
        assert (check.kind, check.outcome, check.application.customer_id) == ("SCREENING", "HIT", bola.pk)
    assert hit_of(ada).check_row is None
    check_tasks.rescreen()
    assert hits(ada) == [("1", "OPEN")]


def test_what_stood_on_the_list_before_is_not_searched_again(ada):
    early = timezone.now() - LATER
    load_rows("1,Ada Obi,,,,", at=early)
    with acting_as_service():
        Customer.objects.filter(pk=ada.pk).update(tier=2)
    load_rows("1,Ada Obi,,,,", "2,Musa Bello,,,,")
    assert hits(ada) == []
    with acting_as_service():
        SanctionsEntry.objects.filter(external_id="1").delete()
    load_rows("1,Ada Obi,,,,", "2,Musa Bello,,,,", "3,Sani Ali,,,,")
    assert hits(ada) == [("1", "OPEN")]


def test_customers_are_screened_a_chunk_at_a_time_to_the_last(monkeypatch):
    monkeypatch.setattr(rescreening, "CHUNK", 2)
    people = [make_person(name="Ada Obi") for _ in range(5)]
    with acting_as_service():
        Customer.objects.update(tier=2)
    load_rows("1,Ada Obi,,,,")
    assert [hits(person) for person in people] == [[("1", "OPEN")]] * 5


def test_staff_see_a_hit_among_their_figures_and_decide_on_its_page(ada):
    load_rows("1,<b>Ada</b> Obi,,,,=cmd()")
    screened(ada)
    hit = hit_of(ada)
    page = f"/staff/accounts/screeninghit/{hit.pk}/"
    looks = at_work(make_agent("view_screeninghit"))
    assert "Screening hits" in looks.get("/staff/").content.decode()
    text = looks.get(f"{page}change/").content.decode()
    assert "&lt;b&gt;Ada" in text and "The same person" not in text
    assert looks.post(f"{page}decide/", {"decision": "clear", "reason": WHY}).status_code == 403

    agent = make_agent("view_screeninghit", "decide_screening")
    unproven = at_work(agent, proven=False)
    assert "reauthenticate" in unproven.post(f"{page}decide/", {"decision": "clear", "reason": WHY}).url
    decides = at_work(make_agent("view_screeninghit", "decide_screening"))
    assert "The same person" in decides.get(f"{page}change/").content.decode()
    assert decides.get(f"{page}decide/").status_code == 403
    assert decides.post(f"{page}decide/", {"decision": "else", "reason": WHY}).status_code == 404
    decides.post(f"{page}decide/", {"decision": "clear", "reason": "short"})
    assert hits(ada) == [("1", "OPEN")]
    decides.post(f"{page}decide/", {"decision": "clear", "reason": WHY})
    assert hits(ada) == [("1", "CLEARED")]
    decides.post(f"{page}decide/", {"decision": "confirm", "reason": WHY})
    assert hits(ada) == [("1", "CLEARED")]
    assert holds(ada) == "ACTIVE"
