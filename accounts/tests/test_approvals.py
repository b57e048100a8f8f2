"""One proposes, another approves: what is frozen, who may, and when it can no longer be applied."""

import dataclasses
from datetime import timedelta

import pytest
from django.utils import timezone

from accounts import approvals, notice_words
from accounts.models import Approval, AuditEvent, Notification, Organization, User
from accounts.services import approvals as service
from accounts.tests.approving import (
    APPROVE,
    PROPOSE,
    NoSuchName,
    make_colleague,
    name_of,
    propose_name,
    register_rename,
    state_of,
    two_above_a_thousand,  # noqa: F401 - a fixture
)
from accounts.tests.factories import make_organization, make_person
from core.actors import acting_as_service

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _action(monkeypatch):
    register_rename(monkeypatch)


@pytest.fixture
def firm() -> Organization:
    return make_organization(owner=make_person(), name="Old")


def approve(approval: Approval, checker: User, at=None) -> Approval:
    return service.approve(approval_id=approval.pk, checker=checker, at=at or timezone.now())


def test_one_proposes_and_another_applies_it_once(firm):
    maker, checker = make_colleague(), make_colleague()
    approval = propose_name(firm, maker, amount=500)
    assert (approval.state, approval.amount, approval.approvals_needed) == ("PENDING", 500, 1)
    assert name_of(firm) == "Old"
    done = approve(approval, checker)
    assert (done.state, done.checker, done.decided_by) == ("APPLIED", checker, checker)
    assert done.posting_id and done.posting_id.int % 256 == 0
    assert name_of(firm) == "Old|New"
    # What it meant stays readable as it was on that day.
    assert service.description_of(done) == [("Name", "Old → New")]
    with pytest.raises(service.ApprovalDecided):
        approve(approval, make_colleague())
    assert name_of(firm) == "Old|New"
    with acting_as_service():
        trail = AuditEvent.objects.filter(target_id=str(approval.pk)).order_by("pk")
        assert [(event.action, event.actor_id) for event in trail] == [
            ("accounts.approval.proposed", maker.pk),
            ("accounts.approval.applied", checker.pk),
        ]
        assert trail[0].data["ticket"] == "T-1"


def test_nobody_approves_their_own_not_even_a_superuser(firm):
    boss = make_colleague()
    with acting_as_service():
        User.objects.filter(pk=boss.pk).update(is_superuser=True)
        boss = User.objects.get(pk=boss.pk)
    approval = propose_name(firm, boss)
    with pytest.raises(service.OtherPersonNeeded):
        approve(approval, boss)
    with pytest.raises(service.OtherPersonNeeded):
        service.reject(approval_id=approval.pk, checker=boss, reason="No", at=timezone.now())
    assert state_of(approval) == "PENDING" and name_of(firm) == "Old"


def test_rights_are_asked_of_both(firm):
    may_propose, may_approve = make_colleague(PROPOSE), make_colleague(APPROVE)
    with pytest.raises(service.NotAllowedToDecide):
        propose_name(firm, may_approve)
    approval = propose_name(firm, may_propose)
    for decide in (
        approve,
        lambda a, who: service.reject(approval_id=a.pk, checker=who, reason="", at=timezone.now()),
    ):
        with pytest.raises(service.NotAllowedToDecide):
            decide(approval, make_colleague(PROPOSE))
    approve(approval, may_approve)


def test_a_large_amount_takes_two_different_checkers(firm, two_above_a_thousand):  # noqa: F811
    maker, first, second = make_colleague(), make_colleague(), make_colleague()
    small, large = propose_name(firm, maker, "A", amount=999), propose_name(firm, maker, "B", amount=1_000)
    assert (small.approvals_needed, large.approvals_needed) == (1, 2)
    assert approve(large, first).state == "PENDING"
    assert name_of(firm) == "Old"
    with pytest.raises(service.OtherPersonNeeded):
        approve(large, first)
    done = approve(large, second)
    assert (done.state, done.checker, done.second_checker) == ("APPLIED", first, second)
    assert name_of(firm) == "Old|B"
    with pytest.raises(service.ApprovalStale):
        approve(small, first)


