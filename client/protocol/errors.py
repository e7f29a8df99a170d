"""What can go wrong for who uses a connection to the chat.

ChatError
├── RequestRefused   a node refused a request; ``code`` says why
│   └── NickRefused  the nick is taken, or no possible one
├── Unreachable      no node could be reached for as long as one was willing to wait
└── Ended            the session is over, and does not come back by itself
"""

from wire.errors import CODES, REASONS, Code, Reason
from wire.messages import Error


class ChatError(Exception):
    """Any trouble with the chat."""


class RequestRefused(ChatError):
    """A node (or a check before anything was sent) refused a request.

    ``code`` is one of wire.errors.Code, or one that a newer node made up.
    """

    def __init__(self, code: str, text: str, room: str | None = None) -> None:
        super().__init__(text)
        self.code = code
        self.text = text
        self.room = room


class NickRefused(RequestRefused):
    """The nick is held by somebody else, or against the rules for names.

    ``account``: it belongs to an account, whose password would help.
    """

    account = False


class Unreachable(ChatError):
    """No node could be reached."""


class Ended(ChatError):
    """The node ended the session, or the connection for good; ``reason`` is that of its bye.

    ``text`` is what a moderator has to say about it.
    """

    def __init__(self, reason: str, text: str = "") -> None:
        try:
            meaning = REASONS[Reason(reason)].meaning
        except ValueError:
            meaning = "no further explanation"
        said = f" The moderator says: {text}" if text else ""
        super().__init__(f"The node ended the connection ({reason}): {meaning}.{said}")
        self.reason = reason


UNKNOWN = "unknown"
"""The code of the error that the client itself makes of a message whose fate is not known."""
NICK_CODES = frozenset({Code.NICK_TAKEN, Code.BAD_NICK})
RETRY_AFTER = 1.0
"""Seconds to wait where a node asks for another try and does not say when."""


def refusal(error: Error) -> RequestRefused:
    """Return the exception that stands for an ``error`` event."""
    kind = NickRefused if error.code in NICK_CODES else RequestRefused
    found = kind(error.code, error.text, error.room)
    if isinstance(found, NickRefused):
        found.account = error.account is True
    return found


def is_passing(error: Error) -> bool:
    """Return whether the same request may succeed later by itself."""
    if error.code in NICK_CODES:  # for another nick somebody has to be asked
        return False
    try:
        return CODES[Code(error.code)].retry
    except ValueError:  # a code of a newer node's
        return error.retry_after_ms is not None


def retry_after(error: Error) -> float:
    """Return the seconds to wait before the same request is made again."""
    after = error.retry_after_ms
    return RETRY_AFTER if after is None else max(0, after) / 1000


def unknown_fate(id: str) -> Error:
    """Return the error for a message that is given up without knowing whether it arrived."""
    text = (
        "It is not known whether the message arrived, and it is too late to repeat it: it might be"
        " sent twice."
    )
    return Error(code=UNKNOWN, id=id, text=text)
