"""Running web processes, driven by Supabase's own Python client (vsn 1.0.0)."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from asgiref.sync import sync_to_async

from accounts import access_tokens
from accounts.models import Notification
from accounts.tests.factories import make_person
from core.actors import acting_as_service
from realtime import services
from realtime.asgi import hub
from realtime.tests.clients.supabase import client as supabase
from realtime.tests.serving import WebProcess
from realtime.tests.sockets import dispatch, token_of
from realtime.tests.test_tokens import LIFE, expiring

# The client asks its own WebSocket library for something that is deprecated there.
pytestmark = pytest.mark.filterwarnings(
    "ignore::ResourceWarning", "ignore:ConnectionClosed:DeprecationWarning"
)
PATIENCE = 10


class Seen:
    """What a client's callbacks were called with, to be waited for."""

    def __init__(self) -> None:
        self._queue: asyncio.Queue[Any] = asyncio.Queue()

    def __call__(self, *arguments: Any) -> None:
        self._queue.put_nowait(arguments[0] if len(arguments) == 1 else arguments)

    async def next(self) -> Any:
        return await asyncio.wait_for(self._queue.get(), PATIENCE)

    async def until(self, wanted: Callable[[Any], bool]) -> Any:
        while not wanted(found := await self.next()):
            pass
        return found

    @property
    def is_empty(self) -> bool:
        return self._queue.empty()


class App:
    """An app of somebody's: its client, and the channels that it joins."""

    def __init__(self, url: str, token: str = "") -> None:
        self.client = supabase.AsyncRealtimeClient(
            f"{url}/realtime/v1", access_tokens.static_key("anon"), initial_backoff=0.3
        )
        self.token = token
        self.states = Seen()

    async def __aenter__(self) -> "App":
        await self.client.connect()
        if self.token:
            await self.client.set_auth(self.token)
        return self

    async def __aexit__(self, *_error: object) -> None:
        await self.client.close()

    def channel(self, name: str, **config: Any) -> Any:
        defaults = {
            "broadcast": {"ack": False, "self": False},
            "presence": {"key": "", "enabled": False},
            "private": False,
        }
        return self.client.channel(name, {"config": {**defaults, **config}})

    async def join(self, channel: Any) -> Any:
        await channel.subscribe(self.states)
        state, error = await self.states.next()
        self.error = error
        return state


JOINED = supabase.RealtimeSubscribeStates.SUBSCRIBED


def run(story: Callable[[], Awaitable[None]]) -> None:
    asyncio.run(asyncio.wait_for(story(), 60))


def publish(topic: str, event: str, private: bool = True) -> None:
    with acting_as_service():
        services.publish(topic=topic, event=event, payload={"n": 1}, private=private)
    dispatch()


def test_members_hear_one_another_themselves_and_rest(server, other_server):
    async def story() -> None:
        async with App(server) as ada, App(other_server) as bola:
            heard, own = Seen(), Seen()
            mine = ada.channel("room", broadcast={"ack": True, "self": True}).on_broadcast("chat", own)
            theirs = bola.channel("room").on_broadcast("chat", heard)
            assert [await ada.join(mine), await bola.join(theirs)] == [JOINED, JOINED]
            await mine.send_broadcast("chat", {"t": "hi"})
            assert (await own.next())["payload"] == (await heard.next())["payload"] == {"t": "hi"}
            await theirs.send_broadcast("chat", {"t": "back"})
            assert (await own.next())["payload"] == {"t": "back"}
            await mine.http_send("chat", {"t": "by rest"})
            assert (await own.next())["payload"] == (await heard.next())["payload"] == {"t": "by rest"}
            await theirs.unsubscribe()
            await mine.send_broadcast("chat", {"t": "alone"})
            assert (await own.next())["payload"] == {"t": "alone"} and heard.is_empty

    run(story)


def test_a_private_channel_opens_for_its_person_alone(server, ada, bola):
    topic = f"user:{ada.id}"

    async def story(mine: str, theirs: str) -> None:
        async with App(server, mine) as own, App(server, theirs) as other:
            heard = Seen()
            channel = own.channel(topic, private=True).on_broadcast("*", heard)
            assert await own.join(channel) == JOINED
            refused = other.channel(topic, private=True)
            assert await other.join(refused) == supabase.RealtimeSubscribeStates.CHANNEL_ERROR
            assert "You do not have permissions to read from this Channel topic" in str(other.error)
            await sync_to_async(publish)(topic, "transfer.received")
            told = await heard.next()
            assert (told["event"], told["payload"]) == ("transfer.received", {"n": 1}) and told["meta"]["id"]
            with pytest.raises(Exception, match="permissions to write"):
                await refused.http_send("x", {})
            await channel.http_send("x", {"by": "rest"})
            assert (await heard.next())["payload"] == {"by": "rest"}

    mine, theirs = token_of(ada), token_of(bola)
    run(lambda: story(mine, theirs))


