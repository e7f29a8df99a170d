"""Reads what Redis answers about sessions and their rooms, and its refusals. Pure.

Each function raises one of ``malformed.WRONG`` where data do not have the shape that it expects.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

from node.brokers.decode_logs import notice
from node.brokers.malformed import string
from node.core.entries import Append, Position
from node.core.model import (
    Claimed,
    Denied,
    Departure,
    Failure,
    Fenced,
    MemberPage,
    Membership,
    Renaming,
    Restored,
    RoomPage,
    SessionState,
    Unavailable,
)

REFUSALS: dict[bytes, Denied | Failure] = {
    b"taken": Denied.TAKEN,
    b"nameless": Denied.NAMELESS,
    b"stale": Fenced.STALE,
    b"unhealed": Fenced.UNHEALED,
    b"exists": Denied.EXISTS,
    b"missing": Denied.MISSING,
    b"nobody": Denied.NOBODY,
    b"gone": Fenced.GONE,
    b"kicked": Denied.KICKED,
    b"banned": Denied.BANNED,
    b"again": Fenced.AGAIN,
    b"foreign": Unavailable.UNREACHABLE,
}
"""The names by which scripts refuse what they are asked, instead of answering `ok`."""


def refusal(reply: Any) -> Denied | Failure | None:
    """Return why a script refused; None if it did what it was asked."""
    return None if reply[0] == b"ok" else REFUSALS[reply[0]]


def position(text: bytes) -> Position | None:
    """Return the position that a script wrote."""
    return Position.parse(text.decode()) if text else None


def membership(room: bytes, found: Any) -> Membership:
    """Return a membership, as join.lua returns it."""
    _, position, members, created, quiet, birth, *_ = found
    if Position.parse(position.decode()) is None:
        raise ValueError
    facts = int(members), bool(created), bool(quiet), string(birth)
    return Membership(room.decode(), position.decode(), *facts)


def _memberships(rooms: Any) -> list[Membership]:
    """Return memberships, as hello.lua and standing.lua return them.

    hello.lua adds one field for a room that the session has entered just now.
    """
    return [
        membership(room, (None, *rest))._replace(entered=len(rest) > len(Membership._fields) - 2)
        for room, *rest in rooms
    ]


def claimed(found: Any) -> Claimed:
    """Return a session that has begun or was continued, as hello.lua returns it."""
    _, resumed, nick, claim, inbox, refused, rooms, *_ = found
    names = [room.decode() for room in refused]
    memberships = _memberships(rooms)
    return Claimed(bool(resumed), nick.decode(), int(claim), position(inbox), names, memberships)


def standing(found: Any) -> SessionState:
    """Return the state of a session, as standing.lua returns it."""
    return SessionState(found[1].decode(), int(found[2]), _memberships(found[3:]))


def restored(found: Any) -> Restored:
    """Return the births of the rooms of a session, as restore.lua returns them."""
    pairs = zip(found[1][::2], found[1][1::2], strict=True)
    return Restored({room.decode(): string(birth) for room, birth in pairs})


def left(reply: Any) -> Departure | None:
    """Return position and time of a `left`, as leave.lua returns it; None in a quiet room."""
    return Departure(reply[1].decode(), int(reply[2])) if reply[1] else None


def renamed(reply: Any) -> Renaming:
    """Return the old nick and the time, as nick.lua returns them."""
    return Renaming(reply[1].decode(), int(reply[2]))


class Change(NamedTuple):
    """The reply to a change of a session, and what it is afterwards.

    ``changes``: how many there were.
    """

    life: bytes
    gen: int
    notices: list[Append]
    changes: int
    result: Any


def change(parse: Callable[[Any], Any], reply: Any) -> Change:
    """Return a change, as scripts end their replies (`with_change`)."""
    life, gen, notices, changes = reply[-4:]
    frames = [notice(payload) for payload in notices]
    return Change(string(life), int(gen), frames, int(changes), parse(reply))


def changes(reply: Any, place: int) -> int:
    """Return the number of changes that stands at a place of a reply."""
    return int(reply[place])


def members(reply: Any) -> MemberPage:
    """Return nicks and whether there are more, as members.lua returns them."""
    return MemberPage([nick.decode() for nick in reply[1:]], reply[0] == 1)


def rooms(reply: Any) -> RoomPage:
    """Return rooms with their sizes and whether there are more, as rooms.lua returns them."""
    pairs = zip(reply[1::2], reply[2::2], strict=True)
    return RoomPage([(name.decode(), int(count)) for name, count in pairs], reply[0] == 1)
