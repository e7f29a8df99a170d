"""The broker: the core's calls as scripts on Redis, and what Redis tells as calls of the core."""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from math import inf
from typing import Any, Literal, Protocol

import msgspec

from node.brokers import decode_logs, decode_sessions, decode_upkeep, keys, refusals
from node.brokers.calls import READ_WITHIN, Args, SimpleCall
from node.brokers.connect import REPLY_TIMEOUT, Connect
from node.brokers.contact import Contact
from node.brokers.head_poll import HeadPoll
from node.brokers.health import Fault, Health
from node.brokers.history import HistoryRead
from node.brokers.lanes import CHANGES, CLAIMS, LOGS, PAGES, UPKEEP, Lane
from node.brokers.lease import FORMAT, Lease
from node.brokers.malformed import Malformed, Oddities
from node.brokers.moderation_sync import ModerationSync
from node.brokers.pipeline import Pipeline, PipelineCounts
from node.brokers.publish_batch import Publish, Taken, directed
from node.brokers.subscriber import Subscriber
from node.core.entries import Compared, Entry, Lost, Position, Slice
from node.core.interfaces import BrokerEvents
from node.core.model import (
    Claim,
    Claimed,
    Done,
    FencingToken,
    Membership,
    PendingMessage,
    Refused,
    SessionSnapshot,
    SessionState,
    Stored,
)
from wire import limits

log = logging.getLogger(__name__)

PAGE = 1000
"""Rooms or members in one answer: with the longest names a tenth of the longest line."""
TIDIED = 100
"""Deadlines of a kind that one call looks after, at two or three commands each."""
LONG = 8
"""What a change to all rooms of a session weighs, however many there are: so 32 fill a pipeline."""


@dataclass(frozen=True)
class BrokerConfig:
    """What may be set of the broker's behaviour; times are in seconds."""

    kept: int = 1000
    grace: float = 30.0
    notices: int = 200
    room_idle: float = 86400.0
    lease: float = 8.0
    heal_within: float = 3.0
    """How long other nodes may take to put back what a Redis that has just come back forgot."""
    replicas: int = 0
    """How many replicas of Redis must have a change before it counts as done."""
    version: str = ""
    """That of this node, for moderators to see."""
    alone: bool = False
    """No other process can be at this broker, and it forgets nothing: there is none to wait for."""


class BrokerCounts(PipelineCounts, Protocol):
    """What the broker counts."""

    redis_faults: dict[Fault, int]


