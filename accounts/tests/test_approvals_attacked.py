"""The database refuses by itself what the service would: forged rows, one's own word, two words at once."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.conf import settings
from django.db import Error, connection, connections, transaction
from django.utils import timezone
from psycopg import sql

from accounts.models import Approval, AuditEvent, Organization, User
from accounts.services import approvals as service
from accounts.tests.approving import (
    make_colleague,
    name_of,
    propose_name,
    register_rename,
    state_of,
    two_above_a_thousand,  # noqa: F401 - a fixture
)
from accounts.tests.factories import make_organization, make_person
from conftest import superuser
from core.actors import acting_as, acting_as_service
from core.errors import DomainError

pytestmark = pytest.mark.usefixtures("transactional_db")


@pytest.fixture(autouse=True)
def _action(monkeypatch):
    register_rename(monkeypatch)


@pytest.fixture
def firm() -> Organization:
    return make_organization(owner=make_person(), name="Old")


APPLIED = "state = 'APPLIED', decided_at = made_at, checked_at = made_at"
# What the service's own role may not write either, and what the database says to it.
FORGERIES = {
    "one's own word": ("checker_id = maker_id, checked_at = made_at", "different_people"),
    "one's own word, applied": (
        f"{APPLIED}, checker_id = maker_id, decided_by_id = maker_id",
        "violates check",
    ),
    "nobody's word": ("state = 'APPLIED', decided_at = made_at", "applied_by_enough"),
    "nobody's decision": (f"{APPLIED}, checker_id = '{{other}}'", "applied_by_enough"),
    "one word where it takes two": (
        f"{APPLIED}, checker_id = '{{other}}', decided_by_id = '{{other}}'",
        "applied_by_enough",
    ),
    "the same word twice": (
        f"{APPLIED}, checker_id = '{{other}}', second_checker_id = '{{other}}', decided_by_id = '{{other}}'",
        "different_people",
    ),
    "the maker as the second": (
        f"{APPLIED}, checker_id = '{{other}}', second_checker_id = maker_id, decided_by_id = maker_id",
        "different_people",
    ),
    "too late": (
        "state = 'APPLIED', decided_at = expires_at, checked_at = made_at, checker_id = '{other}', "
        "second_checker_id = '{third}', decided_by_id = '{third}'",
        "applied_by_enough",
    ),
    "rejected by its maker": (
        "state = 'REJECTED', decided_at = made_at, decided_by_id = maker_id",
        "ended_by",
    ),
    "withdrawn by another": (
        "state = 'WITHDRAWN', decided_at = made_at, decided_by_id = '{other}'",
        "ended_by",
    ),
    "withdrawn by nobody": ("state = 'WITHDRAWN', decided_at = made_at", "ended_by"),
    "another payload": ('payload = payload || \'{{"name": "Mine"}}\'', "frozen"),
    "another hash": ("payload_hash = repeat('0', 64)", "frozen"),
    "another maker": ("maker_id = '{other}'", "frozen"),
    "another target": ("target = 'organization:1'", "frozen"),
    "fewer checkers": ("approvals_needed = 1", "frozen"),
    "more time": ("expires_at = expires_at + interval '1 year'", "frozen"),
    "a smaller amount": ("amount = 1", "frozen"),
}


@pytest.mark.parametrize("forgery", FORGERIES)
def test_a_forged_decision_is_refused_by_the_database(firm, two_above_a_thousand, forgery):  # noqa: F811
    approval = propose_name(firm, _superuser(), amount=1_000)
    change, refusal = FORGERIES[forgery]
    change = change.format(other=make_colleague().pk, third=make_colleague().pk)
    with pytest.raises(Error, match=refusal), acting_as_service(), connection.cursor() as cursor:
        cursor.execute(f"update accounts_approval set {change} where id = %s", [approval.pk])
    assert state_of(approval) == "PENDING"


def _superuser() -> User:
    boss = make_colleague()
    with acting_as_service():
        User.objects.filter(pk=boss.pk).update(is_superuser=True)
        return User.objects.get(pk=boss.pk)


def test_a_decided_row_and_the_first_word_stand(firm, two_above_a_thousand):  # noqa: F811
    maker, first, other = make_colleague(), make_colleague(), make_colleague()
    decided, half = propose_name(firm, maker, "A"), propose_name(firm, maker, "B", amount=1_000)
    service.approve(approval_id=half.pk, checker=first, at=timezone.now())
    service.approve(approval_id=decided.pk, checker=first, at=timezone.now())
    for statement in (
        f"update accounts_approval set state = 'PENDING', decided_at = null where id = '{decided.pk}'",
        f"update accounts_approval set checker_id = '{other.pk}' where id = '{half.pk}'",
        f"update accounts_approval set checker_id = null, checked_at = null where id = '{half.pk}'",
        f"delete from accounts_approval where id = '{decided.pk}'",
        "truncate accounts_approval",
        "update accounts_approvalband set approvals_needed = 1",
        "delete from accounts_approvalband",
    ):
        with pytest.raises(Error), acting_as_service(), connection.cursor() as cursor:
            cursor.execute(statement)
    assert (state_of(decided), state_of(half)) == ("APPLIED", "PENDING")


def test_a_row_begins_undecided_and_with_the_checkers_of_its_band(firm, two_above_a_thousand):  # noqa: F811
    approval = propose_name(firm, make_colleague(), amount=1_000)
    checker = make_colleague()
    for number, wrong in enumerate(
        (
            {"approvals_needed": 1},
            {"state": "STALE", "decided_at": timezone.now()},
            {"checker": checker, "checked_at": timezone.now()},
        )
    ):
        copy = Approval(**_facts(approval), payload_hash=str(number) * 64)
        for name, value in wrong.items():
            setattr(copy, name, value)
        with pytest.raises(Error, match=r"nothing decided|takes 2 checkers"), acting_as_service():
            copy.save(force_insert=True)


def _facts(approval: Approval) -> dict:
    names = (
        "action",
        "target",
        "payload",
        "amount",
        "approvals_needed",
        "reason",
        "maker",
        "made_at",
        "expires_at",
    )
    return {name: getattr(approval, name) for name in names}


@pytest.mark.parametrize(
    "change",
    [
        'payload = payload || \'{"name": "Mine"}\'',
        "payload = payload || '{\"amount\": 1}'",
        "payload = '[]'",
        'payload = payload || \'{"secret": "v1:k:AAAA:BBBB"}\'',
        "target = 'organization:1'",
        "target_version = 'Other'",
        "approvals_needed = 1",
        "amount = 1",
    ],
)
def test_what_the_owner_of_the_database_forged_is_noticed(firm, two_above_a_thousand, change):  # noqa: F811
    approval = propose_name(firm, make_colleague(), amount=1_000, secret="s")
    with superuser(settings.DATABASES["default"]["NAME"]) as owner:
        owner.execute("set session_replication_role = replica")
        owner.execute(sql.SQL(f"update accounts_approval set {change} where id = %s"), [approval.pk])  # type: ignore[arg-type]
    with pytest.raises(service.ApprovalChanged):
        service.approve(approval_id=approval.pk, checker=make_colleague(), at=timezone.now())
    assert (state_of(approval), name_of(firm)) == ("STALE", "Old")


def test_a_sealed_secret_of_another_proposal_is_noticed(firm):
    maker = make_colleague()
    one, other = propose_name(firm, maker, "A", secret="mine"), propose_name(firm, maker, "A", secret="yours")
    with superuser(settings.DATABASES["default"]["NAME"]) as owner:
        owner.execute("set session_replication_role = replica")
        owner.execute(
            "update accounts_approval mine set payload = yours.payload from accounts_approval yours "
            "where yours.id = %s and mine.id = %s",
            [other.pk, one.pk],
        )
    with pytest.raises(service.ApprovalChanged):
        service.approve(approval_id=one.pk, checker=make_colleague(), at=timezone.now())


def test_customers_and_strangers_see_and_change_nothing(firm):
    maker = make_colleague()
    propose_name(firm, maker)
    for who in (maker, make_person()):
        for table in ("accounts_approval", "accounts_approvalband"):
            with pytest.raises(Error), acting_as(who), connection.cursor() as cursor:
                cursor.execute(f"select * from {table}")


def test_two_checkers_at_once_apply_it_once(firm):
    approval = propose_name(firm, make_colleague())
    results = at_once(*[_approving(approval, make_colleague()) for _ in range(4)])
    assert sorted(results) == ["APPLIED", *["approval_decided"] * 3]
    assert name_of(firm) == "Old|New"


def test_two_words_at_once_are_both_heard_where_it_takes_two(firm, two_above_a_thousand):  # noqa: F811
    approval = propose_name(firm, make_colleague(), amount=1_000)
    results = at_once(*[_approving(approval, make_colleague()) for _ in range(3)])
    assert sorted(results) == ["APPLIED", "PENDING", "approval_decided"]
    assert name_of(firm) == "Old|New"


def test_two_proposals_on_one_state_at_once_apply_one(firm):
    maker = make_colleague()
    each = [propose_name(firm, maker, name) for name in "ABC"]
    results = at_once(*[_approving(approval, make_colleague()) for approval in each])
    assert sorted(results) == ["APPLIED", "approval_stale", "approval_stale"]
    assert name_of(firm) in ("Old|A", "Old|B", "Old|C")


def test_approve_withdraw_reject_and_expire_at_once_have_one_winner(firm):
    maker = make_colleague()
    for number in range(4):
        approval = propose_name(firm, maker, str(number))
        before = name_of(firm)
        end = approval.expires_at
        at_once(
            _approving(approval, make_colleague()),
            lambda: service.withdraw(approval_id=approval.pk, maker=maker, at=timezone.now()).state,  # noqa: B023
            lambda: (
                service.reject(
                    approval_id=approval.pk,  # noqa: B023
                    checker=make_colleague(),
                    reason="No",
                    at=timezone.now(),
                ).state
            ),
            lambda: str(service.expire(at=end)),  # noqa: B023
        )
        with acting_as_service():
            ends = AuditEvent.objects.filter(target_id=str(approval.pk)).exclude(
                action="accounts.approval.proposed"
            )
            assert len(ends) == 1
        assert name_of(firm) == (f"{before}|{number}" if state_of(approval) == "APPLIED" else before)


def _approving(approval: Approval, checker: User):
    return lambda: service.approve(approval_id=approval.pk, checker=checker, at=timezone.now()).state


def at_once(*deeds) -> list[str]:
    """Run each in a thread and connection of its own, all at the same moment; return states and refusals."""
    barrier = Barrier(len(deeds))

    def run(deed) -> str:
        try:
            barrier.wait()
            return str(deed())
        except DomainError as refusal:
            return refusal.code
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(deeds)) as pool:
        return list(pool.map(run, deeds))


def test_a_fault_while_applying_leaves_nothing(firm, monkeypatch):
    approval = propose_name(firm, make_colleague())

    def break_down(self, *args, **kwargs):
        raise RuntimeError("power cut")

    with monkeypatch.context() as patch:
        patch.setattr(Organization, "save", break_down)
        with pytest.raises(RuntimeError):
            service.approve(approval_id=approval.pk, checker=make_colleague(), at=timezone.now())
    assert (state_of(approval), name_of(firm)) == ("PENDING", "Old")
    with transaction.atomic():
        service.approve(approval_id=approval.pk, checker=make_colleague(), at=timezone.now())
    assert name_of(firm) == "Old|New"
