"""Formats events as lines of text; untrusted parts are escaped. Pure."""

from collections.abc import Callable
from typing import Any

from msgspec import Struct

from client.protocol.events import Disconnected
from client.text.actions import spoken
from client.text.event_text import and_more, phrase
from client.text.sanitize import safe_line, safe_word
from client.text.theme import Theme
from wire import messages as m

INDENT = "    "
"""Before the second and later lines of a text, so that none looks like another message."""
_SIGNS: dict[type[Any], str] = {m.Entered: "+", m.Left: "-", m.Renamed: "~"}
"""Before events about members."""


class LineFormat(Struct, frozen=True):
    """The time zone; times have a date and are in ISO 8601."""

    theme: Theme = Theme()


def render(event: m.AnyEvent | m.Past | Disconnected, form: LineFormat) -> str | None:
    """Return the lines for an event, None if there is nothing to show.

    A line that starts with a time is an entry of a room or of the inbox (``@``); ``·`` marks a
    notice and ``!`` a refusal.
    """
    if row := _ROWS.get(type(event)):
        return row(event, form)
    sentence = None if isinstance(event, m.Past) else phrase(event)
    return None if sentence is None else f"\u00b7 {sentence}"


def _text(at: int, where: str, text: str, form: LineFormat) -> str:
    first, *further = (safe_line(line) for line in text.split("\n"))
    lines = [f"{form.theme.moment(at)} {where} {first}"]
    return "\n".join([*lines, *(INDENT + line for line in further)])


def _message(event: m.Message | m.Past, form: LineFormat) -> str:
    is_action = event.kind == "action"
    text = spoken(event.text, event.from_, is_action)
    text = text if is_action else f"<{safe_word(event.from_)}> {text}"
    return _text(event.at, safe_word(event.room), text, form)


def _direct(event: m.Direct, form: LineFormat) -> str:
    who = f"<{safe_word(event.from_)} \u2192 {safe_word(event.to)}>"
    text = spoken(event.text, event.from_, event.kind == "action")
    return _text(event.at, m.INBOX, f"{who} {text}", form)


def _entry(event: m.Entered | m.Left | m.Renamed, form: LineFormat) -> str:
    if event.room is None:
        return f"\u00b7 {phrase(event)}"
    place = f"{form.theme.moment(event.at or None)} {safe_word(event.room)}"
    return f"{place} {_SIGNS[type(event)]} {phrase(event)}"


def _joined(event: m.Joined, form: LineFormat) -> str:
    past = (_message(message, form) for message in event.messages)
    return "\n".join([f"\u00b7 {phrase(event)}", *past])


def _history(event: m.History, form: LineFormat) -> str:
    room = safe_word(event.room)
    if not event.messages:
        return f"\u00b7 No messages in {room} are available."
    lines = [_message(past, form) for past in event.messages]
    return "\n".join(
        [
            f"\u00b7 Last messages in {room}{and_more(event.more)}:",
            *lines,
            f"\u00b7 End of history for {room}.",
        ]
    )


def _error(event: m.Error, form: LineFormat) -> str:
    return f"! {phrase(event)}"


_ROWS: dict[type[Any], Callable[[Any, LineFormat], str]] = {
    m.Joined: _joined,
    m.Message: _message,
    m.Past: _message,
    m.Direct: _direct,
    m.Entered: _entry,
    m.Left: _entry,
    m.Renamed: _entry,
    m.History: _history,
    m.Error: _error,
}