class RedisBroker:
    """Implements ``interfaces.Broker``; ``run`` has to be running for anything to happen."""

    def __init__(
        self,
        connect: Connect,
        rules: BrokerConfig,
        counts: BrokerCounts,
        clock: Callable[[], float],
        random_id: Callable[[], str],
    ) -> None:
        self._rules = rules
        self._clock = clock
        self._random_id = random_id
        self._clients = [connect(REPLY_TIMEOUT), connect(None)]
        # Half a lease: who renewed a second before a break still has as long after it.
        self._contact = Contact(rules.lease / 2)
        self._oddities = Oddities(counts, clock)
        self._pipeline = Pipeline(
            self._clients[0], clock, counts, rules.replicas, self._contact, self._oddities
        )
        pool = self._clients[0].connection_pool
        pool.connection_kwargs["redis_connect_func"] = self._pipeline.connected
        self._subscriber = Subscriber(self._clients[1], self._on_message, self._on_confirmed)
        self._health = Health(self._call, counts, clock)
        self._tops = HeadPoll(self._call, self._sink_of, clock)
        self._orders = ModerationSync(
            self._call, self._sink_of, clock, random_id, (rules.notices, rules.kept)
        )
        self._lease = Lease(
            rules.lease,
            self._call,
            self._subscriber,
            self._sink_of,
            self.part,
            self._facts,
            self._orders.newest,
            clock,
            random_id,
            self._contact,
        )
        self._publishes: dict[str, Publish] = {}
        self._taken = Taken()
        self._sink: BrokerEvents | None = None
        self._connections = 0
        self._reaping = False
        self._reaped = [0, 0, 0]

    # Life

    def attach(self, sink: BrokerEvents) -> None:
        """Tell whom to tell."""
        self._sink = sink

    def _sink_of(self) -> BrokerEvents:
        assert self._sink is not None, "attach comes before run"
        return self._sink

    async def run(self) -> None:
        """Serve for ever."""
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._pipeline.run())
                tasks.create_task(self._subscriber.run())
                tasks.create_task(self._every(0.25, self._pipeline.expire))
                tasks.create_task(self._every(1.0, self._lease.renew))
                tasks.create_task(self._look_after(1.0, self._reap))
                tasks.create_task(self._look_after(1.0, self._tidy))
                tasks.create_task(self._look_after(2.0, self._tops.compare))
                tasks.create_task(self._every(10.0, self._forget_idle))
                if not self._rules.alone:
                    # The embedded one keeps nothing, as everybody knows who has asked for it.
                    tasks.create_task(self._look_after(1.0, self._health.look))
        finally:
            for client in self._clients:
                await client.aclose()

    async def _every(self, seconds: float, what: Callable[[], None]) -> None:
        while True:
            what()
            await asyncio.sleep(seconds)

    async def _look_after(self, seconds: float, what: Callable[[], None]) -> None:
        """Do something to the data now and then, as long as they are ours to touch."""
        while True:
            if not self._lease.refused:
                what()
            await asyncio.sleep(seconds)

    async def retire(self) -> None:
        """Give back the lease, once all that was asked for is done."""
        await self._pipeline.idle()
        if self._lease.refused:
            return
        self._call("retire", [self._lease.incarnation], inf, _ignore)
        await self._pipeline.idle()

    def unready(self) -> str | None:
        """Return why the broker does not deliver, None if it does."""
        return self._lease.unready()

    def _facts(self) -> list[Any]:
        """Return what a renewal of the lease tells of this node."""
        facts = self._sink_of().facts()._asdict()
        lag = self._lease.lag
        facts |= {"version": self._rules.version, "format": FORMAT}
        facts["faults"] = self._health.found
        facts["lag_ms"] = None if lag is None else round(lag * 1000, 1)
        return [msgspec.json.encode(facts), self._rules.notices, self._rules.kept]

    # Calls

    def _call(
        self,
        script: str,
        args: Args,
        deadline: float,
        done: Callable[[Any], None],
        lane: Lane = CHANGES,
        weight: int = 1,
    ) -> None:
        self._pipeline.call(SimpleCall(script, args, deadline, done, lane, weight))

    def _ask(
        self,
        script: str,
        args: Args,
        deadline: float,
        done: Done[Any],
        parse: Callable[[Any], Any],
        lane: Lane = CHANGES,
        weight: int = 1,
    ) -> None:
        """Call a script whose reply is {'ok', ...} or the name of a refusal."""

        def reply(found: Any) -> None:
            if isinstance(found, Refused):
                done(found)
            else:
                refused = refusals.refusal(found)
                done(parse(found) if refused is None else refused)

        self._call(script, args, deadline, reply, lane, weight)

    def _changed(
        self, owner: str, parse: Callable[[Any], Any], place: int = -1
    ) -> Callable[[Any], Any]:
        """Note the number of changes that a reply tells, then parse it."""

        def note(found: Any) -> Any:
            self._lease.note(owner, decode_sessions.changes(found, place))
            return parse(found)

        return note

    def owner(self) -> str:
        """Return a new name for a connection's hold on a session."""
        self._connections += 1
        return f"{self._lease.incarnation}.{self._connections}"

    def check(self, done: Done[bool]) -> None:
        """Find out whether sessions of this node were forgotten."""
        self._lease.check(done)

    # Messages

    def publish(self, room: str, post: PendingMessage) -> None:
        """Append a message to a room's log; batched with others of this turn."""
        publish = self._publishes.get(room)
        if publish is None:
            publish = self._publishes[room] = Publish(
                room, self._rules.kept, self._sink_of(), self._taken
            )
        publish.add(post)
        if not publish.queued:
            publish.queued = True
            self._pipeline.call(publish)

    def direct(self, post: PendingMessage, fold: str, before: bytes, after: bytes) -> None:
        """Append a message to the inbox of who holds ``fold``."""
        args = [post.id, *post.hold, post.token, fold, before, after, self._rules.kept]

        def reply(found: Any) -> None:
            if isinstance(found, Refused):
                post.done(found)
                return
            kept, append = directed(found, post, before, after)
            if append is not None:
                self._sink_of().appended(append)
            post.done(kept)

        self._call("direct", args, post.deadline, reply)

    def sent(self, session: str, token: str, deadline: float, done: Done[Stored | None]) -> None:
        """Look up whether a message was sent before."""

        def reply(found: Any) -> None:
            if found and not isinstance(found, Refused):
                found = decode_logs.stored(found)
            done(found or None)

        self._call("sent", [session, token], deadline, reply)

    # Sessions

    def claim(self, claim: Claim, deadline: float, done: Done[Claimed]) -> None:
        """Begin or continue a session."""
        if self._lease.refused:
            done(Refused.UNAVAILABLE)
            return
        rules, op = self._rules, self._random_id()

        def args() -> list[Any]:
            args: list[Any] = [
                *(op, claim.hold.session, int(claim.keyed), claim.nick, claim.fold),
                *("" if claim.attempt is None else claim.attempt, claim.hold.owner),
                *(rules.notices, rules.kept, limits.ROOMS, self._reaps_until()),
                *(claim.makes, claim.address),
                *(len(claim.rooms), *claim.rooms, claim.default_room),
            ]
            if self.unhealed():
                for name, position in claim.known:
                    args += (name, str(position))
            return args

        parse = self._changed(claim.hold.owner, decode_sessions.claimed, 5)
        # Two rooms take about as long as all else.
        weight = 1 + len(claim.rooms) // 2
        self._ask("hello", args, deadline, done, parse, CLAIMS, weight)

    def join(
        self, hold: FencingToken, room: str, create: bool, deadline: float, done: Done[Membership]
    ) -> None:
        """Put a session into a room."""
        how = "create" if create else "join"
        args = [self._random_id(), *hold, how, room, self._rules.notices, self._rules.kept]
        parse = self._changed(hold.owner, partial(decode_sessions.membership, room.encode()))
        self._ask("join", args, deadline, done, parse)

    def leave(
        self, hold: FencingToken, room: str, deadline: float, done: Done[tuple[str, int] | None]
    ) -> None:
        """Take a session out of a room."""
        args = [self._random_id(), *hold, room, self._rules.notices, self._rules.kept]
        self._ask("leave", args, deadline, done, self._changed(hold.owner, decode_sessions.left))

    def rename(
        self, hold: FencingToken, nick: str, fold: str, deadline: float, done: Done[tuple[str, int]]
    ) -> None:
        """Give a session another nick."""
        rules = self._rules
        base = [self._random_id(), *hold, nick, fold, rules.notices, rules.kept]

        def args() -> list[Any]:
            return [*base, self._reaps_until()]

        parse = self._changed(hold.owner, decode_sessions.renamed)
        self._ask("nick", args, deadline, done, parse, CHANGES, LONG)

    def standing(self, hold: FencingToken, done: Done[SessionState]) -> None:
        """Look how a session stands."""
        args = [*hold, self._rules.notices]
        self._ask("standing", args, self._clock() + READ_WITHIN, done, decode_sessions.standing)

    def part(self, hold: FencingToken, quit: bool, done: Callable[[], None] | None = None) -> None:
        """End a connection's hold on a session, however long the broker takes to hear of it."""
        self._part(hold, "quit" if quit else "lost", done)

    def kick(self, hold: FencingToken) -> None:
        """End a session that may not be here, however long the broker takes to hear of it."""
        self._part(hold, "kicked", None)

    def _part(self, hold: FencingToken, reason: str, done: Callable[[], None] | None) -> None:
        def reply(found: Any) -> None:
            if not isinstance(found, Refused):
                self._lease.note(hold.owner, decode_sessions.changes(found, 0))
            if done is not None:
                done()

        rules = self._rules
        args = [self._random_id(), *hold, reason, int(rules.grace * 1000)]
        self._call("part", [*args, rules.notices, rules.kept], inf, reply, CHANGES, LONG)

    def restore(self, memory: SessionSnapshot, anew: bool, done: Done[bool]) -> None:
        """Put a session back."""
        attempt = "" if memory.attempt is None else memory.attempt
        args: list[Any] = [
            *(self._random_id(), memory.hold.session, memory.was, memory.hold.owner),
            *(int(memory.keyed), memory.nick, memory.fold, attempt, memory.claim, int(anew)),
            len(memory.rooms),
        ]
        for room, position in memory.rooms:
            args += (room, position)
        deadline = self._clock() + READ_WITHIN
        parse = self._changed(memory.hold.owner, lambda found: True)
        weight = 1 + len(memory.rooms) // 2
        self._ask("restore", args, deadline, done, parse, CHANGES, weight)

    # Lists

    def members(
        self, room: str, after: str, deadline: float, done: Done[tuple[list[str], bool]]
    ) -> None:
        """List nicks by code points of their folded form."""

        def reply(found: Any) -> None:
            done(found if isinstance(found, Refused) else decode_sessions.members(found))

        self._call("members", [room, after, PAGE], deadline, reply, PAGES)

    def rooms(
        self, after: str, deadline: float, done: Done[tuple[list[tuple[str, int]], bool]]
    ) -> None:
        """List rooms with their number of members."""

        def reply(found: Any) -> None:
            done(found if isinstance(found, Refused) else decode_sessions.rooms(found))

        self._call("rooms", [after, PAGE], deadline, reply, PAGES)

    def history(
        self,
        room: str,
        page: Literal["before", "upto", "after"],
        position: str,
        limit: int,
        deadline: float,
        done: Done[tuple[bytes, list[Entry], bool]],
    ) -> None:
        """Read a page of messages."""
        HistoryRead(self._pipeline, room, limit, deadline, done).run(page, position)

    # Logs

    def read(
        self,
        log: str,
        position: Position,
        branch: bytes,
        limit: int,
        done: Done[Slice],
        most_bytes: int | None = None,
    ) -> None:
        """Read a log after a position."""
        self._slice("read", [log, *position, limit, branch, most_bytes or ""], done)

    def tail(self, log: str, limit: int, done: Done[Slice]) -> None:
        """Read the newest entries of a log."""
        self._slice("tail", [log, limit], done)

    def _slice(self, script: str, args: Sequence[Any], done: Done[Slice]) -> None:
        def reply(found: Any) -> None:
            done(found if isinstance(found, Refused) else decode_logs.slice_of(found))

        self._call(script, args, self._clock() + READ_WITHIN, reply, LOGS)

    def begin(self, room: str, done: Done[bool]) -> None:
        """Make the log of a room that is missing."""
        args = [self._random_id(), room]
        self._ask("begin", args, self._clock() + READ_WITHIN, done, lambda found: True)

    def compare(
        self,
        log: str,
        base: Position,
        branch: bytes,
        ids: Sequence[bytes],
        done: Done[Compared | None],
    ) -> None:
        """Find the newest entry that a log has in common with a branch."""

        def reply(found: Any) -> None:
            done(found if isinstance(found, Refused) else decode_logs.compared(found))

        args = [log, base.epoch, branch or base.epoch, base.offset, *ids]
        self._call("compare", args, self._clock() + READ_WITHIN, reply)

    def heal(self, log: str, lost: Lost, done: Done[int]) -> None:
        """Put lost entries back into a log."""
        args = healing(log, self._rules.kept, lost, self._random_id())
        deadline = self._clock() + READ_WITHIN
        self._ask("heal", args, deadline, done, decode_logs.healed, CHANGES, 2 * LONG)

    def unhealed(self) -> bool:
        """Say whether others may still put back what a Redis that has just come back forgot."""
        within = self._rules.heal_within
        return not (self._rules.alone or self._contact.unbroken(self._clock(), within))

    def watch(self, log: str) -> None:
        """Deliver the frames of a room from now on."""
        self._subscriber.want(keys.log_channel(log))

    def unwatch(self, log: str) -> None:
        """Deliver the frames of a room no longer."""
        self._subscriber.unwant(keys.log_channel(log))

    # What Redis tells

    def _on_message(self, payload: bytes) -> None:
        if self._lease.refused:
            return
        kind = b""
        try:
            kind, _, rest = payload.partition(b" ")
            # Read first, and only then told: a fault of the core must not be taken for this.
            if kind == b"log":
                if self._taken.has(rest):
                    return
                frame = decode_logs.frame(payload)
                tell = None
            elif kind == b"probe":
                tell = partial(self._lease.heard, decode_upkeep.probe(rest))
            elif kind == b"moved":
                tell = partial(self._sink_of().moved, decode_upkeep.moved(rest))
            elif kind == b"orders":
                tell = partial(self._orders.newest, rest)
            elif kind == b"announce":
                tell = partial(self._sink_of().announced, *decode_upkeep.announcement(rest))
            else:
                return  # A node of a later version may tell more.
        except (Malformed, AttributeError) as error:
            self._oddities.drop("message of a channel", error)
            if kind == b"log":
                self._look_again(payload)
            return
        if tell is None:
            self._sink_of().frame(frame)
        else:
            tell()

    def _look_again(self, payload: bytes) -> None:
        """Read the log that a malformed frame is of: it may have stood for entries."""
        with contextlib.suppress(Malformed):
            self._sink_of().differs(decode_logs.log_of(payload))

    def _on_confirmed(self, channel: bytes) -> None:
        if self._lease.refused:
            return
        if (log_name := keys.log_of_channel(channel)) is not None:
            self._sink_of().confirmed(log_name)
        else:
            # Directs may have been missed as well.
            self._tops.look_at_inboxes()
            self._tops.compare()

    # Upkeep

    def _may_reap(self) -> bool:
        """Say whether everybody else has had the time to renew their leases."""
        return self._rules.alone or self._contact.steady(self._clock(), self._rules.lease)

    def _reaps_until(self) -> int:
        """Return the chat's time at which what is over now is over; 0: nothing.

        Calls that Redis has not read yet when it hangs are done afterwards; then what had the time
        to be renewed until the call has to be told from what has not had it since.
        """
        return self._lease.time.least() if self._may_reap() else 0

    def _reap(self) -> None:
        if self._reaping or not self._may_reap():
            return
        rules = self._rules
        base = [self._random_id(), int(rules.grace * 1000), rules.notices, rules.kept]
        base += [int(rules.room_idle * 1000), 100]

        def args() -> list[Any] | None:
            # Redis may have been away since, and others not have had the time.
            self._reaping = self._may_reap()
            return [*base, self._reaps_until()] if self._reaping else None

        self._reaping = True
        self._call("reap", args, self._clock() + READ_WITHIN, self._on_reaped, UPKEEP)

    def _tidy(self) -> None:
        """Clamp deadlines, and forget ids that do not count any more."""
        if not self._may_reap():
            return
        rules = self._rules
        base = [int(rules.lease * 1000), int(rules.grace * 1000)]

        def args() -> list[Any] | None:
            return [*base, self._reaps_until(), TIDIED] if self._may_reap() else None

        def reply(found: Any) -> None:
            if found == 1:
                self._tidy()

        self._call("tidy", args, self._clock() + READ_WITHIN, reply, UPKEEP)

    def _on_reaped(self, found: Any) -> None:
        """Go on as long as there is more to do, and say at the end how much it was."""
        self._reaping = False
        if not isinstance(found, Refused):
            *counts, more = decode_upkeep.reaped(found)
            self._reaped = [sum(pair) for pair in zip(self._reaped, counts, strict=True)]
            if more:
                self._reap()
                return
        orphans, ended, closed = self._reaped
        self._reaped = [0, 0, 0]
        if orphans:
            log.info("a node is gone: %d of its sessions may be continued", orphans)
        if ended or closed:
            log.info("ended %d sessions that nobody continued, %d unused rooms", ended, closed)

    def _forget_idle(self) -> None:
        """Forget the rooms to which nobody has anything to say just now."""
        self._publishes = {room: one for room, one in self._publishes.items() if one.queued}


def healing(log: str, kept: int, lost: Lost, fresh: str) -> list[Any]:
    """Return the arguments of heal.lua; ``fresh`` is a name for a new branch."""
    base, read = lost.base, lost.read
    args: list[Any] = [log, kept, base.epoch, lost.branch or base.epoch]
    args += (base.offset, base.id, read.offset, read.id, fresh)
    for entry in lost.entries:
        originals = b" ".join([bytes(original) for original in entry.original_positions])
        args += (entry.kind, entry.id, entry.at, entry.origin, entry.body, entry.offset, originals)
        args.append(lost.there.get(entry.id, ""))
    return args


def _ignore(_reply: Any) -> None:
    """Take the place of a ``done`` where no reply is wanted."""
