"""The subscriptions of a node: what is wanted is subscribed to, and every confirmation is told."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from redis.crc import key_slot

from node.brokers import connect
from node.brokers import subscriber as subscribers
from node.brokers.outage import Reasons
from node.brokers.subscriber import CHUNK, Subscriber
from tests.integration.brokers.bench import WITHIN, Losses, Place
from tests.support.ports import free_port
from tests.support.redis_server import RedisServer


class Ear:
    """A subscriber, and what it heard."""

    def __init__(self, place: Place) -> None:
        self.place = place
        self.heard: list[bytes] = []
        self.confirmed: list[bytes] = []
        self._changed = asyncio.Event()
        self.client = place.client()
        reasons = Reasons("lost the subscriptions", lambda: 0.0)
        self.subscriber = Subscriber(self.client, self._message, self._confirm, reasons)

    def _message(self, payload: bytes) -> None:
        self.heard.append(payload)
        self._changed.set()

    def _confirm(self, channel: bytes) -> None:
        self.confirmed.append(channel)
        self._changed.set()

    async def until(self, true: Callable[[], bool]) -> None:
        """Wait until something is true that changes when something is heard."""
        async with asyncio.timeout(WITHIN):
            while not true():
                self._changed.clear()
                await self._changed.wait()

    async def confirms(self, *channels: bytes) -> None:
        """Wait until channels were confirmed, and forget it."""
        await self.until(lambda: set(channels) <= set(self.confirmed))
        self.confirmed.clear()

    async def says(self, channel: bytes, payload: bytes) -> int:
        """Publish something; return how many heard it."""
        return int(await self.place.redis.spublish(channel, payload))

    async def unheard(self, channel: bytes) -> None:
        """Wait until nobody listens to a channel any more."""
        async with asyncio.timeout(WITHIN):
            while await self.says(channel, b"anybody?"):
                await asyncio.sleep(0)


@asynccontextmanager
async def listening(place: Place, *channels: bytes) -> AsyncIterator[Ear]:
    """Run a subscriber that wants some channels from the start."""
    ear = Ear(place)
    for channel in channels:
        ear.subscriber.want(channel)
    task = asyncio.create_task(ear.subscriber.run())
    try:
        await ear.confirms(*channels)
        yield ear
        assert not task.done()
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
        await ear.client.aclose()


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subscribers, "BACKOFF", (0.0, 0.01))


async def test_messages_come_from_the_confirmation_on(place: Place) -> None:
    async with listening(place, b"a") as ear:
        assert await ear.says(b"a", b"one") == 1
        ear.subscriber.want(b"b")
        await ear.confirms(b"b")
        await ear.says(b"b", b"two")
        await ear.until(lambda: ear.heard == [b"one", b"two"])


async def test_what_is_subscribed_to_already_is_confirmed_again(place: Place) -> None:
    async with listening(place, b"a") as ear:
        ear.subscriber.want(b"a")
        assert ear.confirmed == [], "not before the caller is done"
        await ear.confirms(b"a")


async def test_what_is_not_wanted_any_more_is_not_heard(place: Place) -> None:
    async with listening(place, b"a", b"b") as ear:
        ear.subscriber.unwant(b"a")
        await ear.unheard(b"a")
        assert await ear.says(b"b", b"still here") == 1


async def test_a_channel_wanted_again_while_it_is_let_go_is_heard(place: Place) -> None:
    async with listening(place, b"a", b"rest") as ear:
        for turns in range(12):
            ear.subscriber.unwant(b"a")
            for _ in range(turns):
                await asyncio.sleep(0)
            ear.subscriber.want(b"a")
            await ear.confirms(b"a")
            async with asyncio.timeout(WITHIN):
                while await ear.says(b"a", b"now") != 1:
                    await asyncio.sleep(0)
                ear.heard.clear()
                await ear.says(b"a", b"again")
                await ear.until(lambda: b"again" in ear.heard)


async def test_many_channels_are_subscribed_to_in_parts(place: Place) -> None:
    channels = [b"c%d" % number for number in range(2 * CHUNK + 10)]
    async with listening(place, *channels) as ear:
        for channel in channels:
            ear.subscriber.unwant(channel)
        ear.subscriber.want(b"last")
        await ear.confirms(b"last")
        await ear.unheard(channels[-1])
        await ear.unheard(channels[0])


async def test_a_connection_that_is_given_up_is_made_anew_and_confirmed(place: Place) -> None:
    async with listening(place, b"a") as ear:
        for number in range(3):
            ear.subscriber.rebuild()
            await ear.confirms(b"a")
            payload = b"after %d" % number
            await ear.says(b"a", payload)
            await ear.until(lambda: payload in ear.heard)
        assert ear.heard == [b"after 0", b"after 1", b"after 2"]


def real(server: RedisServer) -> Place:
    """Return a place at a real Redis."""
    return Place(connect.redis(server.url), Losses(False))


async def test_a_connection_that_was_killed_is_confirmed_again(server: RedisServer) -> None:
    async with real(server) as place, listening(place, b"a", b"b") as ear:
        for _ in range(3):
            await place.redis.client_kill_filter(_type="pubsub")
            await ear.confirms(b"a", b"b")
            assert await ear.says(b"a", b"one") == 1


async def test_a_subscription_that_a_cluster_ends_is_confirmed_again(tmp_path: Path) -> None:
    """As when the slot of the channel goes to another master; this one gets it back."""
    server = RedisServer(
        tmp_path,
        cluster_enabled="yes",
        cluster_require_full_coverage="no",
        cluster_port=str(free_port()),
    )
    await server.start()
    try:
        async with server.client() as client, real(server) as place:
            tell: Any = client.execute_command
            await tell("CLUSTER", "ADDSLOTS", key_slot(b"a"))
            async with listening(place, b"a") as ear:
                await tell("CLUSTER", "DELSLOTS", key_slot(b"a"))
                await tell("CLUSTER", "ADDSLOTS", key_slot(b"a"))
                await ear.confirms(b"a")
                assert await ear.says(b"a", b"one") == 1
    finally:
        await server.kill()


async def test_what_was_let_go_while_redis_was_away_is_not_heard_again(
    server: RedisServer,
) -> None:
    async with real(server) as place, listening(place, b"a", b"b") as ear:
        await server.kill()
        ear.subscriber.unwant(b"a")
        ear.subscriber.want(b"c")
        await server.start()
        await ear.confirms(b"b", b"c")
        await place.redis.connection_pool.disconnect()
        assert await ear.says(b"a", b"one") == 0
