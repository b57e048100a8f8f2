"""Who gets which case: the most urgent first, one agent each, until the lease runs out."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from django.db import connections
from django.utils import timezone

from accounts import tasks
from accounts.kyc import reasons
from accounts.models import AuditEvent, KycApplication, KycStateChange
from accounts.services.kyc import queue
from accounts.services.kyc.moving import WrongState
from accounts.tests.factories import make_person
from accounts.tests.kyc_cases import (
    FIRST,
    SECOND,
    claimed,
    make_application,
    make_reviewer,
    now,
    recommended,
)
from core.actors import acting_as_service

pytestmark = pytest.mark.usefixtures("transactional_db")
State = KycApplication.State
HOUR, LATER = timedelta(hours=1), queue.LEASE + timedelta(seconds=1)


def test_the_next_case_is_the_riskiest_and_among_equals_the_one_that_waited_longest():
    at, agent = timezone.now(), make_reviewer()
    make_application(state=State.DRAFT, priority=90)
    young = make_application(priority=60, at=at - HOUR)
    old = make_application(priority=60, at=at - 3 * HOUR)
    calm = make_application(priority=0, at=at - 90 * HOUR)
    risky = make_application(priority=90, at=at)
    got = [queue.claim_next(by=agent, at=at).pk for _ in range(4)]
    assert got == [risky.pk, old.pk, young.pk, calm.pk]
    with pytest.raises(queue.NothingToClaim):
        queue.claim_next(by=agent, at=at)
    with acting_as_service():
        assert now(risky).state == State.IN_REVIEW and now(risky).claimed_by_id == agent.pk
        assert AuditEvent.objects.filter(action="kyc.application.claimed").count() == 4


def test_agents_who_ask_at_once_never_get_the_same_case():
    agents = [make_reviewer() for _ in range(6)]
    cases = {make_application().pk for _ in range(20)}
    start = Barrier(len(agents))

    def work(agent):
        try:
            start.wait()
            return [queue.claim_next(by=agent, at=timezone.now()).pk for _ in range(3)]
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(agents)) as pool:
        got = [key for keys in pool.map(work, agents) for key in keys]
    assert len(got) == len(set(got)) == 18 and set(got) <= cases


def test_two_agents_who_choose_the_same_case_at_once_do_not_both_get_it():
    agents, case, start = [make_reviewer(), make_reviewer()], make_application(), Barrier(2)

    def work(agent):
        try:
            start.wait()
            return queue.claim(application_id=case.pk, by=agent, at=timezone.now()).claimed_by_id
        except queue.ClaimedByAnother:
            return None
        finally:
            connections.close_all()

    with ThreadPoolExecutor(2) as pool:
        got = list(pool.map(work, agents))
    assert got.count(None) == 1 and now(case).claimed_by_id in got


def test_one_agent_holds_five_cases_at_most_even_when_asking_many_times_at_once():
    agent, at = make_reviewer(), timezone.now()
    for _ in range(9):
        make_application()
    start = Barrier(9)

    def work(_number):
        try:
            start.wait()
            return queue.claim_next(by=agent, at=at).pk
        except queue.TooManyClaims:
            return None
        finally:
            connections.close_all()

    with ThreadPoolExecutor(9) as pool:
        got = [key for key in pool.map(work, range(9)) if key]
    assert len(set(got)) == queue.MOST_CLAIMS
    with acting_as_service():
        assert queue.claims_of(agent, at=at).count() == queue.MOST_CLAIMS
    # What they hold already they may open again.
    queue.claim(application_id=got[0], by=agent, at=at)


def test_a_lease_that_ran_out_is_nobodys_though_no_sweep_has_been_by():
    first, second, at = make_reviewer(), make_reviewer(), timezone.now()
    case = make_application(at=at - HOUR)
    claimed(case, first, at)
    with pytest.raises(queue.NothingToClaim):
        queue.claim_next(by=second, at=at + queue.LEASE - timedelta(seconds=1))
    with pytest.raises(queue.ClaimedByAnother):
        claimed(case, second, at)
    assert queue.claim_next(by=second, at=at + LATER).pk == case.pk
    with pytest.raises(queue.NotClaimed):
        queue.release(application_id=case.pk, by=first, at=at + LATER)
    with acting_as_service():
        ways = list(KycStateChange.objects.order_by("id").values_list("to_state", "by", "reason_code"))
    assert ways[1:] == [
        ("IN_REVIEW", first.pk, ""),
        ("SUBMITTED", None, reasons.LEASE_RAN_OUT),
        ("IN_REVIEW", second.pk, ""),
    ]


def test_looking_makes_the_lease_last_for_who_holds_the_case_only():
    first, second, at = make_reviewer(), make_reviewer(), timezone.now()
    case = claimed(make_application(), first, at)
    assert queue.look(application_id=case.pk, by=first, at=at + 0.9 * queue.LEASE)
    assert now(case).leased_until == at + 1.9 * queue.LEASE
    assert not queue.look(application_id=case.pk, by=second, at=at)
    assert not queue.look(application_id=case.pk, by=first, at=at + 2 * queue.LEASE)
    assert now(case).leased_until == at + 1.9 * queue.LEASE


def test_the_sweep_returns_what_ran_out_and_nothing_else_however_often_it_runs():
    agent, at = make_reviewer(), timezone.now()
    ran_out = claimed(make_application(), agent, at - 2 * queue.LEASE)
    held = claimed(make_application(), agent, at)
    assert queue.return_lapsed(at=at) == 1
    tasks.return_lapsed_cases()
    assert (now(ran_out).state, now(ran_out).claimed_by_id) == (State.SUBMITTED, None)
    assert now(held).state == State.IN_REVIEW


def test_letting_go_returns_the_case_at_once():
    first, second = make_reviewer(), make_reviewer()
    case = claimed(make_application(), first)
    queue.release(application_id=case.pk, by=first, at=timezone.now())
    assert queue.claim_next(by=second, at=timezone.now()).pk == case.pk


def test_nobody_gets_their_own_application():
    agent = make_reviewer()
    own = make_application(customer=make_person(role="USER"))
    with acting_as_service():
        # Someone who banks with us, and works here.
        agent = own.customer.user
        agent.role = "AGENT"
        agent.save(update_fields=["role"])
        agent.user_permissions.set(make_reviewer(FIRST, SECOND).user_permissions.all())
    with pytest.raises(queue.NothingToClaim):
        queue.claim_next(by=agent, at=timezone.now())
    with pytest.raises(queue.NotForYou):
        claimed(own, agent)


def test_what_was_recommended_goes_to_another_who_may_approve():
    first, both = make_reviewer(), make_reviewer(FIRST, SECOND)
    case = recommended(make_application(tier=3, priority=90), both)
    plain = make_application(priority=0)
    with pytest.raises(queue.NotForYou):
        claimed(case, both)
    with pytest.raises(queue.NotForYou):
        claimed(case, first)
    assert queue.claim_next(by=first, at=timezone.now()).pk == plain.pk
    approver = make_reviewer(SECOND)
    assert queue.claim_next(by=approver, at=timezone.now()).pk == case.pk
    with pytest.raises(queue.NothingToClaim):
        queue.claim_next(by=approver, at=timezone.now())


def test_who_has_no_right_gets_nothing_and_what_does_not_wait_is_not_claimed():
    case = make_application()
    with pytest.raises(queue.NothingToClaim):
        queue.claim_next(by=make_reviewer("view_kycapplication"), at=timezone.now())
    with pytest.raises(queue.NotForYou):
        claimed(case, make_reviewer("view_kycapplication"))
    with pytest.raises(WrongState):
        claimed(make_application(state=State.DRAFT), make_reviewer())
