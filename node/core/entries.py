"""Entries of logs, and positions in them."""

import re
from collections.abc import Mapping, Sequence
from copy import copy
from typing import NamedTuple

_POSITION = re.compile(
    r"([0-9a-z]{1,32})-(0|[1-9][0-9]{0,14})-([0-9a-z]{1,32})(?:-[0-9a-z]{1,64})?", re.ASCII
)

_SEEN = re.compile(r".*-([0-9]{1,15})z([0-9]{1,15})z([0-9a-z]{1,32})", re.ASCII)


class Position(NamedTuple):
    """A place in a log: just after the entry ``id``, which is at ``offset`` of ``epoch``.

    Offset 0 is the beginning. The id makes a position safe: after Redis went back to an older
    state, an offset may be used again, an id never is. In a client's hands the text of a position
    may end with a ``SeenBranch``.
    """

    epoch: bytes
    offset: int
    id: bytes

    def __str__(self) -> str:
        return f"{self.epoch.decode()}-{self.offset}-{self.id.decode()}"

    @classmethod
    def parse(cls, text: str) -> "Position | None":
        """Return the position that a text stands for, None if it is not a position."""
        if (match := _POSITION.fullmatch(text)) is None:
            return None
        return cls(match[1].encode(), int(match[2]), match[3].encode())


class SeenBranch(NamedTuple):
    """What a reader has seen of a branch that its log lost: the entries up to ``offset``.

    The entries from ``fork`` on are not in the log, as far as the node could tell that served the
    reader. The text of a ``SeenBranch`` follows the text of a position, as long as entries of that
    branch may follow that were put back at other offsets: the reader does not get these again.
    """

    branch: bytes
    fork: int
    offset: int

    def __bytes__(self) -> bytes:
        return b"%dz%dz%b" % (self.fork, self.offset, self.branch)

    def includes(self, entry: "Entry") -> bool:
        """Say whether the reader has seen an entry in the lost branch.

        The entry may be from before the fork too: if Redis lost everything, another node may have
        put back more than this branch.
        """
        return any(
            original.branch == self.branch and original.offset <= self.offset
            for original in entry.original_positions
        )


class Cursor(NamedTuple):
    """How far a reader has read a log, as its client says it."""

    position: Position
    seen: SeenBranch | None = None

    @classmethod
    def parse(cls, text: str) -> "Cursor | None":
        """Return the cursor that a text stands for, None if it is not a cursor."""
        if (position := Position.parse(text)) is None:
            return None
        seen = _SEEN.fullmatch(text) if text.count("-") == 3 else None
        if seen is None:
            return cls(position)
        return cls(position, SeenBranch(seen[3].encode(), int(seen[1]), int(seen[2])))


class OriginalPosition(NamedTuple):
    """Where an entry stood in a branch that its log lost.

    ``fork`` is the first offset at which that branch and the log differ.
    """

    branch: bytes
    offset: int
    fork: int

    def __bytes__(self) -> bytes:
        return b"%b-%d %d" % self


START = Position(b"0", 0, b"0")
"""The beginning of any log."""

UNKNOWN = b""
"""Stands for the branch of a position from a client, whose text does not name the branch."""

CURRENT = b"*"
"""Stands for the branch that the log is in at the moment."""


class Entry:
    """One entry of a log. ``body`` is its JSON without the fields that every encoder adds.

    ``kind`` is one of m(essage), d(irect), e(ntered), l(eft), r(enamed). An entry that was lost and
    put back at another offset has ``original_positions``, the newest first. A caller that has
    the parts of the head passes them as ``parts``; then the head is not read.
    """

    __slots__ = ("offset", "kind", "id", "at", "origin", "body", "original_positions")

    def __init__(self, offset: int, head: bytes, body: bytes, parts: Sequence[bytes] = ()) -> None:
        parts = parts or head.split(b" ")
        self.offset = offset
        self.kind, self.id, self.at, self.origin = parts[:4]
        self.body = body
        self.original_positions: Sequence[OriginalPosition] = ()
        if more := parts[4:]:
            self.original_positions = _original_positions(more)

    @property
    def is_ambiguous(self) -> bool:
        """Whether it has the offset that it had in a lost branch, but follows other entries now."""
        return any(original.offset == self.offset for original in self.original_positions)

    def sent_with(self, seen: SeenBranch) -> "Entry":
        """Return this entry as a reader gets it that has seen other entries of a lost branch."""
        twin = copy(self)
        twin.id = b"%b-%b" % (self.id, bytes(seen))
        return twin


def _original_positions(parts: Sequence[bytes]) -> list[OriginalPosition]:
    positions = []
    for place, fork in zip(parts[::2], parts[1::2], strict=False):
        branch, _, offset = place.partition(b"-")
        if not (offset.isdigit() and fork.isdigit()):
            break  # A node of a later version may have written more.
        positions.append(OriginalPosition(branch, int(offset), int(fork)))
    return positions


class Frame(NamedTuple):
    """Entries that were appended to a log together, as the broker delivers them.

    ``prev`` is the id of the entry before them. ``branch`` is the branch that the log is in, empty
    where that is not known.
    """

    log: str
    epoch: bytes
    first: int
    prev: bytes
    entries: list[Entry]
    branch: bytes = b""


class Append(NamedTuple):
    """Entries that this node has appended, by the reply to the call that did it.

    ``base`` is a position that the log held when they were appended. ``frame.prev`` is empty where
    the entry before them is not known. ``guarded``: the broker would have refused them if the log
    had not held what this node knew of it. It appends notices (`entered`, `left`, `renamed`) to any
    log.
    """

    frame: Frame
    base: Position
    guarded: bool = True


class Slice(NamedTuple):
    """A page of a log, read after a position.

    ``on``: the position is in the log, and the entries are those after it. If the log has the entry
    of the position at another offset, the entries are those from ``fork`` on, where the branch
    ``lost``, to which the position belongs, and the log differ. Otherwise ``fork`` is 0, and the
    entries are the oldest ones. ``moved`` is the offset of the newest entry that has an original
    position. A log that does not exist has no ``top``.
    """

    on: bool
    top: Position | None
    entries: list[Entry]
    branch: bytes = b""
    moved: int = 0
    fork: int = 0
    lost: bytes = b""

    @property
    def is_last(self) -> bool:
        """Say whether this is the last page; a page of long entries is short, too."""
        entries, top = self.entries, self.top
        return not entries or top is None or entries[-1].offset >= top.offset


class Compared(NamedTuple):
    """What a log has in common with what a node knows of it.

    ``oldest`` is the offset of the log's oldest entry (0: it has none) and ``oldest_id`` its id.
    ``common`` is the offset of the newest common entry, -1 if there is none. ``trimmed`` is how
    many of the node's entries were put back at other offsets, and have been trimmed since.
    """

    top: Position
    branch: bytes
    oldest: int
    oldest_id: bytes
    common: int
    trimmed: int = 0


class Lost(NamedTuple):
    """Entries to be put back into a log.

    Up to ``base`` the log is as this node knows it. Up to ``read`` this node has read the log, and
    the entries are not in it, except those in ``there``, which has their offsets: of these only the
    original positions have to be written down. ``branch`` is the branch that they were in.
    """

    base: Position
    read: Position
    branch: bytes
    entries: list[Entry]
    there: Mapping[bytes, int] = {}
