"""Text, harmless already, cut into lines of so many columns. Pure.

Columns are counted character by character, as most terminals and prompt_toolkit do; what would be
counted otherwise by some of them is left out (``steady``), so that all agree.
"""

import unicodedata

from wcwidth import wcwidth

_JOINER = "\u200d"
_EMOJI_STYLE = "\ufe0f"


def columns(text: str) -> int:
    """Return how many columns a text takes."""
    if text.isascii():
        return len(text)
    return sum(max(0, wcwidth(character)) for character in text)


def steady(text: str) -> str:
    """Return a text without what makes terminals disagree about its width.

    Some draw several emoji that are joined as one, others side by side; some make a symbol wide
    because of a variation selector, others do not. So they stand side by side, and as they are.
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
    """Return a text of at most so many columns; an ellipsis stands for what is left out."""
    if columns(text) <= width:
        return text
    return text[: _fitting(text, 0, max(0, width - 1))] + "\u2026"


def wrap(text: str, width: int, hang: int = 0) -> list[str]:
    """Return a line cut into lines of at most ``width`` columns, between words where possible.

    All but the first have ``hang`` columns less. Nothing is left out but the one space at which a
    line is broken. A width below 2 counts as 2: a wide character has to fit.
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
    """Return the place up to which a text from ``start`` on fits, with the marks at its end."""
    if text.isascii():
        return min(len(text), start + width)
    used = 0
    for place in range(start, len(text)):
        used += max(0, wcwidth(text[place]))
        if used > width:
            return place
    return len(text)
