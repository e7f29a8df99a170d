"""What becomes of a session that the broker refuses, has forgotten, or may have changed unheard.

Two things may be under way at the same time, each with a call of the broker of its own: the token
of the session is put back, and the outcome of a change is looked up. So there are two states.
"""

from collections.abc import Callable
from enum import Enum
from functools import partial
from typing import NamedTuple, Protocol

from node.core.interfaces import Broker
from node.core.model import (
    Failure,
    Fenced,
    FencingToken,
    Restored,
    RestoreReply,
    SessionSnapshot,
    SessionState,
    Unavailable,
)
from node.core.session.ownership import OwnershipCheck
from node.core.session.session import Session
from node.core.session.token_state import NEXT, Step, TokenState
from wire.messages import AnyRequest

TOO_LATE = 0.5
"""Seconds before its deadline from which a request is not begun, nor waited for, any more."""

Settle = Callable[[SessionState | None], None]
"""Takes the state of a session after a change; None: it was not done, or nobody can know."""


class Outcome(Enum):
    """Whether it is known what became of a change that the broker did not answer in time."""

    KNOWN = "nothing is in doubt"
    UNKNOWN = "the broker is asked for the state of the session"
    RESTORE_DUE = "as UNKNOWN; the session was forgotten, and is put back as it turns out to be"


class Stranded(NamedTuple):
    """A request that waits for its session to be put back; ``done`` takes a refusal."""

    request: AnyRequest
    deadline: float
    done: Callable[[Unavailable], None]


class RecoveryHost(Protocol):
    """The connection whose session is recovered."""

    @property
    def session(self) -> Session: ...

    @property
    def is_over(self) -> bool:
        """Whether the connection has ended."""

    @property
    def has_quit(self) -> bool:
        """Whether the client has quit: the broker is told, now or when it has the session."""

    @property
    def under_way(self) -> int:
        """How many requests wait for a reply of the broker, or for the session to be put back."""

    def repeat(self, stranded: list[Stranded]) -> None:
        """Do again what was refused for the old token, in order."""

    def advance(self) -> None:
        """Go on with the requests that had to wait."""

    def cut_off(self) -> None:
        """End: the session is not to be had any more."""


