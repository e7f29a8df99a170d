"""What a text may hold."""

import re

from wire import limits
from wire.errors import Code

# NUL, the C0 and C1 control characters and DEL, but for newline and tab; and lone surrogates.
_FORBIDDEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")


def check(text: str) -> tuple[Code, str] | None:
    """Return the code and the sentence of what is wrong with ``text``, or None."""
    if found := _FORBIDDEN.search(text):
        return (
            Code.BAD_REQUEST,
            f"The text holds the control character U+{ord(found[0]):04X};"
            " only newline and tab may be in a text.",
        )
    if not text or text.isspace():
        return Code.EMPTY_TEXT, "The text is empty."
    # Most texts are far below the limit: no need to encode them to know.
    if len(text) * 4 > limits.TEXT and len(text.encode()) > limits.TEXT:
        return Code.TEXT_TOO_LONG, f"A text is at most {limits.TEXT} bytes of UTF-8 long."
    return None
