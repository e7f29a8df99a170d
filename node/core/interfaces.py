"""The interfaces through which the core talks to the outside.

The core never waits. It hands the broker a call and a ``done``; the broker calls ``done`` later, in
the same thread, with the reply, or with a ``Failure`` if there is none.
"""

from collections.abc import Callable, Collection, Sequence
from typing import Literal, Protocol

from node.core.entries import Append, Compared, Entry, Frame, Lost, Position, Slice
from node.core.model import (
    Claim,
    ClaimReply,
    Departure,
    Done,
    FencingToken,
    HistoryPage,
    JoinReply,
    MemberPage,
    ModerationRule,
    NickReply,
    NodeFacts,
    PendingMessage,
    RestoreReply,
    RoomPage,
    SessionSnapshot,
    SessionState,
    Stored,
)
from wire.messages import Event, Past


class LogStore(Protocol):
    """The logs of rooms and inboxes, and their frames. Each ``deadline`` is by the core's clock."""

    def publish(self, room: str, message: PendingMessage) -> None:
        """Append a message to a room's log, together with the other messages of this turn."""

    def direct(self, message: PendingMessage, fold: str, before: bytes, after: bytes) -> None:
        """Append a message to the inbox of the session that has the nick ``fold``.

        The body is ``before``, the nick as that session writes it, and ``after``.
        """

    def sent(
        self, room: str | None, session: str, id: str, deadline: float, done: Done[Stored | None]
    ) -> None:
        """Look up where a message to a room, or else a direct, was stored; None if it was not."""

    def history(
        self,
        room: str,
        page: Literal["before", "upto", "after"],
        position: str,
        limit: int,
        deadline: float,
        done: Done[HistoryPage],
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
        """Read the entries after a position of a branch: a known one, ``UNKNOWN`` or ``CURRENT``.

        The reply has one entry at least, at most ``limit``, and ``most_bytes`` (None: a page's).
        """

    def tail(self, log: str, limit: int, done: Done[Slice]) -> None:
        """Read the newest entries of a log."""

    def begin(self, room: str, done: Done[bool]) -> None:
        """Create the log of a room if it is missing."""

    def compare(
        self,
        log: str,
        base: Position,
        branch: bytes,
        ids: Sequence[bytes],
        done: Done[Compared | None],
    ) -> None:
        """Find the newest entry that a log has in common with a branch; None without a log.

        ``ids`` are those of the entry at ``base`` and after it.
        """

    def heal(self, log: str, lost: Lost, done: Done[int]) -> None:
        """Put lost entries back into a log; the reply is how many of them were missing."""

    def unhealed(self, log: str, part: float = 1.0) -> bool:
        """Say whether what a log lost may still be put back, in this ``part`` of the time."""

    def look_again(self, log: str, part: float) -> None:
        """Say ``BrokerEvents.differs`` of a log as soon as this ``part`` of the time is over."""

    def any_unhealed(self) -> bool:
        """Say whether that may be so for any log."""

    def watch(self, log: str) -> None:
        """Deliver the frames of a log from now on; ``BrokerEvents.confirmed`` says since when."""

    def unwatch(self, log: str) -> None:
        """Stop delivering the frames of a log."""


class SessionStore(Protocol):
    """The sessions of all nodes. Only the holder of a session's fencing token may change it."""

    def owner(self) -> str:
        """Return the owner part of a new fencing token."""

    def check(self, done: Done[bool]) -> None:
        """Find out whether sessions were forgotten; ``BrokerEvents.forgotten`` comes first."""

    def claim(self, claim: Claim, deadline: float, done: Done[ClaimReply]) -> None:
        """Begin a session, or continue one."""

    def join(
        self, token: FencingToken, room: str, create: bool, deadline: float, done: Done[JoinReply]
    ) -> None:
        """Put a session into a room; ``create``: into one that does not exist yet."""

    def leave(
        self, token: FencingToken, room: str, deadline: float, done: Done[Departure | None]
    ) -> None:
        """Take a session out of a room; the reply is position and time, None in a quiet room."""

    def rename(
        self, token: FencingToken, nick: str, fold: str, deadline: float, done: Done[NickReply]
    ) -> None:
        """Give a session a nick that reserves the keys in ``fold``; reply: old nick and time."""

    def standing(self, token: FencingToken, done: Done[SessionState]) -> None:
        """Fetch the current state of a session."""

    def part(self, token: FencingToken, quit: bool, done: Callable[[], None] | None = None) -> None:
        """Release a session, or end it with ``quit``; repeated until the broker has done it."""

    def kick(self, token: FencingToken) -> None:
        """End a session that a moderator bans; repeated until the broker has done it."""

    def restore(self, snapshot: SessionSnapshot, forgotten: bool, done: Done[RestoreReply]) -> None:
        """Put a session back; ``forgotten``: also if the broker has no such session any more."""


class Directory(Protocol):
    """Lists of what there is in the whole system."""

    def members(self, room: str, after: str, deadline: float, done: Done[MemberPage]) -> None:
        """List a room's nicks by the code points of their folded form, and whether more follow."""

    def rooms(self, after: str, deadline: float, done: Done[RoomPage]) -> None:
        """List rooms after one, with their number of members; and whether more follow."""


class Broker(LogStore, SessionStore, Directory, Protocol):
    """What the nodes share: logs, sessions and the directory."""


class Accounts(Protocol):
    """Nicks that are reserved by a password."""

    def account_of(self, claims: str) -> str | None:
        """Return the account that a nick belongs to, or that it looks like.

        ``claims`` lists every key that the nick reserves.
        """

    def prove(
        self,
        account: str,
        password: str,
        address: str,
        deadline: float,
        done: Done[bool],
    ) -> None:
        """Check the password of an account; ``CROWDED`` if too many checks are waiting.

        ``address`` is the client's.
        """


class BrokerEvents(Protocol):
    """What the broker reports to the core."""

    def frame(self, frame: Frame) -> None:
        """Entries were appended to a log."""

    def confirmed(self, log: str) -> None:
        """The frames of a log are delivered from now on; earlier ones may have been missed."""

    def seen(self, log: str) -> Position | None:
        """Return the newest position of a log that this node knows."""

    def appended(self, append: Append) -> bool:
        """This node has appended entries to a log, and answers its clients afterwards.

        Return whether they have been delivered: then their frame is not needed any more.
        """

    def rewound(self, log: str) -> None:
        """A log does not continue what this node saw."""

    def heads(self) -> list[tuple[str, Position]]:
        """Return the position that this node knows of each log that it follows."""

    def inboxes(self) -> list[str]:
        """Return the inboxes of sessions here that this node does not follow yet."""

    def holds(self, session: str) -> bool:
        """Say whether the connection of a session is here."""

    def differs(self, log: str) -> None:
        """The newest position of a log is not the one that this node knows."""

    def present(self, log: str) -> int:
        """Return how many sessions here are in a room and are not just leaving it."""

    def absent(self, log: str) -> None:
        """The broker has fewer members of a room than are here."""

    def moved(self, token: FencingToken) -> None:
        """A session went on in another connection; ``token`` is no longer valid."""

    def forgotten(self, lost: bool) -> None:
        """Sessions of this node have to be put back.

        ``lost``: the broker lost them. Otherwise this node's lease was over: some may have ended.
        """

    def vanished(self, session: str) -> None:
        """The broker lost one session of this node."""

    def estranged(self) -> None:
        """The data have a format that this node does not know: it must serve nobody."""

    def moderated(self, rules: Sequence[ModerationRule]) -> None:
        """These moderation rules are in force now; they replace the previous ones."""

    def announced(self, text: str, room: str | None, at: int) -> None:
        """A moderator sends an announcement to everybody, or to everybody in a room."""

    def facts(self) -> NodeFacts:
        """Return what moderators are told about this node."""


class Transport(Protocol):
    """Where the bytes for one client go."""

    @property
    def paused(self) -> bool:
        """Whether the client reads more slowly than the node writes."""

    @property
    def unread(self) -> int:
        """Bytes that are queued for the client."""

    @property
    def address(self) -> str:
        """The client's address, as far as it is known."""

    def write(self, data: bytes) -> None:
        """Queue bytes; they are written at the end of the turn."""

    def feed(self, data: bytes) -> None:
        """Queue bytes, and tell the session when they are written and more may come."""

    def read_on(self) -> None:
        """Read requests again, after reading was stopped because too many were waiting."""

    def log(self, what: str, nick: str | None = None, **facts: str) -> None:
        """Log what happened to the client: never a message, a key, or a token."""

    def close(self) -> None:
        """Close the connection once the queued bytes have been written."""


FanOut = Callable[[Collection[Transport], bytes], None]
"""Queues the same bytes at many transports."""


class Encoder(Protocol):
    """Turns events into the bytes of one protocol."""

    def event(self, event: Event) -> bytes:
        """Return an event's bytes."""

    def entries(self, room: str, epoch: bytes, entries: Sequence[Entry]) -> bytes:
        """Return the bytes of a room's entries."""

    def past(self, room: str, epoch: bytes, entries: Sequence[Entry]) -> list[Past]:
        """Return entries as lists of messages show them."""
