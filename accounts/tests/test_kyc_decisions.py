"""What staff decide: by whom, on which revision, with which reason, and what follows from it."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from django.db import connection, connections
from django.utils import timezone

from accounts.models import AuditEvent, Customer, KycApplication, KycDecision, KycDocument, Notification, User
from accounts.services.kyc import allowing, decisions, queue
from accounts.services.kyc.moving import locked
from accounts.tests.kyc_cases import (
    FIRST,
    SECOND,
    ask,
    claimed,
    edited,
    facts,
    make_application,
    make_document,
    make_reviewer,
    now,
    recommended,
    told_nothing,
)
from core.actors import acting_as, acting_as_service
from realtime.models import Message

pytestmark = pytest.mark.usefixtures("transactional_db")
State = KycApplication.State


def tier_of(case: KycApplication) -> int:
    with acting_as_service():
        return Customer.objects.get(pk=case.customer_id).tier


def notices_of(case: KycApplication) -> list[tuple[str, dict]]:
    with acting_as_service():
        return list(
            Notification.objects.filter(user_id=case.customer_id).values_list("event", "data").order_by("id")
        )


def test_one_person_approves_up_to_tier_2_and_the_customer_has_the_tier_and_hears_of_it():
    agent, case = make_reviewer(), make_application(tier=2)
    sent = make_document(case)
    claimed(case, agent)
    decisions.approve(**facts(case, agent))
    done = now(case)
    assert (done.state, done.decided_by_id, done.claimed_by_id) == (State.APPROVED, agent.pk, None)
    assert tier_of(case) == 2
    assert notices_of(case) == [("kyc.approved", {"application": str(case.pk), "tier": 2})]
    with acting_as_service():
        assert KycDocument.objects.get(pk=sent.pk).state == "ACCEPTED"
        assert done.changes.order_by("-id").first().message == "You are at the next tier now."
        assert Message.objects.filter(topic=f"user:{case.customer_id}", event="kyc.approved").exists()
        line = AuditEvent.objects.get(action="kyc.decision.approve")
    assert line.actor_id == agent.pk and line.data["revision"] == 1 and line.data["reason"] == "ALL_IN_ORDER"


def test_an_approval_never_lowers_a_tier():
    agent, case = make_reviewer(), make_application(tier=2)
    with acting_as_service():
        Customer.objects.filter(pk=case.customer_id).update(tier=3)
    claimed(case, agent)
    decisions.approve(**facts(case, agent))
    assert tier_of(case) == 3


def test_more_is_asked_for_by_document_with_reason_and_fix_and_nothing_else_is_touched():
    agent, case = make_reviewer(), make_application()
    blurred, fine = make_document(case), make_document(case, kind="SELFIE", side="WHOLE")
    claimed(case, agent)
    given = facts(case, agent, asked=[ask(blurred)], message="Please send your passport again.")
    given.pop("reason_code")
    decisions.ask_more(**given)
    asked = now(case)
    assert asked.state == State.MORE_NEEDED
    assert [item["document"] for item in asked.asked_again] == [str(blurred.pk)]
    with acting_as_service():
        blurred.refresh_from_db(), fine.refresh_from_db()
        decision = KycDecision.objects.get()
    assert (blurred.state, blurred.reason_code) == ("REJECTED", "BLURRED") and "daylight" in blurred.fix
    assert (fine.state, fine.reason_code) == ("PENDING", "")
    assert decision.asked_again == asked.asked_again and decision.reason_code == "BLURRED"
    assert notices_of(case) == [("kyc.more_needed", {"application": str(case.pk), "tier": 2})]


def test_only_what_belongs_to_the_application_and_still_counts_is_asked_for():
    agent, case = make_reviewer(), make_application()
    others, old = make_document(make_application()), make_document(case, state="REPLACED")
    claimed(case, agent)
    given = facts(case, agent)
    given.pop("reason_code")
    for asked in ([], [ask(others)], [ask(old)]):
        with pytest.raises(decisions.NothingAsked):
            decisions.ask_more(**given, asked=asked)
    assert now(case).state == State.IN_REVIEW and notices_of(case) == []


def test_a_rejection_is_final_and_tells_the_customer():
    agent, case = make_reviewer(), make_application()
    claimed(case, agent)
    decisions.reject(**facts(case, agent, reason_code="UNDER_AGE", message="Apply again when you are 18."))
    assert (now(case).state, tier_of(case)) == (State.REJECTED, 1)
    assert notices_of(case)[0][0] == "kyc.rejected"
    for again in (decisions.approve, decisions.reject):
        with pytest.raises(queue.NotClaimed):
            again(**facts(case, agent))


@pytest.mark.parametrize(("code", "read"), [("UNDER_AGE", "UNDER_AGE"), ("ON_A_LIST", ""), ("FORGED", "")])
def test_a_customer_reads_no_reason_that_is_between_colleagues(code, read):
    agent, case = make_reviewer(), make_application()
    claimed(case, agent)
    decisions.reject(**facts(case, agent, reason_code=code, message="We cannot raise your tier."))
    with acting_as_service():
        customer = User.objects.get(pk=case.customer_id)
        assert KycDecision.objects.get().reason_code == code
    with acting_as(customer), connection.cursor() as cursor:
        cursor.execute("select to_state, reason_code from accounts_kycstatechange order by id desc")
        assert cursor.fetchone() == ("REJECTED", read)


def test_nothing_is_decided_without_a_live_claim():
    agent, other, case = make_reviewer(), make_reviewer(), make_application()
    with pytest.raises(queue.NotClaimed):
        decisions.approve(**facts(case, agent))
    claimed(case, agent)
    with pytest.raises(queue.NotClaimed):
        decisions.approve(**facts(case, other))
    with pytest.raises(queue.NotClaimed):
        decisions.approve(**facts(case, agent, at=timezone.now() + queue.LEASE))
    assert now(case).state == State.IN_REVIEW and tier_of(case) == 1


@pytest.mark.parametrize(
    ("given", "refusal"),
    [
        ({"reason_code": "BECAUSE"}, decisions.ReasonNeeded),
        ({"reason_code": ""}, decisions.ReasonNeeded),
        ({"text": " ok "}, decisions.ReasonNeeded),
        ({"text": "x" * 1001}, decisions.ReasonNeeded),
        ({"message": "  "}, decisions.MessageNeeded),
        ({"message": "x" * 2001}, decisions.MessageNeeded),
    ],
)
def test_a_decision_says_why_and_what_the_customer_is_told(given, refusal):
    agent, case = make_reviewer(), make_application()
    claimed(case, agent)
    with pytest.raises(refusal):
        decisions.approve(**facts(case, agent, **given))
    assert now(case).state == State.IN_REVIEW and notices_of(case) == []


def test_a_decision_on_an_earlier_revision_is_refused_by_name():
    agent, case = make_reviewer(), make_application()
    claimed(case, agent)
    edited(case)
    for decide in (decisions.approve, decisions.reject):
        with pytest.raises(decisions.Stale) as refused:
            decide(**facts(case, agent))
        assert refused.value.code == "kyc_stale" and refused.value.public_data == {"revision": 2}
    assert tier_of(case) == 1 and notices_of(case) == []


def test_a_document_replaced_after_review_began_makes_the_decision_stale():
    agent, case = make_reviewer(), make_application()
    old = make_document(case)
    claimed(case, agent)
    with acting_as_service():
        KycDocument.objects.filter(pk=old.pk).update(state="REPLACED")
    new = make_document(case)
    edited(case)
    with pytest.raises(decisions.Stale):
        decisions.approve(**facts(case, agent))
    with acting_as_service():
        assert KycDocument.objects.get(pk=new.pk).state == "PENDING"


def test_an_edit_and_an_approval_at_once_never_approve_what_nobody_saw():
    """Whoever has the lock first wins; the edit that comes second is of a decided application, the approval stale."""
    agent, start = make_reviewer(), Barrier(2)
    cases = [make_application() for _ in range(4)]

    def edit(case):
        try:
            start.wait()
            with acting_as_service():
                found = locked(case.pk)
                if found.is_open:
                    found.address, found.revision = "1 Other Road", found.revision + 1
                    found.save()
        finally:
            connections.close_all()

    def approve(case):
        try:
            start.wait()
            decisions.approve(**facts(case, agent))
        except decisions.Stale:
            pass
        finally:
            connections.close_all()

    for case in cases:
        claimed(case, agent)
        with ThreadPoolExecutor(2) as pool:
            list(pool.map(lambda work, case=case: work(case), (edit, approve)))
        after = now(case)
        approved = after.state == State.APPROVED
        assert (approved, after.address == "1 Other Road") in ((True, False), (False, True))
        assert tier_of(case) == (2 if approved else 1)
        if not approved:
            queue.release(application_id=case.pk, by=agent, at=timezone.now())


def test_a_customer_who_closed_their_account_is_not_approved():
    agent, case = make_reviewer(), make_application()
    with acting_as_service():
        Customer.objects.filter(pk=case.customer_id).update(status="CLOSED")
    claimed(case, agent)
    with pytest.raises(decisions.CustomerClosed):
        decisions.approve(**facts(case, agent))
    with acting_as_service():
        assert not KycDecision.objects.exists()


def test_a_recommendation_runs_out_and_one_of_an_earlier_revision_does_not_count():
    first, second = make_reviewer(), make_reviewer(FIRST, SECOND)
    case = recommended(make_application(tier=3), first)
    late = timezone.now() + allowing.RECOMMENDATION_LASTS
    claimed(case, second, late)
    with pytest.raises(allowing.RecommendationStale):
        decisions.approve(**facts(case, second, at=late))
    changed = recommended(make_application(tier=3), first)
    edited(changed)
    claimed(changed, second)
    with pytest.raises(allowing.RecommendationStale):
        decisions.approve(**facts(changed, second, revision=2))
    decisions.send_back(**told_nothing(facts(changed, second, revision=2, reason_code="RAN_OUT")))
    assert (now(changed).state, now(changed).recommended_by_id) == (State.SUBMITTED, None)
    assert notices_of(changed) == []


def test_asking_for_more_gives_the_customer_time():
    agent, case = make_reviewer(), make_application()
    at = case.expires_at - timedelta(days=1)
    sent = make_document(case)
    claimed(case, agent, at)
    given = facts(case, agent, asked=[ask(sent)], at=at)
    given.pop("reason_code")
    decisions.ask_more(**given)
    assert now(case).expires_at == at + decisions.TIME_TO_ANSWER
