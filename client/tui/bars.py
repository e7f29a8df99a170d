"""The bars of the screen: which buffers there are, and how things stand. Pure."""

from msgspec import Struct

from client.text.sanitize import safe_word
from client.text.width import columns, cut, steady
from client.tui.buffers import Buffer, Buffers
from client.tui.rows import Fragment, Line

UNREAD, MENTION = "class:bar.unread", "class:bar.mention"
SHORTEST_NAME = 8
"""Columns that the name of a buffer, a person or a node gets on any screen."""


def room_bar(buffers: Buffers, width: int) -> Line:
    """Return the bar of all buffers; where they are too many, those around the current one.

    An arrow tells of others; it looks like the most urgent of them.
    """
    most = max(SHORTEST_NAME, width // 3)
    tabs = [_tab(number, buffer, buffers, most) for number, buffer in enumerate(buffers, 1)]
    here = next((n for n, buffer in enumerate(buffers) if buffer is buffers.current), 0)
    first, last = here, here + 1
    used = columns(tabs[here][1]) if tabs else 0
    # To both sides in turn, as far as there is space; two columns are for the arrows.
    for step in range(1, len(tabs)):
        for place in (here + step, here - step):
            if 0 <= place < len(tabs) and place in (first - 1, last):
                wide = columns(tabs[place][1])
                if used + wide <= width - 2:
                    used += wide
                    first, last = min(first, place), max(last, place + 1)
    left, right = tabs[:first], tabs[last:]
    start: Fragment = (_urgent(left), "\u2039") if left else ("", " ")
    return [start, *tabs[first:last], *([(_urgent(right), "\u203a")] if right else [])]


def _urgent(tabs: Line) -> str:
    styles = [style for style, _ in tabs]
    return next((style for style in (MENTION, UNREAD) if style in styles), "")


def _tab(number: int, buffer: Buffer, buffers: Buffers, most: int) -> Fragment:
    name = cut(steady(safe_word(buffer.name)), most)
    news = ""
    if buffer.unread:
        news = f"({buffer.unread}{'!' if buffer.mentions else ''})"
    style = ""
    if buffer is buffers.current:
        style = "class:bar.current"
    elif buffer.mentions:
        style = MENTION
    elif buffer.unread:
        style = UNREAD
    return style, f" {number}:{name}{news} "


class Status(Struct, frozen=True):
    """How things stand. ``away`` is for how many seconds there has been no connection, None while
    there is one; ``latency`` is the time to the node and back in seconds."""

    nick: str
    node: str
    away: float | None
    was_welcomed: bool
    latency: float | None
    unsent: int
    below: int


def status(standing: Status, width: int) -> Line:
    """Return the status line: who and where one is on the left, what is open on the right."""
    most = max(SHORTEST_NAME, width // 3)
    who = cut(steady(safe_word(standing.nick)), most)
    if standing.away is None:
        link = cut(steady(safe_word(standing.node)), most)
        if standing.latency is not None:
            link += f" \u00b7 {standing.latency * 1000:.0f} ms"
        style = ""
    else:
        what = "reconnecting" if standing.was_welcomed else "connecting"
        link, style = f"{what}\u2026 {standing.away:.0f} s", "class:bar.away"
    notes = []
    if standing.unsent:
        notes.append(f"{standing.unsent} unsent")
    if standing.below:
        notes.append(f"\u2193 {standing.below} below")
    right = " \u00b7 ".join(notes)
    left = cut(f" {who} \u00b7 {link}", max(0, width - columns(right) - 2))
    space = max(1, width - columns(left) - columns(right) - 1)
    return [(style, left), ("", " " * space), (UNREAD, right)]
