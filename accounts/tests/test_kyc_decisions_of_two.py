"""Two people above tier 2, and wherever a check speaks against it: refused by the services and by the database."""

import psycopg
import pytest
from django.db import Error, IntegrityError, connection, transaction
from django.utils import timezone

from accounts.kyc import findings as weighing
from accounts.kyc import hits
from accounts.models import Customer, KycApplication, KycDecision, User
from accounts.services.kyc import allowing, decisions, queue
from accounts.services.kyc.checks import latest_of_each
from accounts.tests.factories import make_person
from accounts.tests.kyc_cases import (
    FIRST,
    SECOND,
    claimed,
    facts,
    make_application,
    make_check,
    make_document,
    make_reviewer,
    now,
    recommended,
    told_nothing,
)
from core.actors import acting_as_service
from core.ids import uuid7

pytestmark = pytest.mark.usefixtures("transactional_db")
State = KycApplication.State


def superuser() -> User:
    with acting_as_service():
        User.objects.filter(pk=(made := make_person(role="ADMIN")).pk).update(is_superuser=True)
        return User.objects.get(pk=made.pk)


def tier_of(case: KycApplication) -> int:
    with acting_as_service():
        return Customer.objects.get(pk=case.customer_id).tier


def test_one_recommends_and_another_approves():
    first, second, case = make_reviewer(), make_reviewer(SECOND), make_application(tier=3)
    claimed(case, first)
    with pytest.raises(allowing.SecondPersonNeeded):
        decisions.approve(**facts(case, first))
    decisions.recommend(**told_nothing(facts(case, first)))
    assert (now(case).state, now(case).recommended_by_id, tier_of(case)) == (State.SUBMITTED, first.pk, 1)
    claimed(case, second)
    decisions.approve(**facts(case, second))
    assert (now(case).state, now(case).decided_by_id, tier_of(case)) == (State.APPROVED, second.pk, 3)


@pytest.mark.parametrize("who", ["with both rights", "superuser"])
def test_the_same_person_does_not_do_both_whoever_they_are(who):
    both = superuser() if who == "superuser" else make_reviewer(FIRST, SECOND)
    case = recommended(make_application(tier=3), both)
    with pytest.raises(queue.NotForYou):
        claimed(case, both)
    # Even with a claim that somebody slipped them.
    with acting_as_service():
        KycApplication.objects.filter(pk=case.pk).update(
            state=State.IN_REVIEW, claimed_by=both, leased_until=timezone.now() + queue.LEASE
        )
    with pytest.raises(allowing.SecondPersonNeeded):
        decisions.approve(**facts(case, both))
    assert tier_of(case) == 1


def raw(statement: str, *values: object) -> None:
    with acting_as_service(), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement, values)


APPROVED = (
    "update accounts_kycapplication set state = 'APPROVED', decided_at = now(), decided_by_id = %s, "
    "recommended_by_id = %s where id = %s"
)
DECIDED = (
    "insert into accounts_kycdecision (id, application_id, outcome, revision, reason_code, text, message, "
    "asked_again, by_id, at) values (%s, %s, 'APPROVE', %s, 'ALL_IN_ORDER', 'raw', '', '[]', %s, now())"
)


def test_raw_sql_of_the_service_does_not_approve_for_one_person_either():
    both = superuser()
    other = make_reviewer(SECOND)
    case = recommended(make_application(tier=3), both)
    with acting_as_service():
        KycApplication.objects.filter(pk=case.pk).update(
            state=State.IN_REVIEW, claimed_by=both, leased_until=timezone.now() + queue.LEASE
        )
    raw(DECIDED, uuid7(), case.pk, 1, both.pk)
    for decider, recommender in ((both, both), (both, None), (both, other), (other, both)):
        with pytest.raises(IntegrityError):
            raw(APPROVED, decider.pk, recommender.pk if recommender else None, case.pk)
    assert now(case).state == State.IN_REVIEW and tier_of(case) == 1


def test_the_database_refuses_decisions_on_ones_own_of_another_revision_and_without_the_claim():
    agent, case = make_reviewer(), make_application()
    with pytest.raises(IntegrityError, match="only who holds"):
        raw(DECIDED, uuid7(), case.pk, 1, agent.pk)
    claimed(case, agent)
    with pytest.raises(IntegrityError, match="revision"):
        raw(DECIDED, uuid7(), case.pk, 7, agent.pk)
    with pytest.raises(IntegrityError, match="own application"):
        raw(DECIDED, uuid7(), case.pk, 1, case.customer_id)
    with pytest.raises(IntegrityError, match="only who holds"):
        raw(DECIDED, uuid7(), case.pk, 1, make_reviewer().pk)