def test_what_changed_since_stays_overtaken(firm):
    maker, checker = make_colleague(), make_colleague()
    approval = propose_name(firm, maker)
    _rename(firm, "Other")
    with acting_as_service():
        assert service.is_overtaken(approval)
    with pytest.raises(service.ApprovalStale):
        approve(approval, checker)
    _rename(firm, "Old")
    with pytest.raises(service.ApprovalDecided):
        approve(approval, checker)
    assert (state_of(approval), name_of(firm)) == ("STALE", "Old")


def test_of_two_proposals_on_one_state_only_one_is_applied(firm):
    maker, checker = make_colleague(), make_colleague()
    first, second = propose_name(firm, maker, "A"), propose_name(firm, maker, "B")
    approve(second, checker)
    with pytest.raises(service.ApprovalStale):
        approve(first, checker)
    assert name_of(firm) == "Old|B"


def test_what_ran_out_cannot_be_applied(firm):
    maker, checker, at = make_colleague(), make_colleague(), timezone.now()
    approval = propose_name(firm, maker, at=at)
    assert approval.expires_at == at + timedelta(hours=72)
    with pytest.raises(service.ApprovalExpired):
        approve(approval, checker, at=approval.expires_at)
    assert (state_of(approval), name_of(firm)) == ("EXPIRED", "Old")
    # What ran out, also where nobody wrote that down yet, hinders no new one.
    again = propose_name(firm, maker, at=at)
    renewed = propose_name(firm, maker, at=at + timedelta(hours=72))
    assert (state_of(again), renewed.state) == ("EXPIRED", "PENDING")


def test_a_sweep_ends_what_ran_out_or_was_overtaken(firm):
    maker, at = make_colleague(), timezone.now()
    old = propose_name(_another(), maker, "A", at=at - timedelta(hours=73))
    overtaken, good = propose_name(firm, maker, "B", at=at), propose_name(_another(), maker, at=at)
    _rename(firm, "Other")
    assert service.expire(at=at) == 2
    assert [state_of(each) for each in (old, overtaken, good)] == ["EXPIRED", "STALE", "PENDING"]
    assert service.expire(at=at) == 0


def test_a_sweep_ends_what_lost_its_target_and_leaves_what_only_newer_code_knows(firm, monkeypatch):
    maker, at = make_colleague(), timezone.now()
    gone, unknown = propose_name(firm, maker, at=at), propose_name(_another(), maker, at=at)
    kind = approvals.action_of("test.rename")

    def is_gone(payload: approvals.Payload) -> str:
        if payload["organization"] == str(firm.pk):
            raise NoSuchName
        return "Another"

    approvals._actions["test.rename"] = dataclasses.replace(kind, target_version=is_gone)
    assert service.expire(at=at) == 1
    approvals._actions.pop("test.rename")
    assert service.expire(at=at) == 0
    assert [state_of(each) for each in (gone, unknown)] == ["STALE", "PENDING"]
    with acting_as_service():
        assert service.is_overtaken(unknown) and service.description_of(unknown) == []


def test_the_very_same_waits_once(firm):
    maker, other = make_colleague(), make_colleague()
    first = propose_name(firm, maker, amount=5)
    for who in (maker, other):
        with pytest.raises(service.ApprovalPending):
            propose_name(firm, who, amount=5)
    propose_name(firm, maker, amount=6)
    service.withdraw(approval_id=first.pk, maker=maker, at=timezone.now())
    propose_name(firm, maker, amount=5)


