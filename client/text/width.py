"""Measures and wraps text in columns; the text is escaped already. Pure.

Columns are counted character by character, as most terminals and prompt_toolkit do. Characters that
some terminals count differently are removed (``steady``), so that all agree.
"""

import unicodedata

from wcwidth import wcwidth

_JOINER = "\u200d"
_EMOJI_STYLE = "\ufe0f"


def columns(text: str) -> int:
    """Return the width of a text in columns."""
    if text.isascii():
        return len(text)
    return sum(max(0, wcwidth(character)) for character in text)


def steady(text: str) -> str:
    """Return a text without the characters that make terminals disagree about its width.

    Some terminals draw joined emoji as one, others side by side; some widen a symbol because of a
    variation selector, others do not. Without them, emoji stand side by side everywhere.
    """
    if text.isascii():
        return text
    text = text.replace(_EMOJI_STYLE, "")
    if _JOINER not in text:
        return text
    return "".join(
        character
        for place, character in enumerate(text)
        if character != _JOINER or not _is_symbol(text[place + 1 : place + 2])
    )


def _is_symbol(character: str) -> bool:
    return character != "" and unicodedata.category(character) == "So"


def cut(text: str, width: int) -> str:
    """Return a text cut to a number of columns; an ellipsis marks the cut."""
    if columns(text) <= width:
        return text
    return text[: _fitting(text, 0, max(0, width - 1))] + "\u2026"


def wrap(text: str, width: int, hang: int = 0) -> list[str]:
    """Return a line wrapped to at most ``width`` columns, between words where possible.

    All lines but the first have ``hang`` columns less. Only the space at a line break is left out.
    A width below 2 counts as 2, because a wide character has to fit.
    """
    later = max(2, width - hang)
    width = max(2, width)
    lines: list[str] = []
    start = 0
    while True:
        if lines:
            width = later
        end = _fitting(text, start, width)
        if end == len(text):
            return [*lines, text[start:]]
        if text[end] == " ":
            space = end
        else:
            space = text.rfind(" ", start + 1, end)
        if space > start:
            lines.append(text[start:space])
            start = space + 1
        else:
            lines.append(text[start:end])
            start = end


def _fitting(text: str, start: int, width: int) -> int:
    """Return the end of what fits from ``start`` on, with the combining marks at its end."""
    if text.isascii():
        return min(len(text), start + width)
    used = 0
    for place in range(start, len(text)):
        used += max(0, wcwidth(text[place]))
        if used > width:
            return place
    return len(text)
