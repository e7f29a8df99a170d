"""What the core needs from outside, and the words it speaks with it.

The core never waits: it hands the broker a call and a ``done``, and is called back, in the same
thread, with the reply or with a ``Refused``.
"""

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from copy import copy
from dataclasses import dataclass
from enum import Enum
from typing import Literal, NamedTuple, Protocol, TypeVar

from wire import limits
from wire.messages import Event, Past

_POSITION = re.compile(
    r"([0-9a-z]{1,32})-(0|[1-9][0-9]{0,14})-([0-9a-z]{1,32})(?:-[0-9a-z]{1,64})?", re.ASCII
)
_HAD = re.compile(r".*-([0-9]{1,15})z([0-9]{1,15})z([0-9a-z]{1,32})", re.ASCII)


class Position(NamedTuple):
    """A place in a log: just after the entry ``id``, which is at ``offset`` of ``epoch``.

    Offset 0 is the beginning. The id makes it safe: an offset may be used again after Redis went
    back in time, an id never is. The text may have a ``Had`` behind it.
    """

    epoch: bytes
    offset: int
    id: bytes

    def __str__(self) -> str:
        return f"{self.epoch.decode()}-{self.offset}-{self.id.decode()}"

    @classmethod
    def parse(cls, text: str) -> "Position | None":
        """Return the position that ``text`` writes, None if it is not one at all."""
        if (match := _POSITION.fullmatch(text)) is None:
            return None
        return cls(match[1].encode(), int(match[2]), match[3].encode())


class Had(NamedTuple):
    """What a reader has had of a branch that its log lost: the entries up to ``offset``.

    Those from ``fork`` on are not in the log, as far as its node could tell. Each branch has a
    name. The text stands behind a position, for as long as entries of that branch may follow which
    have been put back at other offsets: the reader does not get these again.
    """

    branch: bytes
    fork: int
    offset: int

    def __bytes__(self) -> bytes:
        return b"%dz%dz%b" % (self.fork, self.offset, self.branch)

    def holds(self, entry: "Entry") -> bool:
        """Say whether an entry is one of these.

        Others may put back one from before the fork too, after Redis lost everything.
        """
        return any(
            home.branch == self.branch and home.offset <= self.offset for home in entry.homes
        )


class Cursor(NamedTuple):
    """How far a reader is in a log, as its client tells it."""

    position: Position
    had: Had | None = None

    @classmethod
    def parse(cls, text: str) -> "Cursor | None":
        """Return the cursor that ``text`` writes, None if it is not one at all."""
        if (position := Position.parse(text)) is None:
            return None
        had = _HAD.fullmatch(text) if text.count("-") == 3 else None
        return cls(position, Had(had[3].encode(), int(had[1]), int(had[2])) if had else None)


class OriginalPosition(NamedTuple):
    """Where an entry was in a branch that its log lost.

    ``fork`` is the first offset at which that branch and the log differ.
    """

    branch: bytes
    offset: int
    fork: int

    def __bytes__(self) -> bytes:
        return b"%b-%d %d" % self


START = Position(b"0", 0, b"0")
"""The beginning of any log."""
UNKNOWN = b""
"""The branch of a position that a client hands back, which does not tell it."""
CURRENT = b"*"
"""The branch of a position that is of the branch in which the log is."""


class Entry:
    """One entry of a log. ``body`` is its JSON without the fields that every dialect adds itself.

    ``kind`` is one of m(essage), d(irect), e(ntered), l(eft), r(enamed). ``homes`` are the places
    from which it was lost before it was put back at another offset, the newest first.
    """

    __slots__ = ("offset", "kind", "id", "at", "origin", "body", "homes")

    def __init__(self, offset: int, head: bytes, body: bytes) -> None:
        parts = head.split(b" ")
        self.offset = offset
        self.kind, self.id, self.at, self.origin = parts[:4]
        self.body = body
        self.homes: Sequence[OriginalPosition] = ()
        if more := parts[4:]:
            self.homes = _homes(more)

    @property
    def is_ambiguous(self) -> bool:
        """Whether it is where it was in a branch that was lost, behind other entries now."""
        return any(home.offset == self.offset for home in self.homes)

    def told_with(self, had: Had) -> "Entry":
        """Return this entry as it is told to a reader that has had others of a lost branch."""
        twin = copy(self)
        twin.id = b"%b-%b" % (self.id, bytes(had))
        return twin


def _homes(parts: Sequence[bytes]) -> list[OriginalPosition]:
    homes = []
    for place, fork in zip(parts[::2], parts[1::2], strict=False):
        branch, _, offset = place.partition(b"-")
        if not (offset.isdigit() and fork.isdigit()):
            break  # A node of a later version may tell more.
        homes.append(OriginalPosition(branch, int(offset), int(fork)))
    return homes


class Frame(NamedTuple):
    """Entries that were appended to a log together, as the broker tells of them.

    ``branch`` is the one that the log is in; empty where that is not told.
    """

    log: str
    epoch: bytes
    first: int
    prev: bytes
    entries: list[Entry]
    branch: bytes = b""


class Append(NamedTuple):
    """Entries as the reply to an append tells of them.

    ``base`` is a position that the log held when they were appended. ``frame.prev`` is empty where
    the entry before them is not known.
    """

    frame: Frame
    base: Position


