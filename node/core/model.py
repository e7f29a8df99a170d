"""The values that core and broker exchange about sessions and messages."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple, TypeVar

from node.core.entries import Position
from wire import limits


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
