"""What a log lacks of the entries that a node knows, after Redis went back to an older state."""

from collections.abc import Collection, Iterable, Sequence
from typing import NamedTuple

from node.core.entries import START, Entry, Lost, Position, SeenBranch
from node.core.rooms.ring import Ring

HEALED = 100
"""Entries put back in one call: it looks at as many of the log, however long these are."""
HEALED_BYTES = 256 * 1024
"""Bytes put back in one call, but for one entry."""


class Found(NamedTuple):
    """What a log holds after ``common``, the newest entry that it shares with a ring.

    ``common`` is None if there is none; then ``entries`` are all that it has. ``oldest`` is the
    offset of its oldest entry and ``oldest_id`` the id. ``moved`` is as in a slice, ``trimmed`` as
    a comparison tells it.
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
    kept: Collection[bytes] = (),
    fork: int = 0,
) -> Lost | None:
    """Return what a log lacks of what a node knows, None if nothing.

    The node knows what ``ring`` holds, and ``more`` entries, which it appended itself. Those whose
    ids are in ``kept`` need not be looked for: they were in the log, and have been trimmed.
    ``fork`` is where the branch of the ring and this one part, as far as the log tells, else 0. An
    entry that stands elsewhere than the node knows it, and has no home, counts too: its old place
    has to be written down, because readers may have positions there.
    """
    there = {entry.id: entry for entry in found.entries}
    other = found.top.epoch != ring.epoch
    base = found.common or ring.base
    if found.common is None and other:
        base = START._replace(epoch=ring.epoch)
    elif found.common is None and fork and found.oldest <= base.offset + 1:
        base = base._replace(offset=fork - 1, id=b"")
    elif found.common is None and min(found.oldest - 1, found.top.offset) <= base.offset:
        # They parted earlier than is remembered.
        base = _before_memory(found, _all(ring, more))
    known = [entry for entry in _all(ring, more) if other or entry.offset > base.offset]
    if found.common is None:
        known = _not_trimmed(known, found)
    if not other:
        base = _with_own_places(base, known, there)
    missing = []
    for entry in known:
        if entry.id in kept:
            continue
        now = there.get(entry.id)
        if now is None:
            # What is older than the oldest kept one was trimmed, not lost.
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


def _all(ring: Ring, more: Iterable[Entry]) -> list[Entry]:
    newest = ring.entries[-1].offset if ring.entries else ring.base.offset
    return ring.entries + [entry for entry in more if entry.offset > newest]


def _with_own_places(base: Position, known: list[Entry], there: dict[bytes, Entry]) -> Position:
    """Return the position behind ``base`` up to which others have put back all in its own place."""
    for entry in known:
        now = there.get(entry.id)
        if (
            now is None
            or now.original_positions
            or not now.offset == entry.offset == base.offset + 1
        ):
            break
        base = Position(base.epoch, entry.offset, entry.id)
    return base


def _before_memory(found: Found, known: list[Entry]) -> Position:
    """Return where a log parted from one of which only ``known`` entries are remembered."""
    if not known:
        return found.top
    # Entries that were put back may be older than those before them.
    at = next((entry.at for entry in known if not entry.original_positions), known[-1].at)
    return common_until(found.top._replace(offset=found.oldest - 1, id=b""), found.entries, at)


def common_until(base: Position, entries: Iterable[Entry], at: bytes) -> Position:
    """Return the position behind ``base`` where entries begin that were appended after ``at``.

    ``at`` is when the oldest entry was appended that has to be put back. What is older was there
    before it. What is younger was appended since Redis went back.
    """
    for entry in entries:
        if entry.offset > base.offset:
            if int(entry.at) > int(at) or entry.original_positions:
                break
            base = Position(base.epoch, entry.offset, entry.id)
    return base


def _not_trimmed(ours: list[Entry], found: Found) -> list[Entry]:
    """Return our entries without those before the oldest one of a log that was trimmed.

    They may have been put back, more than the log keeps; to put them back again would never end.
    """
    if found.oldest > 1:
        for place, entry in enumerate(ours):
            if entry.id == found.oldest_id:
                return ours[place:]
    return ours


def unseen(ring: Ring, seen: SeenBranch, entries: Iterable[Entry]) -> list[Entry]:
    """Return the entries that readers have not had who have had a branch and all of ``ring``."""
    ids = {entry.id for entry in ring.entries}
    return [entry for entry in entries if entry.id not in ids and not seen.includes(entry)]
