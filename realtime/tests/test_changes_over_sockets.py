"""Changes of rows on their way from the row to a socket: the trigger, the dispatcher, the hub, the frame."""

from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from accounts.models import Notification, User
from core.actors import acting_as, acting_as_service
from realtime.tests.sockets import Client, dispatch, token_of

pytestmark = pytest.mark.django_db(transaction=True)

TABLE = "accounts_notification"


def asked(**more: Any) -> dict[str, Any]:
    return {"event": "*", "schema": "public", "table": TABLE, **more}


def notice(user: User, event: str = "deposit.settled", data: Any = None) -> Notification:
    with acting_as_service():
        return Notification.objects.create(user=user, event=event, data=data or {"amount": 5})


def heard(client: Client) -> list[dict[str, Any]]:
    """The changes that have come since it was asked last."""
    dispatch()
    # Numbered and told, they are in the socket before a broadcast that is sent to it afterwards.
    with acting_as_service(), connection.cursor() as cursor:
        cursor.execute("select realtime.send('{}'::jsonb, 'mark', 'rows', false)")
    dispatch()
    client.expect("broadcast")
    seen, client.seen = client.seen, []
    return [frame["payload"] for frame in seen if frame["event"] == "postgres_changes"]


def subscribed(client: Client, *changes: dict[str, Any]) -> list[int]:
    """Join a channel with these bindings; return their ids."""
    answer = client.join("rows", postgres_changes=list(changes))
    assert answer["status"] == "ok", answer
    told = client.expect("system")["payload"]
    assert told == {
        "channel": "rows",
        "extension": "postgres_changes",
        "status": "ok",
        "message": "Subscribed to PostgreSQL",
    }
    echoes = answer["response"]["postgres_changes"]
    assert [{name: echo[name] for name in echo if name != "id"} for echo in echoes] == list(changes)
    return [echo["id"] for echo in echoes]


def test_a_person_hears_of_his_rows_and_of_nobody_elses(server, ada, bola):
    with Client(server, token=token_of(ada)) as hers, Client(server, token=token_of(bola)) as his:
        [her_id], [his_id] = subscribed(hers, asked()), subscribed(his, asked())
        row = notice(ada)
        with acting_as(ada):
            Notification.objects.visible_to(ada).update(read_at=timezone.now())
        notice(bola)
        with acting_as_service():
            row.delete()
        told = heard(hers)
        assert [one["data"]["type"] for one in told] == ["INSERT", "UPDATE", "DELETE"]
        assert {(*one["ids"],) for one in told} == {(her_id,)}
        assert told[0]["data"]["record"]["data"] == {"amount": 5}
        assert str(bola.pk) not in str(told)
        [only] = heard(his)
        assert only["ids"] == [his_id] and only["data"]["record"]["user_id"] == str(bola.pk)


def test_a_channel_is_told_once_of_what_several_bindings_ask_for(server, ada):
    with Client(server, token=token_of(ada), vsn="2.0.0") as client:
        ids = subscribed(client, asked(), asked(event="INSERT"), asked(filter="event=eq.other"))
        notice(ada)
        [told] = heard(client)
        assert told["ids"] == ids[:2]


def test_a_filter_and_a_selection_are_kept_to(server, ada):
    with Client(server, token=token_of(ada)) as client:
        subscribed(client, asked(event="INSERT", filter="event=like.deposit.%", select=["event"]))
        notice(ada, "transfer.received")
        row = notice(ada, "deposit.settled")
        [told] = heard(client)
        assert told["data"]["record"] == {"id": str(row.pk), "event": "deposit.settled"}


def test_the_service_hears_of_everybodys_rows(server, ada, bola):
    with Client(server, token="service_role") as client:
        subscribed(client, asked())
        notice(ada)
        notice(bola)
        owners = [told["data"]["record"]["user_id"] for told in heard(client)]
        assert owners == [str(ada.pk), str(bola.pk)]


def test_what_cannot_be_had_is_said_and_harms_no_other_channel(server, ada):
    with Client(server, token=token_of(ada)) as client, Client(server, token="anon") as stranger:
        subscribed(client, asked())
        for change, words in (
            (asked(table="accounts_user"), "accounts_user are not published"),
            (asked(filter="event=match.(a+"), "leaves a group open"),
            (asked(filter="secret=eq.1"), "no column 'secret'"),
        ):
            answer = client.join("broken", postgres_changes=[change])
            told = answer if answer["status"] == "error" else client.expect("system")["payload"]
            assert words in str(told), told
        answer = stranger.join("rows", postgres_changes=[asked()])
        told = answer if answer["status"] == "error" else stranger.expect("system")["payload"]
        assert "signed in" in str(told)
        notice(ada)
        assert len(heard(client)) == 1


def test_what_rolled_back_is_never_heard(server, ada):
    with Client(server, token=token_of(ada)) as client:
        subscribed(client, asked())
        with pytest.raises(ZeroDivisionError), acting_as_service():
            Notification.objects.create(user=ada, event="never", data={})
            raise ZeroDivisionError
        notice(ada)
        assert [told["data"]["record"]["event"] for told in heard(client)] == ["deposit.settled"]
