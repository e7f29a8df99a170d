"""The sessions of all nodes, in Redis."""

from collections.abc import Callable
from functools import partial
from math import inf
from typing import Any

from node.brokers import decode_sessions
from node.brokers.calls import READ_WITHIN, Args
from node.brokers.context import LONG, BrokerContext
from node.brokers.decode_sessions import Change
from node.brokers.holds import Holds
from node.brokers.lanes import CHANGES, CLAIMS, Lane
from node.brokers.lease import Lease
from node.brokers.readiness import Readiness
from node.brokers.upkeep import Upkeep
from node.core.model import (
    Claim,
    Claimed,
    ClaimReply,
    Departure,
    Done,
    Failure,
    FencingToken,
    JoinReply,
    Membership,
    NickReply,
    Restored,
    RestoreReply,
    SessionSnapshot,
    SessionState,
    Unavailable,
)
from node.core.log_names import room_log
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
        self._holds = Holds()

    def owner(self) -> str:
        """Return the owner part of a new fencing token."""
        self._owners += 1
        return f"{self._lease.incarnation}.{self._owners}"

    def _change(
        self,
        script: str,
        token: FencingToken,
        args: Args,
        deadline: float,
        done: Done[Any],
        parse: Callable[[Any], Any],
        lane: Lane = CHANGES,
        weight: int = 1,
    ) -> None:
        """Change a session.

        First the changes and the notices are noted, then the client is told: from then on this node
        must know the notices.
        """

        def reply(found: Any) -> None:
            if isinstance(found, Change):
                self._lease.note(token.owner, found.changes)
                self._holds.note(token, found.life, found.gen)
                for notice in found.notices:
                    self._context.events.appended(notice)
                found = found.result
                self._note_births(found)
            done(found)

        read = partial(decode_sessions.change, parse)
        self._context.ask(script, args, deadline, reply, read, lane, weight)

    def _note_births(self, result: Any) -> None:
        """Remember which rooms they are that sessions here are in."""
        births = self._context.births
        if isinstance(result, Membership):
            births[room_log(result.room)] = result.birth
        elif isinstance(result, Claimed):
            for membership in result.memberships:
                births[room_log(membership.room)] = membership.birth
        elif isinstance(result, Restored):
            births.update((room_log(room), birth) for room, birth in result.births.items())

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

        # Two rooms take about as long as everything else in the script.
        weight = 1 + len(claim.rooms) // 2
        parse = decode_sessions.claimed
        self._change("hello", claim.token, args, deadline, done, parse, CLAIMS, weight)

    def join(
        self, token: FencingToken, room: str, create: bool, deadline: float, done: Done[JoinReply]
    ) -> None:
        """Put a session into a room."""
        how, config = "create" if create else "join", self._config
        args = [self._context.random_id(), *token, how, room, config.notices, config.retained]
        membership = partial(decode_sessions.membership, room.encode())
        self._change("join", token, args, deadline, done, membership)

    def leave(
        self, token: FencingToken, room: str, deadline: float, done: Done[Departure | None]
    ) -> None:
        """Take a session out of a room."""
        config = self._config
        args = [self._context.random_id(), *token, room, config.notices, config.retained]
        self._change("leave", token, args, deadline, done, decode_sessions.left)

    def rename(
        self, token: FencingToken, nick: str, fold: str, deadline: float, done: Done[NickReply]
    ) -> None:
        """Give a session another nick."""
        config = self._config
        base = [self._context.random_id(), *token, nick, fold, config.notices, config.retained]

        def args() -> list[Any]:
            return [*base, self._upkeep.reaps_until()]

        parse = decode_sessions.renamed
        self._change("nick", token, args, deadline, done, parse, weight=LONG)

    def forget_gone(self) -> None:
        """Forget the sessions whose connections are not here any more."""
        self._holds.keep(self._context.events.holds)

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
                self._lease.note(token.owner, found)
                self._holds.end(token)
            if done is not None:
                done()

        config = self._config
        args = [self._context.random_id(), *token, reason, int(config.grace * 1000)]
        args += (config.notices, config.retained)
        parse = partial(decode_sessions.changes, place=0)
        self._context.call("part", args, inf, reply, parse, weight=LONG)

    def restore(self, snapshot: SessionSnapshot, forgotten: bool, done: Done[RestoreReply]) -> None:
        """Put a session back."""
        owner, attempt = snapshot.token.owner, snapshot.attempt
        hold, config = self._holds.get(snapshot.token.session), self._config
        args: list[Any] = [
            *(self._context.random_id(), snapshot.token.session, snapshot.was, owner),
            *(int(snapshot.keyed), snapshot.nick, snapshot.fold),
            *("" if attempt is None else attempt, snapshot.claim, int(forgotten)),
            self._lease.changes_before(snapshot.was) if snapshot.is_settled else 0,
            *(hold.life, hold.gen, config.notices, config.retained, len(snapshot.rooms)),
        ]
        for place in snapshot.rooms:
            args += place
        deadline = self._context.clock() + READ_WITHIN
        weight = 1 + len(snapshot.rooms) // 2
        parse = decode_sessions.restored
        self._change("restore", snapshot.token, args, deadline, done, parse, weight=weight)
