"""The logs of rooms and inboxes, in Redis."""

import asyncio
from collections.abc import Sequence
from typing import Any, Literal

from node.brokers import decode_logs, keys
from node.brokers.calls import READ_WITHIN
from node.brokers.clock import Clock
from node.brokers.context import LONG, BrokerContext
from node.brokers.directs import Directs
from node.brokers.history import HistoryRead
from node.brokers.lanes import CHANGES, LOGS
from node.brokers.decode_logs import Repeated
from node.brokers.publish_batch import Publish, Taken
from node.brokers.subscriptions import Subscriptions
from node.core.entries import Compared, Lost, Position, Slice
from node.core.log_names import is_room, room_log, room_name
from node.core.model import Denied, Done, Failure, HistoryPage, PendingMessage, Stored


class RedisLogs:
    """Implements ``interfaces.LogStore``."""

    def __init__(
        self, context: BrokerContext, subscriptions: Subscriptions, taken: Taken, time: Clock
    ) -> None:
        self._context = context
        self._time = time
        self._subscriptions = subscriptions
        self._taken = taken
        self._publishes: dict[str, Publish] = {}
        self._directs = Directs(context)
        self._looking: set[str] = set()

    # Messages

    def publish(self, room: str, message: PendingMessage) -> None:
        """Append a message to a room's log, together with the other messages of this turn."""
        publish = self._publishes.get(room)
        if publish is None:
            context = self._context
            publish = self._publishes[room] = Publish(
                *(room, context.config.retained, context.events, self._taken, self._time.least)
            )
        if publish.add(message):
            self._context.shards.call(publish)

    def forget_idle(self) -> None:
        """Forget the rooms for which no message is queued."""
        self._publishes = {room: one for room, one in self._publishes.items() if one.queued}

    def direct(self, message: PendingMessage, fold: str, before: bytes, after: bytes) -> None:
        """Append a message to the inbox of the session that has the nick ``fold``."""
        self._directs.send(message, fold, before, after)

    def sent(
        self, room: str | None, session: str, id: str, deadline: float, done: Done[Stored | None]
    ) -> None:
        """Look up where a message was stored."""
        log = room_log(room) if room is not None else ""

        def reply(found: Repeated | None | Failure) -> None:
            if found is None or isinstance(found, Failure):
                done(found)
                return
            place, append = found
            if append is not None:
                # The client gets an `ack`: from then on this node must know the entry.
                self._context.events.appended(append)
            done(place)

        args = lambda: [log, session, id, self._time.least()]  # noqa: E731
        self._context.call(
            "sent", args, deadline, reply, decode_logs.sent, log=log, authors=[session]
        )

    # Pages

    def history(
        self,
        room: str,
        page: Literal["before", "upto", "after"],
        position: str,
        limit: int,
        deadline: float,
        done: Done[HistoryPage],
    ) -> None:
        """Read a page of messages."""
        shards = self._context.shards
        HistoryRead(shards, room, limit, deadline, done).run(page, position)

    def read(
        self,
        log: str,
        position: Position,
        branch: bytes,
        limit: int,
        done: Done[Slice],
        most_bytes: int | None = None,
    ) -> None:
        """Read the entries after a position of a branch."""
        self._slice("read", log, [*position, limit, branch, most_bytes or ""], done)

    def tail(self, log: str, limit: int, done: Done[Slice]) -> None:
        """Read the newest entries of a log."""
        self._slice("tail", log, [limit], done)

    def _slice(self, script: str, log: str, args: Sequence[Any], done: Done[Slice]) -> None:
        deadline = self._context.clock() + READ_WITHIN
        parse = decode_logs.slice_of
        self._context.call(script, [log, *args], deadline, done, parse, LOGS, log=log)

    # What was lost

    def begin(self, room: str, done: Done[bool]) -> None:
        """Create the log of a room if it is missing."""
        context = self._context
        deadline, log = context.clock() + READ_WITHIN, room_log(room)
        args = [context.random_id(), room, context.births.get(log, b"")]
        context.ask("begin", args, deadline, done, lambda found: True, log=log)

    def compare(
        self,
        log: str,
        base: Position,
        branch: bytes,
        ids: Sequence[bytes],
        done: Done[Compared | None],
    ) -> None:
        """Find the newest entry that a log has in common with a branch."""
        args = [log, base.epoch, branch or base.epoch, base.offset, *ids]
        deadline = self._context.clock() + READ_WITHIN
        self._context.call("compare", args, deadline, done, decode_logs.compared, log=log)

    def heal(self, log: str, lost: Lost, done: Done[int]) -> None:
        """Put lost entries back into a log."""
        context, birth = self._context, self._context.births.get(log, b"")
        retained, fresh = context.config.retained, context.random_id()

        def heal(birth: bytes, anew: bool, done: Done[Any]) -> None:
            def args() -> list[Any]:
                rest = healing(lost, fresh, self._time.least(), birth, anew)
                return [log, retained, *rest]

            deadline, parse = context.clock() + READ_WITHIN, decode_logs.healed
            context.ask("heal", args, deadline, done, parse, CHANGES, 2 * LONG, log)

        def on_healed(found: Any) -> None:
            if found is not Denied.MISSING:
                if is_room(log) and found:
                    context.healed.add(log)
                done(found)
                return
            # If a moderator has closed the room, its log must not come back. Redis may know it by
            # another birth, if it had lost the room.
            deadline = context.clock() + READ_WITHIN
            context.ask(
                "mayheal", [room_name(log), birth], deadline, on_allowed, decode_logs.allowed
            )

        def on_allowed(found: Any) -> None:
            if isinstance(found, Failure):
                done(found)
            else:
                context.births[log] = found
                heal(found, True, on_healed)

        heal(birth, False, on_healed)

    def unhealed(self, log: str, part: float = 1.0) -> bool:
        """Say whether other nodes may still be putting back what Redis lost of a log."""
        return self._context.unhealed(log, part)

    def look_again(self, log: str, part: float) -> None:
        """Let a log be read as soon as this part of the time is over: once, if asked repeatedly."""
        if log not in self._looking:
            self._looking.add(log)
            loop = asyncio.get_running_loop()
            # Event loops round to milliseconds, and may be early by less than one.
            wait = self._context.unhealed_for(log, part) + 0.001
            loop.call_later(wait, self._look, log)

    def _look(self, log: str) -> None:
        """If the connection broke meanwhile, the core finds that it has to wait, and asks again."""
        self._looking.discard(log)
        self._context.events.differs(log)

    def any_unhealed(self) -> bool:
        """Say whether that may be so for any log."""
        return self._context.any_unhealed()

    # Frames

    def watch(self, log: str) -> None:
        """Deliver the frames of a log from now on."""
        self._subscriptions.want(keys.log_channel(log))

    def unwatch(self, log: str) -> None:
        """Stop delivering the frames of a log."""
        self._subscriptions.unwant(keys.log_channel(log))
        self._context.births.pop(log, None)


def healing(lost: Lost, fresh: str, time: int, birth: bytes, anew: bool) -> list[Any]:
    """Return the arguments of heal.lua behind the first two.

    ``fresh`` is a name for a new branch. ``anew``: a log that is missing may be created again.
    """
    base, read = lost.base, lost.read
    args: list[Any] = [base.epoch, lost.branch or base.epoch]
    args += (base.offset, base.id, read.offset, read.id, fresh, time, birth, int(anew))
    for entry in lost.entries:
        homes = b" ".join([bytes(home) for home in entry.original_positions])
        args += (entry.kind, entry.id, entry.at, entry.origin, entry.body, entry.offset, homes)
        args.append(lost.there.get(entry.id, ""))
    return args
