"""The subscriptions of a node: takes the messages of Redis channels, and reports them to the core.

There is one channel for each room, and one of the node's own: shard channels, which a Redis Cluster
keeps in the slots that their names have, as it does with keys.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any

from redis import exceptions
from redis.asyncio import Redis

from node.brokers import decode_logs, decode_upkeep, keys
from node.brokers.connection import RedisConnection, heed_cancelling
from node.brokers.context import BrokerContext
from node.brokers.failures import BACKOFF, LOST
from node.brokers.head_poll import HeadPoll
from node.brokers.malformed import WRONG, ProblemLog, malformed
from node.brokers.moderation_sync import ModerationSync
from node.brokers.outage import Reasons
from node.brokers.publish_batch import Taken
from node.brokers.readiness import Readiness

log = logging.getLogger(__name__)

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
        self._leaving: Counter[bytes] = Counter()
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
            await pubsub.ssubscribe(*new)
        if old:
            self._asked.difference_update(old)
            self._confirmed.difference_update(old)
            self._leaving.update(old)
            await pubsub.sunsubscribe(*old)
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
        if kind == b"smessage":
            self._on_message(payload)
        elif kind == b"sunsubscribe":
            self._ended(channel)
        elif kind == b"ssubscribe" and channel in self._asked:
            self._confirmed.add(channel)
            self._reasons.over()
            self._on_confirmed(channel)

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


class MessageDispatch:
    """Hands each message to the part of the broker, or of the core, that it concerns."""

    def __init__(
        self,
        context: BrokerContext,
        readiness: Readiness,
        taken: Taken,
        moderation: ModerationSync,
        heads: HeadPoll,
        problems: ProblemLog,
    ) -> None:
        self._context = context
        self._readiness = readiness
        self._taken = taken
        self._moderation = moderation
        self._heads = heads
        self._problems = problems
        self._probed: dict[int, Callable[[], None]] = {}

    def expect(self, shard: int, heard: Callable[[], None]) -> None:
        """Hand the probes of a server without sessions to ``heard``."""
        self._probed[shard] = heard

    def take(self, payload: bytes) -> None:
        """Take a message of a channel."""
        if self._readiness.refused:
            return
        kind = b""
        events = self._context.events
        tell: Callable[[], object] | None
        try:
            kind, _, rest = payload.partition(b" ")
            # Read it before anything is called: an error of the core is no malformed message.
            if kind == b"log":
                if self._taken.has(rest):
                    return
                frame = decode_logs.frame(payload)
                tell = None
            elif kind == b"probe":
                tell = partial(self._hear_probe, decode_upkeep.probe(rest))
            elif kind == b"shard":
                if (tell := self._probed.get(int(rest))) is None:
                    return
            elif kind == b"moved":
                tell = partial(events.moved, decode_upkeep.moved(rest))
            elif kind == b"orders":
                tell = partial(self._moderation.newest, rest)
            elif kind == b"announce":
                tell = partial(self._announce, *decode_upkeep.announcement(rest))
            else:
                return  # A node of a later version may send other kinds.
        except WRONG as error:
            self._problems.dropped("message of a channel: " + kind.decode(), malformed(error))
            if kind == b"log":
                self._look_again(payload)
            return
        if tell is None:
            events.frame(frame)
        else:
            tell()

    def _announce(self, text: str, room: str | None, at: int) -> None:
        log.info("order of a moderator", extra={"order": "announce", "room": room or "(all)"})
        self._context.events.announced(text, room, at)

    def _hear_probe(self, sent: int) -> None:
        self._readiness.probe_heard(self._context.clock(), sent)

    def _look_again(self, payload: bytes) -> None:
        """Have the log of a malformed frame read: the frame may have stood for entries."""
        try:
            log = decode_logs.log_of(payload)
        except WRONG:
            return
        self._context.events.differs(log)

    def confirm(self, channel: bytes) -> None:
        """Report that the messages of a channel are received from now on."""
        if self._readiness.refused:
            return
        if (name := keys.log_of_channel(channel)) is not None:
            self._context.events.confirmed(name)
        else:
            # Directs, which come by this node's own channel, may have been missed as well.
            self._context.subscribed()
            self._heads.compare_inboxes()
            self._heads.compare()


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
