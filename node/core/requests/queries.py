"""The smaller requests: another nick, lists, history, pings, the end."""

from functools import partial
from typing import Literal

from node.core.entries import Entry, Position
from node.core.limits import presence
from node.core.model import Refused, SessionState
from node.core.names import names
from node.core.requests import account_auth
from node.core.requests.replies import banned, failed, room_of
from node.core.session.recovery import doubt
from node.core.session.session import NAMES, Session
from node.core.session.states import State
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
    Renamed,
    RoomRow,
    Rooms,
    SetNick,
)


def nick(session: Session, request: SetNick, deadline: float) -> None:
    try:
        nick, fold = names.take(request.nick)
    except names.BadName as error:
        session.error(Code.BAD_NICK, str(error), request.ref)
        return
    charges = presence.charge_nick(session, request)
    if charges is None:
        return

    def done(reply: tuple[str, int] | Refused) -> None:
        # After `unavailable` it may have been done all the same.
        if reply is not Refused.UNAVAILABLE and (isinstance(reply, Refused) or reply[0] == nick):
            presence.give_back(charges)
        if reply is Refused.GONE:
            session.reclaim(request, deadline, done)
            return
        if reply is Refused.TAKEN:
            text = f"The nick {nick} is taken, or one that looks like it."
            session.error(Code.NICK_TAKEN, text, request.ref)
        elif reply is Refused.BANNED:
            session.error(*banned(session, nick), request.ref)
        elif reply is Refused.GUARDED:
            account_auth.refused(session, request)
        elif isinstance(reply, Refused):
            failed(session, request, reply)
            if reply is Refused.UNAVAILABLE:
                doubt(session, partial(_settle_nick, session))
        else:
            session.nick, session.fold = nick, fold
            session.tell(Renamed(ref=request.ref, nick=nick, from_=reply[0], at=reply[1]))
        session.finish()

    def rename() -> None:
        if session.state is not State.ENDED:
            session.hub.broker.rename(session.hold, nick, fold, deadline, done)

    session.begin()
    account_auth.prove(session, request, fold, deadline, rename, done)


def _settle_nick(session: Session, standing: SessionState | None) -> None:
    """Say that one has another nick after all."""
    if standing is not None and standing.nick != session.nick:
        old, session.nick = session.nick, standing.nick
        session.fold = names.claims(session.nick)
        session.tell(Renamed(nick=session.nick, from_=old, at=standing.at))


def rooms(session: Session, request: ListRooms, deadline: float) -> None:
    after = request.after or ""
    try:
        after = names.room(after)
    except names.BadName:
        pass  # A name that no room can have still has a place in the order.

    def done(reply: tuple[list[tuple[str, int]], bool] | Refused) -> None:
        if isinstance(reply, Refused):
            failed(session, request, reply)
        else:
            session.weigh(len(reply[0]), NAMES)
            rows = [RoomRow(room=room, members=members) for room, members in reply[0]]
            session.tell(Rooms(ref=request.ref, rooms=rows, more=reply[1]))
        session.finish()

    session.begin()
    session.hub.broker.rooms(after, deadline, done)


def members(session: Session, request: ListMembers, deadline: float) -> None:
    if (member := room_of(session, request)) is None:
        return
    room = member.room.name
    after = request.after or ""
    try:
        after = names.fold(after)
    except names.BadName:
        pass  # As for rooms.

    def done(reply: tuple[list[str], bool] | Refused) -> None:
        if isinstance(reply, Refused):
            failed(session, request, reply, request.room)
        else:
            session.weigh(len(reply[0]), NAMES)
            proven = account_auth.proven(session, reply[0], names.fold)
            session.tell(
                Members(
                    ref=request.ref,
                    room=room,
                    members=reply[0],
                    more=reply[1],
                    accounts=proven,
                )
            )
        session.finish()

    session.begin()
    session.hub.broker.members(room, after, deadline, done)


def history(session: Session, request: GetHistory, deadline: float) -> None:
    if (member := room_of(session, request)) is None:
        return
    room = member.room.name
    position = request.after or request.before or ""
    place = Position.parse(position)
    if (request.after, request.before) != (None, None) and place is None:
        text = f"{position!a} is not a position."
        session.error(Code.BAD_REQUEST, text, request.ref, room=request.room)
        return

    def done(reply: tuple[bytes, list[Entry], bool] | Refused) -> None:
        if isinstance(reply, Refused):
            failed(session, request, reply, request.room)
        else:
            past = session.encoder.past(room, reply[0], reply[1])
            session.tell(History(ref=request.ref, room=room, messages=past, more=reply[2]))
        session.finish()

    session.begin()
    limit = request.limit or limits.HISTORY_DEFAULT
    session.weigh(limit)
    page: Literal["before", "after"] = "after" if request.after is not None else "before"
    at = str(place) if place is not None else ""
    session.hub.broker.history(room, page, at, limit, deadline, done)


def ping(session: Session, request: Ping, _deadline: float) -> None:
    session.tell(PongEvent(ref=request.ref))


def pong(_session: Session, _request: Pong, _deadline: float) -> None:
    """A sign of life, like any line."""


def quit(session: Session, request: Quit, _deadline: float) -> None:
    session.quit(request.ref)
