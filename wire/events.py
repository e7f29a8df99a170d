"""Every event of the protocol, as typed structs; decoding is validation."""

from msgspec import Struct, field

from wire import limits
from wire.requests import Kind


class Limits(Struct, frozen=True):
    """The limits of a node, in ``welcome``."""

    line: int = limits.LINE
    text: int = limits.TEXT
    nick: int = limits.NICK
    room: int = limits.ROOM
    id: int = limits.ID
    ref: int = limits.REF
    rooms: int = limits.ROOMS
    history: int = limits.HISTORY


class Event(Struct, tag_field="type", omit_defaults=True, kw_only=True):
    """A message from a node to a client. An answer repeats the ``ref`` of its request."""

    ref: str | None = None


class Welcome(Event, tag="welcome"):
    """The session has begun, or was resumed."""

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
    """The session is in ``room``; its entries follow after ``position``."""

    room: str
    position: str
    members: int
    created: bool
    quiet: bool
    messages: list[Past]


class Message(Event, tag="message"):
    """A message in a room."""

    room: str
    position: str
    at: int
    from_: str = field(name="from")
    text: str
    id: str | None = None
    kind: Kind = "say"


class Direct(Event, tag="direct"):
    """A direct message to this session."""

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
    """Somebody left a room; about oneself in a quiet room it has no ``position`` and no ``at``.

    ``text`` is what a moderator gives as the reason.
    """

    room: str
    nick: str
    reason: str
    text: str | None = None
    position: str | None = None
    at: int | None = None


class Renamed(Event, tag="renamed"):
    """Somebody changed their nick; the answer to ``nick`` has neither room nor position."""

    nick: str
    from_: str = field(name="from")
    at: int
    room: str | None = None
    position: str | None = None


class RoomRow(Struct):
    """A room in a list, and the number of its members."""

    room: str
    members: int


class Rooms(Event, tag="rooms"):
    """A page of the list of rooms."""

    rooms: list[RoomRow]
    more: bool


class Members(Event, tag="members"):
    """A page of the members of a room."""

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
    """The node checks that the client is alive."""


class PongEvent(Event, tag="pong"):
    """The node answers a ping."""


class Move(Event, tag="move"):
    """The node is about to stop: move to another one; it sends bye in ``within_ms``."""

    within_ms: int


class Bye(Event, tag="bye"):
    """The connection ends; with ``retry_after_ms``, reconnect after that time.

    ``text`` is what a moderator gives as the reason.
    """

    reason: str
    retry_after_ms: int | None = None
    text: str | None = None


class Announcement(Event, tag="announcement"):
    """A message of the operator to everybody, or to everybody in ``room``."""

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
    """The author's part of a message or direct message, encoded once and stored in the log."""

    text: str
    id: str | None = None
    kind: Kind = "say"
