"""Checks the text of messages, and escapes text for logs and terminals."""

import re

from wire import limits
from wire.errors import Code

# NUL, the C0 and C1 control characters and DEL, but for newline and tab; and lone surrogates.
_FORBIDDEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")


def check(text: str) -> tuple[Code, str] | None:
    """Return the code and the error message for ``text``, None if it is valid."""
    if found := _FORBIDDEN.search(text):
        return (
            Code.BAD_REQUEST,
            f"The text contains the control character U+{ord(found[0]):04X};"
            " only newline and tab are allowed.",
        )
    if not text or text.isspace():
        return Code.EMPTY_TEXT, "The text is empty."
    # Most texts are far below the limit, so that they need not be encoded.
    if len(text) * 4 > limits.TEXT and len(text.encode()) > limits.TEXT:
        return Code.TEXT_TOO_LONG, f"A text is at most {limits.TEXT} bytes of UTF-8 long."
    return None


def secret(text: str) -> str:
    """Return a secret without the line ends behind it.

    They are those of the file or of the command that it comes from, and never part of a secret.
    """
    return text.rstrip("\r\n")


def escape(text: str) -> str:
    r"""Return ``text`` with all that is not printable as ``\n``, ``\x1b`` or ``\u202e``.

    So it stays one line, and cannot move a cursor or change a terminal.
    """
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else escape_character(c) for c in text)


def escape_character(character: str) -> str:
    """Return a character as in a string literal of Python."""
    return character.encode("unicode_escape").decode()
