"""All calls of a node to Redis, in one line: what gathers while one pipeline runs is the next.

Each call is a script that may be run again: a call whose reply was lost is simply repeated, until
its deadline. redis-py's own retry is off (it would repeat without telling the script so).
"""

import asyncio
import logging
from collections.abc import Callable, Iterable, Sequence
from enum import Enum
from typing import Any, Protocol

from redis import exceptions
from redis.asyncio import Redis

from node.brokers import decode, scripts
from node.brokers.connection import Calls, heed_cancelling
from node.brokers.contact import Contact
from node.brokers.lanes import CHANGES, Lane, Lanes
from node.brokers.malformed import Malformed, Oddities
from node.core.model import Refused

log = logging.getLogger(__name__)

BACKOFF = (0.02, 0.05, 0.1, 0.2, 0.5)
"""Seconds to wait after the first, second, ... failure in a row."""
REPLICA_WITHIN = 1000
"""Milliseconds for the replicas to confirm a pipeline."""
WAITS = "waits"
"""The script that writes what replicas are waited for with."""
REPEAT_PAUSE = 0.002
"""Seconds to wait before calls that made no progress are made again."""

LOST = (exceptions.ConnectionError, exceptions.TimeoutError, OSError, asyncio.TimeoutError)
"""The connection failed: nobody knows whether the calls were done."""
NOT_NOW = ("LOADING", "READONLY", "MASTERDOWN", "NOREPLICAS", "MISCONF", "BUSY", "TRYAGAIN")
"""Redis refuses what it would take at another time."""


class PipelineCounts(Protocol):
    """What the pump counts."""

    broker_reconnects: int
    malformed: int

    def published(self, seconds: float) -> None:
        """A pipeline took so long."""


class Next(Enum):
    """What a call wants after a reply."""

    NOTHING = "it is done"
    MORE = "to be made once more, with what has gathered meanwhile"
    WAIT = "to be made once more a little later"


class Call(Protocol):
    """A script to be run, as often as it takes, until its time is up."""

    script: str
    lane: Lane
    weight: int

    def args(self) -> Sequence[Any] | None:
        """Return number of keys, keys and arguments; None if there is nothing to do any more."""

    def reply(self, reply: Any) -> Next:
        """Take the reply."""

    def lost(self) -> None:
        """Nobody knows whether the call was done; it will be repeated."""

    def refuse(self, refused: Refused) -> None:
        """Redis refuses the call for good."""

    def expire(self, now: float) -> None:
        """Refuse what is overdue."""


Args = Sequence[Any] | Callable[[], Sequence[Any] | None]
"""The arguments of a call, or what makes them when it goes out, perhaps after Redis was away."""


class SimpleCall:
    """A call that is made once, and repeated if need be; ``done`` gets the reply or a Refused."""

    __slots__ = ("script", "lane", "weight", "_args", "_deadline", "_done")

    def __init__(
        self,
        script: str,
        args: Args,
        deadline: float,
        done: Callable[[Any], None],
        lane: Lane = CHANGES,
        weight: int = 1,
    ) -> None:
        self.script = script
        self.lane = lane
        self.weight = weight
        self._args = args
        self._deadline = deadline
        self._done: Callable[[Any], None] | None = done

    def args(self) -> Sequence[Any] | None:
        """Return the arguments, if the reply is still wanted."""
        if self._done is None:
            return None
        args = self._args() if callable(self._args) else self._args
        return (0, *args) if args is not None else None

    def reply(self, reply: Any) -> Next:
        """Hand the reply on, once."""
        if (done := self._done) is not None:
            self._done = None
            try:
                done(reply)
            except Malformed:
                # Nothing has been done with it yet: the refusal takes its place.
                self._done = done
                raise
        return Next.NOTHING

    def lost(self) -> None:
        """The script knows by itself whether it was done before."""

    def refuse(self, refused: Refused) -> None:
        """Hand the refusal on."""
        self.reply(refused)

    def expire(self, now: float) -> None:
        """Refuse the call if it is overdue."""
        if now >= self._deadline:
            self.reply(Refused.UNAVAILABLE)


