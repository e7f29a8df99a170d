"""Every request and event of the protocol, as typed structs; decoding is validation."""

from typing import Annotated, Literal

from msgspec import Meta, Struct, field

from wire import limits

PROTOCOL = 1
"""The version that ``welcome`` names."""
DEFAULT_ROOM = "general"
"""The room that always exists, and where everyone starts."""
INBOX = "@"
"""What stands for the inbox of directs where a room's name would stand."""

Kind = Literal["say", "action"]


class Request(Struct, tag_field="type", omit_defaults=True, kw_only=True):
    """What a client asks of a node. ``ref`` comes back in the answer."""

    ref: str | None = None


class Hello(Request, tag="hello"):
    """Begin a session, or continue the one of this ``key``."""

    nick: str | None = None
    key: str | None = None
    attempt: Annotated[int, Meta(ge=-limits.ATTEMPT, le=limits.ATTEMPT)] | None = None
    rooms: list[str] | None = None
    positions: dict[str, str] | None = None
    token: str | None = None
    password: str | None = None


class Create(Request, tag="create"):
    """Make a room and join it."""

    room: str


class Join(Request, tag="join"):
    """Join a room that exists; ``history`` past messages come with the answer."""

    room: str
    history: Annotated[int, Meta(ge=0, le=limits.HISTORY)] | None = None


class Leave(Request, tag="leave"):
    """Leave a room."""

    room: str


class Send(Request, tag="send"):
    """Say something in a room."""

    room: str
    text: str
    id: str | None = None
    kind: Kind | None = None


class SendDirect(Request, tag="direct"):
    """Say something to one nick."""

    to: str
    text: str
    id: str | None = None
    kind: Kind | None = None


class SetNick(Request, tag="nick"):
    """Take another nick; that of an account wants its ``password``."""

    nick: str
    password: str | None = None


class ListRooms(Request, tag="rooms"):
    """Ask which rooms there are, after the room named ``after``."""

    after: str | None = None


class ListMembers(Request, tag="members"):
    """Ask who is in a room, after the nick ``after``."""

    room: str
    after: str | None = None


class GetHistory(Request, tag="history"):
    """Ask for a room's messages before or after a position, both exclusive."""

    room: str
    before: str | None = None
    after: str | None = None
    limit: Annotated[int, Meta(ge=1, le=limits.HISTORY)] | None = None


class Ping(Request, tag="ping"):
    """Are you there? Both sides may ask."""


class Pong(Request, tag="pong"):
    """I am. Both sides answer."""


class Quit(Request, tag="quit"):
    """End the session at once."""


AnyRequest = (
    Hello
    | Create
    | Join
    | Leave
    | Send
    | SendDirect
    | SetNick
    | ListRooms
    | ListMembers
    | GetHistory
    | Ping
    | Pong
    | Quit
)


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
