"""A subscriber outlives every connection."""

import asyncio
import contextlib
from typing import Any, cast

import pytest
from redis import exceptions
from redis.asyncio import Redis

from node.brokers import subscriber as subscribers
from node.brokers.outage import Reasons
from node.brokers.subscriber import Subscriber

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
        self._messages = [[b"message", b"room", b"hi"]]

    async def subscribe(self, *channels: bytes) -> None:
        """Do nothing."""

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
