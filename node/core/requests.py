"""What a node does about each request: a table of rows, and a short function for each."""

import hashlib
import hmac
import re
from collections.abc import Callable
from enum import Enum
from functools import partial
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from node.core import names
from node.core.ports import START, Claim, Claimed, Entry, Hold, Kept, Position, Post, Refused, Seat
from node.core.room import Member
from wire import codec, limits
from wire import text as texts
from wire.errors import Code, Reason
from wire.messages import (
    DEFAULT_ROOM,
    INBOX,
    PROTOCOL,
    Ack,
    Create,
    GetHistory,
    Hello,
    History,
    Join,
    Joined,
    Leave,
    Left,
    Limits,
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
    Send,
    SendDirect,
    SetNick,
    Welcome,
    Words,
)

if TYPE_CHECKING:
    from node.core.session import Session

_LIMITS = Limits()
_PLAIN_ID = re.compile(r"[A-Za-z0-9_.-]{1,64}")


class State(Enum):
    """Where a connection is in its life."""

    NEW = "no hello yet"
    GREETING = "the broker has been asked about a hello"
    WELCOME = "holds a session"
    LEAVING = "says goodbye when what it waits for is done"
    ENDED = "over"


class Row(NamedTuple):
    """How a request is taken: ``early`` before welcome too; ``counted`` for the rate limit;
    ``urgent`` ahead of others that wait; ``overlaps`` with others of its kind."""

    run: Callable[[Any, Any, float], None]
    early: bool = False
    counted: bool = True
    urgent: bool = False
    overlaps: bool = False


# Answers that several requests share


def failed(session: "Session", request: Any, refused: Refused, room: str | None = None) -> None:
    """Answer a request that the broker did not do."""
    id = getattr(request, "id", None)
    if refused is Refused.INTERNAL:
        session.error(Code.INTERNAL, "Something went wrong here.", request.ref, id, room)
        return
    text = "The broker cannot be reached; try again."
    if refused is Refused.UNHEALED:
        text = "The broker has just come back and may still remember more; try again."
    session.error(Code.UNAVAILABLE, text, request.ref, id, room)


def _room_of(session: "Session", request: Any) -> Member | None:
    """Return one's place in the room that a request names; answers the request if there is none."""
    if (member := session.rooms.get(request.room)) is not None:
        return member
    try:
        name = names.room(request.room)
    except names.BadName as error:
        session.error(Code.BAD_ROOM, str(error), request.ref, room=request.room)
        return None
    if (member := session.rooms.get(name)) is None:
        session.error(*_not_in(name), request.ref, room=request.room)
    return member


def _not_in(room: str) -> tuple[Code, str]:
    return Code.NOT_IN_ROOM, f"You are not in {room}. /join {room} gets you in."


# Hello


def _hello(session: "Session", request: Hello, deadline: float) -> None:
    if session.state is not State.NEW:
        session.error(Code.BAD_REQUEST, "There has been a hello already.", request.ref)
        return
    rules = session.hub.rules
    if rules.token and not hmac.compare_digest(rules.token, (request.token or "").encode()):
        text = "This node wants a token, and this is not it."
        session.error(Code.BAD_TOKEN, text, request.ref)
        return
    nick = fold = ""
    if request.nick is not None:
        try:
            nick, fold = names.nick(request.nick), names.fold(request.nick)
        except names.BadName as error:
            # A continued session keeps its nick, and ignores this one.
            if request.key is None:
                session.error(Code.BAD_NICK, str(error), request.ref)
                return
    positions = {}
    for room, text in (request.positions or {}).items():
        if (position := Position.parse(text)) is None:
            session.error(Code.BAD_REQUEST, f"{text!a} is not a position.", request.ref)
            return
        positions[room] = position
    rooms, bad = _prepared(request.rooms or [])
    session.keyed = request.key is not None
    session.attempt = request.attempt
    hold = Hold(_session_of(session, request.key), session.hub.broker.owner())
    default = DEFAULT_ROOM if request.rooms is None else ""
    known = [("r:" + room, at) for room, at in positions.items() if room != INBOX]
    claim = Claim(hold, session.keyed, nick, fold, request.attempt, rooms, default, known)
    session.fold = fold
    session.state = State.GREETING
    session.begin()
    done = partial(_claimed, session, request, hold, positions, bad)
    session.hub.broker.claim(claim, deadline, done)


