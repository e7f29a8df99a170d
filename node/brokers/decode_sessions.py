"""Reads what Redis answers about sessions and their rooms, and its refusals. Pure.

Each function raises one of ``malformed.WRONG`` where data do not have the shape that it expects.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

from node.brokers.decode_seats import Departure, Row, departures, rows
from node.brokers.malformed import string
from node.core.entries import Position
from node.core.model import Denied, Failure, Fenced, MemberPage, Renaming, RoomPage, Unavailable

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


class Ending(NamedTuple):
    """Why a nick is not free: rooms do not know yet that this session of it has ended."""

    session: str


def refusal(reply: Any) -> Denied | Failure | Ending | None:
    """Return why a script refused; None if it did what it was asked."""
    if reply[0] == b"ending":
        return Ending(reply[1].decode())
    return None if reply[0] == b"ok" else REFUSALS[reply[0]]


def position(text: bytes) -> Position | None:
    """Return the position that a script wrote."""
    return Position.parse(text.decode()) if text else None


class Change(NamedTuple):
    """The reply to a change of a session, and what it is afterwards.

    ``changes``: how many Redis has counted.
    """

    life: bytes
    gen: int
    changes: int
    result: Any


def change(parse: Callable[[Any], Any], reply: Any) -> Change:
    """Return a change, as scripts end their replies (`with_change`)."""
    life, gen, changes = reply[-3:]
    return Change(string(life), int(gen), int(changes), parse(reply))


class Greeted(NamedTuple):
    """What hello.lua has decided; ``renamed``: the session has given up names."""

    resumed: bool
    nick: str
    fold: str
    claim: int
    inbox: Position | None
    refused: list[str]
    rows: list[Row]
    departures: list[Departure]
    renamed: bool


def greeted(found: Any) -> Greeted:
    """Return a session that has begun or was continued, as hello.lua returns it."""
    _, resumed, nick, fold, claim, inbox, refused, places, outs, old, *_ = found
    return Greeted(
        *(bool(resumed), nick.decode(), fold.decode(), int(claim), position(inbox)),
        *([room.decode() for room in refused], rows(places), departures(outs), bool(old)),
    )


class Joining(NamedTuple):
    """What join.lua has decided."""

    row: Row
    nick: str
    fold: str
    departures: list[Departure]


def joined(found: Any) -> Joining:
    """Return a room that a session is in now, as join.lua returns it."""
    _, place, nick, fold, outs, *_ = found
    [row] = rows([place])
    return Joining(row, nick.decode(), fold.decode(), departures(outs))


def left(found: Any) -> list[Departure]:
    """Return a session's departures from a room, as leave.lua returns them."""
    return departures(found[1])


class Renamed(NamedTuple):
    """What nick.lua has decided."""

    renaming: Renaming
    rows: list[Row]


def renamed(found: Any) -> Renamed:
    """Return the old nick, the time, and the rooms to be told, as nick.lua returns them."""
    return Renamed(Renaming(found[1].decode(), int(found[2])), rows(found[3]))


class Standing(NamedTuple):
    """What standing.lua says of a session."""

    nick: str
    fold: str
    at: int
    rows: list[Row]


def standing(found: Any) -> Standing:
    """Return the state of a session, as standing.lua returns it."""
    return Standing(found[1].decode(), found[2].decode(), int(found[3]), rows(found[4]))


class Back(NamedTuple):
    """What restore.lua has decided."""

    nick: str
    fold: str
    rows: list[Row]
    departures: list[Departure]


def restored(found: Any) -> Back:
    """Return a session that is put back, as restore.lua returns it."""
    return Back(found[1].decode(), found[2].decode(), rows(found[3]), departures(found[4]))


class Parted(NamedTuple):
    """What part.lua has decided."""

    departures: list[Departure]
    changes: int


def parted(found: Any) -> Parted:
    """Return the departures of a session that was released or ended, as part.lua returns them."""
    return Parted(departures(found[0]), int(found[1]))


def members(reply: Any) -> MemberPage:
    """Return nicks and whether there are more, as members.lua returns them."""
    return MemberPage([nick.decode() for nick in reply[1:]], reply[0] == 1)


def rooms(reply: Any) -> RoomPage:
    """Return rooms with their sizes and whether there are more, as rooms.lua returns them."""
    pairs = zip(reply[1::2], reply[2::2], strict=True)
    return RoomPage([(name.decode(), int(count)) for name, count in pairs], reply[0] == 1)
