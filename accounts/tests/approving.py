"""For tests of approvals: an action that takes two people, and people who may."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth.models import Permission
from django.utils import timezone

from accounts import approvals
from accounts.models import Approval, Organization, User
from accounts.services import approvals as service
from accounts.tests.factories import make_person
from conftest import superuser
from core.actors import acting_as_service
from core.errors import DomainError
from core.ids import uuid7

RENAME = "test.rename"
WHY = "The customer asked for it by letter"
PROPOSE, APPROVE = "accounts.end_sessions", "accounts.freeze_customer"


class NoSuchName(DomainError):
    code = "no_such_name"


def _organization(payload: approvals.Payload) -> Organization:
    return Organization.objects.get(pk=payload["organization"])


def _check(payload: approvals.Payload) -> None:
    if payload["name"] == "":
        raise NoSuchName


def _apply(payload: approvals.Payload, approval: Approval, at: datetime) -> None:
    organization = _organization(payload)
    # Adds rather than sets, so that twice would show.
    organization.name += f"|{payload['name']}"
    organization.save(update_fields=["name"])


def register_rename(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have an organisation's name changed only by two people, for the length of a test."""
    monkeypatch.setattr(approvals, "_actions", dict(approvals._actions))
    approvals.register(
        approvals.ApprovalAction(
            code=RENAME,
            label="Rename",
            propose=PROPOSE,
            approve=APPROVE,
            check=_check,
            target_version=lambda payload: _organization(payload).name,
            describe=lambda payload: [("Name", f"{_organization(payload).name} → {payload['name']}")],
            apply=_apply,
            amount=lambda payload: payload.get("amount"),
            sealed=frozenset({"secret"}),
            posts=True,
        )
    )


def make_colleague(*rights: str) -> User:
    """A member of staff with rights as `app.codename`; without any named, those of the test's own action."""
    agent = make_person(name="Agent", role="AGENT")
    with acting_as_service():
        for right in rights or (PROPOSE, APPROVE):
            app, _dot, codename = right.partition(".")
            agent.user_permissions.add(Permission.objects.get(content_type__app_label=app, codename=codename))
        return User.objects.get(pk=agent.pk)


def propose_name(organization: Organization, maker: User, name: str = "New", **more: Any) -> Approval:
    at = more.pop("at", None) or timezone.now()
    return service.propose(
        action=RENAME,
        payload={"organization": str(organization.pk), "name": name, **more},
        target=f"organization:{organization.pk}",
        maker=maker,
        reason=WHY,
        ticket="T-1",
        at=at,
    )


def applied(action: str) -> Approval:
    """A proposal of this action as it stands when it is being applied: what rules made by two people hang on."""
    people = [make_person(role="AGENT") for _side in range(2)]
    at = timezone.now()
    with acting_as_service():
        approval = Approval.objects.create(
            action=action,
            target="a test",
            payload={},
            payload_hash=uuid7().hex,
            approvals_needed=1,
            reason=WHY,
            maker=people[0],
            made_at=at,
            expires_at=at + timedelta(hours=1),
        )
        said = {"checker": people[1], "checked_at": at, "decided_by": people[1], "decided_at": at}
        Approval.objects.filter(pk=approval.pk).update(state=Approval.State.APPLIED, **said)
    return approval


def name_of(organization: Organization) -> str:
    with acting_as_service():
        return Organization.objects.get(pk=organization.pk).name


def state_of(approval: Approval) -> str:
    with acting_as_service():
        return Approval.objects.values_list("state", flat=True).get(pk=approval.pk)


@pytest.fixture
def two_above_a_thousand(django_db_setup: None) -> Iterator[None]:
    """From 1,000 kobo on the test's own action takes two checkers. Only migrations write bands, and this."""
    with superuser(settings.DATABASES["default"]["NAME"]) as connection:
        connection.execute(
            "insert into accounts_approvalband (action, from_amount, approvals_needed, expires_hours) "
            "values (%s, 1000, 2, 24)",
            [RENAME],
        )
        yield
        connection.execute("set session_replication_role = replica")
        connection.execute("delete from accounts_approvalband where action = %s", [RENAME])