def _session_of(session: "Session", key: str | None) -> str:
    if key is None:
        return "u" + session.hub.random_id()
    return hashlib.sha256(key.encode()).hexdigest()[:40]


def _prepared(rooms: list[str]) -> tuple[list[str], list[tuple[str, str]]]:
    """Return the names of rooms, each once, and those that are not possible, with the reason."""
    good: dict[str, None] = {}
    bad = []
    for room in rooms:
        try:
            good[names.room(room)] = None
        except names.BadName as error:
            bad.append((room, str(error)))
    return list(good), bad


def _claimed(
    session: "Session",
    request: Hello,
    hold: Hold,
    positions: dict[str, Position],
    bad: list[tuple[str, str]],
    reply: Claimed | Refused,
) -> None:
    if session.state is State.ENDED:
        if isinstance(reply, Claimed):
            session.hub.broker.part(hold, quit=False)
        return
    if isinstance(reply, Refused):
        session.state = State.NEW
        _unwelcome(session, request, reply)
    else:
        session.state = State.WELCOME
        session.hold, session.nick, session.claim = hold, reply.nick, reply.claim
        session.fold = names.fold(reply.nick)
        session.hub.welcomed(session, reply.resumed)
        welcome = Welcome(
            ref=request.ref,
            nick=reply.nick,
            node=session.hub.name,
            protocol=PROTOCOL,
            resumed=reply.resumed,
            limits=_LIMITS,
        )
        session.tell(welcome)
        for room, text in bad:
            session.error(Code.BAD_ROOM, text, request.ref, room=room)
        for room in reply.refused:
            session.error(*_too_many(), request.ref, room=room)
        for seat in reply.seats:
            _seated(session, seat, positions.get(seat.room))
        if reply.inbox is not None and reply.resumed:
            session.inbox = Member(session, session.hub.inbox(session, reply.inbox), "")
            session.inbox.resumed = True
            session.inbox.room.add(session.inbox, positions.get(INBOX, START))
    session.finish()


def _unwelcome(session: "Session", request: Hello, refused: Refused) -> None:
    """Answer a hello that the broker refused."""
    if refused is Refused.TAKEN:
        text = f"The nick {request.nick} is taken."
        session.error(Code.NICK_TAKEN, text, request.ref)
    elif refused is Refused.NAMELESS and request.nick is not None:
        try:
            names.nick(request.nick)
        except names.BadName as error:
            session.error(Code.BAD_NICK, str(error), request.ref)
    elif refused is Refused.NAMELESS:
        text = "A hello that begins a session needs a nick."
        session.error(Code.BAD_REQUEST, text, request.ref)
    elif refused is Refused.STALE:
        session.end(Reason.REPLACED)
    else:
        failed(session, request, refused)


def _too_many() -> tuple[Code, str]:
    return Code.TOO_MANY_ROOMS, f"One may be in at most {limits.ROOMS} rooms."


def _seated(session: "Session", seat: Seat, position: Position | None) -> None:
    """Tell of a room that one is in, and let delivery go on after ``position``."""
    joined = Joined(
        room=seat.room,
        position=str(position) if position else seat.position,
        members=seat.members,
        created=seat.created,
        quiet=seat.quiet,
        messages=[],
    )
    session.tell(joined)
    _add(session, seat, position)


