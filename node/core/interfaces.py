"""What the core needs from outside, and the words it speaks with it.

The core never waits: it hands the broker a call and a ``done``, and is called back, in the same
thread, with the reply or with a ``Refused``.
"""

from collections.abc import Callable, Collection, Sequence
from typing import Literal, Protocol

from node.core.entries import Append, Compared, Entry, Frame, Lost, Position, Slice
from node.core.model import (
    Claim,
    Claimed,
    Done,
    FencingToken,
    Membership,
    ModerationRule,
    NodeFacts,
    PendingMessage,
    Refused,
    SessionSnapshot,
    SessionState,
    Stored,
)
from wire.messages import Event, Past


class Broker(Protocol):
    """What keeps the logs and the sessions. Every ``deadline`` is by the clock of the core."""

    def owner(self) -> str:
        """Return a new name for a connection's hold on a session."""

    def check(self, done: Done[bool]) -> None:
        """Find out whether sessions of this node were forgotten, and if so, say it to the sink."""

    def publish(self, room: str, post: PendingMessage) -> None:
        """Append a message to a room's log; batched with others of this turn."""

    def direct(self, post: PendingMessage, fold: str, before: bytes, after: bytes) -> None:
        """Append a message to the inbox of who holds ``fold``; the nick goes between the parts."""

    def sent(self, session: str, token: str, deadline: float, done: Done[Stored | None]) -> None:
        """Look up whether a message was sent before."""

    def claim(self, claim: Claim, deadline: float, done: Done[Claimed]) -> None:
        """Begin or continue a session."""

    def join(
        self, hold: FencingToken, room: str, create: bool, deadline: float, done: Done[Membership]
    ) -> None:
        """Put a session into a room."""

    def leave(
        self, hold: FencingToken, room: str, deadline: float, done: Done[tuple[str, int] | None]
    ) -> None:
        """Take a session out of a room; the reply is position and time, None in a quiet room."""

    def rename(
        self, hold: FencingToken, nick: str, fold: str, deadline: float, done: Done[tuple[str, int]]
    ) -> None:
        """Give a session another nick, which takes up ``fold``; the reply is the old one and the
        time."""

    def standing(self, hold: FencingToken, done: Done[SessionState]) -> None:
        """Look how a session stands."""

    def part(self, hold: FencingToken, quit: bool, done: Callable[[], None] | None = None) -> None:
        """End a connection's hold on a session, however long the broker takes to hear of it."""

    def kick(self, hold: FencingToken) -> None:
        """End a session that may not be here, however long the broker takes to hear of it."""

    def restore(self, memory: SessionSnapshot, anew: bool, done: Done[bool]) -> None:
        """Put a session back; ``anew``: even if there is none of that name any more."""

    def members(
        self, room: str, after: str, deadline: float, done: Done[tuple[list[str], bool]]
    ) -> None:
        """List nicks by code points of their folded form, and whether there are more."""

    def rooms(
        self, after: str, deadline: float, done: Done[tuple[list[tuple[str, int]], bool]]
    ) -> None:
        """List rooms with their number of members, and whether there are more."""

    def history(
        self,
        room: str,
        page: Literal["before", "upto", "after"],
        position: str,
        limit: int,
        deadline: float,
        done: Done[tuple[bytes, list[Entry], bool]],
    ) -> None:
        """Read a page of messages: epoch, entries with the oldest first, whether there are more."""

    def read(
        self,
        log: str,
        position: Position,
        branch: bytes,
        limit: int,
        done: Done[Slice],
        most_bytes: int | None = None,
    ) -> None:
        """Read a log after a position of a branch: a known one, ``UNKNOWN`` or ``CURRENT``.

        At most ``limit`` entries and ``most_bytes``, but for one entry (None: as a page has).
        """

    def tail(self, log: str, limit: int, done: Done[Slice]) -> None:
        """Read the newest entries of a log."""

    def begin(self, room: str, done: Done[bool]) -> None:
        """Make the log of a room that is missing."""

    def compare(
        self,
        log: str,
        base: Position,
        branch: bytes,
        ids: Sequence[bytes],
        done: Done[Compared | None],
    ) -> None:
        """Find the newest entry that a log has in common with a branch.

        ``ids`` are those of the entry at ``base`` and of the entries after it. The reply is None if
        there is no such log.
        """

    def heal(self, log: str, lost: Lost, done: Done[int]) -> None:
        """Put lost entries back into a log; the reply is how many were not there."""

    def unhealed(self) -> bool:
        """Say whether others may still put back what a broker that has just come back forgot."""

    def watch(self, room: str) -> None:
        """Deliver the frames of a room from now on; ``BrokerEvents.confirmed`` tells since when."""

    def unwatch(self, room: str) -> None:
        """Deliver the frames of a room no longer."""


