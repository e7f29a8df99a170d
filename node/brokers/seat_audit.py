"""Compares the seats of rooms with what is decided about their sessions.

When Redis has gone back, a seat may come back whose session nobody remembers, with the log that
says that it came in. One of a session here may be lost, in a room that announces nothing. And a
node may die before it has settled what it decided.
"""

import logging
from collections.abc import Callable, Sequence
from functools import partial
from math import inf
from typing import Any

from node.brokers import decode_seats
from node.brokers.calls import READ_WITHIN
from node.brokers.context import BrokerContext
from node.brokers.decode_seats import Held, Listed, Seat, Verdict
from node.brokers.lanes import UPKEEP
from node.brokers.settler import Settler
from node.core.log_names import room_log
from node.core.model import Failure

log = logging.getLogger(__name__)

EVERY = 600.0
"""Seconds after which all rooms that this node follows are looked through again."""
LISTED = 250
"""Seats in one reply, or somewhat more."""
ENOUGH = 500
"""Seats after which no further room is begun in the same second. When a node has died, its sessions
are continued at nodes that follow many rooms only since then: what must be done at once goes first.
"""


class SeatAudit:
    """Looks through rooms that are due, one page of one room at a time.

    ``name_all`` frees names that sessions here have given up; Redis may have forgotten that.
    """

    def __init__(
        self, context: BrokerContext, settler: Settler, name_all: Callable[[], None]
    ) -> None:
        self._context = context
        self._settler = settler
        self._name_all = name_all
        self._due: dict[str, None] = {}
        self._followed = set[str]()
        self._here = set[str]()
        self._fewer = set[str]()
        self._all_due = False
        self._busy = False
        self._left = 0
        self._last = -inf
        self._since: list[float | None] = []

    def look(self) -> None:
        """Look through some rooms, once all other nodes had the time to put their sessions back."""
        self._left = ENOUGH
        self._begin()

    def _begin(self) -> None:
        """Begin with the next room."""
        context = self._context
        now = context.clock()
        since = [shard.contact.since for shard in context.shards.all]
        if self._since != since or now - self._last >= EVERY:
            # Redis may have gone back while it was away.
            self._since, self._last, self._all_due = since, now, True
        if self._busy or not self._is_steady():
            return
        if self._all_due:
            # Also those that this node has followed only since then.
            self._due |= dict.fromkeys(context.births)
            self._all_due = False
            self._name_all()
        # Nodes that noticed a loss may have ended before they looked.
        self._due |= {log: None for log in context.births if log not in self._followed}
        self._followed = set(context.births)
        self._due |= dict.fromkeys(sorted(context.healed))
        context.healed.clear()
        # A seat that Redis has only because it went back ends with the log, once that is healed.
        room = next((log for log in self._due if not context.unhealed(log)), None)
        if room is not None:
            del self._due[room]
            self._here.clear()
            self._list(room, b"0")

    def _is_steady(self) -> bool:
        context = self._context
        return context.config.alone or context.contact.steady(context.clock(), context.config.lease)

    def _list(self, log: str, cursor: bytes) -> None:
        self._busy = True
        context = self._context

        def listed(found: Listed | Failure) -> None:
            if isinstance(found, Failure) or (found.seats and not found.birth):
                # Redis has lost the room, but not its seats. The room is put back first: without
                # its birth every seat would look wrong.
                self._end(log, True)
                return
            sessions = (seat.session for seat in found.seats)
            self._here.update(filter(context.events.holds, sessions))
            if found.seats:
                self._verify(log, found)
            else:
                self._go_on(log, found)

        args, deadline = [cursor, LISTED], context.clock() + READ_WITHIN
        context.call("seats", args, deadline, listed, decode_seats.listed, UPKEEP, log=log)

    def _go_on(self, log: str, listed: Listed) -> None:
        if listed.cursor != b"0":
            self._list(log, listed.cursor)
        else:
            self._end(log, bool(listed.birth) and self._is_doubtful(log))

    def _is_doubtful(self, log: str) -> bool:
        """Tell the core that sessions here have no seats in a room, if that is so twice in a row.

        Return whether it was seen for the first time: they may have left, or come in just now. The
        number of seats may be right all the same, if others have come back.
        """
        events = self._context.events
        if len(self._here) >= events.present(log):
            self._fewer.discard(log)
        elif log not in self._fewer:
            self._fewer.add(log)
            return True
        else:
            self._fewer.discard(log)
            events.absent(log)
        return False

    def _end(self, log: str, again: bool) -> None:
        self._busy = False
        if again:
            self._due[log] = None
        elif self._due and self._left > 0:
            self._begin()

    def _verify(self, name: str, listed: Listed) -> None:
        context, room = self._context, name[len(room_log("")) :]
        args: list[Any] = [room, listed.birth]
        self._left -= len(listed.seats)
        for seat in listed.seats:
            args += (seat.session, seat.life, seat.gen)

        def verified(found: list[Verdict] | Failure) -> None:
            if isinstance(found, Failure) or not self._is_steady() or context.unhealed(name):
                # Redis may have lost something meanwhile that nodes are about to put back.
                self._end(name, True)
                return
            self._correct(room, listed.birth, listed.seats, found)
            self._go_on(name, listed)

        deadline = context.clock() + READ_WITHIN
        parse = partial(decode_seats.verdicts, count=len(listed.seats))
        context.ask("verify", args, deadline, verified, parse, UPKEEP)

    def _correct(
        self, room: str, birth: bytes, seats: Sequence[Seat], should: Sequence[Verdict]
    ) -> None:
        wrong = [
            (seat, verdict)
            for seat, verdict in zip(seats, should, strict=True)
            if not verdict.later and not _is_right(seat, verdict)
        ]
        for seat, verdict in wrong:
            held = Held(seat.session, seat.life, seat.gen)
            self._settler.correct(room, birth, held, verdict, _ignore)
        if wrong:
            self._context.counts.audit_found += len(wrong)
            log.info("corrected who is in a room", extra={"room": room, "sessions": len(wrong)})


def _is_right(seat: Seat, should: Verdict) -> bool:
    # Not the generation: that of a session grows with each room that it enters or leaves.
    return seat.nick == should.nick and should.owner in (seat.owner, "-")


def _ignore(_reply: Any) -> None:
    """Take the place of a ``done`` where no reply is wanted."""
