"""How prompt_toolkit draws text cluster by cluster.

It draws what the iteration over a text yields, one cell each: by itself a character, which takes
families, flags and keycaps apart. ``Cells`` yields clusters, and ``measure_clusters`` makes
prompt_toolkit measure them as client/text/width.py does.
"""

from collections.abc import Iterator
from functools import lru_cache
from zlib import crc32

import prompt_toolkit.utils
from prompt_toolkit.layout.screen import _CHAR_CACHE
from prompt_toolkit.utils import _CharSizesCache

from client.text.links import Linked
from client.text.width import Joins, clusters, columns, drawable

MOST_CELLS = 20_000
"""Different cells that are kept: a screen of 200 by 60 has 12,000. By default prompt_toolkit keeps
a million, and others could fill them."""
_LINK_STYLES = 512
MOST_WIDTHS = 20_000
LONGEST_WIDTH = 64


class Cells(str):
    """A text that is drawn cluster by cluster."""

    __slots__ = ("_cells",)

    def __new__(cls, text: str, cells: list[str] | None = None) -> "Cells":
        """Return a text; ``cells`` are its clusters by default."""
        self = super().__new__(cls, text)
        self._cells = cells
        return self

    _cells: list[str] | None

    def __iter__(self) -> Iterator[str]:
        return clusters(str(self)) if self._cells is None else iter(self._cells)


def cells(style: str, text: str) -> tuple[str, str]:
    """Return a text, perhaps a link, that is drawn cluster by cluster, and its style.

    Links have one of a bounded number of styles, so that cells of different links with the same
    character are found quickly.
    """
    if isinstance(text, Linked):
        return f"{style} class:link-{crc32(text.url.encode()) % _LINK_STYLES}", _linked(text)
    return style, text if text.isascii() else Cells(text)


@lru_cache(256)
def _linked(text: Linked) -> Cells:
    return Cells(text, [Linked(cluster, text.url) for cluster in clusters(str(text))])


def input_cells(text: str, joins: Joins) -> str:
    """Return a text of the input line, which still has a cell for each character.

    All cells of a cluster but the first are empty, so that the places of the cursor stay those of
    the text. ``joins`` is what the terminal can draw.
    """
    if text.isascii():
        return text
    result: list[str] = []
    for cluster in clusters(text):
        shown = drawable(cluster, joins)
        whole = [part for piece in clusters(shown) for part in (piece, *[""] * (len(piece) - 1))]
        result += [*whole, *[""] * (len(cluster) - len(shown))]
    return Cells(text, result)


class _Widths(_CharSizesCache):
    """The widths of texts and clusters, bounded."""

    def __missing__(self, text: str) -> int:
        width = columns(str(text))
        if len(text) <= LONGEST_WIDTH and not isinstance(text, Linked):
            if len(self) >= MOST_WIDTHS:
                self.clear()
            self[str(text)] = width
        return width


def measure_clusters() -> None:
    """Make prompt_toolkit measure clusters, and keep a bounded number of cells."""
    if not isinstance(prompt_toolkit.utils._CHAR_SIZES_CACHE, _Widths):
        prompt_toolkit.utils._CHAR_SIZES_CACHE = _Widths()
        _CHAR_CACHE.size = MOST_CELLS
