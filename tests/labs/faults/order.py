"""The one order of a room's entries, put together from what its members saw of it. Pure."""

from collections.abc import Iterable, Sequence

BREAK = None
"""Stands in a sequence where something may have been left out."""


def merge(base: Sequence[str], sequences: Iterable[Sequence[str | None]]) -> list[str]:
    """Return one order of all keys: that of ``base``, and each other key beside its neighbour.

    A key that is not in the order yet comes right after the one it followed, or, at the beginning
    of a sequence and after a BREAK, right before the one that followed it. A sequence that has
    nothing in common with the order waits until others have been merged: it may be older than all
    that ``base`` still holds.
    """
    order = list(base)
    waiting = sorted(sequences, key=len, reverse=True)
    while waiting:
        known = set(order)
        chosen = next(
            (sequence for sequence in waiting if not known.isdisjoint(sequence)), waiting[0]
        )
        waiting.remove(chosen)
        order = _with(order, chosen)
    return order


def _with(order: list[str], sequence: Sequence[str | None]) -> list[str]:
    index = {key: place for place, key in enumerate(order)}
    inserts: dict[int, list[str]] = {}
    new: set[str] = set()
    anchor: int | None = None
    loose: list[str] = []
    for key in sequence:
        if key is BREAK:
            anchor = None
        elif key in index:
            anchor = index[key]
            if loose:
                inserts.setdefault(anchor - 1, []).extend(loose)
                loose = []
        elif key not in new:
            new.add(key)
            (loose if anchor is None else inserts.setdefault(anchor, [])).append(key)
    if loose:
        inserts.setdefault(len(order) - 1, []).extend(loose)
    if not inserts:
        return order
    merged = inserts.pop(-1, [])
    for place, key in enumerate(order):
        merged.append(key)
        merged.extend(inserts.get(place, ()))
    return merged
