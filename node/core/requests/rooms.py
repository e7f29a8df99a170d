"""Rooms: to make one, join one, leave one."""

from functools import partial
from typing import Any

from node.core.entries import Entry, Position
from node.core.limits import presence
from node.core.model import Membership, Refused, SessionState
from node.core.names import names
from node.core.requests.replies import failed, room_of, seat_in, too_many
from node.core.rooms.member import Member
from node.core.session import quota
from node.core.session.recovery import doubt
from node.core.session.session import Session
from node.core.session.states import State
from wire import limits
from wire.errors import Code
from wire.messages import Create, Join, Joined, Leave, Left


def join(session: Session, request: Join | Create, deadline: float) -> None:
    try:
        name = names.room(request.room)
    except names.BadName as error:
        session.error(Code.BAD_ROOM, str(error), request.ref, room=request.room)
        return
    create = isinstance(request, Create)
    if name not in session.rooms and len(session.rooms) >= limits.ROOMS:
        session.error(*too_many(session), request.ref, room=request.room)
        return
    if create and not quota.reserve(session, 1):
        session.error(*quota.too_many(session), request.ref, room=request.room)
        return
    if not presence.may_join(session, request, name):
        quota.give_back(session, int(create))
        return
    session.begin()
    done = partial(_on_join, session, request, deadline, int(create))
    session.hub.broker.join(session.hold, name, create, deadline, done)


def _on_join(
    session: Session,
    request: Join | Create,
    deadline: float,
    reserved: int,
    reply: Membership | Refused,
) -> None:
    if not (isinstance(reply, Membership) and reply.created):
        quota.give_back(session, reserved)
    if isinstance(reply, Membership) and reply.room not in session.rooms:
        presence.entered(session, reply)
    if reply is Refused.GONE:
        done = partial(_on_join, session, request, deadline, 0)
        session.reclaim(request, deadline, done)
        return
    if reply is Refused.EXISTS:
        text = f"There is a room called {request.room} already. /join {request.room} gets you in."
        session.error(Code.ROOM_EXISTS, text, request.ref, room=request.room)
    elif reply is Refused.MISSING:
        text = f"There is no room called {request.room}. /create {request.room} makes it."
        session.error(Code.NO_SUCH_ROOM, text, request.ref, room=request.room)
    elif isinstance(reply, Refused):
        failed(session, request, reply, request.room)
        if reply is Refused.UNAVAILABLE:
            doubt(session, partial(_settle_join, session, names.room(request.room)))
    elif not isinstance(request, Join) or not request.history:
        _tell_joined(session, request, reply, [])
    else:
        member = session.rooms.get(reply.room)
        at = member.room.delivered(member) if member else None
        done = partial(_on_join_history, session, request, reply)
        position = str(at) if at else reply.position
        session.weigh(request.history)
        session.hub.broker.history(reply.room, "upto", position, request.history, deadline, done)
        return
    session.finish()


def _settle_join(session: Session, room: str, standing: SessionState | None) -> None:
    """Say that one is in a room after all."""
    for membership in standing.memberships if standing is not None else ():
        if membership.room == room and room not in session.rooms:
            _tell_joined(session, Join(room=room), membership, [])


def _on_join_history(
    session: Session,
    request: Join,
    membership: Membership,
    reply: tuple[bytes, list[Entry], bool] | Refused,
) -> None:
    # One is in the room, whatever became of its history: so say it.
    past = []
    if not isinstance(reply, Refused):
        past = session.encoder.past(membership.room, reply[0], reply[1])
    _tell_joined(session, request, membership, past)
    session.finish()


def _tell_joined(
    session: Session, request: Join | Create, membership: Membership, past: list[Any]
) -> None:
    if session.state is State.ENDED:
        return
    member = session.rooms.get(membership.room)
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
    session.tell(joined)
    if member is None:
        seat_in(session, membership)


def leave(session: Session, request: Leave, deadline: float) -> None:
    if (member := room_of(session, request)) is None:
        return
    session.begin()
    # From here on only what is before one's own `left` may be delivered, and that is told last.
    member.room.stop(member)
    done = partial(_on_leave, session, request, member, deadline)
    session.hub.broker.leave(session.hold, member.room.name, deadline, done)


def _on_leave(
    session: Session,
    request: Leave,
    member: Member,
    deadline: float,
    reply: tuple[str, int] | None | Refused,
) -> None:
    if reply is Refused.GONE:
        done = partial(_on_leave, session, request, member, deadline)
        session.reclaim(request, deadline, done)
        return
    if isinstance(reply, Refused):
        failed(session, request, reply, request.room)
        if reply is Refused.UNAVAILABLE:
            doubt(session, partial(_settle_leave, session, member))
        else:
            member.room.resume(member)
    else:
        left = Left(ref=request.ref, room=member.room.name, nick=session.nick, reason="left")
        end = None
        if reply is not None:
            left.position, left.at = reply
            end = Position.parse(reply[0])
        session.leaving = member, deadline
        member.room.leave(member, end, partial(_tell_left, session, member, left))
        return
    session.finish()


def _settle_leave(session: Session, member: Member, standing: SessionState | None) -> None:
    """Say that one has left after all, or go on."""
    name = member.room.name
    if standing is None or any(membership.room == name for membership in standing.memberships):
        member.room.resume(member)
        return
    member.room.release(member)
    session.rooms.pop(name, None)
    session.tell(Left(room=name, nick=session.nick, reason="left"))


def _tell_left(session: Session, member: Member, left: Left) -> None:
    """Say that one has left; as in a quiet room, if what came before could not be had in time."""
    if not member.complete:
        left.position = left.at = None
    session.leaving = None
    session.rooms.pop(member.room.name, None)
    session.tell(left)
    session.finish()