def test_a_refusal_of_the_action_leaves_it_waiting(firm, monkeypatch):
    maker, checker = make_colleague(), make_colleague()
    with pytest.raises(NoSuchName):
        propose_name(firm, maker, "")
    approval = propose_name(firm, maker)
    kind = approvals.action_of(approval.action)

    def refuse(_payload: approvals.Payload) -> None:
        raise NoSuchName

    approvals._actions[kind.code] = dataclasses.replace(kind, check=refuse)
    with pytest.raises(NoSuchName):
        approve(approval, checker)
    assert (state_of(approval), name_of(firm)) == ("PENDING", "Old")


def test_only_the_maker_withdraws_and_a_rejection_has_its_reason(firm):
    maker, checker, at = make_colleague(), make_colleague(), timezone.now()
    taken_back, refused = propose_name(firm, maker, "A"), propose_name(firm, maker, "B")
    with pytest.raises(service.ApprovalNotFound):
        service.withdraw(approval_id=taken_back.pk, maker=checker, at=at)
    service.withdraw(approval_id=taken_back.pk, maker=maker, at=at)
    service.reject(approval_id=refused.pk, checker=checker, reason="The letter is not signed", at=at)
    for approval, state in ((taken_back, "WITHDRAWN"), (refused, "REJECTED")):
        assert state_of(approval) == state
        with pytest.raises(service.ApprovalDecided):
            approve(approval, checker)
    with acting_as_service():
        assert AuditEvent.objects.get(action="accounts.approval.rejected").data["reason"] == (
            "The letter is not signed"
        )


def test_a_secret_is_kept_sealed_and_never_told(firm):
    maker, checker = make_colleague(), make_colleague()
    approval = propose_name(firm, maker, secret="sk_live_abc")
    with acting_as_service():
        approval.refresh_from_db()
        told = [*AuditEvent.objects.values_list("data", flat=True), *service.description_of(approval)]
    assert "sk_live_abc" not in str(approval.payload) + str(told)
    with pytest.raises(service.ApprovalPending):
        propose_name(firm, maker, secret="sk_live_abc")
    approve(approval, checker)


@pytest.mark.parametrize("value", [1.5, timezone.now(), {1: "a"}, ("a",)])
def test_a_payload_holds_only_what_json_brings_back(firm, value):
    with pytest.raises(TypeError):
        propose_name(firm, make_colleague(), other=value)


def test_what_nobody_registered_is_refused(firm):
    with pytest.raises(approvals.UnknownAction):
        service.propose(
            action="test.unknown", payload={}, target="", maker=make_colleague(), reason="", at=timezone.now()
        )
    with pytest.raises(ValueError):
        approvals.register(dataclasses.replace(approvals.action_of("test.rename"), label="Other"))


def _rename(firm: Organization, name: str) -> None:
    with acting_as_service():
        Organization.objects.filter(pk=firm.pk).update(name=name)


def _another() -> Organization:
    return make_organization(owner=make_person(), name="Another")


def test_the_maker_hears_what_became_of_it_and_who_withdrew_nothing(firm):
    maker, checker, at = make_colleague(), make_colleague(), timezone.now()
    service.withdraw(approval_id=propose_name(firm, maker).pk, maker=maker, at=at)
    service.reject(approval_id=propose_name(firm, maker).pk, checker=checker, reason="Not now", at=at)
    first, second = propose_name(firm, maker, name="A"), propose_name(firm, maker, name="B")
    approve(first, checker)
    with pytest.raises(service.ApprovalStale):
        approve(second, checker)
    late = propose_name(firm, maker)
    service.expire(at=at + timedelta(days=30))
    with acting_as_service():
        told = list(Notification.objects.filter(user=maker).order_by("pk"))
        assert not Notification.objects.filter(user=checker).exists()
    assert [notice.event for notice in told] == [
        *("approval.rejected", "approval.applied", "approval.stale"),
        "approval.expired",
    ]
    words = notice_words.said(told[0])
    assert (str(words.title), words.note) == ("Your proposal was not approved: Rename", "Not now")
    assert words.href == f"/staff/accounts/approval/{told[0].data['approval']}/change/"
    assert notice_words.said(told[3]).href.endswith(f"/{late.pk}/change/")