def _add(session: "Session", seat: Seat, position: Position | None = None) -> None:
    start = Position.parse(seat.position)
    assert start is not None
    member = Member(session, session.hub.room(seat.room), seat.position)
    session.rooms[seat.room] = member
    member.resumed = position is not None
    member.room.add(member, position or start)


# Rooms


def _join(session: "Session", request: Join | Create, deadline: float) -> None:
    try:
        name = names.room(request.room)
    except names.BadName as error:
        session.error(Code.BAD_ROOM, str(error), request.ref, room=request.room)
        return
    create = isinstance(request, Create)
    if name not in session.rooms and len(session.rooms) >= limits.ROOMS:
        session.error(*_too_many(), request.ref, room=request.room)
        return
    session.begin()
    done = partial(_on_join, session, request, deadline)
    session.hub.broker.join(session.hold, name, create, deadline, done)


def _on_join(
    session: "Session", request: Join | Create, deadline: float, reply: Seat | Refused
) -> None:
    if reply is Refused.GONE:
        session.reclaim(lambda: session.rerun(request, deadline))
        return
    if reply is Refused.EXISTS:
        text = f"There is a room called {request.room} already. /join {request.room} gets you in."
        session.error(Code.ROOM_EXISTS, text, request.ref, room=request.room)
    elif reply is Refused.MISSING:
        text = f"There is no room called {request.room}. /create {request.room} makes it."
        session.error(Code.NO_SUCH_ROOM, text, request.ref, room=request.room)
    elif isinstance(reply, Refused):
        failed(session, request, reply, request.room)
    elif not isinstance(request, Join) or not request.history:
        _tell_joined(session, request, reply, [])
    else:
        member = session.rooms.get(reply.room)
        at = member.room.delivered(member) if member else None
        done = partial(_on_join_history, session, request, reply)
        position = str(at) if at else reply.position
        session.hub.broker.history(reply.room, "upto", position, request.history, deadline, done)
        return
    session.finish()


def _on_join_history(
    session: "Session",
    request: Join,
    seat: Seat,
    reply: tuple[bytes, list[Entry], bool] | Refused,
) -> None:
    # One is in the room, whatever became of its history: so say it.
    past = []
    if not isinstance(reply, Refused):
        past = session.dialect.past(seat.room, reply[0], reply[1])
    _tell_joined(session, request, seat, past)
    session.finish()


def _tell_joined(session: "Session", request: Join | Create, seat: Seat, past: list[Any]) -> None:
    if session.state is State.ENDED:
        return
    member = session.rooms.get(seat.room)
    delivered = member.room.delivered(member) if member else None
    joined = Joined(
        ref=request.ref,
        room=seat.room,
        position=str(delivered) if delivered else seat.position,
        members=seat.members,
        created=seat.created,
        quiet=seat.quiet,
        messages=past,
    )
    session.tell(joined)
    if member is None:
        _add(session, seat)


def _leave(session: "Session", request: Leave, deadline: float) -> None:
    if (member := _room_of(session, request)) is None:
        return
    session.begin()
    # From here on only what is before one's own `left` may be delivered, and that is told last.
    member.room.stop(member)
    done = partial(_on_leave, session, request, member, deadline)
    session.hub.broker.leave(session.hold, member.room.name, deadline, done)


def _on_leave(
    session: "Session",
    request: Leave,
    member: Member,
    deadline: float,
    reply: tuple[str, int] | None | Refused,
) -> None:
    if reply is Refused.GONE:
        session.reclaim(lambda: session.rerun(request, deadline))
        return
    if isinstance(reply, Refused):
        member.room.go_on(member)
        failed(session, request, reply, request.room)
    else:
        session.rooms.pop(member.room.name, None)
        left = Left(ref=request.ref, room=member.room.name, nick=session.nick, reason="left")
        if reply is not None:
            left.position, left.at = reply
            member.room.give_until(member, Position.parse(reply[0]))
        member.room.remove(member)
        session.tell(left)
    session.finish()


# Messages


