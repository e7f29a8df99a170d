"""The answer to a hello: welcome and what follows it, or why not."""

from typing import NamedTuple, assert_never

from node.core.config import Limit
from node.core.entries import START, Cursor
from node.core.model import AccountDenied, Claim, ClaimDenied, Claimed, Denied, Membership
from node.core.names import names
from node.core.requests import account_auth, presence
from node.core.requests.replies import banned, enter_room, too_many, too_many_made
from node.core.session.connection import ClientConnection
from node.core.session.kicks import kick
from wire import limits
from wire.errors import Code, Reason
from wire.messages import DEFAULT_ROOM, INBOX, PROTOCOL, Hello, Joined, Limits, Welcome

TOLD = limits.ROOMS
"""Rooms of a hello that are refused one by one, impossible ones and those that are too many: a line
of 16 KiB holds some two thousand."""
FULL_FOR = 5.0
"""Seconds after which a newcomer that was refused for want of memory may try again."""

_LIMITS = Limits()


class Wishes(NamedTuple):
    """A hello; its positions by room, its rooms by name as it writes them, and impossible ones."""

    request: Hello
    positions: dict[str, Cursor]
    rooms: dict[str, str]
    impossible: list[tuple[str, str]]


def welcome(connection: ClientConnection, claim: Claim, wishes: Wishes, reply: Claimed) -> None:
    """Take the session that the broker has given, and tell the client where it is."""
    request, token, services = wishes.request, claim.token, connection.services
    connection.hold(token, reply)
    if connection.registry.has_moved(token):
        connection.end(Reason.REPLACED)
        return
    if (rule := services.rules.holding("kick", token.session, services.now)) is not None:
        kick(connection, rule)
        return
    event = Welcome(
        ref=request.ref,
        nick=reply.nick,
        node=services.name,
        protocol=PROTOCOL,
        resumed=reply.resumed,
        limits=_LIMITS,
    )
    connection.send(event)
    connection.transport.log("welcome", reply.nick, resumed="yes" if reply.resumed else "no")
    _refuse_rooms(connection, wishes, reply)
    for membership in reply.memberships:
        _enter(connection, wishes, membership)
    if not claim.nick:
        _refuse_other_rooms(connection, wishes, reply)
    if reply.resumed:
        # An inbox that is not there may have been forgotten, and be put back later.
        connection.session.resume_inbox(wishes.positions.get(INBOX))
        if reply.inbox is not None:
            connection.registry.open_inbox(connection, reply.inbox, START)
    connection.registry.seated(connection)


def _refuse_rooms(connection: ClientConnection, wishes: Wishes, reply: Claimed) -> None:
    """Refuse the rooms that are impossible, and those that the broker refused."""
    ref, impossible = wishes.request.ref, wishes.impossible
    for room, text in impossible[:TOLD]:
        connection.error(Code.BAD_ROOM, text, ref, room=room)
    for room in reply.refused[:TOLD]:
        full = len(reply.memberships) >= limits.ROOMS
        why = too_many(connection) if full else too_many_made(connection)
        connection.error(*why, ref, room=wishes.rooms.get(room, room))
    if more := [room for room, _ in impossible[TOLD:]] + reply.refused[TOLD:]:
        # With a room: without one it would say that the hello as a whole has failed.
        text = f"{len(more)} more rooms were refused; this is the first of them."
        connection.error(Code.TOO_MANY_ROOMS, text, ref, room=more[0])


def _enter(connection: ClientConnection, wishes: Wishes, membership: Membership) -> None:
    """Tell the client of a room that it is in, and deliver what comes after its position."""
    room = membership.room
    joined = Joined(
        room=room,
        position=(wishes.request.positions or {}).get(room) or membership.position,
        members=membership.members,
        created=membership.created,
        quiet=membership.quiet,
        messages=[],
    )
    connection.send(joined)
    enter_room(connection, membership, wishes.positions.get(room))


def _refuse_other_rooms(connection: ClientConnection, wishes: Wishes, reply: Claimed) -> None:
    """Refuse the rooms that a continued session wanted besides its own, as it was too soon."""
    ref = wishes.request.ref
    there = {*reply.refused, *(membership.room for membership in reply.memberships)}
    others = [asked for name, asked in wishes.rooms.items() if name not in there]
    for room in others[:TOLD]:
        text = "Too many clients are entering rooms; try again."
        connection.error(Code.RATE_LIMITED, text, ref, room=room, retry_after=presence.SOON)


def refuse_full(connection: ClientConnection, request: Hello) -> None:
    """Refuse a newcomer: the node is short of memory."""
    connection.services.counts.hit(Limit.MEMORY)
    text = "This node is full; try another node, or try later."
    connection.error(Code.UNAVAILABLE, text, request.ref, retry_after=FULL_FOR)


def refuse(
    connection: ClientConnection,
    claim: Claim,
    wishes: Wishes,
    denied: ClaimDenied | AccountDenied,
) -> None:
    """Answer a hello that gets no session."""
    request, services = wishes.request, connection.services
    match denied:
        case Denied.TAKEN:
            text = f"The nick {request.nick} is taken, or looks like one that is."
            connection.error(Code.NICK_TAKEN, text, request.ref)
        case Denied.GUARDED:
            account_auth.refused(connection, request)
        case Denied.NAMELESS:
            _refuse_nameless(connection, wishes)
        case Denied.KICKED:
            rule = services.rules.holding("kick", claim.token.session, services.now)
            connection.end(Reason.KICKED, text=rule.why or None if rule else None)
        case Denied.BANNED:
            connection.error(*banned(connection, request.nick or ""), request.ref)
            connection.transport.log("refused", request.nick, code="banned")
            connection.end(Reason.KICKED)
        case _:
            assert_never(denied)


def _refuse_nameless(connection: ClientConnection, wishes: Wishes) -> None:
    """Say why a claim had no nick, where there was no session to go on with."""
    request = wishes.request
    if connection.services.full:
        refuse_full(connection, request)
    elif request.nick is None:
        text = "A hello that starts a session needs a nick."
        connection.error(Code.BAD_REQUEST, text, request.ref)
    else:
        try:
            names.take(request.nick)
        except names.BadName as error:
            connection.error(Code.BAD_NICK, str(error), request.ref)
        else:
            short = presence.short_for(connection, wishes.rooms or [DEFAULT_ROOM])
            presence.refuse(connection, request, short)