class Recovery:
    """Gets a session back for its connection, and repeats what was refused in the meantime.

    ``state`` is that of the token. While it is not held, all requests wait; while
    the outcome is not known, all but a `quit` do.
    """

    __slots__ = (
        *("state", "outcome", "_host", "_broker", "_ownership", "_stranded", "_forgotten"),
        "_restored",
    )

    def __init__(self, host: RecoveryHost, broker: Broker, ownership: OwnershipCheck) -> None:
        self.state = TokenState.HELD
        self.outcome = Outcome.KNOWN
        self._host = host
        self._broker = broker
        self._ownership = ownership
        self._stranded: list[Stranded] | None = None
        self._forgotten = False
        self._restored: SessionSnapshot | None = None

    def _take(self, step: Step) -> bool:
        """Take a step; return whether it is one that changes, or confirms, the state."""
        following = NEXT[self.state].get(step)
        if following is not None:
            self.state = following
        return following is not None

    # The token

    @property
    def is_lost(self) -> bool:
        """Whether the session may not be ours, and is not being put back."""
        return self.state is TokenState.LOST or self.outcome is not Outcome.KNOWN

    def _on_checked(self, reply: bool | Failure) -> None:
        """Try this one alone, unless all that were forgotten are being put back."""
        if self.is_lost and (isinstance(reply, Failure) or not reply):
            self.restore(forgotten=False)

    def strand(
        self, request: AnyRequest, deadline: float, done: Callable[[Unavailable], None]
    ) -> None:
        """The broker refused a request for its token: find out why, and do it again afterwards.

        ``done`` gets the refusal if that takes too long.
        """
        if self.state in (TokenState.HELD, TokenState.RESTORING):
            self._ownership.ask(self._on_checked)
        self._take(Step.REFUSED)
        if self._stranded is None:
            self._stranded = []
        self._stranded.append(Stranded(request, deadline, done))
        self.replied()

    def restore(self, forgotten: bool) -> None:
        """Put the session back: the broker has forgotten it, or may have taken it from us."""
        if self._host.is_over or self._host.has_quit:
            return
        if Step.RESTORE not in NEXT[self.state]:
            # It is being put back, but perhaps as one that the broker still has.
            self._forgotten |= forgotten
            return
        if self.outcome is not Outcome.KNOWN and forgotten:
            # What would be put back is not known yet.
            self.outcome = Outcome.RESTORE_DUE
            return
        self._take(Step.RESTORE)
        self._forgotten = forgotten
        snapshot = self._host.session.snapshot(self._broker.owner(), self.outcome is Outcome.KNOWN)
        self._broker.restore(snapshot, forgotten, partial(self._on_restored, snapshot, forgotten))

    def _on_restored(
        self, snapshot: SessionSnapshot, forgotten: bool, reply: RestoreReply | Failure
    ) -> None:
        host = self._host
        if host.is_over or host.has_quit:
            self._take(Step.STOPPED)
            # It ended while it was being put back: release it once more.
            if isinstance(reply, Restored) or reply is Unavailable.UNREACHABLE:
                self._broker.part(snapshot.token, quit=host.has_quit)
        elif isinstance(reply, Restored):
            host.session.take(snapshot.token, reply.births)
            if host.session.agrees(snapshot) and self._forgotten == forgotten:
                self._take(Step.RESTORED)
                self._restored = snapshot
                if not forgotten and not host.session.rooms.keys() <= reply.births.keys():
                    self._compare_rooms(snapshot.token)
                self.replied()
                host.advance()
            else:
                # A `leave` or `nick` was done just before, or the broker has forgotten changes.
                self._take(Step.STOPPED)
                self.restore(self._forgotten)
        elif reply is Unavailable.UNREACHABLE:
            self._take(Step.STOPPED)
            self.restore(self._forgotten)
        elif not forgotten and (self._forgotten or self.outcome is Outcome.RESTORE_DUE):
            # Refused because the broker has forgotten it, which was not known when it was asked.
            self._take(Step.STOPPED)
            self.restore(forgotten=True)
        elif not forgotten:
            self._ownership.ask(self._on_confirmed)
        else:
            self._give_up()

    def _on_confirmed(self, reply: bool | Failure) -> None:
        """The session was refused as one that Redis knows: it may have been lost since that."""
        if self._host.is_over:
            self._take(Step.STOPPED)
        elif self._forgotten or self.outcome is Outcome.RESTORE_DUE:
            self._take(Step.STOPPED)
            self.restore(forgotten=True)
        elif reply is Unavailable.UNREACHABLE:
            self._ownership.ask(self._on_confirmed)
        else:
            self._give_up()

    def _give_up(self) -> None:
        self._take(Step.TAKEN)
        self._stranded = None
        self._host.cut_off()

    def _compare_rooms(self, token: FencingToken, again: bool = False) -> None:
        """Ask whether a session that was given back is in all the rooms that it is in here.

        Redis may have gone back to before the end of the session, and another node may have put
        one `left` of that end back: then the session is not in that room any more.
        """
        done = partial(self._on_rooms, token, again)
        self._broker.standing(token, done)

    def _on_rooms(self, token: FencingToken, again: bool, reply: SessionState | Failure) -> None:
        host = self._host
        if host.is_over or token != host.session.token:
            return
        if reply is Unavailable.UNREACHABLE:
            self._compare_rooms(token, again)
        elif isinstance(reply, SessionState) and (missing := host.session.missing_in(reply)):
            # Seen once, a moderator may have closed a room, and this node is about to hear it.
            if not again or any(member.is_stopped for member in missing):
                self._compare_rooms(token, again=True)
                return
            # Its client comes back and enters those rooms again, which everybody is told.
            self._stranded = None
            host.cut_off()
            self._broker.part(token, quit=False)

    def replied(self) -> None:
        """Repeat what was refused for the old token, once the session has been put back.

        What is still under way with the old token comes back first: else it would be overtaken.
        """
        stranded = self._stranded or []
        if self.state is not TokenState.REGAINED or self._host.under_way > len(stranded):
            return
        if self._restored is not None and not self._host.session.agrees(self._restored):
            # What came back last was decided before the session was put back, without it.
            self.restore(self._forgotten)
            return
        self._take(Step.SETTLED)
        self._restored = None
        self._stranded = None
        self._host.repeat(stranded)

    # Time

    @property
    def waits(self) -> bool:
        """Whether requests wait for the session to be put back."""
        return bool(self._stranded)

    def expire(self, now: float) -> None:
        """Refuse the requests that have waited too long for the session to be put back."""
        for waiting in list(self._stranded or ()):
            if waiting.deadline - now <= TOO_LATE:
                if self._stranded is not None:
                    self._stranded.remove(waiting)
                waiting.done(Unavailable.UNREACHABLE)

    # The outcome of a change

    def reconcile(self, settle: Settle) -> None:
        """A change was answered `unavailable`, and may have been done all the same: find out.

        The next requests wait until that is known. ``settle`` then tells the client, if the change
        was done, what it should have been answered, without the `ref`.
        """
        if self.outcome is Outcome.KNOWN:
            self.outcome = Outcome.UNKNOWN
        self._look_up(settle)

    def _look_up(self, settle: Settle) -> None:
        token = self._host.session.token
        self._broker.standing(token, partial(self._on_state, token, settle))

    def _on_state(self, asked: FencingToken, settle: Settle, reply: SessionState | Failure) -> None:
        host = self._host
        if host.is_over:
            return
        is_old = asked != host.session.token
        if reply is Fenced.GONE and (is_old or self.outcome is not Outcome.RESTORE_DUE):
            # It has to be ours again first, or is; or it is over, and then the connection ends.
            if not is_old and Step.RESTORE in NEXT[self.state]:
                self._ownership.ask(self._on_checked)
            self._look_up(settle)
        elif reply is Unavailable.UNREACHABLE:
            self._look_up(settle)
        else:
            settle(None if isinstance(reply, Failure) else reply)
            due, self.outcome = self.outcome is Outcome.RESTORE_DUE, Outcome.KNOWN
            if due:
                self.restore(forgotten=True)
            host.advance()
