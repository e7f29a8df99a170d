"""An event as lines of text for who reads a pipe. Pure; what came from others is made harmless."""

from collections.abc import Callable
from typing import Any

from msgspec import Struct

from client.protocol.events import Disconnected
from client.text.event_text import and_more, phrase
from client.text.sanitize import safe_line, safe_word
from client.text.theme import Theme
from wire import messages as m

INDENT = "    "
"""Before every further line of a text, so that none of them passes for another message."""
_SIGNS: dict[type[Any], str] = {m.Entered: "+", m.Left: "-", m.Renamed: "~"}
"""Before what happens to those who are in a room."""


class LineFormat(Struct, frozen=True):
    """Who looks: our own nick, and how times are written."""

    nick: str = ""
    theme: Theme = Theme()


def render(event: m.AnyEvent | Disconnected, view: LineFormat) -> str | None:
    """Return the lines that show ``event``, None if there is nothing to show.

    A line that begins with a time is an entry of a room or of the inbox (``@``); one that begins
    with ``·`` is a notice, and ``!`` is a refusal.
    """
    if row := _ROWS.get(type(event)):
        return row(event, view)
    said = phrase(event)
    return None if said is None else f"\u00b7 {said}"


def _said(at: int, where: str, who: str, text: str, kind: str, view: LineFormat) -> str:
    first, *further = (safe_line(line) for line in text.split("\n"))
    author = f"* {who}" if kind == "action" else f"<{who}>"
    lines = [f"{view.theme.clock(at)} {where} {author} {first}"]
    return "\n".join([*lines, *(INDENT + line for line in further)])


def _message(event: m.Message | m.Past, view: LineFormat) -> str:
    who = safe_word(event.from_)
    return _said(event.at, safe_word(event.room), who, event.text, event.kind, view)


def _direct(event: m.Direct, view: LineFormat) -> str:
    who = f"{safe_word(event.from_)} \u2192 {safe_word(event.to)}"
    return _said(event.at, m.INBOX, who, event.text, event.kind, view)


def _entry(event: m.Entered | m.Left | m.Renamed, view: LineFormat) -> str:
    if event.room is None:
        return f"\u00b7 {phrase(event)}"
    place = f"{view.theme.clock(event.at or None)} {safe_word(event.room)}"
    return f"{place} {_SIGNS[type(event)]} {phrase(event)}"


def _joined(event: m.Joined, view: LineFormat) -> str:
    past = (_message(message, view) for message in event.messages)
    return "\n".join([f"\u00b7 {phrase(event)}", *past])


def _history(event: m.History, view: LineFormat) -> str:
    room = safe_word(event.room)
    if not event.messages:
        return f"\u00b7 No messages in {room} are available."
    lines = [_message(past, view) for past in event.messages]
    return "\n".join(
        [
            f"\u00b7 Last messages in {room}{and_more(event.more)}:",
            *lines,
            f"\u00b7 End of history for {room}.",
        ]
    )


def _error(event: m.Error, view: LineFormat) -> str:
    return f"! {phrase(event)}"


_ROWS: dict[type[Any], Callable[[Any, LineFormat], str]] = {
    m.Joined: _joined,
    m.Message: _message,
    m.Direct: _direct,
    m.Entered: _entry,
    m.Left: _entry,
    m.Renamed: _entry,
    m.History: _history,
    m.Error: _error,
}
