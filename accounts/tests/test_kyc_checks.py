"""Each thing that is declared is checked once, by a service that may be away, and what it found stands for good."""

import logging
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import Error, connection
from django.utils import timezone

from accounts import check_tasks
from accounts.kyc.priority import priority
from accounts.kyc.verification import Finding, undecided
from accounts.models import AuditEvent, IdentityNumber, KycApplication, KycCheck, KycCheckJob, User
from accounts.services.kyc import checking, checks
from accounts.tests.declaring import (
    ACCOUNT,
    BVN,
    Service,
    Told,
    begin,
    declare,
    found,
    give_document,
    give_number,
    job_of,
    no_worker,
    now,
    outcomes,
    work,
)
from accounts.tests.factories import make_person
from accounts.tests.test_ways_in import at_once
from core.actors import acting_as, acting_as_service

pytestmark = pytest.mark.django_db(transaction=True)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
AGREES = Finding("MATCH", "test", score=Decimal("1"), facts={"name": "ADA OBI"})
DOWN = undecided("test", "gateway_unavailable", again=True)


@pytest.fixture
def told(settings, monkeypatch) -> Told:
    """A service for every kind but documents, told what to answer."""
    told = Told([AGREES])
    monkeypatch.setattr(Service, "told", told)
    path = "accounts.tests.declaring.Service"
    settings.KYC_VERIFIERS = {
        **dict.fromkeys(("BVN", "NIN", "BANK_ACCOUNT"), path),
        "DOCUMENT": "accounts.kyc.local_checks.DocumentCheck",
        "SCREENING": "accounts.services.kyc.screening.Lists",
    }
    return told


def test_all_that_is_declared_is_checked_and_nothing_else(ada, told):
    application = declare(ada, bvn=BVN, account=ACCOUNT)
    begin(application)
    work(application)
    with acting_as_service():
        latest = {check.kind: check for check in checks.latest_of_each(application)}
    assert {kind: check.outcome for kind, check in latest.items()} == {
        "BVN": "MATCH",
        "BANK_ACCOUNT": "MATCH",
        "SCREENING": "UNDECIDED",
    }
    assert {check.source for check in latest.values()} == {"test", "lists"}
    assert {(each.number, each.account_number) for each in told.asked} == {("", ACCOUNT), (BVN, ACCOUNT)}


def test_a_confirmed_number_is_marked_and_only_the_one_that_was_asked_about(ada, told):
    application = declare(ada, bvn=BVN)

    def replaced() -> None:
        with acting_as_service():
            IdentityNumber.objects.filter(customer_id=ada.pk).update(released_at=timezone.now())
        give_number(ada, "BVN", "11111111111")

    told.meanwhile = replaced
    begin(application)
    work(application)
    told.meanwhile = None
    with acting_as_service():
        assert not IdentityNumber.objects.filter(verified_at__isnull=False).exists()
        KycApplication.objects.filter(pk=application.pk).update(revision=2)
    begin(now(application))
    work(application)
    with acting_as_service():
        [number] = IdentityNumber.objects.filter(verified_at__isnull=False)
        assert number.last_four == "1111"
        assert AuditEvent.objects.filter(action="kyc.number.verified", target_id=str(number.pk)).exists()


def test_sending_twice_or_a_task_that_runs_twice_asks_once(ada, told):
    application = declare(ada, account=ACCOUNT)
    begin(application)
    begin(application)
    work(application)
    work(application)
    work(application, at=timezone.now() + DAY)
    assert len(told.asked) == 1
    assert outcomes(application, "BANK_ACCOUNT") == ["MATCH"]


def test_a_service_that_is_down_cannot_decide_and_is_asked_again_ever_later_for_a_day(ada, told):
    told.answers = [DOWN]
    application, at = declare(ada, account=ACCOUNT), timezone.now()
    begin(application, at=at)
    for minutes in range(26 * 60):
        work(application, at=at + timedelta(minutes=minutes))
    assert 8 <= len(told.asked) <= 15
    assert job_of(application, "BANK_ACCOUNT").state == "GIVEN_UP"
    # Once when it began, and once when it was given up: what says nothing new is not written down.
    assert outcomes(application, "BANK_ACCOUNT") == ["UNDECIDED", "UNDECIDED"]
    assert found(application, "BANK_ACCOUNT")[0][1]["reason"] == "gateway_unavailable"


