"""The smaller requests: lists, history, pings, the end."""

from typing import Literal

from node.core.entries import Position
from node.core.names import names
from node.core.requests import account_auth
from node.core.requests.replies import room_of
from node.core.requests.stepwise import Steps, ask, stepwise
from node.core.session.connection import ClientConnection
from node.core.session.quota import NAMES
from wire import limits
from wire.errors import Code
from wire.messages import (
    GetHistory,
    History,
    ListMembers,
    ListRooms,
    Members,
    Ping,
    Pong,
    PongEvent,
    Quit,
    RoomRow,
    Rooms,
)


@stepwise
def rooms(connection: ClientConnection, request: ListRooms, deadline: float) -> Steps[None]:
    """Answer with a page of the names of all rooms (`rooms`)."""
    after = request.after or ""
    try:
        after = names.room(after)
    except names.BadName:
        pass  # A name that no room can have still has a place in the order.
    found, more = yield from ask(connection.services.broker.rooms, after, deadline)
    connection.quota.charge_page(len(found), connection.services.clock(), NAMES)
    rows = [RoomRow(room=room, members=members) for room, members in found]
    connection.send(Rooms(ref=request.ref, rooms=rows, more=more))


@stepwise
def members(connection: ClientConnection, request: ListMembers, deadline: float) -> Steps[None]:
    """Answer with a page of the nicks of a room's members (`members`)."""
    if (member := room_of(connection, request)) is None:
        return
    room = member.room.name
    after = request.after or ""
    try:
        after = names.fold(after)
    except names.BadName:
        pass  # As for rooms.
    nicks, more = yield from ask(connection.services.broker.members, room, after, deadline)
    connection.quota.charge_page(len(nicks), connection.services.clock(), NAMES)
    proven = account_auth.proven(connection, nicks, names.fold)
    event = Members(ref=request.ref, room=room, members=nicks, more=more, accounts=proven)
    connection.send(event)


@stepwise
def history(connection: ClientConnection, request: GetHistory, deadline: float) -> Steps[None]:
    """Answer with a page of a room's messages (`history`)."""
    if (member := room_of(connection, request)) is None:
        return
    room = member.room.name
    text = request.after or request.before or ""
    position = Position.parse(text)
    if (request.after, request.before) != (None, None) and position is None:
        why = f"{text!a} is not a position."
        connection.error(Code.BAD_REQUEST, why, request.ref, room=request.room)
        return
    limit = request.limit or limits.HISTORY_DEFAULT
    connection.quota.charge_page(limit, connection.services.clock())
    page: Literal["before", "after"] = "after" if request.after is not None else "before"
    at = str(position) if position is not None else ""
    read = connection.services.broker.history
    epoch, entries, more = yield from ask(read, room, page, at, limit, deadline)
    past = connection.encoder.past(room, epoch, entries)
    connection.send(History(ref=request.ref, room=room, messages=past, more=more))


def ping(connection: ClientConnection, request: Ping, _deadline: float) -> None:
    """Answer a sign of life (`ping`)."""
    connection.send(PongEvent(ref=request.ref))


def pong(_connection: ClientConnection, _request: Pong, _deadline: float) -> None:
    """A sign of life, like any line."""


def quit(connection: ClientConnection, request: Quit, deadline: float) -> None:
    """End the session, not only the connection (`quit`)."""
    connection.quit(request.ref, deadline)
