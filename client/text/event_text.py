"""Sentences for events; untrusted parts are escaped. Pure."""

from collections.abc import Callable
from typing import Any

from client.protocol.events import Disconnected
from client.text.sanitize import safe_line, safe_word
from wire import messages as m

_LEFT = {
    "left": "left",
    "quit": "left the chat",
    "lost": "lost the connection",
    "kicked": "was kicked",
}


def phrase(event: m.AnyEvent | Disconnected) -> str | None:
    """Return the sentence for an event, perhaps of several lines; None if there is none.

    Messages and lists of messages have none: the screen and the filter format them themselves.
    """
    row = _ROWS.get(type(event))
    return row(event) if row else None


def count(number: int, thing: str) -> str:
    """Return "1 room", "2 rooms"."""
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"


def and_more(more: bool) -> str:
    """Return what to add to the title of an incomplete list."""
    return " (there are more)" if more else ""


def removed(event: m.Left) -> str:
    """Return what a moderator did to us: ``left`` has no position if the room is closed."""
    what = "closed" if event.position is None else "kicked you out of"
    how = f"A moderator has {what} {safe_word(event.room)}"
    return f"{how}: {safe_line(event.text)}" if event.text else f"{how}."


def _entered(event: m.Entered) -> str:
    return f"{safe_word(event.nick)} entered"


def _left(event: m.Left) -> str:
    if event.reason == "kicked" and event.position is None:  # everybody, ourselves included
        closed = f"a moderator closed {safe_word(event.room)}"
        return f"{closed}: {safe_line(event.text)}" if event.text else closed
    how = _LEFT.get(event.reason) or f"left ({safe_word(event.reason)})"
    why = f" ({safe_line(event.text)})" if event.text else ""
    return f"{safe_word(event.nick)} {how}{why}"


def _renamed(event: m.Renamed) -> str:
    if event.room is None:
        return f"You are now called {safe_word(event.nick)}."
    return f"{safe_word(event.from_)} is now called {safe_word(event.nick)}"


def _joined(event: m.Joined) -> str:
    room = safe_word(event.room)
    others = event.members - 1
    if event.created:
        return f"You created {room}, and are in it."
    if others <= 0:
        return f"You are in {room}, alone."
    return f"You are in {room}, with {count(others, 'other')}."


def _gap(event: m.Gap) -> str:
    where = "your inbox" if event.room == m.INBOX else safe_word(event.room)
    return f"Some messages in {where} are no longer available."


def _rooms(event: m.Rooms) -> str:
    rows = [f"    {safe_word(row.room)} ({count(row.members, 'member')})" for row in event.rooms]
    return "\n".join([f"{count(len(rows), 'room')}{and_more(event.more)}:", *rows])


def _members(event: m.Members) -> str:
    accounts = set(event.accounts or ())
    nicks = ", ".join(safe_word(nick) + " (account)" * (nick in accounts) for nick in event.members)
    return f"In {safe_word(event.room)}: {nicks}{and_more(event.more)}."


def _error(event: m.Error) -> str:
    what = "Not delivered: " if event.id is not None else ""
    return f"{what}{safe_line(event.text)}"


def _welcome(event: m.Welcome) -> str:
    return f"You are {safe_word(event.nick)}, on {safe_word(event.node)}."


def _bye(event: m.Bye) -> str:
    why = f" The moderator says: {safe_line(event.text)}" if event.text else ""
    return f"The node ended the connection: {safe_word(event.reason)}.{why}"


def _announcement(event: m.Announcement) -> str:
    where = f" in {safe_word(event.room)}" if event.room is not None else ""
    return f"Announcement{where}: {' / '.join(map(safe_line, event.text.splitlines()))}"


def _away(event: Disconnected) -> str:
    return f"No connection: {safe_line(event.why)}. Trying again."


_ROWS: dict[type[Any], Callable[[Any], str]] = {
    m.Welcome: _welcome,
    m.Joined: _joined,
    m.Entered: _entered,
    m.Left: _left,
    m.Renamed: _renamed,
    m.Rooms: _rooms,
    m.Members: _members,
    m.Gap: _gap,
    m.Error: _error,
    m.Bye: _bye,
    m.Announcement: _announcement,
    Disconnected: _away,
}