def test_a_service_that_comes_back_is_believed(ada, told):
    told.answers = [DOWN, DOWN, AGREES]
    application, at = declare(ada, account=ACCOUNT), timezone.now()
    begin(application, at=at)
    for hours in range(4):
        work(application, at=at + hours * HOUR)
    assert outcomes(application, "BANK_ACCOUNT") == ["UNDECIDED", "MATCH"]


@pytest.mark.parametrize("broken", [RuntimeError("22222222221 of Ada"), "nonsense", None])
def test_a_service_that_breaks_or_talks_nonsense_never_passes_nor_fails_anybody(ada, told, broken, caplog):
    told.answers = [broken]
    application = declare(ada, bvn=BVN)
    with caplog.at_level(logging.INFO):
        begin(application)
        work(application)
    assert outcomes(application, "BVN") == ["UNDECIDED"]
    assert BVN not in caplog.text and "of Ada" not in caplog.text


def test_a_worker_that_dies_after_the_call_leaves_the_question_to_the_next(ada, told):
    application, at = declare(ada, account=ACCOUNT), timezone.now()
    begin(application, at=at)
    with acting_as_service():
        KycCheckJob.objects.exclude(kind="BANK_ACCOUNT").update(next_at=None)
    assert checking.take_due(at=at) is not None
    assert checking.take_due(at=at) is None
    work(application, at=at + checking.LEASE)
    assert outcomes(application, "BANK_ACCOUNT") == ["MATCH"]


def test_a_worker_that_was_too_slow_adds_nothing(ada, told):
    application, at = declare(ada, account=ACCOUNT), timezone.now()
    begin(application, at=at)
    slow = checking.take_due(at=at, application_id=application.pk)
    work(application, at=at + checking.LEASE)
    assert checking.run(job=slow, at=at + checking.LEASE) is None
    assert outcomes(application, "BANK_ACCOUNT") == ["MATCH"]


def test_nothing_is_asked_inside_a_transaction(ada, told):
    application = declare(ada, account=ACCOUNT)
    begin(application)
    job = checking.take_due(at=timezone.now(), application_id=application.pk)
    with acting_as_service(), pytest.raises(RuntimeError, match="inside a transaction"):
        checking.run(job=job, at=timezone.now())
    assert told.asked == []


def test_what_was_decided_meanwhile_is_not_asked_about_any_more(ada, told):
    application = declare(ada, account=ACCOUNT)
    begin(application)
    with acting_as_service():
        KycApplication.objects.filter(pk=application.pk).update(state="EXPIRED")
    work(application)
    assert told.asked == []
    assert job_of(application, "BANK_ACCOUNT").state == "GIVEN_UP"


def test_a_new_revision_is_checked_anew_and_the_old_questions_are_dropped(ada, told):
    told.answers = [DOWN]
    application = declare(ada, account=ACCOUNT)
    begin(application)
    work(application)
    told.answers = [AGREES]
    with acting_as_service():
        KycApplication.objects.filter(pk=application.pk).update(revision=2)
    begin(now(application))
    work(application)
    work(application, at=timezone.now() + DAY)
    with acting_as_service():
        [check] = [one for one in checks.latest_of_each(application) if one.kind == "BANK_ACCOUNT"]
    assert (check.outcome, check.revision, len(told.asked)) == ("MATCH", 2, 2)


def test_staff_ask_anew_and_are_told_when_there_is_nothing_to_ask(ada, told):
    agent, at = make_person(role="AGENT"), timezone.now()
    application = declare(ada, account=ACCOUNT)
    begin(application, at=at)
    work(application)
    told.answers = [Finding("MISMATCH", "test", score=Decimal("0.2"))]
    with no_worker():
        checks.rerun(application=application, kind="BANK_ACCOUNT", by=agent, at=at)
    work(application)
    assert outcomes(application, "BANK_ACCOUNT") == ["MATCH", "MISMATCH"]
    with pytest.raises(checks.NothingToCheck):
        checks.rerun(application=application, kind="BVN", by=agent, at=at)
    with acting_as_service():
        assert AuditEvent.objects.get(action="kyc.check.asked_anew").actor_id == agent.pk
        KycCheckJob.objects.filter(round=1).update(state="WAITING", tries=0, next_at=at)
    with pytest.raises(checks.CheckUnderWay):
        checks.rerun(application=application, kind="BANK_ACCOUNT", by=agent, at=at)


