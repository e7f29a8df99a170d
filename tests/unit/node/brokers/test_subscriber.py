"""A subscriber outlives every connection."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any, cast

import pytest
from redis import exceptions
from redis.asyncio import Redis

from node.brokers import subscriber as subscribers
from node.brokers.outage import Reasons
from node.brokers.subscriber import CHUNK, Subscriber

WITHIN = 20.0


class Connections:
    """Stands in for Redis: each connection brings one message, then waits, or is lost at once."""

    def __init__(self, lost: int) -> None:
        self.count = self.ended = 0
        self._lost = lost

    def pubsub(self) -> "Connection":
        """Return a new connection."""
        self.count += 1
        return Connection(self, self.count <= self._lost)


class Connection:
    """A connection for subscriptions."""

    connection = None  # none of redis-py's

    def __init__(self, connections: Connections, lost: bool) -> None:
        self._connections = connections
        self._lost = lost
        self._messages = [[b"smessage", b"room", b"hi"]]

    async def connect(self) -> None: ...

    async def execute_command(self, name: str, *channels: bytes) -> None: ...

    async def parse_response(self, block: bool) -> list[Any]:
        """Return the next message."""
        if self._messages:
            return self._messages.pop()
        if self._lost:
            raise exceptions.ConnectionError("lost")
        await asyncio.get_running_loop().create_future()
        raise AssertionError

    async def aclose(self) -> None:
        """Note the end."""
        self._connections.ended += 1


@pytest.mark.parametrize("lost", [0, 3])
async def test_a_connection_that_fails_while_it_is_replaced_is_replaced(
    lost: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As when a node was stopped: the messages that waited, and the end, come in one turn."""
    monkeypatch.setattr(subscribers, "BACKOFF", (0.0,))
    redis, enough = Connections(lost), asyncio.Event()

    def on_message(payload: bytes) -> None:
        if redis.count > 3:
            enough.set()
        else:
            subscriber.rebuild()

    reasons = Reasons("lost the subscriptions", lambda: 0.0)
    subscriber = Subscriber(cast(Redis, redis), on_message, lambda channel: None, reasons)
    subscriber.want(b"room")
    running = asyncio.create_task(subscriber.run())
    async with asyncio.timeout(WITHIN):
        await asyncio.wait(
            [running, asyncio.ensure_future(enough.wait())], return_when=asyncio.FIRST_COMPLETED
        )
    assert not running.done() and redis.ended == 3
    running.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await running
    assert redis.ended == 4


class Shard:
    """Stands in for Redis and the connection to it: notes what is asked, says what it is told."""

    connection = None  # none of redis-py's

    def __init__(self) -> None:
        self.commands: list[tuple[bytes, ...]] = []
        self.asked: asyncio.Queue[tuple[str, bytes]] = asyncio.Queue()
        self.says: asyncio.Queue[list[Any] | Exception] = asyncio.Queue()
        self.confirmed: list[bytes] = []
        self.closed = asyncio.Event()

    def pubsub(self) -> "Shard":
        """Return the connection."""
        return self

    async def connect(self) -> None: ...

    async def execute_command(self, name: str, *channels: bytes) -> None:
        """Note what is subscribed to, or not wanted any more."""
        self.commands.append(channels)
        for channel in channels:
            self.asked.put_nowait((name.lower(), channel))

    async def parse_response(self, block: bool) -> list[Any] | Exception:
        """Return the next message."""
        return await self.says.get()

    async def aclose(self) -> None:
        """Note the end."""
        self.closed.set()

    async def hears(self) -> tuple[str, bytes]:
        """Return what is asked next."""
        return await asyncio.wait_for(self.asked.get(), WITHIN)

    async def answers(self, kind: bytes, channel: bytes) -> None:
        """Say something, and wait until it was taken."""
        self.says.put_nowait([kind, channel, 1])
        for _ in range(5):
            await asyncio.sleep(0)


@pytest.fixture
async def shard() -> AsyncIterator[tuple[Shard, Subscriber]]:
    redis = Shard()
    reasons = Reasons("lost the subscriptions", lambda: 0.0)
    subscriber = Subscriber(
        cast(Redis, redis), lambda payload: None, redis.confirmed.append, reasons
    )
    subscriber.want(b"room")
    running = asyncio.create_task(subscriber.run())
    assert await redis.hears() == ("ssubscribe", b"room")
    yield redis, subscriber
    running.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await running


async def test_a_connection_that_rests_is_replaced_when_a_channel_is_wanted(
    shard: tuple[Shard, Subscriber],
) -> None:
    redis, subscriber = shard
    subscriber.unwant(b"room")
    assert await redis.hears() == ("sunsubscribe", b"room")
    subscriber.rest()
    await redis.closed.wait()
    subscriber.rest()
    redis.closed.clear()
    subscriber.want(b"den")
    assert await redis.hears() == ("ssubscribe", b"den")
    for _ in range(5):
        await asyncio.sleep(0)
    assert not redis.closed.is_set(), "the new connection is kept"


async def test_a_subscription_that_redis_ends_is_asked_for_again(
    shard: tuple[Shard, Subscriber],
) -> None:
    redis, subscriber = shard
    await redis.answers(b"ssubscribe", b"room")
    assert redis.confirmed == [b"room"]
    await redis.answers(b"sunsubscribe", b"room")
    assert await redis.hears() == ("ssubscribe", b"room")
    subscriber.want(b"room")
    await asyncio.sleep(0)
    assert redis.confirmed == [b"room"], "its messages do not come just now"
    await redis.answers(b"ssubscribe", b"room")
    assert redis.confirmed == [b"room"] * 2


