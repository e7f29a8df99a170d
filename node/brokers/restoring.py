"""A session that is put back, step by step."""

import asyncio
from functools import partial
from typing import Any

from node.brokers import decode_sessions
from node.brokers.calls import READ_WITHIN
from node.brokers.claiming import Sessions
from node.brokers.context import BrokerContext
from node.brokers.decode_seats import Settled
from node.brokers.decode_sessions import Change
from node.brokers.lease import Lease
from node.brokers.settler import Settler
from node.core.model import Denied, Done, Failure, Membership, Restored, RestoreReply
from node.core.model import SessionSnapshot, Unavailable

AGAIN_AFTER = 0.2
"""Seconds after which a node may try once more to put back a session."""


class Restoring:
    """One attempt to put a session back, in Redis and in its rooms."""

    __slots__ = ("_sessions", "_context", "_settler", "_lease", "_snapshot", "_done", "_deadline")

    def __init__(
        self,
        sessions: Sessions,
        context: BrokerContext,
        settler: Settler,
        lease: Lease,
        snapshot: SessionSnapshot,
        done: Done[RestoreReply],
    ) -> None:
        self._sessions = sessions
        self._context = context
        self._settler = settler
        self._lease = lease
        self._snapshot = snapshot
        self._done = done
        self._deadline = context.clock() + READ_WITHIN

    def begin(self, forgotten: bool) -> None:
        """Decide it; ``forgotten``: Redis has lost the session."""
        snapshot, op = self._snapshot, self._context.random_id()
        token, attempt = snapshot.token, snapshot.attempt
        hold = self._sessions.holds.get(token.session)
        args: list[Any] = [
            *(op, token.session, snapshot.was, token.owner),
            *(int(snapshot.keyed), snapshot.nick, snapshot.fold),
            *("" if attempt is None else attempt, snapshot.claim, int(forgotten)),
            self._lease.changes_before(snapshot.was) if snapshot.is_settled else 0,
            *(hold.life, hold.gen),
        ]
        for room, _, birth in snapshot.rooms:
            args += (room, birth)
        weight, decided = 1 + len(snapshot.rooms) // 2, partial(self._on_decided, op)
        self._sessions.change(
            *("restore", token, args, self._deadline, decided, decode_sessions.restored),
            weight=weight,
        )

    def _on_decided(self, op: str, found: Any) -> None:
        if not isinstance(found, Change):
            self._end(found)
            return
        back, token = found.result, self._snapshot.token
        positions = {room: position for room, position, _ in self._snapshot.rooms}
        self._settler.depart(back.departures, self._deadline, _ignore)
        self._sessions.seat(
            *(token, found, op, back.nick, back.fold, back.rows, self._deadline),
            *(partial(self._on_seated, found.gen), positions),
        )

    def _on_seated(self, gen: int, found: list[Membership] | Failure) -> None:
        if isinstance(found, list):
            self._sessions.named(self._snapshot.token, gen)
            self._done(Restored({one.room: one.birth for one in found}))
        else:
            self._end(found)

    def _end(self, found: RestoreReply | Failure) -> None:
        """Answer that the session was not put back.

        The nick may be that of another session which Redis brought back with it, though it has
        ended or given the nick up since. Its node says so while lost data are being put back: until
        then a nick that is taken is no reason to give up.
        """
        if found is Denied.TAKEN and self._context.unhealed(""):
            found = Unavailable.UNREACHABLE
        if found is Unavailable.UNREACHABLE:
            # The caller tries it again at once.
            asyncio.get_running_loop().call_later(AGAIN_AFTER, self._done, found)
        else:
            self._done(found)


def _ignore(_settled: list[Settled | None]) -> None:
    """Leave departures that could not be settled to any node."""
