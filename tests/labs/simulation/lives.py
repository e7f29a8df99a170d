"""Sessions that enter, are renamed and leave by the log of a room, and what in it is wrong."""

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from tests.labs.simulation.chronicle import Added

_TOLD_EARLY = re.compile(r"^[elr]*(?<![er])lER*l$")
"""Kinds of entries of a session: a `left`, what is put back (capitals), another `left`."""
_NICK_EARLY = re.compile(r"^[elr]*lRl$")
_TOLD_AGAIN = re.compile(r"[er]lL$")
"""A `left`, and the one that Redis had lost of the same session."""
_ENDED = re.compile(r"k.+k\d+$")
"""The id of an entry that tells the end of a session; a seat that is corrected is told at once."""
NOT_THERE = "renamed or left, and not there"


class Life(NamedTuple):
    """A session in a room, as its log tells it."""

    life: str
    nick: str


def replay_lives(order: Sequence[Added]) -> Iterator[tuple[int, str]]:
    """Say what a log tells wrongly, and at which entry.

    Each life of a session enters, is renamed and leaves, in this order; no two sessions have one
    nick, and only sessions that are in the room speak.
    """
    here: dict[str, Life] = {}
    # What is told before the oldest entry is not known.
    begun = not order or order[0].offset == 1
    for place, entry in enumerate(order):
        if entry.kind == "m":
            if entry.origin != "-" and entry.origin.partition(":")[0] not in here and begun:
                yield place, "spoken by who is not there"
            continue
        sid, _, life, _fold = entry.origin.split("/", 3)
        words = entry.body.split('"')
        nick, known = words[3], here.pop(sid, None)
        if entry.kind == "e":
            if known is not None:
                yield place, "entered twice"
        elif known is None:
            if begun:
                yield place, NOT_THERE
        elif known != Life(life, words[7] if entry.kind == "r" else nick):
            yield place, f"not of {known}"
        if entry.kind != "l":
            same = nick.casefold()
            if any(one.nick.casefold() == same for one in here.values()):
                yield place, "two of one nick"
            here[sid] = Life(life, nick)


def left_twice(order: Sequence[Added], by_nick: bool) -> Iterator[Added]:
    """Return each second `left` of a session whose first one came too early.

    The log lacked the `entered` of the session then, or (``by_nick``) the `renamed` of its nick,
    and got it back afterwards. If more of a session is put back behind others, several `left` are
    right.
    """
    told = defaultdict[tuple[str, str], str](str)
    for entry in order:
        if entry.kind != "m":
            sid, _, life, _ = entry.origin.split("/", 3)
            told[sid, life] += entry.kind.upper() if entry.back else entry.kind
            kinds = told[sid, life]
            if entry.kind == "l" and (
                _TOLD_EARLY.search(kinds) or (by_nick and _NICK_EARLY.search(kinds))
            ):
                yield entry


def left_again(order: Sequence[Added]) -> Iterator[Added]:
    """Return each `left` that was put back behind another one, which should have waited for it."""
    told = defaultdict[tuple[str, str], str](str)
    for entry in order:
        if entry.kind != "m":
            sid, _, life, _ = entry.origin.split("/", 3)
            is_early = entry.kind == "l" and not entry.back and not _ENDED.search(entry.id)
            told[sid, life] += entry.kind.upper() if entry.back or is_early else entry.kind
            if _TOLD_AGAIN.search(told[sid, life]):
                yield entry


def newest(order: Sequence[Added]) -> dict[str, Life]:
    """Return the sessions in a room, by the entry of the newest generation of each.

    That does not depend on the order, which is another one if entries were put back behind others.
    """
    found: dict[str, tuple[int, Life | None]] = {}
    for entry in order:
        if entry.kind in "elr":
            sid, gen, life, _ = entry.origin.split("/", 3)
            here = None if entry.kind == "l" else Life(life, entry.body.split('"')[3])
            if int(gen) >= found.get(sid, (0, None))[0]:
                found[sid] = int(gen), here
    return {sid: here for sid, (_, here) in found.items() if here is not None}