async def test_the_answer_to_a_channel_let_go_does_not_concern_it_when_it_is_wanted_again(
    shard: tuple[Shard, Subscriber],
) -> None:
    redis, subscriber = shard
    await redis.answers(b"ssubscribe", b"room")
    for _ in range(2):
        subscriber.unwant(b"room")
        assert await redis.hears() == ("sunsubscribe", b"room")
        subscriber.want(b"room")
        assert await redis.hears() == ("ssubscribe", b"room")
    for kind in (b"sunsubscribe", b"ssubscribe") * 2:
        await redis.answers(kind, b"room")
    assert redis.asked.empty() and redis.confirmed == [b"room"] * 3
    await redis.answers(b"sunsubscribe", b"room")
    assert await redis.hears() == ("ssubscribe", b"room")


async def test_the_end_of_a_subscription_that_nobody_wants_is_nothing_to_mend(
    shard: tuple[Shard, Subscriber],
) -> None:
    redis, subscriber = shard
    subscriber.unwant(b"room")
    assert await redis.hears() == ("sunsubscribe", b"room")
    for _ in range(2):
        await redis.answers(b"sunsubscribe", b"room")
    subscriber.want(b"other")
    assert await redis.hears() == ("ssubscribe", b"other") and redis.asked.empty()


# A master of a cluster


@pytest.fixture
async def master(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[tuple[Shard, Subscriber]]:
    """A master that keeps one of two channels; the other one is asked for elsewhere."""
    monkeypatch.setattr(subscribers, "ASK_AGAIN", 0.0)
    redis = Shard()
    reasons = Reasons("lost the subscriptions", lambda: 0.0)

    def refused(error: Exception) -> None:
        if str(error).endswith("b:2"):
            subscriber.forget(b"room")

    subscriber = Subscriber(
        cast(Redis, redis), lambda payload: None, redis.confirmed.append, reasons, refused
    )
    for channel in (b"den", b"room"):
        subscriber.want(channel)
    running = asyncio.create_task(subscriber.run())
    assert [await redis.hears() for _ in range(2)] == [
        ("ssubscribe", b"den"),
        ("ssubscribe", b"room"),
    ]
    await redis.answers(b"ssubscribe", b"den")
    yield redis, subscriber
    running.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await running


async def test_a_channel_whose_slot_is_elsewhere_is_let_go_without_a_word(
    master: tuple[Shard, Subscriber],
) -> None:
    redis, subscriber = master
    redis.says.put_nowait(exceptions.ResponseError("MOVED 7 b:2"))
    subscriber.want(b"new")
    assert await redis.hears() == ("ssubscribe", b"new")
    await redis.answers(b"ssubscribe", b"new")
    await redis.answers(b"sunsubscribe", b"room")
    asked = [redis.asked.get_nowait() for _ in range(redis.asked.qsize())]
    assert ("ssubscribe", b"room") not in asked and subscriber.wanted == {b"den", b"new"}
    assert set(redis.confirmed) == {b"den", b"new"}


@pytest.mark.parametrize("error", ["CLUSTERDOWN not served", "TRYAGAIN moving", "MOVED 7 here:1"])
async def test_a_channel_that_is_refused_for_now_is_asked_for_again(
    master: tuple[Shard, Subscriber], error: str
) -> None:
    redis, _ = master
    for _ in range(2):
        redis.says.put_nowait(exceptions.ResponseError(error))
        assert await redis.hears() == ("ssubscribe", b"room")
    await redis.answers(b"ssubscribe", b"room")
    assert redis.asked.empty() and redis.confirmed == [b"den", b"room"]


async def test_the_end_of_a_channel_that_was_refused_to_be_let_go_is_noticed(
    master: tuple[Shard, Subscriber],
) -> None:
    redis, subscriber = master
    await redis.answers(b"ssubscribe", b"room")
    subscriber.unwant(b"den")
    assert await redis.hears() == ("sunsubscribe", b"den")
    redis.says.put_nowait(exceptions.ResponseError("MOVED 9 b:2"))
    subscriber.want(b"den")
    assert await redis.hears() == ("ssubscribe", b"den")
    await redis.answers(b"ssubscribe", b"den")
    await redis.answers(b"sunsubscribe", b"den")
    assert await redis.hears() == ("ssubscribe", b"den")


async def test_thousands_of_channels_are_asked_for_in_turns_that_let_others_in() -> None:
    """As after a fail-over. Each has a command of its own, and all at once would take seconds."""
    redis, turns = Shard(), 0
    reasons = Reasons("lost the subscriptions", lambda: 0.0)
    subscriber = Subscriber(
        *(cast(Redis, redis), lambda payload: None, redis.confirmed.append, reasons),
        lambda error: None,
    )
    channels = [b"%04d" % number for number in range(3 * CHUNK)]
    for channel in channels:
        subscriber.want(channel)
    running = asyncio.create_task(subscriber.run())
    while len(redis.commands) < len(channels):
        assert len(redis.commands) % CHUNK == 0
        turns += 1
        await asyncio.sleep(0)
    assert turns < 100 and redis.commands == [(channel,) for channel in channels]
    running.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await running
