"""Rooms: to make one, join one, leave one."""

from functools import partial
from typing import Any, assert_never

from node.core.entries import Position
from node.core.model import Denied, JoinDenied, Membership, SessionState
from node.core.names import names
from node.core.requests import presence
from node.core.requests.replies import enter_room, room_of, too_many, too_many_made
from node.core.requests.stepwise import Asked, CallFailed, Steps, ask, stepwise
from node.core.rooms.room import RoomMember
from node.core.session.connection import ClientConnection
from wire import limits
from wire.errors import Code
from wire.messages import Create, Join, Joined, Leave, Left


@stepwise
def join(connection: ClientConnection, request: Join | Create, deadline: float) -> Steps[None]:
    """Put the session into a room (`join`), which `create` makes first."""
    if (name := _room_to_enter(connection, request)) is None:
        return
    session, quota, create = connection.session, connection.quota, isinstance(request, Create)
    join, settle = connection.services.broker.join, partial(_settle_join, connection, name)
    try:
        reply = yield from ask(join, session.token, name, create, deadline, settle=settle)
    except CallFailed:
        quota.return_rooms(int(create))
        raise
    if not isinstance(reply, Membership):
        quota.return_rooms(int(create))
        _refuse_join(connection, request, reply)
        return
    if not reply.created:
        quota.return_rooms(int(create))
    if reply.room not in session.rooms:
        presence.entered(connection, reply)
    past = yield from _past(connection, request, reply, deadline)
    _send_joined(connection, request, reply, past)


def _room_to_enter(connection: ClientConnection, request: Join | Create) -> str | None:
    """Return the name of a room that may be entered, or made; None if the request is refused."""
    try:
        name = names.room(request.room)
    except names.BadName as error:
        connection.error(Code.BAD_ROOM, str(error), request.ref, room=request.room)
        return None
    rooms, quota, create = connection.session.rooms, connection.quota, isinstance(request, Create)
    if name not in rooms and len(rooms) >= limits.ROOMS:
        connection.error(*too_many(connection), request.ref, room=request.room)
        return None
    if create and not quota.reserve_rooms(1, connection.services.clock()):
        connection.error(*too_many_made(connection), request.ref, room=request.room)
        return None
    if not presence.may_join(connection, request, name):
        quota.return_rooms(int(create))
        return None
    return name


def _refuse_join(connection: ClientConnection, request: Join | Create, denied: JoinDenied) -> None:
    match denied:
        case Denied.EXISTS:
            code, text = (
                Code.ROOM_EXISTS,
                "The room {0} exists already. /join {0} joins it.",
            )
        case Denied.MISSING:
            code, text = Code.NO_SUCH_ROOM, "There is no room called {0}. /create {0} creates it."
        case _:
            assert_never(denied)
    connection.error(code, text.format(request.room), request.ref, room=request.room)


def _settle_join(connection: ClientConnection, room: str, state: SessionState | None) -> None:
    """Tell a client that it is in a room after all."""
    for membership in state.memberships if state is not None else ():
        if membership.room == room and room not in connection.session.rooms:
            _send_joined(connection, Join(room=room), membership, [])


def _past(
    connection: ClientConnection, request: Join | Create, membership: Membership, deadline: float
) -> Steps[list[Any]]:
    """Return as much of a room's history as a `join` asks for, as far as it can be had.

    The session is in the room already, so the join cannot fail any more.
    """
    if not isinstance(request, Join) or not request.history:
        return []
    room = membership.room
    member = connection.session.rooms.get(room)
    at = member.room.delivered(member) if member else None
    position = str(at) if at else membership.position
    connection.quota.charge_page(request.history, connection.services.clock())
    history = connection.services.broker.history
    try:
        reply = yield from ask(history, room, "upto", position, request.history, deadline)
    except CallFailed:
        return []
    return connection.encoder.past(room, reply[0], reply[1])


def _send_joined(
    connection: ClientConnection, request: Join | Create, membership: Membership, past: list[Any]
) -> None:
    if connection.is_over:
        return
    member = connection.session.rooms.get(membership.room)
    delivered = member.room.delivered(member) if member else None
    joined = Joined(
        ref=request.ref,
        room=membership.room,
        position=str(delivered) if delivered else membership.position,
        members=membership.members,
        created=membership.created,
        quiet=membership.quiet,
        messages=past,
    )
    connection.send(joined)
    if member is None:
        enter_room(connection, membership)


@stepwise
def leave(connection: ClientConnection, request: Leave, deadline: float) -> Steps[None]:
    """Take the session out of a room (`leave`), once it has got what came before its `left`."""
    if (member := room_of(connection, request)) is None:
        return
    session, closing, room = connection.session, connection.closing, member.room
    # From here on only what is before the client's own `left` may be delivered, and that is last.
    room.stop(member)
    leave, settle = connection.services.broker.leave, partial(_settle_leave, connection, member)
    reply = yield from ask(leave, session.token, room.name, deadline, settle=settle)
    nick, end = session.nick, None if reply is None else Position.parse(reply[0])
    closing.begin_leave(member, deadline)
    yield Asked(lambda done: room.leave(member, end, partial(done, None)))
    closing.end_leave()
    # If what came before could not be had in time, there is no position, as in a quiet room.
    position, at = reply if reply is not None and member.complete else (None, None)
    session.leave(room.name)
    left = Left(ref=request.ref, room=room.name, nick=nick, reason="left", position=position, at=at)
    connection.send(left)


def _settle_leave(
    connection: ClientConnection, member: RoomMember, state: SessionState | None
) -> None:
    """Tell a client that it has left after all, or let it read on."""
    name = member.room.name
    if connection.session.rooms.get(name) is not member:
        return  # A moderator has closed the room, and the client knows that.
    if state is None or any(membership.room == name for membership in state.memberships):
        member.room.resume(member)
        return
    member.room.release(member)
    connection.session.leave(name)
    connection.send(Left(room=name, nick=connection.session.nick, reason="left"))
