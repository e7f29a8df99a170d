"""Entries of logs, and positions in them."""

import re
from collections.abc import Mapping, Sequence
from copy import copy
from typing import NamedTuple

_POSITION = re.compile(
    r"([0-9a-z]{1,32})-(0|[1-9][0-9]{0,14})-([0-9a-z]{1,32})(?:-[0-9a-z]{1,64})?", re.ASCII
)

_HAD = re.compile(r".*-([0-9]{1,15})z([0-9]{1,15})z([0-9a-z]{1,32})", re.ASCII)


class Position(NamedTuple):
    """A place in a log: just after the entry ``id``, which is at ``offset`` of ``epoch``.

    Offset 0 is the beginning. The id makes it safe: an offset may be used again after Redis went
    back in time, an id never is. The text may have a ``Had`` behind it.
    """

    epoch: bytes
    offset: int
    id: bytes

    def __str__(self) -> str:
        return f"{self.epoch.decode()}-{self.offset}-{self.id.decode()}"

    @classmethod
    def parse(cls, text: str) -> "Position | None":
        """Return the position that ``text`` writes, None if it is not one at all."""
        if (match := _POSITION.fullmatch(text)) is None:
            return None
        return cls(match[1].encode(), int(match[2]), match[3].encode())


class Had(NamedTuple):
    """What a reader has had of a branch that its log lost: the entries up to ``offset``.

    Those from ``fork`` on are not in the log, as far as its node could tell. Each branch has a
    name. The text stands behind a position, for as long as entries of that branch may follow which
    have been put back at other offsets: the reader does not get these again.
    """

    branch: bytes
    fork: int
    offset: int

    def __bytes__(self) -> bytes:
        return b"%dz%dz%b" % (self.fork, self.offset, self.branch)

    def holds(self, entry: "Entry") -> bool:
        """Say whether an entry is one of these.

        Others may put back one from before the fork too, after Redis lost everything.
        """
        return any(
            home.branch == self.branch and home.offset <= self.offset for home in entry.homes
        )


class Cursor(NamedTuple):
    """How far a reader is in a log, as its client tells it."""

    position: Position
    had: Had | None = None

    @classmethod
    def parse(cls, text: str) -> "Cursor | None":
        """Return the cursor that ``text`` writes, None if it is not one at all."""
        if (position := Position.parse(text)) is None:
            return None
        had = _HAD.fullmatch(text) if text.count("-") == 3 else None
        return cls(position, Had(had[3].encode(), int(had[1]), int(had[2])) if had else None)


class OriginalPosition(NamedTuple):
    """Where an entry was in a branch that its log lost.

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
"""The branch of a position that a client hands back, which does not tell it."""

CURRENT = b"*"
"""The branch of a position that is of the branch in which the log is."""


class Entry:
    """One entry of a log. ``body`` is its JSON without the fields that every dialect adds itself.

    ``kind`` is one of m(essage), d(irect), e(ntered), l(eft), r(enamed). ``homes`` are the places
    from which it was lost before it was put back at another offset, the newest first.
    """

    __slots__ = ("offset", "kind", "id", "at", "origin", "body", "homes")

    def __init__(self, offset: int, head: bytes, body: bytes) -> None:
        parts = head.split(b" ")
        self.offset = offset
        self.kind, self.id, self.at, self.origin = parts[:4]
        self.body = body
        self.homes: Sequence[OriginalPosition] = ()
        if more := parts[4:]:
            self.homes = _homes(more)

    @property
    def is_ambiguous(self) -> bool:
        """Whether it is where it was in a branch that was lost, behind other entries now."""
        return any(home.offset == self.offset for home in self.homes)

    def told_with(self, had: Had) -> "Entry":
        """Return this entry as it is told to a reader that has had others of a lost branch."""
        twin = copy(self)
        twin.id = b"%b-%b" % (self.id, bytes(had))
        return twin


def _homes(parts: Sequence[bytes]) -> list[OriginalPosition]:
    homes = []
    for place, fork in zip(parts[::2], parts[1::2], strict=False):
        branch, _, offset = place.partition(b"-")
        if not (offset.isdigit() and fork.isdigit()):
            break  # A node of a later version may tell more.
        homes.append(OriginalPosition(branch, int(offset), int(fork)))
    return homes


class Frame(NamedTuple):
    """Entries that were appended to a log together, as the broker tells of them.

    ``branch`` is the one that the log is in; empty where that is not told.
    """

    log: str
    epoch: bytes
    first: int
    prev: bytes
    entries: list[Entry]
    branch: bytes = b""


class Append(NamedTuple):
    """Entries as the reply to an append tells of them.

    ``base`` is a position that the log held when they were appended. ``frame.prev`` is empty where
    the entry before them is not known.
    """

    frame: Frame
    base: Position


class Slice(NamedTuple):
    """A page of a log. ``on``: the entries are those after the position that was asked for.

    If the entry of the position stands elsewhere now, they are those from ``fork`` on, where the
    branch ``lost``, of which the position is, and this one part. Otherwise ``fork`` is 0, and the
    entries are the oldest. ``moved`` is the offset of the newest entry that has a home. A log that
    does not exist has no ``top``.
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
        """Say whether nothing follows: a page of long entries has less than were asked for."""
        entries, top = self.entries, self.top
        return not entries or top is None or entries[-1].offset >= top.offset


class Compared(NamedTuple):
    """What a log has in common with what a node knows of it.

    ``oldest`` is the offset of its oldest entry (0: it has none) and ``oldest_id`` its id;
    ``common`` the offset of the newest common entry, -1 if there is none; ``trimmed`` is how many
    of the node's entries were put back elsewhere, and have been trimmed since.
    """

    top: Position
    branch: bytes
    oldest: int
    oldest_id: bytes
    common: int
    trimmed: int = 0


class Lost(NamedTuple):
    """Entries to be put back into a log.

    ``base``: up to there the log is as this node knows it. ``read``: up to there this node has read
    the log, and they are not in it, but for those in ``there``, which has their offsets: of these
    only the old places are not known. ``branch`` is the one that they were in.
    """

    base: Position
    read: Position
    branch: bytes
    entries: list[Entry]
    there: Mapping[bytes, int] = {}
