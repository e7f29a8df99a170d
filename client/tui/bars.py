"""The bars of the screen: the list of buffers, and the status line. Pure."""

from msgspec import Struct

from client.text.sanitize import safe_word
from client.text.width import Joins, columns, cut, drawable
from client.tui.buffers import Buffer, Buffers
from client.tui.rows import Fragment, Line

UNREAD, MENTION = "class:bar.unread", "class:bar.mention"
NAME_JOINS = Joins(False, False, False)
"""Names are drawn so that every terminal can: nodes allow no emoji in them."""
SHORTEST_NAME = 8
"""Columns for the name of a buffer, a person or a node, however narrow the screen."""


def room_bar(buffers: Buffers, width: int) -> Line:
    """Return the bar of all buffers, or of those around the current one if there are too many.

    An arrow stands for hidden buffers, in the style of the most urgent one.
    """
    tabs, first, last = _fitting(buffers, width)
    left, right = tabs[:first], tabs[last:]
    start: Fragment = (_urgent(left), "\u2039") if left else ("", " ")
    return [start, *tabs[first:last], *([(_urgent(right), "\u203a")] if right else [])]


def hidden_mentions(buffers: Buffers, width: int) -> list[str]:
    """Return the names of the buffers with mentions that do not fit into the bar."""
    if not any(buffer.mentions for buffer in buffers):
        return []
    _, first, last = _fitting(buffers, width)
    return [
        buffer.name
        for place, buffer in enumerate(buffers)
        if buffer.mentions and not first <= place < last
    ]


def _fitting(buffers: Buffers, width: int) -> tuple[Line, int, int]:
    """Return the tabs of all buffers, and the first that fits and the one behind the last."""
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
    return tabs, first, last


def _urgent(tabs: Line) -> str:
    styles = [style for style, _ in tabs]
    return next((style for style in (MENTION, UNREAD) if style in styles), "")


def _tab(number: int, buffer: Buffer, buffers: Buffers, most: int) -> Fragment:
    name = cut(drawable(safe_word(buffer.name), NAME_JOINS), most)
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


WIDE = 60
"""Columns from which both the number of unsent messages and the reason fit."""


class Status(Struct, frozen=True):
    """The content of the status line.

    ``away`` is the time without a connection in seconds, None while there is one; ``latency`` is
    the round trip in seconds; ``below`` is the number of rows below the screen. ``people`` says how
    many people are in the room, ``search`` which match is shown, ``too_long`` how long the typed
    text is, if it is too long; all may be empty. ``stalled``: the node answers, but cannot store
    messages.
    """

    nick: str
    node: str
    away: float | None
    was_welcomed: bool
    latency: float | None
    unsent: int
    below: int
    people: str = ""
    search: str = ""
    mentions: tuple[str, ...] = ()
    stalled: bool = False
    too_long: str = ""


STALLED = (
    "messages wait: the node cannot store them",
    "messages wait, cannot be stored",
    "messages wait: no storage",
    "messages wait",
)
"""What is said while the node cannot store messages; the first that fits."""


def status(state: Status, width: int) -> Line:
    """Return the status line: nick, node and people on the left, news and unsent on the right."""
    most = max(SHORTEST_NAME, width // 3)
    who = cut(drawable(safe_word(state.nick), NAME_JOINS), most)
    right = " \u00b7 ".join(_notes(state, width))
    space = max(0, width - columns(right) - 2)
    if state.stalled or state.away is not None:
        link, style = _trouble(state, space - columns(who) - 4), "class:bar.away"
    else:
        link, style = cut(drawable(safe_word(state.node), NAME_JOINS), most), ""
        if state.latency is not None:
            link += f" \u00b7 {state.latency * 1000:.0f} ms"
        if state.people:
            link += f" \u00b7 {state.people}"
    left = cut(f" {who} \u00b7 {link}", space)
    gap = max(1, width - columns(left) - columns(right) - 1)
    return [(style, left), ("", " " * gap), (UNREAD, right)]


def _trouble(state: Status, width: int) -> str:
    """Return what is wrong with the connection, in at most ``width`` columns if possible."""
    start = ""
    if state.away is not None:
        what = "reconnecting" if state.was_welcomed else "connecting"
        start = f"{what}\u2026 {state.away:.0f} s"
        if not state.stalled:
            return start
    # The reason is worth more than the time.
    said = [each for stalled in STALLED for each in (f"{start} \u00b7 {stalled}", stalled)]
    said = said if start else list(STALLED)
    return next((each for each in said if columns(each) <= width), STALLED[-1])


def _notes(state: Status, width: int) -> list[str]:
    notes = [state.too_long] if state.too_long else []
    if state.mentions:
        names = ", ".join(drawable(safe_word(name), NAME_JOINS) for name in state.mentions)
        notes.append(cut(f"mentions: {names}", max(SHORTEST_NAME, width // 2)))
    if state.search:
        notes.append(drawable(state.search, NAME_JOINS))
    # On a narrow screen the reason for which they wait needs the space.
    if state.unsent and not (state.stalled and width < WIDE):
        notes.append(f"{state.unsent} unsent")
    if state.below:
        notes.append(f"\u2193 {state.below} below")
    return notes
