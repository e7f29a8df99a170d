"""The sessions of all nodes, in Redis.

Each operation is decided by one script in the slot of sessions; then the rooms are settled.
"""

from collections.abc import Callable
from functools import partial
from math import inf
from typing import Any

from node.brokers import decode_sessions
from node.brokers.calls import READ_WITHIN, Args
from node.brokers.claiming import Claiming
from node.brokers.context import LONG, BrokerContext
from node.brokers.decode_seats import Settled
from node.brokers.decode_sessions import Change, Ending, Parted
from node.brokers.holds import Holds
from node.brokers.lanes import CHANGES, UPKEEP, Lane
from node.brokers.lease import Lease
from node.brokers.readiness import Readiness
from node.brokers.restoring import Restoring
from node.brokers.seating import seat
from node.brokers.settler import Settler
from node.brokers.upkeep import Upkeep
from node.core.model import (
    Claim,
    ClaimReply,
    Denied,
    Departure,
    Done,
    Failure,
    FencingToken,
    JoinReply,
    Membership,
    NickReply,
    Renaming,
    RestoreReply,
    SessionSnapshot,
    SessionState,
    Unavailable,
)

NAMED = 200
"""Sessions in one call that frees names which they have given up."""
ENDINGS = 3
"""How often a nick is asked for whose session has just ended, once its rooms know that."""

OVER = ("quit", "kicked", "over")
"""The reasons for which sessions end, whether they have keys or not."""


