"""The values that core and broker exchange about sessions and messages."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Literal, NamedTuple, Protocol, TypeVar

from node.core.entries import Entry, Position
from wire import limits


class Unavailable(Enum):
    """Why a call was not answered: the way to the broker, or its capacity, has failed."""

    UNREACHABLE = "the broker did not answer in time; it may have done the call"
    FULL = "the broker has no memory for it, and did nothing"
    INTERNAL = "the broker refused what it should take"
    CROWDED = "too many passwords are being tried"


class Fenced(Enum):
    """Why a call was not done: what it is based on is out of date, or not there yet."""

    GONE = "the session, or the log, has ended or moved on"
    STALE = "the attempt is not above the last one"
    UNHEALED = "a log does not hold a position yet"
    AGAIN = "the log has changed meanwhile"


class Denied(Enum):
    """Why a client does not get what it asks for: a reply like any other.

    The type of each call's reply names those that it can be: mypy checks that all are handled.
    """

    KICKED = "a moderator has ended the session of this key"
    BANNED = "a moderator lets nobody hold the nick"
    TAKEN = "the nick is held by another session"
    NAMELESS = "a new session needs a nick"
    EXISTS = "there is such a room"
    MISSING = "there is no such room"
    NOBODY = "nobody holds the nick"
    GUARDED = "the nick belongs to an account"


ClaimDenied = Literal[Denied.KICKED, Denied.BANNED, Denied.TAKEN, Denied.NAMELESS]
JoinDenied = Literal[Denied.EXISTS, Denied.MISSING]
NickDenied = Literal[Denied.BANNED, Denied.TAKEN]
DirectDenied = Literal[Denied.NOBODY]
RestoreDenied = Literal[Denied.TAKEN]
AccountDenied = Literal[Denied.GUARDED]

Failure = Unavailable | Fenced
"""What any call may be answered instead of its reply."""

Reply = TypeVar("Reply", contravariant=True)


class Done(Protocol[Reply]):
    """Takes the reply to a call, or why there is none.

    It is a protocol, not a ``Callable``, because mypy finds ``Reply`` only then (``stepwise.ask``).
    """

    def __call__(self, reply: Reply | Failure, /) -> None: ...


class FencingToken(NamedTuple):
    """Names the connection that owns a session; a call with an outdated one is refused."""

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
    """A message on its way into a log.

    ``id`` is that of its entry, ``message_id`` what its author's id is remembered by, or ''.
    """

    token: FencingToken
    id: bytes
    message_id: str
    body: bytes
    deadline: float
    done: Done[Stored | DirectDenied]


class Membership(NamedTuple):
    """A session's place in a room, as the broker gave it; ``entered``: it had none before.

    ``birth`` tells the room from earlier and later ones of its name.
    """

    room: str
    position: str
    members: int
    created: bool
    quiet: bool
    birth: bytes = b""
    entered: bool = False


class Restored(NamedTuple):
    """A session that is put back; ``births`` are those of the rooms that it is in."""

    births: dict[str, bytes]


class Claimed(NamedTuple):
    """A session that has begun or goes on here."""

    resumed: bool
    nick: str
    claim: int
    inbox: Position | None
    refused: list[str]
    memberships: list[Membership]


class Departure(NamedTuple):
    """The position and the time of a session's `left`."""

    position: str
    at: int


class Renaming(NamedTuple):
    """The nick that a session had until now, and the time."""

    old: str
    at: int


class SessionState(NamedTuple):
    """How a session stands at a time: its nick, and its places."""

    nick: str
    at: int
    memberships: list[Membership]


class HistoryPage(NamedTuple):
    """Messages of a room, oldest first; ``more``: there are others beyond them."""

    epoch: bytes
    entries: list[Entry]
    more: bool


class MemberPage(NamedTuple):
    """Nicks of a room by the code points of their folded form, and whether more follow."""

    nicks: list[str]
    more: bool


class RoomPage(NamedTuple):
    """Rooms with their number of members, and whether more follow."""

    rooms: list[tuple[str, int]]
    more: bool


ClaimReply = Claimed | ClaimDenied
JoinReply = Membership | JoinDenied
NickReply = Renaming | NickDenied
RestoreReply = Restored | RestoreDenied


@dataclass(frozen=True, slots=True)
class Claim:
    """What a connection asks for when it says hello. ``known`` are positions to be checked,
    ``makes`` is how many rooms may be made for it.

    ``fold`` is all that the nick takes up, as ``names.take`` tells it.
    """

    token: FencingToken
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
    """A session as the node that holds its connection knows it, to be put back.

    ``rooms`` are their names, the positions at which it joined them, and their births.
    ``is_settled``: no change of it has an unknown outcome.
    """

    token: FencingToken
    was: str
    keyed: bool
    nick: str
    fold: str
    attempt: int | None
    claim: int
    rooms: Sequence[tuple[str, str, bytes]]
    is_settled: bool = True


class ModerationRule(NamedTuple):
    """What a moderator has ordered, until a time by the clock of the core.

    ``kind`` and ``what`` are ``nick`` and a folded nick, ``net`` and a network, ``kick`` and a
    session, ``room`` and a room's name; ``birth`` is that of the room that was closed.
    ``why`` is for people, and may be empty.
    """

    kind: str
    what: str
    until: float
    birth: bytes
    why: str


class NodeSizes(NamedTuple):
    """How much there is on a node; ``rules`` are those of moderators."""

    clients: int
    sessions: int
    rooms: int
    rules: int


class NodeFacts(NamedTuple):
    """What a node tells moderators of itself."""

    name: str
    clients: int
    sessions: int
    rooms: int
