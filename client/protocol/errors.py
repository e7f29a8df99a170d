"""The errors of the client.

ChatError
├── RequestRefused   a node refused a request; ``code`` says why
│   └── NickRefused  the nick is taken or invalid
├── Unreachable      no node could be reached within the time limit
└── Ended            the session or connection has ended; the client does not reconnect
"""

from wire.errors import CODES, REASONS, Code, Reason
from wire.messages import Error


class ChatError(Exception):
    """Base of the client's errors."""


class RequestRefused(ChatError):
    """A node, or a check before anything was sent, refused a request.

    ``code`` is one of wire.errors.Code, or an unknown one of a newer node.
    """

    def __init__(self, code: str, text: str, room: str | None = None) -> None:
        super().__init__(text)
        self.code = code
        self.text = text
        self.room = room


class NickRefused(RequestRefused):
    """The nick is taken, or the rules for names forbid it.

    ``account``: it belongs to an account, and the password of that account is needed.
    """

    account = False


class Unreachable(ChatError):
    """No node could be reached."""


class Ended(ChatError):
    """The node ended the session, or does not want the client to reconnect.

    ``reason`` is that of the node's bye; ``text`` is a moderator's explanation. ``has_begun``: a
    node has welcomed this client before.
    """

    def __init__(self, reason: str, text: str = "", has_begun: bool = True) -> None:
        try:
            meaning = REASONS[Reason(reason)].meaning
        except ValueError:
            meaning = "no further explanation"
        if reason == Reason.KICKED and not has_begun:  # which of them it is, a node does not say
            meaning = NOT_LET_IN
        reported = f" The moderator says: {text}" if text else ""
        super().__init__(f"The node ended the connection ({reason}): {meaning}.{reported}")
        self.reason = reason


NOT_LET_IN = "a moderator has removed the session, or keeps this nick or address out"
"""What ``kicked`` means to a client that was not welcomed."""
UNKNOWN = "unknown"
"""The code of the client's own error for a message that was perhaps stored, perhaps not."""
NICK_CODES = frozenset({Code.NICK_TAKEN, Code.BAD_NICK})
RETRY_AFTER = 1.0
"""Seconds before a retry if the node does not say how many."""


def refusal(error: Error) -> RequestRefused:
    """Return the exception for an ``error`` event."""
    kind = NickRefused if error.code in NICK_CODES else RequestRefused
    found = kind(error.code, error.text, error.room)
    if isinstance(found, NickRefused):
        found.account = error.account is True
    return found


def is_passing(error: Error) -> bool:
    """Return whether the same request may succeed later."""
    if error.code in NICK_CODES:  # only another nick helps, and a person has to choose it
        return False
    try:
        return CODES[Code(error.code)].retry
    except ValueError:  # a code of a newer node
        return error.retry_after_ms is not None


def retry_after(error: Error) -> float:
    """Return the seconds to wait before a retry."""
    after = error.retry_after_ms
    return RETRY_AFTER if after is None else max(0, after) / 1000


def unknown_fate(id: str) -> Error:
    """Return the error for a message that is given up, and may have been stored."""
    text = (
        "It is not known whether the message arrived, and it is too late to repeat it: it might be"
        " sent twice."
    )
    return Error(code=UNKNOWN, id=id, text=text)
