"""Every request of the protocol, as typed structs; decoding is validation."""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from wire import limits

Kind = Literal["say", "action"]


class Request(Struct, tag_field="type", omit_defaults=True, kw_only=True):
    """A message from a client to a node. The answer repeats ``ref``."""

    ref: str | None = None


class Hello(Request, tag="hello"):
    """Begin a session, or resume the one of this ``key``."""

    nick: str | None = None
    key: str | None = None
    attempt: Annotated[int, Meta(ge=-limits.ATTEMPT, le=limits.ATTEMPT)] | None = None
    rooms: list[str] | None = None
    positions: dict[str, str] | None = None
    token: str | None = None
    password: str | None = None


class Create(Request, tag="create"):
    """Create a room and join it."""

    room: str


class Join(Request, tag="join"):
    """Join a room that exists; ``history`` past messages come with the answer."""

    room: str
    history: Annotated[int, Meta(ge=0, le=limits.HISTORY)] | None = None


class Leave(Request, tag="leave"):
    """Leave a room."""

    room: str


class Send(Request, tag="send"):
    """Send a message to a room."""

    room: str
    text: str
    id: str | None = None
    kind: Kind | None = None


class SendDirect(Request, tag="direct"):
    """Send a message to one nick."""

    to: str
    text: str
    id: str | None = None
    kind: Kind | None = None


class SetNick(Request, tag="nick"):
    """Change the nick; the nick of an account needs its ``password``."""

    nick: str
    password: str | None = None


class ListRooms(Request, tag="rooms"):
    """List the rooms after the room named ``after``."""

    after: str | None = None


class ListMembers(Request, tag="members"):
    """List the members of a room after the nick ``after``."""

    room: str
    after: str | None = None


class GetHistory(Request, tag="history"):
    """Get messages of a room before or after a position, both exclusive."""

    room: str
    before: str | None = None
    after: str | None = None
    limit: Annotated[int, Meta(ge=1, le=limits.HISTORY)] | None = None


class Ping(Request, tag="ping"):
    """Check that the peer is alive; both sides may send it."""


class Pong(Request, tag="pong"):
    """Answer a ping; both sides do."""


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
