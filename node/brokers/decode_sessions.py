"""Reads what Redis answers about sessions and their rooms. Pure."""

from typing import Any

from node.brokers.malformed import reading
from node.core.entries import Position
from node.core.model import (
    Claimed,
    Departure,
    MemberPage,
    Membership,
    Renaming,
    RoomPage,
    SessionState,
)


def position(text: bytes) -> Position | None:
    """Return the position that a script wrote."""
    return Position.parse(text.decode()) if text else None


@reading
def membership(room: bytes, found: Any) -> Membership:
    """Return a membership, as join.lua returns it."""
    _, position, members, created, quiet, *_ = found
    if Position.parse(position.decode()) is None:
        raise ValueError
    return Membership(room.decode(), position.decode(), int(members), bool(created), bool(quiet))


def _memberships(rooms: Any) -> list[Membership]:
    """Return memberships, as hello.lua and standing.lua return them.

    hello.lua adds one field for a room that the session has entered just now.
    """
    return [
        membership(room, (None, *rest))._replace(entered=len(rest) > len(Membership._fields) - 2)
        for room, *rest in rooms
    ]


@reading
def claimed(found: Any) -> Claimed:
    """Return a session that has begun or was continued, as hello.lua returns it."""
    _, resumed, nick, claim, inbox, _, _, refused, *rooms = found
    names = [room.decode() for room in refused]
    memberships = _memberships(rooms)
    return Claimed(bool(resumed), nick.decode(), int(claim), position(inbox), names, memberships)


@reading
def standing(found: Any) -> SessionState:
    """Return the state of a session, as standing.lua returns it."""
    return SessionState(found[1].decode(), int(found[2]), _memberships(found[3:]))


@reading
def left(reply: Any) -> Departure | None:
    """Return position and time of a `left`, as leave.lua returns it; None in a quiet room."""
    return Departure(reply[1].decode(), int(reply[2])) if reply[1] else None


@reading
def renamed(reply: Any) -> Renaming:
    """Return the old nick and the time, as nick.lua returns them."""
    return Renaming(reply[1].decode(), int(reply[2]))


@reading
def changes(reply: Any, place: int) -> int:
    """Return the number of changes that stands at a place of a reply."""
    return int(reply[place])


@reading
def members(reply: Any) -> MemberPage:
    """Return nicks and whether there are more, as members.lua returns them."""
    return MemberPage([nick.decode() for nick in reply[1:]], reply[0] == 1)


@reading
def rooms(reply: Any) -> RoomPage:
    """Return rooms with their sizes and whether there are more, as rooms.lua returns them."""
    pairs = zip(reply[1::2], reply[2::2], strict=True)
    return RoomPage([(name.decode(), int(count)) for name, count in pairs], reply[0] == 1)
