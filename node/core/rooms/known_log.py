"""What this node knows of a log: its newest entries, and the branch that it is in."""

from typing import NamedTuple

from node.core.entries import CURRENT, Entry, Position, SeenBranch, Slice
from node.core.rooms.merge import Found
from node.core.rooms.past import NOTHING, Missed
from node.core.rooms.ring import Ring


class Switch(NamedTuple):
    """What live members get when their log goes on in another branch.

    ``before`` is where they were, ``entries`` are new to them. ``gap``: they have missed some that
    the log no longer has.
    """

    before: Position
    entries: list[Entry]
    gap: bool


class KnownLog:
    """A log, as far as this node has read it.

    ``ring`` is None until the log has been read for the first time. ``branch`` is the branch that
    the log is in, empty until that is known: then it is the first one, which has the name of the
    epoch. ``moved`` is the offset of the newest entry that has an original position. ``past`` is
    what live members have seen of branches that the log has lost.

    ``syncing``: the log is being read or healed, and nothing is delivered meanwhile. ``stale``: the
    log has to be read again.
    """

    __slots__ = (
        "ring",
        "branch",
        "moved",
        "syncing",
        "stale",
        "past",
        "_most",
    )

    def __init__(self, most: int) -> None:
        self.ring: Ring | None = None
        self.branch = b""
        self.moved = 0
        self.syncing = False
        self.stale = False
        self.past = NOTHING
        self._most = most

    @property
    def top(self) -> Position | None:
        """The position of the newest entry, None until the log has been read."""
        return self.ring.top if self.ring is not None else None

    @property
    def forgotten(self) -> float:
        """Which part of what the log keeps this node does not remember, from 0 to 1.

        It is half at least, if there is something: a node that remembers all needs several calls
        to put a log back, and must be there first.
        """
        ring = self.ring
        if ring is None or not ring.base.offset:
            return 0.0
        part = max(0.0, 1 - len(ring.entries) / min(ring.top.offset, self._most))
        return part and (1 + part) / 2

    # Progress

    def begin(self, top: Position) -> None:
        """Know the log from ``top`` on."""
        self.ring = Ring(top, self._most)

    def begin_sync(self) -> None:
        """Deliver nothing from now on, because the log is being read or healed."""
        self.syncing = True

    def end_sync(self) -> None:
        """Deliver again."""
        self.syncing = False

    def mark_stale(self, stale: bool = True) -> None:
        """Note whether the log has to be read again."""
        self.stale = stale

    def name_branch(self, branch: bytes) -> None:
        """Note the name of the branch that the log is in."""
        self.branch = branch

    def note_moved(self, offset: int) -> None:
        """Note that an entry up to ``offset`` has an original position."""
        self.moved = max(self.moved, offset)

    def take_tail(self, reply: Slice, top: Position) -> None:
        """Begin with the newest entries of the log."""
        self.ring = Ring.ending_at(top, reply.entries, self._most)
        self.branch, self.moved = reply.branch, reply.moved

    def take_page(self, reply: Slice) -> None:
        """Note what a page after the top says of the log; its entries are delivered later."""
        ring = self.ring
        assert ring is not None
        # Entries of before the ring may yet be put back. Live members may have got them; or others
        # at the same offsets, if the ring began after the loss. Twice is better than never.
        self.branch = reply.branch
        self.note_moved(reply.moved)
        if ring.top.offset == 0 and reply.top is not None:
            # The beginning of a log whose epoch was not known yet.
            self.begin(ring.top._replace(epoch=reply.top.epoch))

    def switch(self, found: Found, fork: int) -> Switch:
        """Go on in another branch, or in another log, of which the entries in ``found`` were read.

        ``fork`` is where this branch and that one part, as far as the log says it, else 0.
        """
        ring = self.ring
        assert ring is not None
        top = ring.top
        if found.common is not None:
            fork = found.common.offset + 1
        elif not fork:
            fork = _fork_of(found, top)
        seen = SeenBranch(self.branch or top.epoch, fork, top.offset)
        # The entries in the ring are recognized by their ids; they are in that branch by now.
        older = seen._replace(offset=min(top.offset, ring.base.offset))
        self.past = self.past.with_seen(older)
        new = self._not_seen(ring, [entry for entry in found.entries if entry.offset >= fork])
        gap = _is_gap(found, fork, top)
        if gap and found.branch == seen.branch:
            missed = Missed(seen.branch, top.offset, found.oldest)
            self.past = self.past.with_missed(missed)
        if found.common is not None and found.common.epoch == found.top.epoch:
            ring.replace_after(found.common.offset, found.entries, found.top)
        else:
            self.ring = Ring.ending_at(found.top, found.entries, self._most)
        self.branch = found.branch
        self.note_moved(found.moved)
        return Switch(top, self.marked(seen, new), gap)

    # Entries that were put back

    def unseen_of(self, entries: list[Entry]) -> list[Entry]:
        """Return which of these entries, some of which were put back, live members have not seen.

        They come right after the top.
        """
        assert self.ring is not None
        self.note_moved(entries[-1].offset)
        return self.marked(None, self._not_seen(self.ring, entries))

    def _not_seen(self, ring: Ring, entries: list[Entry]) -> list[Entry]:
        """Return which entries live members, who have got those in the ring, have not seen."""
        ids = {entry.id for entry in ring.entries}
        past = self.past
        return [one for one in entries if one.id not in ids and not past.includes(one)]

    def seen_before_fork(self, cursor: Position, branch: bytes) -> SeenBranch | None:
        """Return what a reader has seen of the newest lost branch, if it has not passed its fork.

        Live members have seen more of that branch. ``branch`` is the branch of the cursor.
        """
        if branch in (CURRENT, self.branch) or self.top is None or cursor.epoch != self.top.epoch:
            return None
        for lost in reversed(self.past.seen):
            if cursor.offset < lost.fork:
                return lost._replace(offset=cursor.offset)
        return None

    def marked(self, seen: SeenBranch | None, entries: list[Entry]) -> list[Entry]:
        """Return entries as they are sent to readers that may have seen others of a lost branch."""
        marked = []
        for entry in entries:
            if seen is not None and entry.offset < self.moved:
                entry = entry.sent_with(seen)
            elif entry.original_positions and entry.is_ambiguous:
                # Nothing of a lost branch, but it says that the position is not of that branch.
                entry = entry.sent_with(SeenBranch(self.branch, entry.offset + 1, entry.offset))
            marked.append(entry)
        return marked

    # Questions

    def has(self, position: Position, branch: bytes = CURRENT) -> bool:
        """Say whether the log is known to have the entry of a position of a branch there."""
        ring = self.ring
        if ring is None or position.epoch != ring.epoch:
            return False
        if position.offset < ring.base.offset:
            # Which entries another branch had there is not known.
            return branch in (CURRENT, self.branch or position.epoch)
        return ring.has(position.offset, position.id)

    def is_ambiguous(self, position: Position, branch: bytes) -> bool:
        """Say whether a position of a branch may belong to a lost one, after other entries."""
        assert self.ring is not None
        if branch in (CURRENT, self.branch or position.epoch):
            return False
        if not 0 < position.offset <= self.moved:
            return False
        entry = self.ring.entry_at(position.offset)
        return entry is None or entry.is_ambiguous

    def branch_of(self, epoch: bytes) -> bytes:
        """Return the branch that a log of an epoch is in, as far as that is known."""
        top = self.top
        return self.branch if self.branch and top is not None and top.epoch == epoch else epoch

    def is_another(self, top: Position) -> bool:
        """Say whether ``top`` belongs to another log than the one that is known."""
        known = self.top
        return known is not None and known.offset > 0 and known.epoch != top.epoch


def _fork_of(found: Found, top: Position) -> int:
    """Return where the branch of ``top`` and a log part, 0 if the log does not say it."""
    for entry in found.entries:
        if entry.id == top.id:
            originals = entry.original_positions
            return next((place.fork for place in originals if place.offset == top.offset), 0)
    return 0


def _is_gap(found: Found, fork: int, top: Position) -> bool:
    """Say whether the log has trimmed entries that readers have not seen after ``top``."""
    if found.common is not None:
        return False
    if top.offset == 0:
        return found.oldest > 1
    # No gap if all that was trimmed after the fork are entries that this node had.
    return not fork or found.oldest - fork > found.trimmed
