"""The subscriptions of a node: one channel for each room, and one of the node's own."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from redis import exceptions
from redis.asyncio import Redis

from node.brokers.connection import RedisConnection, heed_cancelling
from node.brokers.failures import BACKOFF, LOST
from node.brokers.outage import Reasons

CHUNK = 500
"""Channels in one command: a command with thousands would delay others."""


class Subscriber:
    """Keeps one pub/sub connection subscribed to the wanted channels.

    redis-py could reconnect by itself, but only a second confirmation would show it. So it must
    not: a connection that fails is closed, and all channels are subscribed to again here.
    """

    def __init__(
        self,
        redis: "Redis",
        on_message: Callable[[bytes], None],
        on_confirmed: Callable[[bytes], None],
        reasons: Reasons,
    ) -> None:
        self._redis = redis
        self._on_message = on_message
        self._on_confirmed = on_confirmed
        self._reasons = reasons
        self._wanted: set[bytes] = set()
        self._asked: set[bytes] = set()
        self._confirmed: set[bytes] = set()
        self._changed = asyncio.Event()
        self._broken = asyncio.Event()

    def want(self, channel: bytes) -> None:
        """Subscribe to a channel; ``on_confirmed`` is called when its messages begin to come."""
        self._wanted.add(channel)
        if channel in self._confirmed:
            asyncio.get_running_loop().call_soon(self._on_confirmed, channel)
        self._changed.set()

    def unwant(self, channel: bytes) -> None:
        """Unsubscribe from a channel."""
        self._wanted.discard(channel)
        self._changed.set()

    def rebuild(self) -> None:
        """Replace the connection: it is open, but no messages come."""
        self._broken.set()

    async def run(self) -> None:
        """Keep a connection, and replace it when it fails, for ever."""
        failures = 0
        while True:
            self._asked.clear()
            self._confirmed.clear()
            self._broken.clear()
            try:
                await self._connection()
            except (*LOST, exceptions.RedisError) as error:
                self._reasons.failed(error)
            heed_cancelling()
            if self._confirmed:
                failures = 0
            await asyncio.sleep(BACKOFF[min(failures, len(BACKOFF) - 1)])
            failures += 1

    async def _connection(self) -> None:
        """Keep one connection until it fails, or is to be replaced.

        Not in a TaskGroup: if a task of it fails just when its body ends, it cancels its parent and
        does not take that back (Python 3.11 and 3.12), and this task would end for good.
        """
        pubsub = self._redis.pubsub()
        try:
            await self._subscribe(pubsub)
            await _first_of(self._reconcile(pubsub), self._listen(pubsub), self._broken.wait())
        finally:
            await pubsub.aclose()  # type: ignore[no-untyped-call]

    async def _reconcile(self, pubsub: Any) -> None:
        """Change the subscriptions whenever the wanted channels change."""
        while True:
            self._changed.clear()
            if not await self._subscribe(pubsub):
                await self._changed.wait()

    async def _subscribe(self, pubsub: Any) -> bool:
        """Subscribe and unsubscribe some channels; return whether there was anything to change."""
        # Sorted: the order of a set differs from run to run, and a simulation must not.
        new = sorted(self._wanted - self._asked)[:CHUNK]
        old = sorted(self._asked - self._wanted)[:CHUNK]
        if new:
            self._asked.update(new)
            await pubsub.subscribe(*new)
        if old:
            self._asked.difference_update(old)
            self._confirmed.difference_update(old)
            await pubsub.unsubscribe(*old)
        heed_cancelling()
        return bool(new or old)

    async def _listen(self, pubsub: Any) -> None:
        if isinstance(pubsub.connection, RedisConnection):
            await pubsub.connection.listen(self._take)
        while True:
            message = await pubsub.parse_response(block=True)
            heed_cancelling()
            self._take(message)

    def _take(self, message: Any) -> None:
        try:
            kind, channel, payload = message
        except (TypeError, ValueError):
            if isinstance(message, Exception):
                # This user may not subscribe. That may be changed at any time.
                raise message from None
            raise exceptions.ConnectionError(
                "the server does not speak the protocol of Redis"
            ) from None
        if kind == b"message":
            self._on_message(payload)
        elif kind == b"subscribe" and channel in self._asked:
            self._confirmed.add(channel)
            self._reasons.over()
            self._on_confirmed(channel)


async def _first_of(*works: Coroutine[Any, Any, Any]) -> None:
    """Run some works until one of them is done, and end the others; raise the first error."""
    tasks = [asyncio.create_task(work) for work in works]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        results = await asyncio.gather(*tasks, return_exceptions=True)
    for result in results:
        if isinstance(result, Exception):
            raise result
