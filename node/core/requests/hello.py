"""Hello: a session begins, or goes on."""

import hashlib
import hmac
from functools import partial

from node.core import moderation
from node.core.config import Limit
from node.core.entries import START, Cursor
from node.core.limits import presence
from node.core.model import Claim, Claimed, FencingToken, Membership, Refused
from node.core.names import names
from node.core.requests import account_auth
from node.core.requests.replies import banned, failed, seat_in
from node.core.session import quota
from node.core.session.session import Session
from node.core.session.states import State
from wire import limits
from wire.errors import Code, Reason
from wire.messages import DEFAULT_ROOM, INBOX, PROTOCOL, Hello, Joined, Limits, Welcome

TOLD = limits.ROOMS
"""Rooms of a hello that are refused one by one, impossible ones and those that are too many: a line
of 16 KiB holds some two thousand."""
FULL_FOR = 5.0
"""Seconds after which a newcomer that was refused for want of memory may try again."""

_LIMITS = Limits()


def hello(session: Session, request: Hello, deadline: float) -> None:
    if session.state is not State.NEW:
        session.error(Code.BAD_REQUEST, "There has been a hello already.", request.ref)
        return
    tokens = session.hub.rules.tokens
    if tokens and not _is_one_of(tokens, request.token or ""):
        text = "This node wants a token, and this is not it."
        session.error(Code.BAD_TOKEN, text, request.ref)
        return
    nick = fold = ""
    if request.nick is not None:
        try:
            nick, fold = names.take(request.nick)
        except names.BadName as error:
            # A continued session keeps its nick, and ignores this one.
            if request.key is None:
                session.error(Code.BAD_NICK, str(error), request.ref)
                return
    if (positions := _positions(session, request)) is None:
        return
    if session.hub.full:
        # Whose session goes on may come in: a claim without a nick begins none.
        nick = fold = ""
        if request.key is None:
            _full(session, request)
            return
    rooms, bad = _prepared(request.rooms or [])
    default = DEFAULT_ROOM if request.rooms is None else ""
    wanted = list(rooms)
    short = presence.short_for(session, wanted or [default])
    if request.key is None and not presence.passes(session, request, short):
        return
    if short is not None:
        # As above; and a session that goes on enters no other rooms now.
        nick, fold, default, wanted = "", "", "", []
    session.keyed = request.key is not None
    session.attempt = request.attempt
    hold = FencingToken(_session_of(session, request.key), session.hub.broker.owner())
    inbox = "i:" + hold.session
    known = [
        (inbox if name == INBOX else "r:" + name, at.position)
        for name, at in positions.items()
        if name != INBOX or session.keyed
    ]
    makes = quota.reserve(session, len(wanted))
    claim = Claim(
        *(hold, session.keyed, nick, fold, request.attempt, wanted, default, known, makes),
        address=session.outlet.address,
    )
    presence.reserve(session, claim)
    session.fold = fold
    session.state = State.GREETING
    session.begin()
    done = partial(_claimed, session, request, claim, positions, rooms, bad)
    account_auth.claim(session, request, claim, deadline, done)


def _positions(session: Session, request: Hello) -> dict[str, Cursor] | None:
    """Return the positions by room; answers the request, with None, if one of them is none."""
    positions = {}
    for room, text in (request.positions or {}).items():
        if (cursor := Cursor.parse(text)) is None:
            session.error(Code.BAD_REQUEST, f"{text!a} is not a position.", request.ref)
            return None
        positions[room] = cursor
    return positions


def _is_one_of(tokens: tuple[bytes, ...], token: str) -> bool:
    """Say whether a token is the right one, in a time that tells nothing of the right ones."""
    digest = hashlib.sha256(token.encode()).digest()
    return any([hmac.compare_digest(digest, known) for known in tokens])


def _session_of(session: Session, key: str | None) -> str:
    if key is None:
        return "u" + session.hub.random_id()
    return hashlib.sha256(key.encode()).hexdigest()[:40]


def _prepared(rooms: list[str]) -> tuple[dict[str, str], list[tuple[str, str]]]:
    """Return rooms by name, as asked for, and those that are not possible, with the reason."""
    good: dict[str, str] = {}
    bad = []
    for room in rooms:
        try:
            good.setdefault(names.room(room), room)
        except names.BadName as error:
            bad.append((room, str(error)))
    return good, bad


