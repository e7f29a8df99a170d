"""What the answers to several requests share."""

from typing import Any

from node.core import moderation
from node.core.config import Limit
from node.core.entries import Cursor, Position
from node.core.model import Membership, Refused
from node.core.names import names
from node.core.rooms.member import Member
from node.core.session.session import Session
from wire import limits
from wire.errors import Code


def failed(session: Session, request: Any, refused: Refused, room: str | None = None) -> None:
    """Answer a request that the broker did not do."""
    id = getattr(request, "id", None)
    if refused is Refused.INTERNAL:
        session.error(Code.INTERNAL, "Something went wrong here.", request.ref, id, room)
        return
    text = "The broker cannot be reached; try again."
    if refused is Refused.UNHEALED:
        text = "The broker has just come back and may still remember more; try again."
    elif refused is Refused.FULL:
        text = "The broker's memory is full; try again later."
    elif refused is Refused.CROWDED:
        text = "Too many passwords are being tried just now; try again."
    session.error(Code.UNAVAILABLE, text, request.ref, id, room)


def room_of(session: Session, request: Any) -> Member | None:
    """Return one's place in the room that a request names; answers the request if there is none."""
    if (member := session.rooms.get(request.room)) is not None:
        return member
    try:
        name = names.room(request.room)
    except names.BadName as error:
        session.error(Code.BAD_ROOM, str(error), request.ref, room=request.room)
        return None
    if (member := session.rooms.get(name)) is None:
        session.error(*not_in(name), request.ref, room=request.room)
    return member


def not_in(room: str) -> tuple[Code, str]:
    return Code.NOT_IN_ROOM, f"You are not in {room}. /join {room} gets you in."


def too_many(session: Session) -> tuple[Code, str]:
    session.hub.counts.hit(Limit.ROOMS)
    return Code.TOO_MANY_ROOMS, f"One may be in at most {limits.ROOMS} rooms."


def banned(session: Session, nick: str) -> tuple[Code, str]:
    text = f"The nick {nick} is banned here"
    order = session.hub.orders.holding("nick", names.fold(nick), session.hub.now)
    return Code.BAD_NICK, f"{text}: {order.why}" if order and order.why else f"{text}."


def seat_in(session: Session, membership: Membership, cursor: Cursor | None = None) -> None:
    start = Position.parse(membership.position)
    assert start is not None
    if (order := session.hub.orders.closed(membership.room, start.epoch)) is not None:
        # It was closed while the reply was on its way.
        moderation.tell_closed(session, membership.room, order)
        return
    member = Member(session, session.hub.room(membership.room), membership.position)
    session.rooms[membership.room] = member
    member.room.add(member, start, cursor)
