"""Every event of the protocol, as typed structs; decoding is validation."""

from msgspec import Struct, field

from wire import limits
from wire.requests import Kind


class Limits(Struct, frozen=True):
    """The limits a node tells in ``welcome``."""

    line: int = limits.LINE
    text: int = limits.TEXT
    nick: int = limits.NICK
    room: int = limits.ROOM
    id: int = limits.ID
    ref: int = limits.REF
    rooms: int = limits.ROOMS
    history: int = limits.HISTORY


class Event(Struct, tag_field="type", omit_defaults=True, kw_only=True):
    """What a node tells a client. Answers carry the ``ref`` of their request."""

    ref: str | None = None


class Welcome(Event, tag="welcome"):
    """The session has begun, or goes on."""

    nick: str
    node: str
    protocol: int
    resumed: bool
    limits: Limits


class Past(Struct, omit_defaults=True, kw_only=True):
    """A past message in a list: like ``message``, without its type."""

    room: str
    position: str
    at: int
    from_: str = field(name="from")
    text: str
    id: str | None = None
    kind: Kind = "say"


class Joined(Event, tag="joined"):
    """One is in ``room``; delivery goes on after ``position``."""

    room: str
    position: str
    members: int
    created: bool
    quiet: bool
    messages: list[Past]


class Message(Event, tag="message"):
    """Somebody said something in a room."""

    room: str
    position: str
    at: int
    from_: str = field(name="from")
    text: str
    id: str | None = None
    kind: Kind = "say"


class Direct(Event, tag="direct"):
    """Somebody said something to this session alone."""

    position: str
    at: int
    from_: str = field(name="from")
    to: str
    text: str
    id: str | None = None
    kind: Kind = "say"


class Ack(Event, tag="ack"):
    """The message ``id`` is in the log, at ``position``."""

    id: str
    position: str
    at: int
    room: str | None = None
    to: str | None = None


class Entered(Event, tag="entered"):
    """Somebody joined a room."""

    room: str
    position: str
    at: int
    nick: str


class Left(Event, tag="left"):
    """Somebody left a room; of oneself in a quiet room, without ``position`` and ``at``.

    ``text`` is what a moderator gives as the reason.
    """

    room: str
    nick: str
    reason: str
    text: str | None = None
    position: str | None = None
    at: int | None = None


class Renamed(Event, tag="renamed"):
    """Somebody took another nick; the answer to ``nick`` has neither room nor position."""

    nick: str
    from_: str = field(name="from")
    at: int
    room: str | None = None
    position: str | None = None


class RoomRow(Struct):
    """A room in a list, and how many are in it."""

    room: str
    members: int


class Rooms(Event, tag="rooms"):
    """A page of the rooms there are."""

    rooms: list[RoomRow]
    more: bool


class Members(Event, tag="members"):
    """A page of who is in a room."""

    room: str
    members: list[str]
    more: bool
    accounts: list[str] | None = None


class History(Event, tag="history"):
    """A page of a room's messages, oldest first."""

    room: str
    messages: list[Past]
    more: bool


class Gap(Event, tag="gap"):
    """Entries between two positions are no longer kept."""

    room: str
    after: str
    position: str


class Error(Event, tag="error"):
    """A request was refused."""

    code: str
    text: str
    id: str | None = None
    room: str | None = None
    retry_after_ms: int | None = None
    account: bool | None = None


class PingEvent(Event, tag="ping"):
    """The node asks whether the client is there."""


class PongEvent(Event, tag="pong"):
    """The node is there."""


class Move(Event, tag="move"):
    """The node is about to go: go on at another one, before it says goodbye in ``within_ms``."""

    within_ms: int


class Bye(Event, tag="bye"):
    """The connection ends; with ``retry_after_ms``, come back after that time.

    ``text`` is what a moderator gives as the reason.
    """

    reason: str
    retry_after_ms: int | None = None
    text: str | None = None


class Announcement(Event, tag="announcement"):
    """Who runs the system says something to everybody, or to everybody in ``room``."""

    text: str
    at: int
    room: str | None = None


AnyEvent = (
    Welcome
    | Joined
    | Message
    | Direct
    | Ack
    | Entered
    | Left
    | Renamed
    | Rooms
    | Members
    | History
    | Gap
    | Error
    | PingEvent
    | PongEvent
    | Move
    | Bye
    | Announcement
)


class Words(Struct, omit_defaults=True, kw_only=True):
    """The part of a message or direct that its author makes: encoded once, kept in the log."""

    text: str
    id: str | None = None
    kind: Kind = "say"
