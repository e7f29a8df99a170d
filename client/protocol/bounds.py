"""Bounds for what a node sends: a hostile one must not fill the client's memory. Pure."""

from wire import limits
from wire import messages as m

POSITION = 128
"""Longest position in bytes; nodes need about 40."""
NAME = 4 * limits.NICK
"""Longest nick or room in bytes: a node may write a name longer than it was asked for."""
NODE_NAME = 1024
"""Longest name of a node in bytes."""
PAGES = 50
"""Pages of one list; honest nodes put thousands of names on a page."""


def violation(event: m.AnyEvent) -> str | None:
    """Return in words which bound an event exceeds, None if it is within all of them."""
    if isinstance(event, m.Message | m.Direct):
        return _message(event)
    if isinstance(event, m.Joined):
        if _is_longer(event.room, NAME):
            return _NAME
        if _is_longer(event.position, POSITION):
            return _POSITION
        return next(filter(None, map(_message, event.messages)), None)
    if isinstance(event, m.History):
        return next(filter(None, map(_message, event.messages)), None)
    if isinstance(event, m.Members):
        return _NAME if any(_is_longer(nick, NAME) for nick in event.members) else None
    if isinstance(event, m.Rooms):
        return _NAME if any(_is_longer(row.room, NAME) for row in event.rooms) else None
    return _other(event)


_POSITION = f"a position is at most {POSITION} bytes long"
_NAME = f"a name is at most {NAME} bytes long"
_TEXT = f"a text is at most {limits.TEXT} bytes long"


def _message(event: m.Message | m.Direct | m.Past) -> str | None:
    if _is_longer(event.position, POSITION):
        return _POSITION
    if _is_longer(event.text, limits.TEXT):
        return _TEXT
    where = event.to if isinstance(event, m.Direct) else event.room
    if _is_longer(where, NAME) or _is_longer(event.from_, NAME) or _is_longer(event.id, limits.ID):
        return _NAME
    return None


def _other(event: m.AnyEvent) -> str | None:
    for field, most, what in _FIELDS:
        value = getattr(event, field, None)
        if isinstance(value, str) and _is_longer(value, most):
            return what
    return None


_FIELDS = (
    ("position", POSITION, _POSITION),
    ("after", POSITION, _POSITION),
    ("room", limits.LINE, _NAME),  # an error repeats the room as it was asked for
    ("nick", NAME, _NAME),
    ("from_", NAME, _NAME),
    ("node", NODE_NAME, _NAME),
    ("reason", NAME, _NAME),
    ("code", NAME, _NAME),
    ("text", limits.LINE, _TEXT),  # an explanation may be longer than a message
)


def _is_longer(value: str | None, most: int) -> bool:
    """Return whether a text has more than ``most`` bytes of UTF-8."""
    if value is None or len(value) * 4 <= most:
        return False
    return len(value) > most or len(value.encode(errors="replace")) > most
