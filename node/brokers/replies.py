"""What Redis answers and tells, as the words of the core's ports. Pure."""

from collections.abc import Callable
from math import inf
from typing import Any

import msgspec

from node.core.ports import (
    Claimed,
    Compared,
    Entry,
    Frame,
    Order,
    Position,
    Refused,
    Seat,
    Slice,
    Standing,
)

REFUSALS = {
    b"taken": Refused.TAKEN,
    b"nameless": Refused.NAMELESS,
    b"stale": Refused.STALE,
    b"unhealed": Refused.UNHEALED,
    b"exists": Refused.EXISTS,
    b"missing": Refused.MISSING,
    b"nobody": Refused.NOBODY,
    b"gone": Refused.GONE,
    b"kicked": Refused.KICKED,
    b"banned": Refused.BANNED,
    b"again": Refused.AGAIN,
    b"foreign": Refused.UNAVAILABLE,
}
"""What scripts answer instead of `ok`."""


def frame(payload: bytes) -> Frame:
    """Return the frame in a message of a channel (its layout stands in scripts/common.lua).

    A node of a later version may have written it: what stands behind is none of ours.
    """
    lines = payload.split(b"\n")
    _, log, epoch, first, prev, *more = lines[0].split(b" ")
    offset = int(first)
    entries = [
        Entry(offset + number, lines[place], lines[place + 1])
        for number, place in enumerate(range(1, len(lines) - 1, 2))
    ]
    return Frame(log.decode(), epoch, offset, prev, entries, more[0] if more else epoch)


def entries(rows: list[Any]) -> list[Entry]:
    """Return the entries in the reply to XRANGE."""
    return [Entry(int(row[0][:-2]), row[1][1], row[1][3]) for row in rows]


def slice_of(reply: list[Any]) -> Slice:
    """Return the part of a log that read.lua or tail.lua found."""
    if len(reply) == 1:
        return Slice(False, None, [])
    status, epoch, top, id, branch, moved, rows, fork, lost = reply
    position = Position(epoch, int(top), id)
    return Slice(status == b"on", position, entries(rows), branch, int(moved), int(fork), lost)


def compared(reply: list[Any]) -> Compared | None:
    """Return what compare.lua found."""
    if not reply:
        return None
    epoch, top, id, branch, oldest, oldest_id, common, trimmed = reply
    numbers = int(common), int(trimmed)
    return Compared(Position(epoch, int(top), id), branch, int(oldest), oldest_id, *numbers)


def position(text: bytes) -> Position | None:
    """Return the position that a script wrote."""
    return Position.parse(text.decode()) if text else None


def seat(room: bytes, found: Any) -> Seat:
    """Return a place in a room, as join.lua tells it."""
    _, position, members, created, quiet, *_ = found
    return Seat(room.decode(), position.decode(), int(members), bool(created), bool(quiet))


def _seats(rooms: Any) -> list[Seat]:
    """Return places as hello.lua and standing.lua tell them: the former has one field more where
    a room was entered just now."""
    return [
        seat(room, (None, *rest))._replace(entered=len(rest) > len(Seat._fields) - 2)
        for room, *rest in rooms
    ]


def claimed(found: Any) -> Claimed:
    """Return what hello.lua tells of a session that has begun, or goes on."""
    _, resumed, nick, claim, inbox, _, refused, *rooms = found
    names = [room.decode() for room in refused]
    seats = _seats(rooms)
    return Claimed(bool(resumed), nick.decode(), int(claim), position(inbox), names, seats)


def standing(found: Any) -> Standing:
    """Return how a session stands, as standing.lua tells it."""
    return Standing(found[1].decode(), int(found[2]), _seats(found[3:]))


def orders(found: list[Any], now: float) -> list[Order]:
    """Return the orders in the reply of orders.lua, which tells how long each still holds."""
    return [_order(found[place : place + 4], now) for place in range(2, len(found), 4)]


def _order(row: list[Any], now: float) -> Order:
    field, left, epoch, why = row
    kind, _, what = field.decode().partition(":")
    until = now + int(left) / 1000 if int(left) else inf
    return Order(kind, what, until, epoch, _text(why) if why else "")


_text: Callable[[bytes], str] = msgspec.json.Decoder(str).decode


class _Announcement(msgspec.Struct):
    text: str
    room: str | None
    at: int


_announcement = msgspec.json.Decoder(_Announcement).decode


def announcement(payload: bytes) -> tuple[str, str | None, int]:
    """Return text, room (None: everybody is meant) and time of what a moderator announces."""
    found = _announcement(payload)
    return found.text, found.room, found.at
