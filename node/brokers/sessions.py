"""The sessions of all nodes, in Redis."""

from collections.abc import Callable
from functools import partial
from math import inf
from typing import Any

from node.brokers import decode_logs, decode_sessions
from node.brokers.calls import READ_WITHIN
from node.brokers.context import LONG, BrokerContext
from node.brokers.lanes import CHANGES, CLAIMS
from node.brokers.lease import Lease
from node.brokers.readiness import Readiness
from node.brokers.upkeep import Upkeep
from node.core.model import (
    Claim,
    ClaimReply,
    Departure,
    Done,
    Failure,
    FencingToken,
    JoinReply,
    NickReply,
    RestoreReply,
    SessionSnapshot,
    SessionState,
    Unavailable,
)
from wire import limits


class RedisSessions:
    """Implements ``interfaces.SessionStore``, except ``check``: that is a renewal of the lease."""

    def __init__(
        self, context: BrokerContext, lease: Lease, readiness: Readiness, upkeep: Upkeep
    ) -> None:
        self._context = context
        self._config = context.config
        self._lease = lease
        self._readiness = readiness
        self._upkeep = upkeep
        self._owners = 0

    def owner(self) -> str:
        """Return the owner part of a new fencing token."""
        self._owners += 1
        return f"{self._lease.incarnation}.{self._owners}"

    def _counted(
        self, owner: str, parse: Callable[[Any], Any], place: int = -1
    ) -> Callable[[Any], Any]:
        """Return ``parse``, which first notes the number of changes at a place of the reply."""

        def note(found: Any) -> Any:
            self._lease.note(owner, decode_sessions.changes(found, place))
            return parse(found)

        return note

    def _noticed(
        self, owner: str, parse: Callable[[Any], Any], place: int = -1
    ) -> Callable[[Any], Any]:
        """Return ``parse``, which first notes the changes, and the notices in front of them.

        The client is told afterwards: from then on this node must know the notices.
        """

        def note(found: Any) -> Any:
            for notice in decode_logs.notices(found, place - 1):
                self._context.events.appended(notice)
            return parse(found)

        return self._counted(owner, note, place)

    def claim(self, claim: Claim, deadline: float, done: Done[ClaimReply]) -> None:
        """Begin a session, or continue one."""
        if self._readiness.refused:
            done(Unavailable.UNREACHABLE)
            return
        config, op = self._config, self._context.random_id()

        def args() -> list[Any]:
            args: list[Any] = [
                *(op, claim.token.session, int(claim.keyed), claim.nick, claim.fold),
                *("" if claim.attempt is None else claim.attempt, claim.token.owner),
                *(config.notices, config.retained, limits.ROOMS, self._upkeep.reaps_until()),
                *(claim.makes, claim.address),
                *(len(claim.rooms), *claim.rooms, claim.default_room),
            ]
            if self._context.unhealed():
                for name, position in claim.known:
                    args += (name, str(position))
            return args

        parse = self._noticed(claim.token.owner, decode_sessions.claimed, 6)
        # Two rooms take about as long as everything else in the script.
        weight = 1 + len(claim.rooms) // 2
        self._context.ask("hello", args, deadline, done, parse, CLAIMS, weight)

    def join(
        self, token: FencingToken, room: str, create: bool, deadline: float, done: Done[JoinReply]
    ) -> None:
        """Put a session into a room."""
        how, config = "create" if create else "join", self._config
        args = [self._context.random_id(), *token, how, room, config.notices, config.retained]
        membership = partial(decode_sessions.membership, room.encode())
        self._context.ask("join", args, deadline, done, self._noticed(token.owner, membership))

    def leave(
        self, token: FencingToken, room: str, deadline: float, done: Done[Departure | None]
    ) -> None:
        """Take a session out of a room."""
        config = self._config
        args = [self._context.random_id(), *token, room, config.notices, config.retained]
        parse = self._noticed(token.owner, decode_sessions.left)
        self._context.ask("leave", args, deadline, done, parse)

    def rename(
        self, token: FencingToken, nick: str, fold: str, deadline: float, done: Done[NickReply]
    ) -> None:
        """Give a session another nick."""
        config = self._config
        base = [self._context.random_id(), *token, nick, fold, config.notices, config.retained]

        def args() -> list[Any]:
            return [*base, self._upkeep.reaps_until()]

        parse = self._noticed(token.owner, decode_sessions.renamed)
        self._context.ask("nick", args, deadline, done, parse, CHANGES, LONG)

    def standing(self, token: FencingToken, done: Done[SessionState]) -> None:
        """Fetch the current state of a session."""
        args = [*token, self._config.notices]
        deadline = self._context.clock() + READ_WITHIN
        self._context.ask("standing", args, deadline, done, decode_sessions.standing)

    def part(self, token: FencingToken, quit: bool, done: Callable[[], None] | None = None) -> None:
        """Release a session, or end it with ``quit``; repeated until the broker has done it."""
        self._part(token, "quit" if quit else "lost", done)

    def kick(self, token: FencingToken) -> None:
        """End a session that a moderator bans; repeated until the broker has done it."""
        self._part(token, "kicked", None)

    def _part(self, token: FencingToken, reason: str, done: Callable[[], None] | None) -> None:
        def reply(found: Any) -> None:
            if not isinstance(found, Failure):
                self._lease.note(token.owner, decode_sessions.changes(found, 0))
            if done is not None:
                done()

        context, config = self._context, self._config
        args = [context.random_id(), *token, reason, int(config.grace * 1000)]
        context.call("part", [*args, config.notices, config.retained], inf, reply, CHANGES, LONG)

    def restore(self, snapshot: SessionSnapshot, forgotten: bool, done: Done[RestoreReply]) -> None:
        """Put a session back."""
        owner, attempt = snapshot.token.owner, snapshot.attempt
        args: list[Any] = [
            *(self._context.random_id(), snapshot.token.session, snapshot.was, owner),
            *(int(snapshot.keyed), snapshot.nick, snapshot.fold),
            *("" if attempt is None else attempt, snapshot.claim, int(forgotten)),
            self._lease.changes_before(snapshot.was) if snapshot.is_settled else 0,
            len(snapshot.rooms),
        ]
        for room, position in snapshot.rooms:
            args += (room, position)
        deadline = self._context.clock() + READ_WITHIN
        parse = self._counted(owner, lambda found: True)
        weight = 1 + len(snapshot.rooms) // 2
        self._context.ask("restore", args, deadline, done, parse, CHANGES, weight)