def _token(id: str | None) -> str:
    """Return what an id is remembered by: itself if it is plain, else a digest of it."""
    if not id:
        return ""
    if _PLAIN_ID.fullmatch(id):
        return id
    return "~" + hashlib.blake2b(id.encode(), digest_size=20).hexdigest()


def _send(session: "Session", request: Send, deadline: float) -> None:
    member = session.rooms.get(request.room)
    if member is None:
        try:
            name = names.room(request.room)
        except names.BadName as error:
            _unsendable(session, request, deadline, Code.BAD_ROOM, str(error), request.room)
            return
        if (member := session.rooms.get(name)) is None:
            _unsendable(session, request, deadline, *_not_in(name), request.room)
            return
    if wrong := texts.check(request.text):
        _unsendable(session, request, deadline, *wrong)
        return
    words = Words(text=request.text, id=request.id, kind=request.kind or "say")
    body = b'"from":"%b",%b' % (session.nick.encode(), codec.encode_body(words))
    session.begin(overlaps=True)
    post = _post(session, request, body, deadline)
    session.hub.counts.messages_in += 1
    session.hub.broker.publish(member.room.name, post)


def _post(session: "Session", request: Send | SendDirect, body: bytes, deadline: float) -> Post:
    hub = session.hub
    done = partial(_on_sent, session, request, deadline)
    return Post(session.hold, hub.entry_id(), _token(request.id), body, deadline, done)


def _direct(session: "Session", request: SendDirect, deadline: float) -> None:
    try:
        fold = names.fold(request.to)
    except names.BadName as error:
        _unsendable(session, request, deadline, Code.BAD_NICK, str(error))
        return
    if wrong := texts.check(request.text):
        _unsendable(session, request, deadline, *wrong)
        return
    words = Words(text=request.text, id=request.id, kind=request.kind or "say")
    before = b'"from":"%b","to":"' % session.nick.encode()
    session.begin(overlaps=True)
    post = _post(session, request, b"", deadline)
    session.hub.counts.messages_in += 1
    session.hub.broker.direct(post, fold, before, b'",' + codec.encode_body(words))


def _on_sent(
    session: "Session", request: Send | SendDirect, deadline: float, reply: Kept | Refused
) -> None:
    if isinstance(reply, Kept):
        if request.id is not None:
            session.tell(_ack(request, reply))
    elif reply is Refused.GONE:
        session.reclaim(lambda: session.rerun(request, deadline))
        return
    elif reply is Refused.NOBODY and isinstance(request, SendDirect):
        text = f"Nobody is called {request.to}."
        session.error(Code.NO_SUCH_NICK, text, request.ref, request.id)
    else:
        failed(session, request, reply)
    session.finish(overlaps=True)


def _ack(request: Send | SendDirect, kept: Kept) -> Ack:
    assert request.id is not None
    ack = Ack(ref=request.ref, id=request.id, position=kept.position, at=kept.at)
    if kept.log.startswith("r:"):
        ack.room = kept.log[2:]
    else:
        ack.to = kept.to
    return ack


def _unsendable(
    session: "Session",
    request: Send | SendDirect,
    deadline: float,
    code: Code,
    text: str,
    room: str | None = None,
) -> None:
    """Refuse a message, unless it repeats one that was sent: that one's ack comes first."""
    if request.id is None:
        session.error(code, text, request.ref, room=room)
        return

    def done(reply: Kept | None | Refused) -> None:
        if isinstance(reply, Kept):
            session.tell(_ack(request, reply))
        elif isinstance(reply, Refused):
            failed(session, request, reply, room)
        else:
            session.error(code, text, request.ref, request.id, room)
        session.finish(overlaps=True)

    session.begin(overlaps=True)
    session.hub.broker.sent(session.hold.session, _token(request.id), deadline, done)


# The rest


