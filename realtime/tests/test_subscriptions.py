"""Who listens to what, as rows: written behind the sockets' backs, seen by whose they are, ended by staff."""

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import AuditEvent, Session, User
from accounts.services import sessions
from accounts.tests.factories import make_person
from core.actors import acting_as, acting_as_anon, acting_as_service
from realtime.asgi import hub
from realtime.models import SocketProcess, Subscription
from realtime.services import control, subscriptions
from realtime.tests.sockets import Client, dispatch, token_of
from wallet.tests.demo_world import make_demo_world
from wallet.tests.test_admin import past_both_factors


def rows() -> list[Subscription]:
    with acting_as_service():
        return list(Subscription.objects.order_by("pk"))


def wait_until(holds: Callable[[], Any]) -> Any:
    """What is written behind the sockets' backs is there in a moment."""
    for _ in range(100):
        if found := holds():
            return found
        threading.Event().wait(0.05)
    raise AssertionError("it does not come about")


def test_rows_tell_who_listens_to_what_as_long_as_they_do(server, ada, bola):
    topic = f"user:{ada.id}"
    changes = [{"event": "*", "schema": "public", "table": "accounts_notification"}]
    with Client(server, token=token_of(ada)) as client, Client(server) as stranger:
        client.join(topic, private=True, postgres_changes=changes)
        stranger.join("room")
        stranger.join(topic, private=True)
        first, second = wait_until(lambda: len(rows()) == 2 and rows())
        with acting_as_service():
            session = Session.objects.get()
        assert (first.user_id, first.role, first.session_id) == (ada.id, "authenticated", session.pk)
        assert (first.topic, first.private, first.address) == (topic, True, "127.0.0.1")
        assert first.bindings[0]["table"] == "accounts_notification"
        assert (second.user_id, second.role, second.topic, second.private) == (None, "anon", "room", False)
        assert first.socket_id != second.socket_id and first.process_id == second.process_id
        with acting_as(ada):
            assert [row.pk for row in Subscription.objects.all()] == [first.pk]
        with acting_as(bola):
            assert list(Subscription.objects.all()) == []
        with acting_as_anon(), pytest.raises(Exception, match="permission denied"):
            list(Subscription.objects.all())
        stranger.ask("realtime:room", "phx_leave", {})
        assert [row.pk for row in wait_until(lambda: len(rows()) == 1 and rows())] == [first.pk]
    wait_until(lambda: rows() == [])
    with acting_as_service():
        assert not SocketProcess.objects.exists()


def test_what_a_dead_process_left_is_removed_and_one_that_lives_writes_it_again(server, monkeypatch):
    monkeypatch.setattr(hub, "TEND", 0.2)
    now = timezone.now()
    with acting_as_service():
        for age in (50, 70):
            process = SocketProcess.objects.create(seen_at=now - timedelta(seconds=age))
            facts = {"socket_id": process.pk, "role": "anon", "private": False, "joined_at": now}
            Subscription.objects.create(process=process, topic=f"{age}", **facts)
    assert subscriptions.forget_dead_processes(at=now) == 1
    assert [row.topic for row in rows()] == ["50"]
    with Client(server) as client:
        client.join("room")
        wait_until(lambda: len(rows()) == 2)
        subscriptions.forget_dead_processes(at=now + timedelta(days=1))
        assert [row.topic for row in wait_until(rows)] == ["room"]
        client.ask("realtime:room", "phx_leave", {})
        wait_until(lambda: rows() == [])


def test_staff_end_a_subscription_and_the_trail_has_it(server):
    make_demo_world()
    staff = past_both_factors("admin@alajo.test")
    ada = make_person()
    topic = f"user:{ada.id}"
    with acting_as_service():
        for session in Session.objects.live().filter(user__email="admin@alajo.test"):
            sessions.prove(session_id=session.pk, method="totp", at=timezone.now())
    with Client(server, token=token_of(ada)) as client, Client(server, token=token_of(ada)) as other:
        client.join(topic, private=True)
        (row,) = wait_until(rows)
        other.join(topic, private=True)
        wait_until(lambda: len(rows()) == 2)
        page = f"/staff/realtime/subscription/{row.pk}/"
        assert topic in staff.get("/staff/realtime/subscription/").content.decode()
        for term in (topic, ada.id, row.session_id, row.pk):
            assert str(row.pk) in staff.get(f"/staff/realtime/subscription/?q={term}").content.decode()
        assert str(ada.id) in staff.get(f"{page}change/").content.decode()
        assert staff.post(f"{page}end/", {"reason": "short"}).status_code == 422
        answer = staff.post(f"{page}end/", {"reason": "It asks without end, ticket 4711"})
        assert answer.status_code == 302
        dispatch()
        assert client.expect("system")["payload"]["message"] == "This subscription was ended"
        assert client.expect("phx_close")["topic"] == f"realtime:{topic}"
        assert [frame["event"] for frame in other.settle()] == ["presence_state"]
        with acting_as_service():
            event = AuditEvent.objects.get(action="realtime.subscription.ended")
            boss = User.objects.get(email="admin@alajo.test")
        assert event.actor_id == boss.pk
        assert event.data["topic"] == topic and event.data["reason"].startswith("It asks")
        wait_until(lambda: len(rows()) == 1)
        with pytest.raises(control.SubscriptionNotFound):
            control.end_subscription(id=row.pk, reason="again")