class Slice(NamedTuple):
    """A page of a log. ``on``: the entries are those after the position that was asked for.

    If the entry of the position stands elsewhere now, they are those from ``fork`` on, where the
    branch ``lost``, of which the position is, and this one part. Otherwise ``fork`` is 0, and the
    entries are the oldest. ``moved`` is the offset of the newest entry that has a home. A log that
    does not exist has no ``top``.
    """

    on: bool
    top: Position | None
    entries: list[Entry]
    branch: bytes = b""
    moved: int = 0
    fork: int = 0
    lost: bytes = b""

    @property
    def is_last(self) -> bool:
        """Say whether nothing follows: a page of long entries has less than were asked for."""
        entries, top = self.entries, self.top
        return not entries or top is None or entries[-1].offset >= top.offset


class Compared(NamedTuple):
    """What a log has in common with what a node knows of it.

    ``oldest`` is the offset of its oldest entry (0: it has none) and ``oldest_id`` its id;
    ``common`` the offset of the newest common entry, -1 if there is none; ``trimmed`` is how many
    of the node's entries were put back elsewhere, and have been trimmed since.
    """

    top: Position
    branch: bytes
    oldest: int
    oldest_id: bytes
    common: int
    trimmed: int = 0


class Lost(NamedTuple):
    """Entries to be put back into a log.

    ``base``: up to there the log is as this node knows it. ``read``: up to there this node has read
    the log, and they are not in it, but for those in ``there``, which has their offsets: of these
    only the old places are not known. ``branch`` is the one that they were in.
    """

    base: Position
    read: Position
    branch: bytes
    entries: list[Entry]
    there: Mapping[bytes, int] = {}


class Refused(Enum):
    """Why the broker did not do what it was asked."""

    UNAVAILABLE = "the broker did not answer in time"
    FULL = "the broker has no memory for it, and did nothing"
    INTERNAL = "the broker refused what it should take"
    GONE = "the session has ended or moved on"
    KICKED = "a moderator has ended the session of this key"
    BANNED = "a moderator lets nobody hold the nick"
    TAKEN = "the nick is held by another session"
    NAMELESS = "a new session needs a nick"
    STALE = "the attempt is not above the last one"
    UNHEALED = "a log does not hold a position yet"
    EXISTS = "there is such a room"
    MISSING = "there is no such room"
    NOBODY = "nobody holds the nick"
    AGAIN = "the log has changed meanwhile"
    GUARDED = "the nick belongs to an account"
    CROWDED = "too many passwords are being tried"


T = TypeVar("T")
Done = Callable[[T | Refused], None]


class FencingToken(NamedTuple):
    """A connection's hold on a session; only who has it may act for the session."""

    session: str
    owner: str


class Stored(NamedTuple):
    """Where a message is: the log that keeps it, its position and time; ``to`` of a direct."""

    log: str
    position: str
    at: int
    to: str


@dataclass(slots=True)
class PendingMessage:
    """A message on its way into a log. ``token`` is what its id is remembered by, or ''."""

    hold: FencingToken
    id: bytes
    token: str
    body: bytes
    deadline: float
    done: Done[Stored]


class Membership(NamedTuple):
    """A session's place in a room, as the broker gave it; ``entered``: it had none before."""

    room: str
    position: str
    members: int
    created: bool
    quiet: bool
    entered: bool = False


class Claimed(NamedTuple):
    """A session that has begun or goes on here."""

    resumed: bool
    nick: str
    claim: int
    inbox: Position | None
    refused: list[str]
    memberships: list[Membership]


class SessionState(NamedTuple):
    """How a session stands at a time: its nick, and its places."""

    nick: str
    at: int
    memberships: list[Membership]


@dataclass(frozen=True, slots=True)
class Claim:
    """What a connection asks for when it says hello. ``known`` are positions to be checked,
    ``makes`` is how many rooms may be made for it.

    ``fold`` is all that the nick takes up, as ``names.take`` tells it.
    """

    hold: FencingToken
    keyed: bool
    nick: str
    fold: str
    attempt: int | None
    rooms: Sequence[str]
    default_room: str
    known: Sequence[tuple[str, Position]]
    makes: int = limits.ROOMS
    address: str = ""


@dataclass(frozen=True, slots=True)
class SessionSnapshot:
    """A session as the node that holds its connection knows it, to be put back."""

    hold: FencingToken
    was: str
    keyed: bool
    nick: str
    fold: str
    attempt: int | None
    claim: int
    rooms: Sequence[tuple[str, str]]


class ModerationRule(NamedTuple):
    """What a moderator has ordered, until a time by the clock of the core.

    ``kind`` and ``what`` are ``nick`` and a folded nick, ``net`` and a network, ``kick`` and a
    session, ``room`` and a room's name; ``epoch`` is that of the room's log when it was closed.
    ``why`` is for people, and may be empty.
    """

    kind: str
    what: str
    until: float
    epoch: bytes
    why: str


class NodeFacts(NamedTuple):
    """What a node tells moderators of itself."""

    name: str
    clients: int
    sessions: int
    rooms: int


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