def test_a_decision_is_never_edited_and_a_decided_application_never_changed():
    agent, case = make_reviewer(), make_application()
    claimed(case, agent)
    decisions.approve(**facts(case, agent))
    for statement in (
        "update accounts_kycdecision set text = 'other'",
        "delete from accounts_kycdecision",
        "update accounts_kycapplication set state = 'IN_REVIEW'",
        "update accounts_kycapplication set address = 'elsewhere'",
    ):
        with pytest.raises((Error, psycopg.Error)):
            raw(statement)
    with acting_as_service():
        assert KycDecision.objects.get().text == "Passport and selfie agree"


def test_a_check_that_speaks_against_it_wants_an_override_and_a_second_person():
    first, second, case = make_reviewer(), make_reviewer(SECOND), make_application(tier=2)
    make_check(case, "BVN", "MISMATCH")
    claimed(case, first)
    for code in ("ALL_IN_ORDER", "SEEN_BY_HAND", "OVERRIDE_CHECK"):
        with pytest.raises(allowing.ChecksDisagree) as refused:
            decisions.approve(**facts(case, first, reason_code=code))
        assert refused.value.data["kinds"] == ["BVN"]
    with pytest.raises(allowing.ChecksDisagree):
        decisions.recommend(**told_nothing(facts(case, first)))
    decisions.recommend(**told_nothing(facts(case, first, reason_code="OVERRIDE_CHECK")))
    claimed(case, second)
    with pytest.raises(allowing.ChecksDisagree):
        decisions.approve(**facts(case, second))
    decisions.approve(**facts(case, second, reason_code="OVERRIDE_CHECK"))
    assert tier_of(case) == 2


def test_a_check_without_an_answer_is_passed_by_hand_with_what_was_seen():
    agent, case = make_reviewer(), make_application()
    make_check(case, "NIN", "UNDECIDED")
    claimed(case, agent)
    with pytest.raises(allowing.ChecksUndecided):
        decisions.approve(**facts(case, agent))
    decisions.approve(**facts(case, agent, reason_code="SEEN_BY_HAND"))
    assert tier_of(case) == 2


def test_only_the_newest_check_of_a_kind_and_of_a_current_document_counts():
    agent, case = make_reviewer(), make_application()
    make_check(case, "BVN", "MISMATCH")
    make_check(case, "BVN", "MATCH")
    make_check(case, "DOCUMENT", "MISMATCH", document=make_document(case, state="REPLACED"))
    make_check(case, "DOCUMENT", "MATCH", document=make_document(case))
    claimed(case, agent)
    decisions.approve(**facts(case, agent))
    assert tier_of(case) == 2


def hit(state: str) -> hits.Hit:
    return hits.Hit(uuid7(), "UN", "A. Obiakor", "", 1, state, state)


@pytest.mark.parametrize(
    ("states", "counts", "listed"),
    [
        ([], True, False),
        ([hits.OPEN], True, False),
        ([hits.CLEARED, hits.OPEN], True, False),
        ([hits.CLEARED], False, False),
        ([hits.CONFIRMED, hits.CLEARED], True, True),
    ],
)
def test_a_hit_counts_until_all_of_it_is_cleared_and_a_confirmed_one_is_final(states, counts, listed):
    case = make_application()
    make_check(case, "SCREENING", "HIT")
    with acting_as_service():
        checks = latest_of_each(case)
    found = weighing.findings(checks=checks, hits=[hit(state) for state in states])
    assert (bool(found.against), found.is_listed) == (counts, listed)


def test_a_recommendation_is_only_made_where_it_is_needed_and_once():
    agent, case = make_reviewer(), make_application(tier=2)
    claimed(case, agent)
    with pytest.raises(allowing.NoSecondPersonNeeded):
        decisions.recommend(**told_nothing(facts(case, agent)))


@pytest.mark.parametrize("right", ["view_kycapplication", FIRST, SECOND])
def test_each_decision_takes_its_right(right):
    """Of a case that waits for a second person, held by somebody with one right only."""
    case = recommended(make_application(tier=3), make_reviewer())
    agent = make_reviewer(right)
    with acting_as_service():
        KycApplication.objects.filter(pk=case.pk).update(
            state=State.IN_REVIEW, claimed_by=agent, leased_until=timezone.now() + queue.LEASE
        )
        offered = allowing.outcomes_for(application=now(case), user=agent)
    given = facts(case, agent)
    if right != SECOND:
        for decide in (decisions.approve, decisions.send_back):
            with pytest.raises(allowing.MayNotDecide):
                decide(**(given if decide is decisions.approve else told_nothing(given)))
    if right != FIRST:
        with pytest.raises(allowing.MayNotDecide):
            decisions.reject(**given)
    wanted = {FIRST: ["ASK_MORE", "REJECT"], SECOND: ["APPROVE", "SEND_BACK"]}
    assert offered == wanted.get(right, [])
