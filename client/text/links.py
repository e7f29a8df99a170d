"""Links in texts, which are escaped already; links are untrusted. Pure."""

import re
from collections.abc import Iterator

from client.text.width import Span

LONGEST = 2083
"""Most characters of a link's address: terminals ignore longer ones, or are slow with them."""

# Up to a blank, a quotation mark, or what safe_line has made of a control character.
_LINK = re.compile(
    r"(?<![A-Za-z0-9])https?://(?=[\w\[])[^\s<>\"'`\\\u2400-\u2426\u3000-\u303f\uff00-\uff65]+",
    re.IGNORECASE,
)
_ENDS = ".,;:!?*_~|"
_PAIRS = {")": "(", "]": "[", "}": "{"}


class Linked(str):
    """A piece of text that leads to an address; ``url`` is plain ASCII."""

    __slots__ = ("url",)

    def __new__(cls, text: str, url: str) -> "Linked":
        """Return the piece."""
        self = super().__new__(cls, text)
        self.url = url
        return self

    url: str

    # A screen must draw a character again if only its address has changed.

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Linked) and self.url == other.url and str.__eq__(self, other)

    def __ne__(self, other: object) -> bool:
        return not (isinstance(other, Linked) and self.url == other.url and str.__eq__(self, other))

    # That of the text: one of Python's own would cost half of a redraw with many links.
    __hash__ = str.__hash__


def links(text: str) -> list[Span]:
    """Return where the links of a line are: ``http`` and ``https``, with at least a host."""
    return list(_links(text)) if "://" in text else []


def _links(text: str) -> Iterator[Span]:
    for found in _LINK.finditer(text):
        start, end = found.span()
        while text[end - 1] in _ENDS or _closes_nothing(text[start:end]):
            end -= 1
        if not text[start:end].endswith("://"):
            yield start, end


def _closes_nothing(link: str) -> bool:
    """Return whether a link ends with a bracket that belongs to the text around it."""
    opening = _PAIRS.get(link[-1])
    return opening is not None and link.count(opening) < link.count(link[-1])


def address(link: str) -> str | None:
    """Return the address of a link in ASCII, as RFC 3986 demands it; None if it is too long."""
    url = link if link.isascii() else "".join(map(_encoded, link))
    return url if len(url) <= LONGEST and url.isascii() and url.isprintable() else None


def _encoded(character: str) -> str:
    if character.isascii():
        return character
    return "".join(f"%{byte:02X}" for byte in character.encode(errors="replace"))