class RedisSessions:
    """Implements ``interfaces.SessionStore``, except ``check``: that is a renewal of the lease."""

    def __init__(
        self,
        context: BrokerContext,
        lease: Lease,
        readiness: Readiness,
        upkeep: Upkeep,
        settler: Settler,
    ) -> None:
        self._context = context
        self._lease = lease
        self._readiness = readiness
        self._upkeep = upkeep
        self._settler = settler
        self.holds = Holds()
        self._owners = 0
        self.seat: Callable[..., None] = partial(seat, context, settler, self.holds)

    def owner(self) -> str:
        """Return the owner part of a new fencing token."""
        self._owners += 1
        return f"{self._lease.incarnation}.{self._owners}"

    def change(
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
        """Decide a change of a session; ``done`` gets a Change, or why there is none.

        A nick whose session ends just now is asked for again once its rooms know that.
        """
        read = partial(decode_sessions.change, parse)

        def ask(reply: Done[Any]) -> None:
            self._context.ask(script, args, deadline, reply, read, lane, weight)

        ask(partial(self._decided, token, deadline, done, ask, ENDINGS))

    def _decided(
        self,
        token: FencingToken,
        deadline: float,
        done: Done[Any],
        ask: Callable[[Done[Any]], None],
        endings: int,
        found: Any,
    ) -> None:
        """Take the reply to a change; ``ask`` asks once more."""
        if isinstance(found, Ending) and endings == 0:
            done(Denied.TAKEN)
        elif isinstance(found, Ending):
            again = partial(self._decided, token, deadline, done, ask, endings - 1)
            self._settler.finish(found.session, deadline, partial(ask, again), done)
        else:
            if isinstance(found, Change):
                self._lease.note(token.owner, found.changes)
                self.holds.note(token, found.life, found.gen)
            done(found)

    def claim(self, claim: Claim, deadline: float, done: Done[ClaimReply]) -> None:
        """Begin a session, or continue one."""
        if self._readiness.refused:
            done(Unavailable.UNREACHABLE)
            return
        until = self._upkeep.reaps_until
        Claiming(self, self._context, self._settler, until, claim, deadline, done).begin()

    def join(
        self, token: FencingToken, room: str, create: bool, deadline: float, done: Done[JoinReply]
    ) -> None:
        """Put a session into a room."""
        op = self._context.random_id()

        def decided(found: Any) -> None:
            if not isinstance(found, Change):
                done(found)
                return
            joined = found.result
            self._settler.depart(joined.departures, deadline, lambda settled: None)
            rows = [joined.row]
            self.seat(token, found, op, joined.nick, joined.fold, rows, deadline, seated)

        def seated(found: list[Membership] | Failure) -> None:
            done(found[0] if isinstance(found, list) else found)

        args = [op, *token, "create" if create else "join", room]
        self.change("join", token, args, deadline, decided, decode_sessions.joined)

    def leave(
        self, token: FencingToken, room: str, deadline: float, done: Done[Departure | None]
    ) -> None:
        """Take a session out of a room."""

        def decided(found: Any) -> None:
            if isinstance(found, Change):
                self._settler.depart(found.result, deadline, settled)
            else:
                done(found)

        def settled(found: list[Settled | None]) -> None:
            said = found[-1] if found else None
            if found and said is None:
                done(Unavailable.UNREACHABLE)
            else:
                done(Departure(said.position, said.at) if said and said.position else None)

        args = [self._context.random_id(), *token, room]
        self.change("leave", token, args, deadline, decided, decode_sessions.left)

    def rename(
        self, token: FencingToken, nick: str, fold: str, deadline: float, done: Done[NickReply]
    ) -> None:
        """Give a session another nick."""
        op = self._context.random_id()

        def args() -> list[Any]:
            return [op, *token, nick, fold, self._upkeep.reaps_until()]

        def decided(found: Any) -> None:
            if isinstance(found, Change):
                renamed = found.result
                told = partial(self._renamed, token, found.gen, renamed.renaming, done)
                folded = fold.partition(" ")[0]
                self.seat(token, found, op, nick, folded, renamed.rows, deadline, told)
            else:
                done(found)

        parse = decode_sessions.renamed
        self.change("nick", token, args, deadline, decided, parse, weight=LONG)

    def _renamed(
        self,
        token: FencingToken,
        gen: int,
        renaming: Renaming,
        done: Done[NickReply],
        found: list[Membership] | Failure,
    ) -> None:
        if isinstance(found, list):
            self.named(token, gen)
        done(renaming if isinstance(found, list) else found)

    def named(self, token: FencingToken, gen: int) -> None:
        """Free the names that a session has given up: its rooms know it in a generation."""
        self.holds.tell(token, gen)
        self._context.call("named", [token.session, gen], inf, _ignore)

    def name_all(self) -> None:
        """Do that again for all sessions here: Redis may have forgotten it."""
        told = self.holds.told()
        for start in range(0, len(told), NAMED):
            args = [part for pair in told[start : start + NAMED] for part in pair]
            deadline = self._context.clock() + READ_WITHIN
            self._context.call("named", args, deadline, _ignore, lane=UPKEEP)

    def forget_gone(self) -> None:
        """Forget the sessions whose connections are not here any more.

        Those that have ended are remembered for 10 to 20 s, longer while Redis may bring one back.
        """
        self.holds.keep(self._context.events.holds)
        if not self._context.unhealed(""):
            self.holds.forget_ended()

    def standing(self, token: FencingToken, done: Done[SessionState]) -> None:
        """Fetch the current state of a session; its rooms are settled by it."""
        op, deadline = self._context.random_id(), self._context.clock() + READ_WITHIN

        def decided(found: Any) -> None:
            if not isinstance(found, Change):
                done(found)
                return
            state = found.result

            def seated(places: list[Membership] | Failure) -> None:
                if isinstance(places, list):
                    self.named(token, found.gen)
                    done(SessionState(state.nick, state.at, places))
                else:
                    done(places)

            self.seat(token, found, op, state.nick, state.fold, state.rows, deadline, seated)

        self.change("standing", token, [*token], deadline, decided, decode_sessions.standing)

    def part(self, token: FencingToken, quit: bool, done: Callable[[], None] | None = None) -> None:
        """Release a session, or end it with ``quit``; repeated until the broker has done it."""
        self._part(token, "quit" if quit else "lost", done)

    def kick(self, token: FencingToken) -> None:
        """End a session that a moderator bans; repeated until the broker has done it."""
        self._part(token, "kicked", None)

    def release(self, token: FencingToken, ended: bool) -> None:
        """Release a session that Redis alone has here; ``ended``: it has ended here before."""
        self._part(token, "over" if ended else "stray", None)

    def _part(self, token: FencingToken, reason: str, done: Callable[[], None] | None) -> None:
        def decided(found: Parted | Failure) -> None:
            if isinstance(found, Failure):
                told([])
                return
            self._lease.note(token.owner, found.changes)
            # Without a change it was another connection's session, or this is a repeat.
            self.holds.end(token, found.changes > 0 and reason in OVER)
            deadline = self._context.clock() + READ_WITHIN
            self._settler.depart(found.departures, deadline, told)

        def told(_settled: list[Settled | None]) -> None:
            self.holds.leaving.discard(token)
            if done is not None:
                done()

        self.holds.leaving.add(token)
        args = [self._context.random_id(), *token, reason, int(self._context.config.grace * 1000)]
        self._context.call("part", args, inf, decided, decode_sessions.parted, weight=LONG)

    def restore(self, snapshot: SessionSnapshot, forgotten: bool, done: Done[RestoreReply]) -> None:
        """Put a session back."""
        Restoring(self, self._context, self._settler, self._lease, snapshot, done).begin(forgotten)


def _ignore(_reply: Any) -> None:
    """Take the place of a ``done`` where no reply is wanted."""
