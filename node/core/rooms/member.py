"""How far a member of a room has got its log, as the room's node sees it."""

from collections.abc import Callable
from enum import Enum, auto
from typing import Protocol

from node.core.entries import CURRENT, UNKNOWN, Cursor, Entry, Position, SeenBranch
from node.core.interfaces import Encoder, Transport
from node.core.rooms.past import NOTHING, Past


class Reader(Protocol):
    """The session that a member belongs to."""

    @property
    def transport(self) -> Transport: ...
    @property
    def encoder(self) -> Encoder: ...

    def looked_up(self) -> None:
        """The position that the client sent had to be looked up in the log."""


class MemberState(Enum):
    """How a member gets the entries of its log."""

    ABSENT = auto()
    """Not at all: it has not been added yet, or has been removed."""
    BEHIND = auto()
    """It is fed from its cursor on, until it has reached the top."""
    LIVE = auto()
    """It gets each entry as it comes, together with all other live members."""
    STOPPED = auto()
    """Paused: the member is leaving, and the position of its own `left` is not known yet."""
    LEAVING = auto()
    """It is fed up to its own `left`, and is then removed."""


class Member:
    """A reader of a room's log. Bytes for it go to ``transport``, and ``encoder`` makes them.

    ``cursor`` is how far the member has read, None while it is live; ``branch`` is the branch to
    which the cursor belongs, and ``seen`` what the member has seen of a branch that the log lost.
    ``past`` is what it has seen of lost branches while it was live, as all live members did; it
    has seen nothing of those that were ``known_before`` it was added.
    ``unverified``: the cursor comes from a client, and has to be looked up in the log before it is
    believed.

    ``reading``: a page of the log is being read for it. That is no state, because a member may be
    stopped, or leave, while the reply is on its way.

    ``end`` is the position of its own `left`, ``done`` what is called when it has been removed, and
    ``complete`` says whether it had got everything before its `left` by then.
    """

    __slots__ = (
        *("transport", "encoder", "reader", "state", "cursor", "branch", "seen", "unverified"),
        *("past", "known_before", "reading", "end", "done", "complete"),
    )

    def __init__(self, reader: Reader) -> None:
        self.transport = reader.transport
        self.encoder = reader.encoder
        self.reader = reader
        self.state = MemberState.ABSENT
        self.cursor: Position | None = None
        self.branch = UNKNOWN
        self.seen: SeenBranch | None = None
        self.unverified = False
        self.past = self.known_before = NOTHING
        self.reading = False
        self.end: Position | None = None
        self.done: Callable[[], None] | None = None
        self.complete = False

    @property
    def is_leaving(self) -> bool:
        """Whether the member is about to be removed, and only gets what is before its `left`."""
        return self.state is MemberState.LEAVING

    @property
    def is_stopped(self) -> bool:
        """Whether it is not known yet if the member leaves."""
        return self.state is MemberState.STOPPED

    @property
    def is_fed(self) -> bool:
        """Whether the member reads the log from its cursor on."""
        return self.state in (MemberState.BEHIND, MemberState.LEAVING)

    # States

    def start(self, start: Position, cursor: Cursor | None, past: Past) -> None:
        """Read on after a client's cursor, or else after ``start``.

        ``past``: what other members saw of branches that were lost before.
        """
        self.state = MemberState.BEHIND
        self.unverified = cursor is not None
        self.cursor, self.seen = cursor or (start, None)
        self.branch = UNKNOWN if self.seen is None else CURRENT
        self.past, self.known_before = NOTHING, past

    def go_live(self) -> None:
        """Get each entry as it comes from now on."""
        self.state = MemberState.LIVE
        self.cursor = None
        self.unverified = False

    def fall_behind(self, top: Position, branch: bytes, past: Past) -> None:
        """Read by itself from ``top`` on, up to which it has got everything."""
        self.state = MemberState.BEHIND
        self.cursor, self.branch = top, branch
        if self.seen is None:
            self.past = past.since(self.known_before)

    def stop(self) -> None:
        """Get nothing until it is known where its `left` stands."""
        self.state = MemberState.STOPPED

    def resume(self) -> None:
        """Stay in the room after all."""
        self.state = MemberState.BEHIND

    def leave(self, end: Position, done: Callable[[], None] | None) -> None:
        """Get what is before the own `left`, which is at ``end``."""
        self.state = MemberState.LEAVING
        self.end, self.done = end, done

    def remove(self) -> Callable[[], None] | None:
        """Get nothing any more; return what has to be called about it."""
        self.state = MemberState.ABSENT
        done, self.end, self.done = self.done, None, None
        return done

    # Reading

    def begin_read(self) -> None:
        """A page of the log is being read for this member."""
        self.reading = True

    def end_read(self) -> None:
        """The reply has come."""
        self.reading = False

    def verify(self) -> None:
        """The cursor has been looked up in the log."""
        if self.unverified:
            self.reader.looked_up()
        self.unverified = False

    def note_seen(self, seen: SeenBranch) -> None:
        """The cursor belongs to a branch that the log lost."""
        self.seen = seen

    def advance(self, cursor: Position, branch: bytes) -> None:
        """The member has got everything up to ``cursor``."""
        self.cursor, self.branch = cursor, branch

    def note_complete(self) -> None:
        """The member has got everything before its own `left`."""
        self.complete = True

    def unseen(self, entries: list[Entry]) -> list[Entry]:
        """Return which of these entries the member has not seen in a lost branch."""
        seen = self.seen
        if self.past.seen:
            entries = [one for one in entries if not self.past.includes(one)]
        return entries if seen is None else [one for one in entries if not seen.includes(one)]
