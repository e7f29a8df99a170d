"""The bars of the screen: the list of buffers, and the status line. Pure."""

from msgspec import Struct

from client.text.sanitize import safe_word
from client.text.width import Joins, columns, cut, drawable
from client.tui.buffers import Buffer, Buffers
from client.tui.rows import Fragment, Line

UNREAD, MENTION = "class:bar.unread", "class:bar.mention"
_JOINS = Joins(False, False, False)
"""Names are drawn so that every terminal can: nodes allow no emoji in them."""
SHORTEST_NAME = 8
"""Columns for the name of a buffer, a person or a node, however narrow the screen."""


def room_bar(buffers: Buffers, width: int) -> Line:
    """Return the bar of all buffers, or of those around the current one if there are too many.

    An arrow stands for hidden buffers, in the style of the most urgent one.
    """
    most = max(SHORTEST_NAME, width // 3)
    tabs = [_tab(number, buffer, buffers, most) for number, buffer in enumerate(buffers, 1)]
    here = next((n for n, buffer in enumerate(buffers) if buffer is buffers.current), 0)
    first, last = here, here + 1
    used = columns(tabs[here][1]) if tabs else 0
    # Add tabs on both sides in turn while there is space; two columns are for the arrows.
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
    name = cut(drawable(safe_word(buffer.name), _JOINS), most)
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
    """The content of the status line.

    ``away`` is the time without a connection in seconds, None while there is one; ``latency`` is
    the round trip in seconds; ``below`` is the number of rows below the screen; ``too_long`` says
    how long the typed text is, if it is too long.
    """

    nick: str
    node: str
    away: float | None
    was_welcomed: bool
    latency: float | None
    unsent: int
    below: int
    too_long: str = ""


def status(state: Status, width: int) -> Line:
    """Return the status line: nick and node on the left, unsent and unseen rows on the right."""
    most = max(SHORTEST_NAME, width // 3)
    who = cut(drawable(safe_word(state.nick), _JOINS), most)
    if state.away is None:
        link = cut(drawable(safe_word(state.node), _JOINS), most)
        if state.latency is not None:
            link += f" \u00b7 {state.latency * 1000:.0f} ms"
        style = ""
    else:
        what = "reconnecting" if state.was_welcomed else "connecting"
        link, style = f"{what}\u2026 {state.away:.0f} s", "class:bar.away"
    notes = [state.too_long] if state.too_long else []
    if state.unsent:
        notes.append(f"{state.unsent} unsent")
    if state.below:
        notes.append(f"\u2193 {state.below} below")
    right = " \u00b7 ".join(notes)
    left = cut(f" {who} \u00b7 {link}", max(0, width - columns(right) - 2))
    space = max(1, width - columns(left) - columns(right) - 1)
    return [(style, left), ("", " " * space), (UNREAD, right)]
