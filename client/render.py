"""An event as text for people. Pure; whatever came from others has been made harmless."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Any

from client.feed import Away
from client.safe import safe_line, safe_word
from wire import messages as m

INDENT = "    "
"""Before every further line of a text, so that none of them passes for another message."""
_LEFT = {"left": "left", "quit": "left the chat", "lost": "was lost", "kicked": "was kicked"}


@dataclass(frozen=True, slots=True)
class View:
    """Who looks: our own nick, and the time zone (None: the system's)."""

    nick: str = ""
    zone: tzinfo | None = None


def render(event: m.AnyEvent | Away, view: View) -> str | None:
    """Return the lines that show ``event``, None if there is nothing to show.

    A line that begins with a time is an entry of a room or of the inbox (``@``); one that begins
    with ``·`` is a notice, and ``!`` is a refusal.
    """
    row = _ROWS.get(type(event))
    return row(event, view) if row else None


def render_sent(ack: m.Ack, message: m.SendDirect, view: View) -> str:
    """Return the lines that show a direct of our own, which no node echoes."""
    said = m.Direct(
        position=ack.position,
        at=ack.at,
        from_=view.nick,
        to=ack.to or message.to,
        text=message.text,
        kind=message.kind or "say",
    )
    return _direct(said, view)


def clock(at: int, zone: tzinfo | None) -> str:
    """Return a node's time of day; dashes for one that no calendar has."""
    try:
        return datetime.fromtimestamp(at / 1000, zone).strftime("%H:%M")
    except (ValueError, OverflowError, OSError):
        return "--:--"


def _said(at: int, where: str, who: str, text: str, kind: str, view: View) -> str:
    first, *further = (safe_line(line) for line in text.split("\n"))
    author = f"* {who}" if kind == "action" else f"<{who}>"
    lines = [f"{clock(at, view.zone)} {where} {author} {first}"]
    return "\n".join([*lines, *(INDENT + line for line in further)])


def _entry(at: int | None, room: str, text: str, view: View) -> str:
    return f"{clock(at or 0, view.zone) if at else '--:--'} {safe_word(room)} {text}"


def _message(event: m.Message | m.Past, view: View) -> str:
    who = safe_word(event.from_)
    return _said(event.at, safe_word(event.room), who, event.text, event.kind, view)


def _direct(event: m.Direct, view: View) -> str:
    who = f"{safe_word(event.from_)} \u2192 {safe_word(event.to)}"
    return _said(event.at, m.INBOX, who, event.text, event.kind, view)


def _entered(event: m.Entered, view: View) -> str:
    return _entry(event.at, event.room, f"+ {safe_word(event.nick)} entered", view)


def _left(event: m.Left, view: View) -> str:
    how = _LEFT.get(event.reason) or f"left ({safe_word(event.reason)})"
    return _entry(event.at, event.room, f"- {safe_word(event.nick)} {how}", view)


def _renamed(event: m.Renamed, view: View) -> str:
    if event.room is None:
        return f"\u00b7 You are now called {safe_word(event.nick)}."
    names = f"~ {safe_word(event.from_)} is now called {safe_word(event.nick)}"
    return _entry(event.at, event.room, names, view)


def _joined(event: m.Joined, view: View) -> str:
    room = safe_word(event.room)
    others = event.members - 1
    if event.created:
        notice = f"\u00b7 {room} is new, and you are in it."
    elif others <= 0:
        notice = f"\u00b7 You are in {room}, alone."
    else:
        notice = f"\u00b7 You are in {room}, with {_count(others, 'other')}."
    return "\n".join([notice, *(_message(past, view) for past in event.messages)])


def _gap(event: m.Gap, view: View) -> str:
    where = "your inbox" if event.room == m.INBOX else safe_word(event.room)
    return f"\u00b7 Something is missing here: {where} went on, and it is no longer kept."


def _rooms(event: m.Rooms, view: View) -> str:
    rows = [
        f"{INDENT}{safe_word(row.room)} ({_count(row.members, 'member')})" for row in event.rooms
    ]
    return "\n".join([f"\u00b7 {_count(len(rows), 'room')}{_and_more(event.more)}:", *rows])


def _members(event: m.Members, view: View) -> str:
    nicks = ", ".join(safe_word(nick) for nick in event.members)
    return f"\u00b7 In {safe_word(event.room)}: {nicks}{_and_more(event.more)}."


def _history(event: m.History, view: View) -> str:
    room = safe_word(event.room)
    if not event.messages:
        return f"\u00b7 Nothing has been said in {room} that is still kept."
    lines = [_message(past, view) for past in event.messages]
    return "\n".join(
        [
            f"\u00b7 The last of {room}{_and_more(event.more)}:",
            *lines,
            f"\u00b7 So far what was said in {room} before.",
        ]
    )


def _error(event: m.Error, view: View) -> str:
    what = "Not delivered: " if event.id is not None else ""
    return f"! {what}{safe_line(event.text)}"


def _welcome(event: m.Welcome, view: View) -> str:
    return f"\u00b7 You are {safe_word(event.nick)}, on {safe_word(event.node)}."


def _bye(event: m.Bye, view: View) -> str:
    return f"\u00b7 The node said goodbye: {safe_word(event.reason)}."


def _away(event: Away, view: View) -> str:
    return f"\u00b7 No connection ({safe_line(event.why)}); trying again."


def _count(number: int, thing: str) -> str:
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"


def _and_more(more: bool) -> str:
    return " (there are more)" if more else ""


_ROWS: dict[type[Any], Callable[[Any, View], str]] = {
    m.Welcome: _welcome,
    m.Joined: _joined,
    m.Message: _message,
    m.Direct: _direct,
    m.Entered: _entered,
    m.Left: _left,
    m.Renamed: _renamed,
    m.Rooms: _rooms,
    m.Members: _members,
    m.History: _history,
    m.Gap: _gap,
    m.Error: _error,
    m.Bye: _bye,
    Away: _away,
}
