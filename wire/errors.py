"""The table of error codes, and the table of reasons of a bye.

``WireError`` is the only exception that decoding raises:

    Exception
    └── WireError        a line that is no request (or no event)
"""

from enum import StrEnum

from msgspec import Struct


class Code(StrEnum):
    """Why a request was refused: the ``code`` of an ``error``."""

    BAD_REQUEST = "bad-request"
    UNKNOWN_TYPE = "unknown-type"
    NOT_WELCOME_YET = "not-welcome-yet"
    BAD_NICK = "bad-nick"
    NICK_TAKEN = "nick-taken"
    BAD_ROOM = "bad-room"
    ROOM_EXISTS = "room-exists"
    NO_SUCH_ROOM = "no-such-room"
    NOT_IN_ROOM = "not-in-room"
    NO_SUCH_NICK = "no-such-nick"
    TEXT_TOO_LONG = "text-too-long"
    EMPTY_TEXT = "empty-text"
    LINE_TOO_LONG = "line-too-long"
    RATE_LIMITED = "rate-limited"
    UNAVAILABLE = "unavailable"
    BAD_TOKEN = "bad-token"
    TOO_MANY_ROOMS = "too-many-rooms"
    INTERNAL = "internal"


class Reason(StrEnum):
    """Why a node ends a connection: the ``reason`` of a ``bye``."""

    DRAINING = "draining"
    SLOW = "slow"
    IDLE = "idle"
    CUT_OFF = "cut-off"
    BUSY = "busy"
    QUIT = "quit"
    PROTOCOL = "protocol"
    REPLACED = "replaced"
    KICKED = "kicked"


class CodeRow(Struct, frozen=True):
    """The meaning of a code, and whether the same request may succeed later."""

    meaning: str
    retry: bool = False


class ReasonRow(Struct, frozen=True):
    """The meaning of a reason, whether to reconnect, and whether the session has ended.

    ``close_code`` is that of the WebSocket connection (RFC 6455, section 7.4): from 4000 on, a
    client may reconnect, from 4500 on it should not by itself.
    """

    meaning: str
    close_code: int
    come_back: bool
    ends_session: bool = False


CODES: dict[Code, CodeRow] = {
    Code.BAD_REQUEST: CodeRow("not a JSON object, or its fields are wrong"),
    Code.UNKNOWN_TYPE: CodeRow("a request of a type that this node does not know"),
    Code.NOT_WELCOME_YET: CodeRow("only hello, ping, pong and quit may come before welcome"),
    Code.BAD_NICK: CodeRow("a nick that the rules for names forbid"),
    Code.NICK_TAKEN: CodeRow(
        "another session has this nick, or one that looks like it", retry=True
    ),
    Code.BAD_ROOM: CodeRow("a room name that the rules for names forbid"),
    Code.ROOM_EXISTS: CodeRow("the room exists already; it can be joined"),
    Code.NO_SUCH_ROOM: CodeRow("there is no such room; it can be created"),
    Code.NOT_IN_ROOM: CodeRow("the session is not in the room"),
    Code.NO_SUCH_NICK: CodeRow("no session has this nick"),
    Code.TEXT_TOO_LONG: CodeRow("the text is longer than the limit"),
    Code.EMPTY_TEXT: CodeRow("the text is empty or only white space"),
    Code.LINE_TOO_LONG: CodeRow("the line is longer than the limit"),
    Code.RATE_LIMITED: CodeRow("too many requests in too short a time", retry=True),
    Code.UNAVAILABLE: CodeRow("the broker cannot be reached, or the node is full", retry=True),
    Code.BAD_TOKEN: CodeRow("the access token is missing or invalid"),
    Code.TOO_MANY_ROOMS: CodeRow("the session has joined or created as many rooms as allowed"),
    Code.INTERNAL: CodeRow("an internal error of the node", retry=True),
}

REASONS: dict[Reason, ReasonRow] = {
    Reason.DRAINING: ReasonRow("the node is shutting down", 4000, come_back=True),
    Reason.SLOW: ReasonRow("the client read nothing for too long", 4001, come_back=True),
    Reason.IDLE: ReasonRow("the client sent nothing for too long", 4002, come_back=True),
    Reason.CUT_OFF: ReasonRow("the node lost the session with the broker", 4003, come_back=True),
    Reason.BUSY: ReasonRow("the node accepts no new clients now", 4004, come_back=True),
    Reason.QUIT: ReasonRow("the client quit", 1000, come_back=False, ends_session=True),
    Reason.PROTOCOL: ReasonRow("the client does not speak the protocol", 4500, come_back=False),
    Reason.REPLACED: ReasonRow(
        "the session continues on a newer connection", 4501, come_back=False
    ),
    Reason.KICKED: ReasonRow(
        "a moderator removed the session", 4502, come_back=False, ends_session=True
    ),
}


class WireError(Exception):
    """A line that is no valid message.

    ``fatal``: the peer does not speak the protocol; the connection ends after the error.
    ``type``, ``ref``, ``id`` and ``room`` are the fields that could be read.
    """

    def __init__(
        self,
        code: Code,
        text: str,
        *,
        fatal: bool = False,
        type: str | None = None,
        ref: str | None = None,
        id: str | None = None,
        room: str | None = None,
    ) -> None:
        super().__init__(text)
        self.code = code
        self.text = text
        self.fatal = fatal
        self.type = type
        self.ref = ref
        self.id = id
        self.room = room
