"""Escapes untrusted text for a terminal. Pure."""

import unicodedata

from wire.text import escape_character

_CONTROL = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
# Blank or without width, although their categories are letters and marks.
_INVISIBLE = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u3164\uffa0")
JOINERS = frozenset("\u200c\u200d")
_JOINABLE = frozenset("LMS")


def safe_word(word: str) -> str:
    """Return a name with all invisible characters escaped, white space as well."""
    if word.isascii() and word.isprintable() and " " not in word:
        return word
    return "".join(
        _shown(character) if _is_dangerous(character) or character.isspace() else character
        for character in word
    )


def safe_line(text: str) -> str:
    r"""Return ``text`` as one line that cannot control a terminal and hides nothing.

    Control characters (C0, C1, and with them all escape sequences), bidirectional overrides and
    isolates, characters without width and line separators are escaped: as ``␛``, or as ``\u202e``.
    A tab becomes a space. Joiners stay where an emoji or a script needs them: single, between two
    visible characters beyond ASCII.
    """
    if text.isprintable() and text.isascii():
        return text
    return "".join(
        _in_text(character, text[place - 1 : place], text[place + 1 : place + 2])
        for place, character in enumerate(text)
    )


def _in_text(character: str, before: str, after: str) -> str:
    if character == "\t":
        return " "
    if character in JOINERS and _may_join(before) and _may_join(after):
        return character
    return _shown(character) if _is_dangerous(character) else character


def _may_join(neighbour: str) -> bool:
    return (
        not neighbour.isascii()
        and unicodedata.category(neighbour)[0] in _JOINABLE
        and not _is_dangerous(neighbour)
    )


def _is_dangerous(character: str) -> bool:
    return (
        unicodedata.category(character) in _CONTROL
        or character in _INVISIBLE
        # Reserved for more of these (default ignorable); our tables may be older than the terminal.
        or "\ufff0" <= character <= "\ufff8"
        or "\U000e0000" <= character <= "\U000e0fff"
        or "\u180b" <= character <= "\u180f"
        or character == "\u2065"
    )


def _shown(character: str) -> str:
    point = ord(character)
    if point == 0x20:
        return "\u2423"
    if point < 0x20:
        return chr(0x2400 + point)
    if point == 0x7F:
        return "\u2421"
    return escape_character(character)
