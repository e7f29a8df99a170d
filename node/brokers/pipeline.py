"""All calls of a node to Redis: one pipeline at a time; calls that come meanwhile form the next.

Each call is a script that may be run again: a call whose reply was lost is repeated until its
deadline. redis-py's own retry is off, because it would repeat without telling the script so.
"""

import asyncio
import logging
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from redis import exceptions
from redis.asyncio import Redis

from node.brokers import decode_upkeep, keys, scripts
from node.brokers.calls import Call, Next
from node.brokers.connection import CommandRunner, heed_cancelling
from node.brokers.contact import Contact
from node.brokers.failures import BACKOFF, LOST, is_full, is_passing, is_redirect
from node.brokers.lanes import Lanes
from node.brokers.malformed import Malformed, ProblemLog, read
from node.brokers.outage import OLD, RIGHTS, Outage, code
from node.brokers.replication import Replication
from node.brokers.server_counts import PipelineCounts
from node.core.model import Unavailable

log = logging.getLogger(__name__)

REPEAT_PAUSE = 0.002
"""Seconds to wait before calls that made no progress are made again."""


Ended = Callable[[bool, Sequence[tuple[Call, Exception]], bool], None]
"""Told if the server ran calls, which ones it refused because of their slots, and if it failed."""


class Pipeline:
    """Runs calls in pipelines, one at a time; ``contact`` learns when Redis answers.

    ``ended`` is called after each pipeline to a master of a cluster, once what was not done is
    queued again. ``tag`` returns a hash tag whose keys the server keeps, if there is one.
    """

    def __init__(
        self,
        redis: "Redis",
        clock: Callable[[], float],
        counts: PipelineCounts,
        problems: ProblemLog,
        replicas: int = 0,
        contact: Contact | None = None,
        outage: Outage | None = None,
        ended: Ended | None = None,
        tag: Callable[[], str | None] = lambda: keys.CONTROL_TAG,
    ) -> None:
        self._ended = ended
        self._contact = contact or Contact()
        self._commands = CommandRunner(redis)
        self._clock = clock
        self._counts = counts
        runner = Replication(self._commands, replicas, tag) if replicas else self._commands
        self._execute = runner.execute
        self._lanes: Lanes[Call] = Lanes()
        self.under_way: list[Call] = []
        """The calls of the pipeline that has not been answered yet."""
        self._wake = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()
        self._failures = 0
        self._connects = True
        self._last: tuple[bytes, bytes] | None = None
        self._problems = problems
        self._outage = outage or Outage(clock)

    async def connected(self, connection: Any) -> None:
        """Prepare a new connection (the pool's ``redis_connect_func``).

        redis-py silently replaces a connection that was closed while it was idle. But Redis may
        have been restarted then, and have lost data. So that is a failure like any other.
        """
        if not self._connects:
            raise exceptions.ConnectionError("the connection was closed while it was idle")
        self._connects = False
        await connection.on_connect()
        await self._end_last(connection)

    async def _end_last(self, connection: Any) -> None:
        """Let Redis close the connection before this one, if it has not noticed its end yet.

        Otherwise commands still under way on it would be run after their repeats. The address
        makes sure that it is the same connection: a new Redis numbers them from 1 again.
        """
        try:
            if self._last is not None:
                id, address = self._last
                await connection.send_command("CLIENT", "KILL", "ID", id, "ADDR", address)
                await connection.read_response()
            await connection.send_command("CLIENT", "INFO")
            self._last = read(decode_upkeep.whoami, await connection.read_response())
        except (exceptions.ResponseError, Malformed) as error:
            self._last = None
            log.debug("Redis does not let this node end its old connections: %s", error)

    def call(self, call: Call) -> None:
        """Queue a call for the next pipeline; refuse it if its lane is full."""
        if not self._lanes.add(call):
            call.refuse(Unavailable.UNREACHABLE)
            return
        self._go_on()

    def call_next(self, call: Call) -> None:
        """Queue the next call of a read in several steps, before all others of its lane.

        The replies to the earlier steps wait in memory, so few such reads should run at a time.
        """
        self._lanes.put_back([call])
        self._go_on()

    def release(self, stays: Callable[[Call], bool]) -> list[Call]:
        """Take away the calls that wait and do not stay here, and return them in order."""
        return self._lanes.release(stays)

    async def rest(self) -> None:
        """Close the connection of a pipeline that is idle; the next call opens another one."""
        if not self.is_idle:
            # A call has come just now: without its connection it would count as lost.
            return
        self._connects = True
        await self._commands.drop()

    def _go_on(self) -> None:
        self._idle.clear()
        self._wake.set()

    async def run(self) -> None:
        """Run calls for ever."""
        while True:
            await self._wake.wait()
            batch = self._lanes.take()
            if not batch:
                self._wake.clear()
                self._idle.set()
                continue
            self.under_way = [call for call, _ in batch]
            started = self._clock()
            try:
                found = await self._execute(
                    [("EVALSHA", scripts.digest(call.script), *args) for call, args in batch]
                )
            except (*LOST, exceptions.RedisError) as error:
                # An error that answers no command concerns the connection: no rights, no Redis.
                await self._failed(error)
                continue
            self.under_way = []
            self._counts.published(self._clock() - started)
            await self._settle([call for call, _ in batch], found, started)

    @property
    def is_idle(self) -> bool:
        """Whether no call is queued or under way."""
        return self._idle.is_set()

    async def idle(self) -> None:
        """Wait until no call is queued or under way."""
        await self._idle.wait()

    def expire(self) -> None:
        """Refuse the calls that are past their deadlines, also those under way."""
        now = self._clock()
        for call in (*self.under_way, *self._lanes):
            call.expire(now)

    async def _settle(self, calls: list[Call], replies: list[Any], asked: float) -> None:
        """Hand out the replies; repeat the calls that failed for a passing reason."""
        repeat: list[Call] = []
        refused: list[tuple[Call, Exception]] = []
        missing: dict[str, None] = {}
        refusal: Exception | None = None
        progress = False
        if self._lanes.reading:
            self._lanes.came(calls, replies)
        for call, reply in zip(calls, replies, strict=True):
            if not isinstance(reply, Exception):
                progress |= self._on_reply(call, reply)
            elif self._ended is not None and is_redirect(reply):
                repeat.append(call)
                refused.append((call, reply))
            elif self._on_error(call, reply):
                repeat.append(call)
                if isinstance(reply, exceptions.NoScriptError):
                    missing[call.script] = None
                else:
                    refusal = reply
        if repeat:
            self._lanes.put_back(repeat)
        ran = len(refused) < len(calls)
        if self._ended is not None:
            self._ended(ran, refused, refusal is not None)
        if refusal is not None:
            await self._down(refusal)
            return
        self._up(asked, ran)
        if missing:
            await self._load(missing)
        elif not progress:
            # They wait for a log to be healed: let other calls go first.
            await asyncio.sleep(REPEAT_PAUSE)

    def _on_reply(self, call: Call, reply: Any) -> bool:
        """Hand a reply to its call; return whether that made progress."""
        try:
            then = call.reply(reply)
        except Malformed as error:
            self._problems.dropped("reply to " + call.script, error)
            call.refuse(Unavailable.INTERNAL)
            then = Next.NOTHING
        if call.script == self._outage.denied:
            self._outage.allowed()
        if then is not Next.NOTHING:
            self.call(call)
        return then is not Next.WAIT

    def _on_error(self, call: Call, error: Exception) -> bool:
        """Handle an error that answers a call; return whether the call is to be made again."""
        if isinstance(error, exceptions.NoScriptError):
            return True
        if is_full(error):
            # The call had no effect. Calls that free memory must not wait for it.
            self._problems.log("full", "Redis is full, and refuses calls that need memory")
            call.refuse(Unavailable.FULL)
            return False
        if isinstance(error, LOST) or is_passing(error):
            call.lost()
            return True
        if code(error) in (OLD, "MOVED", *RIGHTS):
            self._outage.deny(call.script, error)
        else:
            text = "Redis refused the script %s: %s"
            self._problems.log(f"refused {call.script} {code(error)}", text, call.script, error)
        call.refuse(Unavailable.INTERNAL)
        return False

    async def _load(self, names: Iterable[str]) -> None:
        loads = [("SCRIPT", "LOAD", scripts.source(name)) for name in names]
        try:
            replies = await self._commands.execute(loads)
        except (*LOST, exceptions.RedisError) as error:
            await self._down(error)
            return
        for reply in replies:
            if isinstance(reply, Exception):
                # BUSY, for example. If it persists, the repeated calls show it.
                await self._down(reply)
                return

    async def _failed(self, error: Exception) -> None:
        calls, self.under_way = self.under_way, []
        for call in calls:
            call.lost()
        self._lanes.lost()
        self._lanes.put_back(calls)
        if self._ended is not None:
            self._ended(False, [], True)
        await self._down(error)

    async def _down(self, error: Exception) -> None:
        heed_cancelling()
        self._outage.lost(error)
        self._contact.lost()
        self._connects = True
        await self._commands.drop()
        pause = BACKOFF[min(self._failures, len(BACKOFF) - 1)]
        self._failures += 1
        self.expire()
        await asyncio.sleep(pause)

    def _up(self, asked: float, ran: bool) -> None:
        """Note that Redis answers; a master that ran nothing, because of slots, tells no more."""
        if self._contact.since is None and self._failures:
            self._counts.reconnected()
            self._outage.over()
        if ran:
            self._contact.answered(asked, self._clock())
        self._failures = 0