class Accounts(Protocol):
    """Nicks that only who knows a password may use."""

    def account_of(self, claims: str) -> str | None:
        """Return the account that a nick, by all that it takes up, belongs to or looks like."""

    def prove(
        self,
        account: str,
        password: str,
        deadline: float,
        done: Callable[[bool | Refused], None],
        address: str,
    ) -> None:
        """Say whether a password is that of an account; ``CROWDED`` if it cannot be looked at.

        ``address`` is the one that it comes from.
        """


class BrokerEvents(Protocol):
    """What the broker tells the core."""

    def frame(self, frame: Frame) -> None:
        """Entries were appended to a log."""

    def confirmed(self, room: str) -> None:
        """The frames of a room are delivered from now on; earlier ones may have been missed."""

    def seen(self, room: str) -> Position | None:
        """Return the newest position of a room that this node knows."""

    def appended(self, append: Append) -> bool:
        """This node has appended entries to a log; they are acknowledged afterwards.

        Return whether they have been delivered: then their frame is not needed any more.
        """

    def rewound(self, room: str) -> None:
        """The log of a room does not continue what this node saw."""

    def tops(self) -> list[tuple[str, Position]]:
        """Return the position this node knows of each log that it follows."""

    def inboxes(self) -> list[str]:
        """Return the logs of inboxes that this node should know of but does not follow yet."""

    def holds(self, session: str) -> bool:
        """Say whether the connection of a session is here."""

    def differs(self, log: str) -> None:
        """The newest position of a log is another one than this node knows."""

    def present(self, log: str) -> int:
        """Return how many sessions here are in a room, as far as they are not just leaving."""

    def absent(self, log: str) -> None:
        """The broker has fewer members of a room than are here."""

    def moved(self, hold: FencingToken) -> None:
        """A session went on in another connection."""

    def forgotten(self, anew: bool) -> None:
        """Sessions of this node have to be put back.

        ``anew``: the broker forgot them; else this node's lease was over, and some may have ended.
        """

    def vanished(self, session: str) -> None:
        """The broker forgot one session of this node."""

    def estranged(self) -> None:
        """The broker's data are no longer ours to touch: serve nobody."""

    def ordered(self, orders: Sequence[ModerationRule]) -> None:
        """These are the orders of moderators that hold now."""

    def announced(self, text: str, room: str | None, at: int) -> None:
        """A moderator has something to say to everybody, or to everybody in a room."""

    def facts(self) -> NodeFacts:
        """Return what moderators are told of this node."""


class Transport(Protocol):
    """Where the bytes for one client go."""

    @property
    def paused(self) -> bool:
        """Whether the client reads more slowly than it is written to."""

    @property
    def unread(self) -> int:
        """Bytes that wait to be read by the client."""

    @property
    def address(self) -> str:
        """The address that the client comes from, as far as it is known."""

    def write(self, data: bytes) -> None:
        """Queue bytes; they are written at the end of the turn."""

    def feed(self, data: bytes) -> None:
        """Queue bytes, and tell the session when they are written and more may come."""

    def read_on(self) -> None:
        """Take requests again, after so many that it had to stop."""

    def close(self) -> None:
        """Close the connection once what is queued has been written."""


FanOut = Callable[[Collection[Transport], bytes], None]
"""Queues the same bytes at many outlets."""


class Encoder(Protocol):
    """How events become bytes for one kind of client."""

    def event(self, event: Event) -> bytes:
        """Return an event's bytes."""

    def entries(self, room: str, epoch: bytes, entries: Sequence[Entry]) -> bytes:
        """Return the bytes of a room's entries."""

    def past(self, room: str, epoch: bytes, entries: Sequence[Entry]) -> list[Past]:
        """Return entries as they stand in lists of messages."""