def _claimed(
    session: Session,
    request: Hello,
    claim: Claim,
    positions: dict[str, Cursor],
    asked: dict[str, str],
    bad: list[tuple[str, str]],
    reply: Claimed | Refused,
) -> None:
    hold, made = claim.hold, 0
    if isinstance(reply, Claimed):
        made = sum(
            membership.created and membership.room != claim.default_room
            for membership in reply.memberships
        )
    quota.give_back(session, max(claim.makes - made, 0))
    presence.settle(session, claim, reply)
    if reply in (Refused.UNAVAILABLE, Refused.INTERNAL):
        # It may have been done all the same, and then nobody would ever let go of the session.
        session.hub.broker.part(hold, quit=False)
    if session.state is State.ENDED:
        if isinstance(reply, Claimed):
            session.hub.broker.part(hold, quit=False)
        return
    if isinstance(reply, Refused):
        session.state = State.NEW
        if reply is Refused.NAMELESS and session.hub.full:
            _full(session, request)
        else:
            _unwelcome(session, request, reply)
    else:
        session.state = State.WELCOME
        session.hold, session.nick, session.claim = hold, reply.nick, reply.claim
        session.fold = names.claims(reply.nick)
        session.hub.welcomed(session, reply.resumed)
        if session.hub.has_moved(hold):
            session.end(Reason.REPLACED)
            return
        if (order := session.hub.orders.holding("kick", hold.session, session.hub.now)) is not None:
            moderation.kick(session, order)
            return
        welcome = Welcome(
            ref=request.ref,
            nick=reply.nick,
            node=session.hub.name,
            protocol=PROTOCOL,
            resumed=reply.resumed,
            limits=_LIMITS,
        )
        session.tell(welcome)
        for room, text in bad[:TOLD]:
            session.error(Code.BAD_ROOM, text, request.ref, room=room)
        for room in reply.refused[:TOLD]:
            why = quota.refused(session, len(reply.memberships))
            session.error(*why, request.ref, room=asked.get(room, room))
        if more := [room for room, _ in bad[TOLD:]] + reply.refused[TOLD:]:
            # With a room: without one it would say that the hello as a whole has failed.
            text = f"{len(more)} more rooms are refused, of which this is the first."
            session.error(Code.TOO_MANY_ROOMS, text, request.ref, room=more[0])
        for membership in reply.memberships:
            _seated(
                session,
                membership,
                positions.get(membership.room),
                (request.positions or {}).get(membership.room),
            )
        if not claim.nick:
            _not_entered(session, request, reply, asked)
        if reply.resumed:
            # An inbox that is not there may have been forgotten, and be put back later.
            session.inbox_from = positions.get(INBOX)
            if reply.inbox is not None:
                session.join_inbox(session.hub.inbox(session, reply.inbox), START)
        session.hub.seated(session)
    session.finish()


def _not_entered(session: Session, request: Hello, reply: Claimed, asked: dict[str, str]) -> None:
    """Refuse the rooms that a session which goes on wanted besides its own, as it was too soon."""
    there = {*reply.refused, *(membership.room for membership in reply.memberships)}
    for room in [asked[name] for name in asked if name not in there][:TOLD]:
        text = "Too many come just now; try again."
        session.error(Code.RATE_LIMITED, text, request.ref, room=room, wait=presence.SOON)


def _full(session: Session, request: Hello) -> None:
    """Refuse a newcomer: the node is short of memory."""
    session.hub.counts.hit(Limit.MEMORY)
    text = "This node is full; try another one, or later."
    session.error(Code.UNAVAILABLE, text, request.ref, wait=FULL_FOR)


def _unwelcome(session: Session, request: Hello, refused: Refused) -> None:
    """Answer a hello that the broker refused."""
    hub = session.hub
    if refused is Refused.TAKEN:
        text = f"The nick {request.nick} is taken, or one that looks like it."
        session.error(Code.NICK_TAKEN, text, request.ref)
    elif refused is Refused.GUARDED:
        account_auth.refused(session, request)
    elif refused is Refused.NAMELESS and request.nick is not None:
        try:
            names.take(request.nick)
        except names.BadName as error:
            session.error(Code.BAD_NICK, str(error), request.ref)
        else:
            rooms, _ = _prepared(request.rooms or [])
            short = presence.short_for(session, rooms or [DEFAULT_ROOM])
            presence.refuse(session, request, short)
    elif refused is Refused.NAMELESS:
        text = "A hello that begins a session needs a nick."
        session.error(Code.BAD_REQUEST, text, request.ref)
    elif refused is Refused.KICKED:
        order = hub.orders.holding("kick", _session_of(session, request.key), hub.now)
        session.end(Reason.KICKED, text=order.why or None if order else None)
    elif refused is Refused.BANNED:
        session.error(*banned(session, request.nick or ""), request.ref)
        session.end(Reason.KICKED)
    elif refused is Refused.STALE:
        session.end(Reason.REPLACED)
    else:
        # The delay is ours: it does not count against the time that a hello may take.
        session.since = session.hub.now
        failed(session, request, refused)


def _seated(
    session: Session, membership: Membership, cursor: Cursor | None, text: str | None
) -> None:
    """Tell of a room that one is in, and let delivery go on after ``cursor``, in its ``text``."""
    joined = Joined(
        room=membership.room,
        position=text or membership.position,
        members=membership.members,
        created=membership.created,
        quiet=membership.quiet,
        messages=[],
    )
    session.tell(joined)
    seat_in(session, membership, cursor)
