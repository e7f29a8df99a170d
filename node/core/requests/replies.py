"""Answers that several requests share."""

from typing import Any

from node.core.config import Limit
from node.core.entries import Cursor, Position
from node.core.model import Failure, Fenced, Membership, Unavailable
from node.core.names import names
from node.core.rooms.room import RoomMember
from node.core.session.connection import ClientConnection
from node.core.session.kicks import send_closed
from wire import limits
from wire.errors import Code


def failed(
    connection: ClientConnection, request: Any, why: Failure, room: str | None = None
) -> None:
    """Answer a request that the broker did not do."""
    code = Code.INTERNAL if why is Unavailable.INTERNAL else Code.UNAVAILABLE
    id = getattr(request, "id", None)
    connection.error(code, _text_of(why), request.ref, id, room)


def _text_of(why: Failure) -> str:
    match why:
        case Unavailable.INTERNAL:
            return "Internal error of the node."
        case Unavailable.FULL:
            return "The node's storage is full; try again later."
        case Unavailable.CROWDED:
            return "Too many passwords are being checked; try again."
        case Fenced.UNHEALED:
            return "Data are being restored after an outage of the node's storage; try again."
        case Unavailable.UNREACHABLE | Fenced.GONE | Fenced.STALE | Fenced.AGAIN:
            return "The node cannot reach its storage; try again."


def room_of(connection: ClientConnection, request: Any) -> RoomMember | None:
    """Return the membership in the room that a request names; None if the request is refused."""
    if (member := connection.session.rooms.get(request.room)) is not None:
        return member
    try:
        name = names.room(request.room)
    except names.BadName as error:
        connection.error(Code.BAD_ROOM, str(error), request.ref, room=request.room)
        return None
    if (member := connection.session.rooms.get(name)) is None:
        connection.error(*not_in(name), request.ref, room=request.room)
    return member


def not_in(room: str) -> tuple[Code, str]:
    """Return the error for a room that the session is not in."""
    return Code.NOT_IN_ROOM, f"You are not in {room}. /join {room} joins it."


def too_many(connection: ClientConnection) -> tuple[Code, str]:
    """Count and return the error for one room more than a session may be in."""
    connection.services.counts.hit(Limit.ROOMS)
    return Code.TOO_MANY_ROOMS, f"A session can be in at most {limits.ROOMS} rooms."


def too_many_made(connection: ClientConnection) -> tuple[Code, str]:
    """Count and return the error for one room more than an address may create."""
    connection.services.counts.hit(Limit.ROOMS_MADE)
    return Code.TOO_MANY_ROOMS, "You have created as many rooms as allowed; join an existing one."


def banned(connection: ClientConnection, nick: str) -> tuple[Code, str]:
    """Return the error for a nick that a moderator has banned."""
    text = f"The nick {nick} is banned here"
    rule = connection.services.rules.holding("nick", names.fold(nick), connection.services.now)
    return Code.BAD_NICK, f"{text}: {rule.why}" if rule and rule.why else f"{text}."


def enter_room(
    connection: ClientConnection, membership: Membership, cursor: Cursor | None = None
) -> None:
    """Make the session a member of a room; it reads on from ``cursor``, or from where it joined."""
    start = Position.parse(membership.position)
    assert start is not None
    if (rule := connection.services.rules.closed(membership.room, membership.birth)) is not None:
        # A moderator closed it while the reply was on its way.
        send_closed(connection, membership.room, rule)
        return
    room = connection.services.rooms.room(membership.room)
    member = RoomMember(connection, room, membership.position, membership.birth)
    connection.session.enter(membership.room, member)
    member.room.add(member, start, cursor)