class Pipeline:
    """Runs calls in pipelines, one at a time; tells ``contact`` when Redis answers."""

    def __init__(
        self,
        redis: "Redis",
        clock: Callable[[], float],
        counts: PipelineCounts,
        replicas: int = 0,
        contact: Contact | None = None,
        oddities: Oddities | None = None,
    ) -> None:
        self._contact = contact or Contact()
        self._calls = Calls(redis)
        self._clock = clock
        self._counts = counts
        self._replicas = replicas
        self._lanes: Lanes[Call] = Lanes()
        self._in_flight: list[Call] = []
        self._wake = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()
        self._failures = 0
        self._connects = True
        self._last: tuple[bytes, bytes] | None = None
        self._oddities = oddities or Oddities(counts, clock)

    async def connected(self, connection: Any) -> None:
        """Take a new connection into use (the pool's ``redis_connect_func``).

        redis-py replaces a connection that was closed while it was idle, and says nothing; but
        Redis may have been restarted then, and have forgotten. So that is a failure like any other.
        """
        if not self._connects:
            raise exceptions.ConnectionError("the connection was closed while it was idle")
        self._connects = False
        await connection.on_connect()
        await self._end_last(connection)

    async def _end_last(self, connection: Any) -> None:
        """Let Redis close the connection before this one, if it has not noticed its end yet.

        What is still under way on it would else be done after what was repeated, and what follows.
        The address makes sure that it is the same one: a new Redis begins to count anew.
        """
        try:
            if self._last is not None:
                id, address = self._last
                await connection.send_command("CLIENT", "KILL", "ID", id, "ADDR", address)
                await connection.read_response()
            await connection.send_command("CLIENT", "INFO")
            self._last = decode.whoami(await connection.read_response())
        except (exceptions.ResponseError, Malformed) as error:
            self._last = None
            log.debug("Redis does not let this node end its old connections: %s", error)

    def call(self, call: Call) -> None:
        """Queue a call; it goes out with what else this turn brings, if there is room for it."""
        if not self._lanes.add(call):
            call.refuse(Refused.UNAVAILABLE)
            return
        self._go_on()

    def call_next(self, call: Call) -> None:
        """Queue the next call of a read in several steps, before all others of its lane.

        The reply to the step before waits in memory, so few reads should be under way at a time.
        """
        self._lanes.put_back([call])
        self._go_on()

    def _go_on(self) -> None:
        """There is a call to be made."""
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
            self._in_flight = [call for call, _ in batch]
            started = self._clock()
            try:
                found = await self._execute([(call.script, args) for call, args in batch])
            except (*LOST, exceptions.RedisError) as error:
                # What is no answer to a command is of the connection: no rights, or no Redis.
                await self._failed(error)
                continue
            self._in_flight = []
            self._counts.published(self._clock() - started)
            await self._settle([call for call, _ in batch], found, started)

    async def idle(self) -> None:
        """Wait until there is nothing to do."""
        await self._idle.wait()

    def expire(self) -> None:
        """Refuse the calls whose time is up, also those under way."""
        now = self._clock()
        for call in (*self._in_flight, *self._lanes):
            call.expire(now)

    async def _execute(self, batch: Iterable[tuple[str, Sequence[Any]]]) -> list[Any]:
        commands = [("EVALSHA", scripts.digest(script), *args) for script, args in batch]
        if self._replicas:
            # WAIT promises only what this connection has written (Redis 7.0 waits for more). A
            # repeat writes nothing, and what it repeats was written on another connection.
            commands.append(("EVALSHA", scripts.digest(WAITS), 0))
            commands.append(("WAIT", self._replicas, REPLICA_WITHIN))
        replies = await self._calls.execute(commands)
        if self._replicas:
            *replies, written, confirmed = replies
            if isinstance(written, exceptions.NoScriptError):
                await self._calls.execute([("SCRIPT", "LOAD", scripts.source(WAITS))])
            if not (isinstance(written, int) and _suffices(confirmed, self._replicas)):
                # Done, but not safe yet: as if the replies had been lost.
                raise exceptions.ConnectionError("too few replicas have confirmed")
        return replies

    async def _settle(self, calls: list[Call], replies: list[Any], asked: float) -> None:
        """Hand out the replies; what was not done for a passing reason is done again."""
        repeat: list[Call] = []
        missing: set[str] = set()
        refusal: Exception | None = None
        progress = False
        if self._lanes.reading:
            self._lanes.came(calls, replies)
        for call, reply in zip(calls, replies, strict=True):
            if not isinstance(reply, Exception):
                try:
                    then = call.reply(reply)
                except Malformed as error:
                    self._oddities.drop("reply to " + call.script, error)
                    call.refuse(Refused.INTERNAL)
                    then = Next.NOTHING
                progress |= then is not Next.WAIT
                if then is not Next.NOTHING:
                    self.call(call)
            elif isinstance(reply, exceptions.NoScriptError):
                missing.add(call.script)
                repeat.append(call)
            elif _is_full(reply):
                # Redis is there, and has done nothing. What frees memory must not wait for this.
                self._oddities.say("full", "Redis is full, and refuses what would make it grow")
                call.refuse(Refused.FULL)
            elif isinstance(reply, LOST) or _is_passing(reply):
                refusal = reply
                call.lost()
                repeat.append(call)
            else:
                text = "Redis refused the script %s: %s"
                self._oddities.say("refused " + call.script, text, call.script, reply)
                call.refuse(Refused.INTERNAL)
        self._lanes.put_back(repeat)
        if refusal is not None:
            await self._down(refusal)
            return
        self._up(asked)
        if missing:
            await self._load(missing)
        elif not progress:
            # Messages for a log that has to be healed first: let others have their turn.
            await asyncio.sleep(REPEAT_PAUSE)

    async def _load(self, names: Iterable[str]) -> None:
        loads = [("SCRIPT", "LOAD", scripts.source(name)) for name in names]
        try:
            replies = await self._calls.execute(loads)
        except (*LOST, exceptions.RedisError) as error:
            await self._down(error)
            return
        for reply in replies:
            if isinstance(reply, Exception):
                # BUSY, for one: whatever it is, the calls tell when they are made again.
                await self._down(reply)
                return

    async def _failed(self, error: Exception) -> None:
        calls, self._in_flight = self._in_flight, []
        for call in calls:
            call.lost()
        self._lanes.lost()
        self._lanes.put_back(calls)
        await self._down(error)

    async def _down(self, error: Exception) -> None:
        heed_cancelling()
        if self._contact.since is not None or not self._failures:
            log.warning("lost touch with Redis: %s", error or type(error).__name__)
        self._contact.lost()
        self._connects = True
        await self._calls.drop()
        pause = BACKOFF[min(self._failures, len(BACKOFF) - 1)]
        self._failures += 1
        self.expire()
        await asyncio.sleep(pause)

    def _up(self, asked: float) -> None:
        if self._contact.since is None and self._failures:
            self._counts.broker_reconnects += 1
            log.info("Redis answers again")
        self._contact.answered(asked, self._clock())
        self._failures = 0


def _suffices(reply: Any, replicas: int) -> bool:
    return isinstance(reply, int) and reply >= replicas


def _is_full(error: Exception) -> bool:
    return isinstance(error, exceptions.OutOfMemoryError) or str(error).startswith("OOM ")


def _is_passing(error: Any) -> bool:
    if not isinstance(error, exceptions.RedisError):
        return False
    if isinstance(error, exceptions.BusyLoadingError | exceptions.ReadOnlyError):
        return True
    return str(error).split(" ", 1)[0] in NOT_NOW
