"""Escapes untrusted text for a terminal, and cleans text that is about to be sent. Pure."""

import re
import unicodedata

from msgspec import Struct

from wire.text import escape_character

_CONTROL = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
# Blank or without width, although their categories are letters and marks.
_INVISIBLE = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u3164\uffa0")
JOINERS = frozenset("\u200c\u200d")
_JOINABLE = frozenset("LMS")

# ECMA-48: colours and other commands (CSI), strings such as titles and links (OSC, DCS and others),
# and short sequences. A string without an end loses its introducer only, not the text behind it.
_SEQUENCE = re.compile(
    r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]"
    r"|(?:\x1b[\]PX^_]|[\x90\x98\x9d-\x9f])[^\x00-\x1f\x7f-\x9f]*(?:\x07|\x1b\\|\x9c)"
    r"|\x1b[ -/]*[0-~]"
)
# The characters that nodes refuse (wire/text.py), but for surrogates.
_UNSENDABLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_BROKEN = re.compile(r"[\ud800-\udfff]")
_LINE_END = re.compile(r"\r\n?")


class Cleaned(Struct, frozen=True):
    """A text that nodes accept, and what was taken out of it.

    ``sequences`` is the number of escape sequences, such as colours; ``characters`` is that of
    other control characters; ``broken`` is that of bytes that were not UTF-8.
    """

    text: str
    sequences: int = 0
    characters: int = 0
    broken: int = 0

    @property
    def removed(self) -> str:
        """What was taken out, as in "2 escape sequences, 1 control character"; empty if nothing."""
        counts = (
            (self.sequences, "escape sequence"),
            (self.characters, "control character"),
            (self.broken, "broken character"),
        )
        return ", ".join(f"{n} {what}{'s' * (n > 1)}" for n, what in counts if n)


def clean(text: str) -> Cleaned:
    """Return a text without what would make a node refuse it, and with ``\\n`` as its line ends.

    Escape sequences are removed as a whole, so that of ``ESC[31mred`` the word is left. A carriage
    return ends a line. A lone surrogate (a byte that was not UTF-8) becomes U+FFFD.
    """
    if text.isprintable():
        return Cleaned(text)
    text = _LINE_END.sub("\n", text)
    text, sequences = _SEQUENCE.subn("", text)
    text, characters = _UNSENDABLE.subn("", text)
    text, broken = _BROKEN.subn("\ufffd", text)
    return Cleaned(text, sequences, characters, broken)


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


def safe_json(line: str) -> str:
    r"""Return a line of JSON in which no character can control a terminal or hide something.

    Those characters are escaped as ``\u202e``, so that it stays the same JSON.
    """
    if line.isascii() and line.isprintable():
        return line
    return "".join(
        _in_json(character) if _is_dangerous(character) else character for character in line
    )


def _in_json(character: str) -> str:
    if character in "\t\r":  # between two values: a string cannot hold them
        return " "
    units = character.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[at : at + 2].hex()}" for at in range(0, len(units), 2))


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
