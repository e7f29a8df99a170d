"""Texts that are printed without the full screen: on a terminal they are cut between words."""

import os


def fitted(text: str, fd: int) -> str:
    """Return a text for a file; if that is a terminal, no line of it is longer than the screen.

    The rest of a line that was cut has the line's indentation.
    """
    try:
        width = os.get_terminal_size(fd).columns
    except OSError:  # no terminal
        return text
    return cut(text, width) if width else text


def cut(text: str, width: int) -> str:
    """Return a text with its lines cut between words, so that each has at most so many columns."""
    lines = text.split("\n")
    if text.isascii() and max(map(len, lines)) <= width:
        return text
    from client.text.width import wrap  # a filter needs it rarely, and should start soon

    found = []
    for line in lines:
        indent = " " * min(len(line) - len(line.lstrip(" ")), width // 2)
        first, *rest = (line[start:end] for start, end in wrap(line, width, len(indent)))
        found += [first, *(indent + part.lstrip(" ") for part in rest)]
    return "\n".join(found)