def test_what_a_service_said_is_sealed_and_opens_only_in_its_own_row(ada, told):
    told.answers = [Finding("MATCH", "test", facts={"name": "ADA SECRET OBI"})]
    application = declare(ada, account=ACCOUNT, bvn=BVN)
    begin(application)
    work(application)
    with acting_as_service():
        one, other = KycCheck.objects.filter(source="test").order_by("kind")
        assert "SECRET" not in one.facts and one.facts.startswith("v1:")
        assert checks.facts_of(one) == {"name": "ADA SECRET OBI"}
        other.facts = one.facts
        with pytest.raises(Exception, match="not from this place"):
            checks.facts_of(other)


def test_neither_customers_nor_strangers_see_checks_or_what_waits(ada, told):
    application = declare(ada, account=ACCOUNT)
    begin(application)
    work(application)
    for table in (
        "accounts_kyccheck",
        "accounts_kyccheckjob",
        "accounts_sanctionslist",
        "accounts_sanctionsentry",
        "accounts_screeninghit",
    ):
        with acting_as(ada), connection.cursor() as cursor, pytest.raises(Error, match="permission denied"):
            cursor.execute(f"select * from {table}")


def test_a_check_is_never_changed(ada, told):
    application = declare(ada, account=ACCOUNT)
    begin(application)
    work(application)
    with acting_as_service(), connection.cursor() as cursor, pytest.raises(Error, match="permission denied"):
        cursor.execute("update accounts_kyccheck set outcome = 'MATCH'")


def test_the_priority_follows_the_checks_and_leaves_the_revision_alone(ada, told):
    told.answers = [Finding("MISMATCH", "test", score=Decimal("0.1"))]
    application = declare(ada, account=ACCOUNT, tier=3)
    begin(application)
    assert now(application).priority == 18
    work(application)
    assert (now(application).priority, now(application).revision) == (33, 1)


@pytest.mark.parametrize(
    ("facts", "wanted"),
    [
        ({}, 0),
        ({"target_tier": 3, "days_old": 1}, 18),
        ({"outcomes": ["MATCH", "CLEAR", "UNDECIDED", "PENDING"]}, 0),
        ({"outcomes": ["MISMATCH", "PARTIAL"]}, 20),
        ({"outcomes": ["MISMATCH"] * 9}, 45),
        ({"outcomes": ["HIT"]}, 50),
        ({"outcomes": ["HIT"], "exact_hit": True}, 80),
        ({"reasons": {"sent_by_others": 2}}, 20),
        ({"outcomes": ["HIT", *["MISMATCH"] * 9], "exact_hit": True, "target_tier": 3}, 100),
    ],
)
def test_the_rule_of_priority(facts, wanted):
    plain = {"target_tier": 1, "days_old": 400, "outcomes": [], "reasons": {}, "exact_hit": False}
    assert priority(**{**plain, **facts}) == wanted


def test_a_document_of_the_wrong_type_or_that_others_sent_is_seen(ada, bola, told, monkeypatch):
    jpeg = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01" + b"\x00" * 64
    monkeypatch.setattr(checking, "_reader", lambda job: lambda: iter([CONTENT[job.document.object_name]]))
    CONTENT = {"a": jpeg, "b": b"%PDF-1.7 ...", "c": jpeg}
    other = declare(bola)
    give_document(other, name="z", content=jpeg)
    application = declare(ada)
    give_document(application, name="a", content=jpeg)
    give_document(application, name="b", kind="SELFIE", side="WHOLE")
    give_document(application, name="c", content=b"another", side="BACK")
    begin(application)
    work(application)
    seen = {facts["reason"]: outcome for outcome, facts in found(application, "DOCUMENT")}
    assert seen == {"sent_by_others": "PARTIAL", "wrong_type": "MISMATCH", "staff_look": "UNDECIDED"}


def test_workers_at_once_share_the_checks_and_each_is_asked_once(ada, bola: User, told):
    for person in (ada, bola):
        begin(declare(person, account=ACCOUNT, bvn=BVN if person is ada else "11111111111"))
    at_once(*[check_tasks.run_due_checks] * 4)
    assert sorted(bool(asked.number) for asked in told.asked) == [False, False, True, True]
    with acting_as_service():
        assert KycCheck.objects.filter(outcome="MATCH").count() == 4
