"""What a log lacks of the entries that a node knows, after Redis went back to an older state."""

from collections.abc import Collection, Iterable, Sequence
from typing import NamedTuple

from node.core.entries import START, Entry, Lost, Position
from node.core.rooms.ring import Ring

HEALED = 80
"""Entries put back in one call: the script compares as many entries of the log, of any length."""
HEALED_BYTES = 256 * 1024
"""Bytes put back in one call; a single entry may have more."""


class Found(NamedTuple):
    """What a log has after ``common``, the newest entry that it shares with a ring.

    If they share no entry, ``common`` is None and ``entries`` are all entries of the log.
    ``oldest`` is the offset of its oldest entry and ``oldest_id`` the id. ``moved`` is as in
    ``Slice``, ``trimmed`` as in ``Compared``.
    """

    top: Position
    branch: bytes
    common: Position | None
    oldest: int
    oldest_id: bytes
    entries: list[Entry]
    moved: int = 0
    trimmed: int = 0


def lost(
    ring: Ring,
    branch: bytes,
    found: Found,
    more: Sequence[Entry] = (),
    trimmed: Collection[bytes] = (),
    fork: int = 0,
) -> Lost | None:
    """Return what a log lacks of what a node knows, None if nothing.

    The node knows the entries in ``ring``, and ``more`` entries, which it appended itself. Entries
    whose ids are in ``trimmed`` are not lost: they were in the log, and have been trimmed. ``fork``
    is where the branch of the ring and this one part, as far as the log says it, else 0.

    An entry that the log has at another offset, without an original position, counts as lost too:
    its original position has to be written down, because readers may have cursors there.
    """
    there = {entry.id: entry for entry in found.entries}
    other = found.top.epoch != ring.epoch
    base = found.common or ring.base
    if found.common is None and other:
        base = START._replace(epoch=ring.epoch)
    elif found.common is None and fork and found.oldest <= base.offset + 1:
        base = base._replace(offset=fork - 1, id=b"")
    elif found.common is None and min(found.oldest - 1, found.top.offset) <= base.offset:
        # They parted before the oldest entry that this node knows.
        base = _before_known(found, all_known(ring, more))
    known = [entry for entry in all_known(ring, more) if other or entry.offset > base.offset]
    if found.common is None:
        known = _not_trimmed(known, found)
    if not other:
        base = _after_restored(base, known, there, found.common is not None)
    missing = []
    for entry in known:
        if entry.id in trimmed:
            continue
        now = there.get(entry.id)
        if now is None:
            # Entries before the oldest one of the log were trimmed, not lost.
            if other or entry.offset >= found.oldest or entry.offset > found.top.offset:
                missing.append(entry)
        elif (other or now.offset != entry.offset) and not now.original_positions:
            missing.append(entry)
    places = {id: entry.offset for id, entry in there.items()}
    return Lost(base, found.top, branch, first_part(missing), places) if missing else None


def first_part(entries: Sequence[Entry]) -> list[Entry]:
    """Return the first of some entries, as many as are put back in one call."""
    size = 0
    for count, entry in enumerate(entries[:HEALED], 1):
        size += len(entry.body)
        if size > HEALED_BYTES:
            return list(entries[:count])
    return list(entries[:HEALED])


def all_known(ring: Ring, own: Iterable[Entry]) -> list[Entry]:
    """Return the entries of a branch that a node has received, and its own ones after these.

    Other own entries are in the ring, or were before everything in it.
    """
    newest = ring.entries[-1].offset if ring.entries else ring.base.offset
    return ring.entries + [entry for entry in own if entry.offset > newest]


def _after_restored(
    base: Position, known: list[Entry], there: dict[bytes, Entry], common: bool
) -> Position:
    """Return the position after ``base`` up to which the log has all entries where they were.

    ``common``: there is an entry at ``base`` that is known to be common to both.
    """
    for entry in known:
        if common and entry.offset > base.offset + 1:
            # An own entry: the node missed those before it, and others may have put them back.
            before = [one for one in there.values() if one.offset < entry.offset]
            base = common_until(base, before, entry.at)
        now = there.get(entry.id)
        if (
            now is None
            or now.original_positions
            or not now.offset == entry.offset == base.offset + 1
        ):
            break
        base = Position(base.epoch, entry.offset, entry.id)
    return base


def _before_known(found: Found, known: list[Entry]) -> Position:
    """Return where a log parted from another, of which only ``known`` entries are remembered."""
    if not known:
        return found.top
    # Entries that were put back may be older than the entries before them.
    at = next((entry.at for entry in known if not entry.original_positions), known[-1].at)
    return common_until(found.top._replace(offset=found.oldest - 1, id=b""), found.entries, at)


def common_until(base: Position, entries: Iterable[Entry], at: bytes) -> Position:
    """Return the position after ``base`` where entries begin that were appended after ``at``.

    ``at`` is when the oldest of the entries was appended that have to be put back. Older entries
    were in the log before it. Younger ones were appended since Redis went back.
    """
    for entry in entries:
        if entry.offset > base.offset:
            if int(entry.at) > int(at) or entry.original_positions:
                break
            base = Position(base.epoch, entry.offset, entry.id)
    return base


def _not_trimmed(known: list[Entry], found: Found) -> list[Entry]:
    """Return the node's entries without those before the oldest entry of a log that was trimmed.

    They may have been put back, and trimmed at once, because they are more than the log keeps. To
    put them back again and again would never end.
    """
    if found.oldest > 1:
        for place, entry in enumerate(known):
            if entry.id == found.oldest_id:
                return known[place:]
    return known
