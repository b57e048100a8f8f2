"""Changes of a declared table, from the row that changed to the binding that wants to know."""

import psycopg
import pytest
from django.db import Error, connection, transaction

from accounts.models import Notification, User
from accounts.tests.factories import make_person
from core.actors import acting_as_service
from realtime.models import Message

pytestmark = pytest.mark.django_db

TABLE = "accounts_notification"
DENIED = psycopg.errors.InsufficientPrivilege


@pytest.fixture
def ada() -> User:
    return make_person(name="Ada Obi", email="ada@alajo.test")


@pytest.fixture
def bola() -> User:
    return make_person(name="Bola Ade", email="bola@alajo.test")


def run(statement: str, *params: object) -> list[tuple]:
    with connection.cursor() as cursor:
        cursor.execute(statement, params or None)
        return cursor.fetchall() if cursor.description else []


def refusal(statement: str, *params: object) -> BaseException | None:
    try:
        with transaction.atomic():
            run(statement, *params)
    except Error as error:
        return error.__cause__
    return None


def told(*owners: User) -> list[tuple[str, list, dict]]:
    """Event, owners and payload of each change written, in order."""
    with acting_as_service():
        messages = Message.objects.filter(extension="postgres_changes").order_by("id")
        return [(message.event, message.owners, message.payload) for message in messages]


def notice(user: User, **fields: object) -> Notification:
    with acting_as_service():
        return Notification.objects.create(
            user=user, event="deposit.settled", data={"amount": 5000}, **fields
        )


# What is told


def test_a_new_row_is_told_to_its_owner_with_the_columns_he_may_read(ada):
    row = notice(ada)
    [(event, owners, change)] = told()
    assert (event, owners) == ("INSERT", [ada.pk])
    assert change.pop("commit_timestamp").endswith("Z")
    assert change.pop("columns") == [
        {"name": "id", "type": "uuid"},
        {"name": "event", "type": "varchar"},
        {"name": "data", "type": "jsonb"},
        {"name": "created_at", "type": "timestamptz"},
        {"name": "read_at", "type": "timestamptz"},
        {"name": "user_id", "type": "uuid"},
    ]
    record = change.pop("record")
    assert change == {"schema": "public", "table": TABLE, "type": "INSERT", "errors": None}
    assert record == {
        "id": str(row.pk),
        "event": "deposit.settled",
        "data": {"amount": 5000},
        "created_at": record["created_at"],
        "read_at": None,
        "user_id": str(ada.pk),
    }
