"""Reads what Redis answers about seats in rooms, and about departures. Pure.

Each function raises one of ``malformed.WRONG`` where data do not have the shape that it expects.
"""

from typing import Any, NamedTuple

from node.brokers.decode_logs import notice
from node.brokers.malformed import string
from node.core.entries import Append, Position


class Settled(NamedTuple):
    """A seat is as it was decided; ``position`` is where the session joined, or where it left.

    For one that leaves, position and ``at`` are "" and 0 if nothing was said.
    """

    position: str
    at: int = 0
    members: int = 0
    quiet: bool = False


class Ahead(NamedTuple):
    """A seat, or its end, is of a later generation than what was decided."""

    gen: int


class Held(NamedTuple):
    """Another session has the nick in the room."""

    session: str
    life: bytes
    gen: int


class Other(NamedTuple):
    """The room that is there has another birth."""

    birth: bytes


class Unhealed(NamedTuple):
    """A `left` has to wait: entries of the session before it may still be put back."""


Outcome = Settled | Ahead | Held | Other | Unhealed
"""What a room answers about a session."""


class Departure(NamedTuple):
    """A session that has left a room, as decided, and of which the room has to be told.

    Its nick is needed if Redis has lost the seat.
    """

    session: str
    gen: int
    room: str
    life: bytes
    reason: str
    id: str
    birth: bytes
    why: bytes
    fold: str = ""
    nick: str = ""


class Outs(NamedTuple):
    """What rooms are still to be told, and rooms whose data are to be deleted.

    Of such a room there are name, birth, and how that is noted. ``more``: there are others.
    ``waiting`` is how many sessions and rooms there are in all, and ``oldest_ms`` for how long the
    first of them has been waiting; neither is told of one session.
    """

    departures: list[Departure]
    drops: list[tuple[str, bytes, bytes]]
    more: bool
    waiting: int = 0
    oldest_ms: int = 0


class Row(NamedTuple):
    """A room that a session is in, as decided; ``fresh``: it was not in it before."""

    room: str
    birth: bytes
    created: bool
    members: int
    fresh: bool


class Verdict(NamedTuple):
    """What a session's seat should be; without a nick, there should be none.

    ``later``: the room will be told.
    """

    gen: int
    nick: str = ""
    fold: str = ""
    owner: str = "-"
    later: bool = False


class Seat(NamedTuple):
    """A session's seat in a room; ``nick`` is the one that the room's log tells."""

    session: str
    life: bytes
    gen: int
    nick: str
    owner: str


class Listed(NamedTuple):
    """Some seats of a room; a cursor other than "0" is that of the next page."""

    birth: bytes
    cursor: bytes
    seats: list[Seat]


def settled(reply: Any, count: int) -> tuple[list[Outcome], Append | None]:
    """Return what settle.lua answers about so many sessions, and the frame that it appended."""
    status, found, *frame = reply
    if status == b"other":
        return [Other(string(found))] * count, None
    if status != b"ok":
        raise ValueError
    outcomes = [_outcome(each) for each in found]
    if len(outcomes) != count:
        raise ValueError
    return outcomes, notice(frame[0]) if frame[0] else None


def _outcome(found: Any) -> Outcome:
    match found[0]:
        case b"ok":
            return _settled(*found[1:])
        case b"ahead":
            return Ahead(int(found[1]))
        case b"held":
            return Held(found[1].decode(), string(found[2]), int(found[3]))
        case b"unhealed":
            return Unhealed()
    raise ValueError


def _settled(position: bytes, second: Any, quiet: Any = None, *_: Any) -> Settled:
    text = position.decode()
    if Position.parse(text) is None and (text or quiet is not None):
        raise ValueError
    if quiet is None:
        return Settled(text, int(second or 0))
    return Settled(text, 0, int(second), bool(quiet))


def departures(found: Any) -> list[Departure]:
    """Return departures, as the scripts list them."""
    return [_departure(*row) for row in found]


def _departure(
    sid: bytes,
    gen: Any,
    room: bytes,
    life: bytes,
    reason: bytes,
    id: bytes,
    birth: bytes,
    why: Any,
    fold: bytes,
    nick: bytes,
) -> Departure:
    return Departure(
        *(sid.decode(), int(gen), room.decode(), string(life), reason.decode(), id.decode()),
        *(string(birth), string(why), fold.decode(), nick.decode()),
    )


def rows(found: Any) -> list[Row]:
    """Return the rooms that a session is in, as the scripts list them."""
    return [
        Row(room.decode(), string(birth), bool(created), int(members), bool(fresh))
        for room, birth, created, members, fresh in found
    ]


def outs(reply: Any) -> Outs:
    """Return departures, and rooms to be deleted, as outs.lua lists them."""
    drops = reply[1]
    triples = zip(drops[::3], drops[1::3], drops[2::3], strict=True)
    rooms = [(room.decode(), string(birth), string(mark)) for room, birth, mark in triples]
    return Outs(departures(reply[0]), rooms, bool(reply[2]), *map(int, reply[3:5]))


def raised(reply: Any) -> int:
    """Return the generation that raise.lua has given a session."""
    return int(reply[1])


def adopted(reply: Any) -> bytes:
    """Return the birth that adopt.lua decided for."""
    return string(reply[1])


def verdicts(reply: Any, count: int) -> list[Verdict]:
    """Return what so many seats should be, as verify.lua says it."""
    found = [_verdict(*row) for row in reply[1:]]
    if len(found) != count:
        raise ValueError
    return found


def _verdict(
    kind: bytes, gen: Any, nick: bytes = b"", fold: bytes = b"", owner: bytes = b"-"
) -> Verdict:
    # A verdict without a nick puts somebody out; one that only lost it must not.
    if kind not in (b"in", b"out", b"later") or (kind == b"in") != bool(nick):
        raise ValueError
    return Verdict(int(gen), nick.decode(), fold.decode(), owner.decode(), kind == b"later")


def listed(reply: Any) -> Listed:
    """Return seats, as seats.lua lists them."""
    birth, cursor, *parts = reply
    rows = [parts[place : place + 5] for place in range(0, len(parts), 5)]
    return Listed(string(birth), string(cursor), [_seat(*row) for row in rows])


def _seat(session: bytes, life: bytes, gen: Any, nick: bytes, owner: bytes) -> Seat:
    return Seat(session.decode(), string(life), int(gen), nick.decode(), owner.decode())
