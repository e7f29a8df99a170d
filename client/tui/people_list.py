"""The list of people beside the rows of a room, as lines. Pure."""

from client.text.event_text import count
from client.text.sanitize import safe_word
from client.text.theme import nick_colour
from client.text.width import cut, drawable
from client.tui.bars import NAME_JOINS
from client.tui.buffers import Buffer
from client.tui.rows import Line

LEAST_COLUMNS = 100
"""Columns of a screen from which there is space for the list."""
LIST_COLUMNS = 18


def people_number(buffer: Buffer) -> str:
    """Return how many people are in a room, in words; empty if it is unknown, or no room."""
    number = buffer.people.number
    if buffer.person is not None or number is None:
        return ""
    # A quiet room does not announce everybody.
    about = "~" if buffer.people.is_quiet else ""
    return f"{about}{number} {'person' if number == 1 else 'people'}"


def people_lines(buffer: Buffer, height: int) -> list[Line]:
    """Return the list in at most ``height`` lines; the last one counts those who do not fit."""
    nicks = buffer.people.nicks
    shown = nicks if len(nicks) < height else nicks[: max(0, height - 2)]
    lines: list[Line] = [[("class:people", people_number(buffer))]]
    for nick in shown:
        name = cut(drawable(safe_word(nick), NAME_JOINS), LIST_COLUMNS)
        lines.append([(f"fg:{nick_colour(nick)}", name)])
    others = (buffer.people.number or 0) - len(shown)
    if others > 0:
        lines.append([("class:people", f"and {count(others, 'other')}")])
    return lines[:height]
