"""The subscriptions of a node at one server: the connection by which messages of channels come.

There is one channel for each room, and one of the node's own: shard channels, which a Redis Cluster
keeps in the slots that their names have, as it does with keys.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Coroutine
from typing import Any

from redis import exceptions
from redis.asyncio import Redis

from node.brokers.connection import RedisConnection, heed_cancelling
from node.brokers.failures import BACKOFF, LOST, is_redirect
from node.brokers.outage import Reasons

CHUNK = 500
"""Channels that are asked for at once: a command with thousands would delay others."""

ASK_AGAIN = 0.1
"""Seconds after which a master of a cluster is asked again that has refused a channel for now."""


class Subscriber:
    """Keeps one pub/sub connection subscribed to the wanted channels.

    redis-py could reconnect by itself, but only a second confirmation would show it. So it must
    not: a connection that fails is closed, and all channels are subscribed to again here.

    ``refused`` is for a master of a cluster: it takes the error for a channel whose slot is not
    there. Each channel has a command of its own then, because a command must keep to one slot.

    The methods of redis-py's PubSub for channels are not used: it would remember each channel that
    was ever subscribed to, and send the commands one by one.
    """

    def __init__(
        self,
        redis: "Redis",
        on_message: Callable[[bytes], None],
        on_confirmed: Callable[[bytes], None],
        reasons: Reasons,
        refused: Callable[[Exception], None] | None = None,
    ) -> None:
        self._refused = refused
        self._redis = redis
        self._on_message = on_message
        self._on_confirmed = on_confirmed
        self._reasons = reasons
        self.wanted: set[bytes] = set()
        """The channels to which this subscriber is, or is going to be, subscribed."""
        self._asked: set[bytes] = set()
        self._confirmed: set[bytes] = set()
        self._leaving: Counter[bytes] = Counter()
        self._changed = asyncio.Event()
        self._broken = asyncio.Event()
        self._asking: asyncio.TimerHandle | None = None

    def want(self, channel: bytes) -> None:
        """Subscribe to a channel; ``on_confirmed`` is called when its messages begin to come."""
        self.wanted.add(channel)
        if channel in self._confirmed:
            asyncio.get_running_loop().call_soon(self._on_confirmed, channel)
        self._changed.set()

    def unwant(self, channel: bytes) -> None:
        """Unsubscribe from a channel."""
        self.wanted.discard(channel)
        self._changed.set()

    def forget(self, channel: bytes) -> None:
        """Let go of a channel whose slot is elsewhere: the server ends the subscription itself."""
        self.wanted.discard(channel)
        self._asked.discard(channel)
        self._confirmed.discard(channel)

    def rebuild(self) -> None:
        """Replace the connection: it is open, but no messages come."""
        self._broken.set()

    def rest(self) -> None:
        """Close the connection, if there is one, until a channel is wanted."""
        self._broken.set()

    async def run(self) -> None:
        """Keep a connection, and replace it when it fails, for ever."""
        failures = 0
        while True:
            self._asked.clear()
            self._confirmed.clear()
            self._leaving.clear()
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
        while not self.wanted:
            self._changed.clear()
            await self._changed.wait()
        # Whatever was wrong before, this connection is a new one.
        self._broken.clear()
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
            if await self._subscribe(pubsub):
                # Nothing else waits in it: after a fail-over there may be thousands of channels.
                await asyncio.sleep(0)
            else:
                await self._changed.wait()

    async def _subscribe(self, pubsub: Any) -> bool:
        """Subscribe and unsubscribe some channels; return whether there was anything to change."""
        # Sorted: the order of a set differs from run to run, and a simulation must not.
        new = sorted(self.wanted - self._asked)[:CHUNK]
        old = sorted(self._asked - self.wanted)[:CHUNK]
        if new:
            self._asked.update(new)
            await self._send(pubsub, "SSUBSCRIBE", new)
        if old:
            self._asked.difference_update(old)
            self._confirmed.difference_update(old)
            self._leaving.update(old)
            await self._send(pubsub, "SUNSUBSCRIBE", old)
        heed_cancelling()
        return bool(new or old)

    async def _send(self, pubsub: Any, name: str, channels: list[bytes]) -> None:
        """Send a command for some channels, or one for each of them to a master of a cluster."""
        groups = [channels] if self._refused is None else [[channel] for channel in channels]
        await pubsub.connect()
        if isinstance(pubsub.connection, RedisConnection):
            await pubsub.connection.send([(name, *group) for group in groups])
            return
        for group in groups:
            await pubsub.execute_command(name, *group)

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
                self._on_error(message)
                return
            raise exceptions.ConnectionError(
                "the server does not speak the protocol of Redis"
            ) from None
        if kind == b"smessage":
            self._on_message(payload)
        elif kind == b"sunsubscribe":
            self._ended(channel)
        elif kind == b"ssubscribe" and channel in self._asked:
            self._confirmed.add(channel)
            self._reasons.over()
            self._on_confirmed(channel)

    def _on_error(self, error: Exception) -> None:
        """Take an error in the place of an answer to a command, which it does not name."""
        if self._refused is None or not is_redirect(error):
            # This user may not subscribe. That may be changed at any time.
            raise error
        # It may have been the answer to an SUNSUBSCRIBE.
        self._leaving.clear()
        self._refused(error)
        # Also if another server is going to be asked: the slot may be here again before it is.
        if self._asking is None:
            loop = asyncio.get_running_loop()
            self._asking = loop.call_later(ASK_AGAIN, self._ask_again)

    def _ask_again(self) -> None:
        """Ask once more for the channels whose messages do not come yet."""
        self._asking = None
        self._asked &= self._confirmed
        self._changed.set()

    def _ended(self, channel: bytes) -> None:
        """Take the end of a subscription; ask for it again if this node did not end it.

        A Redis Cluster ends the subscriptions to channels of a slot that goes to another master.
        """
        if (ends := self._leaving.pop(channel, 0)) > 1:
            self._leaving[channel] = ends - 1
        if not ends and channel in self._asked:
            self._asked.discard(channel)
            self._confirmed.discard(channel)
            self._changed.set()


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
