"""A session that begins or is continued, step by step."""

from collections.abc import Callable
from functools import partial
from typing import Any, Protocol

from node.brokers import decode_sessions
from node.brokers.calls import Args
from node.brokers.context import BrokerContext
from node.brokers.decode_sessions import Change, Greeted
from node.brokers.holds import Holds
from node.brokers.lanes import CLAIMS, Lane
from node.brokers.settler import Settler
from node.core.log_names import inbox_log, is_room, room_name
from node.core.model import Claim, Claimed, ClaimReply, Done, Failure, FencingToken
from node.core.model import Membership
from wire import limits


class Sessions(Protocol):
    """What a claim needs of the sessions; ``seat`` is ``seating.seat`` with its first arguments."""

    seat: Callable[..., None]
    holds: Holds

    def change(
        self,
        script: str,
        token: FencingToken,
        args: Args,
        deadline: float,
        done: Done[Any],
        parse: Callable[[Any], Any],
        lane: Lane = ...,
        weight: int = ...,
    ) -> None: ...

    def named(self, token: FencingToken, gen: int) -> None: ...


class Claiming:
    """One claim: are its positions known, whose session is it, which rooms is it in?

    While nodes may still be putting back what Redis lost, a position that a room's log does not
    know would look like a gap; then the client has to ask again.
    """

    __slots__ = (
        *("_sessions", "_context", "_settler", "_until", "_claim", "_deadline", "_done"),
        *("_op", "_breaks", "_left", "_unknown", "_failure", "_greeted", "_gen", "_subscriptions"),
    )

    def __init__(
        self,
        sessions: Sessions,
        context: BrokerContext,
        settler: Settler,
        until: Callable[[], int],
        claim: Claim,
        deadline: float,
        done: Done[ClaimReply],
    ) -> None:
        self._sessions = sessions
        self._context = context
        self._settler = settler
        self._until = until
        self._claim = claim
        self._deadline = deadline
        self._done = done
        self._op = context.random_id()
        self._breaks: list[int] = []
        self._left = 0
        self._unknown: list[str] = []
        self._failure: Failure | None = None
        self._greeted: Greeted | None = None
        self._gen = 0
        self._subscriptions = 0

    def begin(self) -> None:
        """Ask whether the positions are known, if that is in question."""
        known = self._positions()
        self._left, self._unknown, self._failure = len(known), [], None
        for log, position in known:
            args, done = [log, *position], partial(self._on_known, log)
            self._context.call("known", args, self._deadline, done, bool, CLAIMS, log=log)
        if not known:
            self._decide()

    def _positions(self) -> list[Any]:
        """Return the rooms' positions that have to be known; none once all has been put back."""
        rooms = [one for one in self._claim.known if is_room(one[0]) and one[1].offset > 0]
        return [one for one in rooms if self._context.unhealed(one[0])]

    def _count_breaks(self) -> list[int]:
        """Return how often each server was away."""
        return [shard.contact.breaks for shard in self._context.shards.all]

    def _on_known(self, log: str, found: bool | Failure) -> None:
        self._left -= 1
        if found is False:
            self._unknown.append(room_name(log))
        elif found is not True:
            self._failure = found
        if self._left == 0 and self._failure is not None:
            self._end(self._failure)
        elif self._left == 0:
            self._decide()

    def _decide(self) -> None:
        self._sessions.holds.coming.add(self._claim.token)
        self._breaks = self._count_breaks()
        # Two rooms take about as long as everything else in the script.
        weight = 1 + len(self._claim.rooms) // 2
        self._sessions.change(
            *("hello", self._claim.token, self._args, self._deadline, self._on_decided),
            *(decode_sessions.greeted, CLAIMS, weight),
        )

    def _args(self) -> list[Any] | None:
        """Return the arguments; None if Redis was away since: then it may have lost something."""
        if self._breaks != self._count_breaks() and self._positions():
            self.begin()
            return None
        self._subscriptions = self._context.subscriptions
        claim = self._claim
        known = [position for log, position in claim.known if not is_room(log)]
        inbox = str(known[0]) if known and known[0].offset and self._context.unhealed("") else ""
        return [
            *(self._op, claim.token.session, int(claim.keyed), claim.nick, claim.fold),
            *("" if claim.attempt is None else claim.attempt, claim.token.owner),
            *(limits.ROOMS, self._until(), claim.makes, claim.address),
            *(len(claim.rooms), *claim.rooms, claim.default_room, inbox, *self._unknown),
        ]

    def _on_decided(self, found: Any) -> None:
        if not isinstance(found, Change):
            self._end(found)
            return
        greeted = self._greeted = found.result
        self._gen = found.gen
        self._breaks = self._count_breaks()
        # Departures of this session from before are settled first: each room takes them in order.
        self._settler.depart(greeted.departures, self._deadline, lambda settled: None)
        self._sessions.seat(
            *(self._claim.token, found, self._op, greeted.nick, greeted.fold, greeted.rows),
            *(self._deadline, self._on_seated),
        )

    def _end(self, reply: ClaimReply | Failure) -> None:
        self._sessions.holds.coming.discard(self._claim.token)
        self._done(reply)

    def _on_seated(self, found: list[Membership] | Failure) -> None:
        greeted = self._greeted
        assert greeted is not None
        if not isinstance(found, list):
            self._end(found)
            return
        if greeted.renamed:
            self._sessions.named(self._claim.token, self._gen)
        self._end(
            Claimed(
                *(greeted.resumed, greeted.nick, greeted.claim, greeted.inbox, greeted.refused),
                found,
            )
        )
        if self._breaks != self._count_breaks():
            # Redis may have lost the decision, and this node may have put back its sessions before
            # this one was known here.
            self._context.events.vanished(self._claim.token.session)
        if self._subscriptions != self._context.subscriptions:
            # A direct may have been missed after the decision, which did not know of it yet. When
            # the channel was subscribed, this session was not known here.
            self._context.events.differs(inbox_log(self._claim.token.session))