def _nick(session: "Session", request: SetNick, deadline: float) -> None:
    try:
        nick, fold = names.nick(request.nick), names.fold(request.nick)
    except names.BadName as error:
        session.error(Code.BAD_NICK, str(error), request.ref)
        return

    def done(reply: tuple[str, int] | Refused) -> None:
        if reply is Refused.GONE:
            session.reclaim(lambda: session.rerun(request, deadline))
            return
        if reply is Refused.TAKEN:
            text = f"The nick {nick} is taken."
            session.error(Code.NICK_TAKEN, text, request.ref)
        elif isinstance(reply, Refused):
            failed(session, request, reply)
        else:
            session.nick, session.fold = nick, fold
            session.tell(Renamed(ref=request.ref, nick=nick, from_=reply[0], at=reply[1]))
        session.finish()

    session.begin()
    session.hub.broker.rename(session.hold, nick, fold, deadline, done)


def _rooms(session: "Session", request: ListRooms, deadline: float) -> None:
    after = request.after or ""
    try:
        after = names.room(after)
    except names.BadName:
        pass  # A name that no room can have still has a place in the order.

    def done(reply: tuple[list[tuple[str, int]], bool] | Refused) -> None:
        if isinstance(reply, Refused):
            failed(session, request, reply)
        else:
            rows = [RoomRow(room=room, members=members) for room, members in reply[0]]
            session.tell(Rooms(ref=request.ref, rooms=rows, more=reply[1]))
        session.finish()

    session.begin()
    session.hub.broker.rooms(after, deadline, done)


def _members(session: "Session", request: ListMembers, deadline: float) -> None:
    if (member := _room_of(session, request)) is None:
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
            members = Members(ref=request.ref, room=room, members=reply[0], more=reply[1])
            session.tell(members)
        session.finish()

    session.begin()
    session.hub.broker.members(room, after, deadline, done)


def _history(session: "Session", request: GetHistory, deadline: float) -> None:
    if (member := _room_of(session, request)) is None:
        return
    room = member.room.name
    position = request.after or request.before or ""
    if (request.after, request.before) != (None, None) and Position.parse(position) is None:
        text = f"{position!a} is not a position."
        session.error(Code.BAD_REQUEST, text, request.ref, room=request.room)
        return

    def done(reply: tuple[bytes, list[Entry], bool] | Refused) -> None:
        if isinstance(reply, Refused):
            failed(session, request, reply, request.room)
        else:
            past = session.dialect.past(room, reply[0], reply[1])
            session.tell(History(ref=request.ref, room=room, messages=past, more=reply[2]))
        session.finish()

    session.begin()
    limit = request.limit or limits.HISTORY_DEFAULT
    page: Literal["before", "after"] = "after" if request.after is not None else "before"
    session.hub.broker.history(room, page, position, limit, deadline, done)


def _ping(session: "Session", request: Ping, _deadline: float) -> None:
    session.tell(PongEvent(ref=request.ref))


def _pong(_session: "Session", _request: Pong, _deadline: float) -> None:
    """A sign of life, like any line."""


def _quit(session: "Session", _request: Quit, _deadline: float) -> None:
    session.end(Reason.QUIT)


ROWS: dict[type, Row] = {
    Hello: Row(_hello, early=True),
    Create: Row(_join),
    Join: Row(_join),
    Leave: Row(_leave),
    Send: Row(_send, overlaps=True),
    SendDirect: Row(_direct, overlaps=True),
    SetNick: Row(_nick),
    ListRooms: Row(_rooms),
    ListMembers: Row(_members),
    GetHistory: Row(_history),
    Ping: Row(_ping, early=True, counted=False, urgent=True),
    Pong: Row(_pong, early=True, counted=False, urgent=True),
    Quit: Row(_quit, early=True, counted=False),
}

EARLY_TYPES = frozenset(
    str(kind.__struct_config__.tag)  # type: ignore[attr-defined]
    for kind, row in ROWS.items()
    if row.early
)