@pytest.mark.slow
def test_channels_are_joined_again_after_the_server_was_killed(transactional_db):
    ada = make_person()
    topic, token = f"user:{ada.id}", token_of(ada)

    async def story(web: WebProcess) -> None:
        async with App(web.url, token) as app:
            heard = Seen()
            channel = app.channel(topic, private=True).on_broadcast("*", heard)
            assert await app.join(channel) == JOINED
            await sync_to_async(publish)(topic, "before")
            assert (await heard.next())["event"] == "before"
            await sync_to_async(web.kill)()
            assert (await app.states.next())[0] == supabase.RealtimeSubscribeStates.CHANNEL_ERROR
            await sync_to_async(web.start)()
            assert (await app.states.next())[0] == JOINED
            await sync_to_async(publish)(topic, "after")
            assert (await heard.next())["event"] == "after"

    with WebProcess() as web:
        run(lambda: story(web))


def test_three_clients_see_one_another_over_two_processes(server, other_server):
    async def story() -> None:
        async with App(server) as ada, App(other_server) as bola, App(other_server) as chidi:
            channels, joins, leaves = [], [], []
            for name, app in (("ada", ada), ("bola", bola), ("chidi", chidi)):
                channel = app.channel("room", presence={"key": name, "enabled": True})
                joins.append(Seen())
                leaves.append(Seen())
                channel.on_presence_join(joins[-1]).on_presence_leave(leaves[-1])
                assert await app.join(channel) == JOINED
                await channel.track({"name": name})
                channels.append(channel)
            for seen in joins:
                found: set[str] = set()
                while len(found) < 3:
                    found.add((await seen.next())[0])
            for channel in channels:
                state = channel.presence_state()
                assert {key: [one["name"] for one in metas] for key, metas in state.items()} == {
                    name: [name] for name in ("ada", "bola", "chidi")
                }
            await channels[2].untrack()
            await ada.client.close()
            assert {(await leaves[1].next())[0] for _ in range(2)} == {"ada", "chidi"}
            assert set(channels[1].presence_state()) == {"bola"}

    run(story)


def test_a_token_is_renewed_and_another_expires_on_an_open_socket(server, ada, monkeypatch):
    monkeypatch.setattr(hub, "TEND", 0.2)
    topic = f"user:{ada.id}"

    async def story(old: str, new: str) -> None:
        over = asyncio.create_task(asyncio.sleep(LIFE + 0.5))
        async with App(server, old) as app:
            heard = Seen()
            channel = app.channel(topic, private=True).on_broadcast("*", heard)
            assert await app.join(channel) == JOINED
            await app.client.set_auth(new)
            await over
            await sync_to_async(publish)(topic, "still heard")
            assert (await heard.next())["event"] == "still heard"
            await app.client.set_auth(await sync_to_async(expiring)(ada, LIFE))
            state, error = await app.states.next()
            assert state == supabase.RealtimeSubscribeStates.CHANNEL_ERROR and "Token has expired" in str(
                error
            )

    old, new = expiring(ada, LIFE), token_of(ada)
    run(lambda: story(old, new))


def test_changes_of_ones_own_rows_are_told_by_filters(server, ada, bola):
    def notices() -> None:
        with acting_as_service():
            for person, event in ((bola, "theirs"), (ada, "other"), (ada, "mine")):
                Notification.objects.create(user=person, event=event, data={})
        dispatch()

    async def story(token: str) -> None:
        async with App(server, token) as app:
            every, some, system = Seen(), Seen(), Seen()
            channel = app.channel("changes")
            channel.on_postgres_changes("*", every, table="accounts_notification")
            channel.on_postgres_changes("INSERT", some, table="accounts_notification", filter="event=eq.mine")
            channel.on_system(system)
            assert await app.join(channel) == JOINED
            assert (await system.next()).message == "Subscribed to PostgreSQL"
            await sync_to_async(notices)()
            told = [(await every.next())["data"] for _ in range(2)]
            assert [one["record"]["event"] for one in told] == ["other", "mine"]
            assert (await some.next())["data"]["record"]["user_id"] == str(ada.id)
            assert every.is_empty and some.is_empty
            refused = app.channel("refused")
            refused.on_postgres_changes("*", every, table="accounts_user")
            assert await app.join(refused) == supabase.RealtimeSubscribeStates.CHANNEL_ERROR

    token = token_of(ada)
    run(lambda: story(token))
