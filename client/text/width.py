"""Measures and wraps text in columns; the text is escaped already. Pure.

The unit is the grapheme cluster (Unicode Standard Annex 29): what people see as one character, such
as a letter with its marks, a flag or a family. It is neither cut nor measured in parts. A terminal
may draw one wider or narrower than measured here: client/tui/terminal.py keeps its columns.
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from functools import lru_cache

from msgspec import Struct
from wcwidth import iter_graphemes, wcswidth

_JOINER = "\u200d"
_JOINED = re.compile("\u200d(?=[\u2190-\u2bff\U0001f000-\U0001faff])")
_TONE = re.compile(
    "(?<=[\u2190-\u2bff\U0001f000-\U0001f3fa\U0001f400-\U0001faff])[\U0001f3fb-\U0001f3ff]"
)
_FLAG = re.compile("[\U0001f1e6-\U0001f1ff]{2}")
WIDEST = 2
"""Most columns of a cluster."""

Span = tuple[int, int]
"""Start and end of a part of a text."""


def clusters(text: str, start: int = 0) -> Iterator[str]:
    """Yield the clusters of a text from ``start`` on, each of at most ``WIDEST`` columns.

    A wider one, which no language has, is taken apart.
    """
    if text.isascii():
        yield from text[start:]
        return
    for cluster in iter_graphemes(text, start):
        if len(cluster) > 1 and wcswidth(cluster) > WIDEST:
            yield from cluster
        else:
            yield cluster


def columns(text: str) -> int:
    """Return the width of a text in columns."""
    if text.isascii():
        return len(text)
    return sum(map(_columns, clusters(text)))


@lru_cache(4096)
def _columns(cluster: str) -> int:
    return max(0, wcswidth(cluster))


def is_doubtful(cluster: str) -> bool:
    """Return whether terminals disagree about the width of a cluster.

    They agree about a single character, and about marks that are drawn over one.
    """
    return len(cluster) > 1 and any(
        unicodedata.category(character) != "Mn" or "\ufe00" <= character <= "\ufe0f"
        for character in cluster[1:]
    )


class Joins(Struct, frozen=True):
    """Which emoji of several characters a terminal draws as one, and not side by side."""

    families: bool = False
    tones: bool = False
    flags: bool = True


def drawable(text: str, joins: Joins) -> str:
    """Return a text as a terminal can draw it, with the columns that it is measured with.

    Where it does not join them, families stand side by side, emoji have no tone of skin, and flags
    are the two letters of the country.
    """
    if text.isascii():
        return text
    if not joins.families and _JOINER in text:
        text = _JOINED.sub("", text)
    if not joins.tones:
        text = _TONE.sub("", text)
    return text if joins.flags else _FLAG.sub(_letters, text)


def _letters(flag: re.Match[str]) -> str:
    return "".join(chr(ord(letter) - 0x1F1E6 + ord("A")) for letter in flag[0])


def cluster_start(text: str, place: int) -> int:
    """Return where the cluster begins that holds a place between two characters, or the place."""
    return _around(text, place)[0]


def cluster_end(text: str, place: int) -> int:
    """Return where the cluster ends that holds a place between two characters, or the place."""
    return _around(text, place)[1]


def _around(text: str, place: int) -> Span:
    if not 0 < place < len(text) or text[place - 1 : place + 1].isascii():
        return place, place
    # Clusters are not longer than a line, and a line is not part of one.
    start = text.rfind("\n", 0, place) + 1
    for cluster in iter_graphemes(text, start):
        if start == place:
            break
        end = start + len(cluster)
        if end > place:
            return start, end
        start = end
    return place, place


def cut(text: str, width: int) -> str:
    """Return a text cut to a number of columns; an ellipsis marks the cut."""
    if columns(text) <= width:
        return text
    return text[: _fitting(text, 0, max(0, width - 1))] + "\u2026"


def wrap(text: str, width: int, hang: int = 0, whole: Sequence[Span] = ()) -> list[Span]:
    """Return the lines of a text of at most ``width`` columns, cut between words where possible.

    All lines but the first have ``hang`` columns less. Only the space at a line break is left out.
    A part in ``whole`` (in order), such as a link, begins a line if it then fits, and else is cut
    where the line ends. A width below 2 counts as 2, because a wide character has to fit.
    """
    later = max(WIDEST, width - hang)
    width = max(WIDEST, width)
    lines: list[Span] = []
    start = 0
    while (end := _fitting(text, start, width)) < len(text):
        stop, rest = _break(text, start, end, later, whole)
        lines.append((start, stop))
        start, width = rest, later
    return [*lines, (start, len(text))]


def _break(text: str, start: int, end: int, later: int, whole: Sequence[Span]) -> Span:
    """Return the end of a line that has space up to ``end``, and the start of the next one."""
    for first, last in whole:
        if first < end < last:
            if first <= start or _fitting(text, first, later) < last:
                return end, end
            blank = first - 1 > start and text[first - 1] == " "
            return first - blank, first
    space = end if text[end] == " " else text.rfind(" ", start + 1, end)
    return (space, space + 1) if space > start else (end, end)


def _fitting(text: str, start: int, width: int) -> int:
    """Return the end of what fits from ``start`` on: whole clusters, at least one."""
    if text.isascii():
        return min(len(text), start + width)
    used, place = 0, start
    for cluster in clusters(text, start):
        used += _columns(cluster)
        if used > width:
            return place
        place += len(cluster)
    return len(text)
