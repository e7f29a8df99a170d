"""Presence is traffic: who enters, leaves or takes another nick makes an entry in each room.

So that counts as many requests as rooms, and as so many messages to each room. It is charged when
it is asked for; what was too much is made up for by waiting. Entering counts for leaving too: a
connection may break at any time, and that cannot be refused.
"""

from collections.abc import Iterable, Sequence
from math import inf
from typing import NamedTuple

from node.core.config import Limit
from node.core.limits.token_bucket import TokenBucket
from node.core.model import Claim, Claimed, Membership, Refused
from node.core.session.session import Session
from wire import limits
from wire.messages import AnyRequest, SetNick

VISIT = 2
"""Entries that a room gets of everybody who enters it: one more when they leave."""
SOON = 0.1
"""Seconds to wait where nothing tells how long: what is under way is known by then."""

Charges = list[tuple[TokenBucket, int]]


class LimitReached(NamedTuple):
    """A limit that is used up, and the seconds until it is not."""

    limit: Limit
    wait: float


# A hello


def short_for(session: Session, rooms: Iterable[str]) -> LimitReached | None:
    """Say whether a session that enters these rooms may not begin now.

    A session that goes on enters nothing, and whether it does is known only from the broker: so
    nothing is charged yet, and what other hellos may still be charged is taken as used up.
    """
    if (short := _busy(session, rooms)) is not None:
        return short
    if session.crowd is None or session.caller is None:
        return None
    wait = session.crowd.owed(session.hub.clock(), session.caller.entering)
    return LimitReached(Limit.ADDRESS_RATE, wait) if wait else None


def reserve(session: Session, claim: Claim) -> None:
    """A claim that may begin a session goes to the broker."""
    if session.caller is not None and claim.nick:
        session.caller.entering += _cost(claim.rooms, claim.default_room)


def settle(session: Session, claim: Claim, reply: Claimed | Refused) -> None:
    """The broker has answered a claim: charge for the rooms that were entered."""
    if session.caller is not None and claim.nick:
        session.caller.entering -= _cost(claim.rooms, claim.default_room)
    if not isinstance(reply, Claimed):
        return
    entered = [
        membership for membership in reply.memberships if membership.entered or not reply.resumed
    ]
    if not entered:
        return
    now = session.hub.clock()
    # The connection's own limiter ends with it: it is there for what follows.
    session.bucket.charge(len(entered) - 1, now)
    if session.crowd is not None:
        session.crowd.charge(VISIT * len(entered), now, inf)
    for membership in entered:
        _fill(session, membership)


def refuse(session: Session, request: AnyRequest, short: LimitReached | None) -> None:
    """Refuse a hello that begins a session, or a room of one; that the broker was asked counts."""
    limit, wait = short or LimitReached(Limit.ADDRESS_RATE, SOON)
    session.refuse_flood(request, wait, limit)


def _cost(rooms: Sequence[str], default: str) -> int:
    return VISIT * (min(len(rooms), limits.ROOMS) or bool(default))


# Other requests


def entered(session: Session, membership: Membership) -> None:
    """Charge for a room that was joined; the request itself is counted already."""
    if session.crowd is not None:
        session.crowd.charge(VISIT - 1, session.hub.clock(), inf)
    _fill(session, membership)


def may_join(session: Session, request: AnyRequest, room: str) -> bool:
    """Say whether a room takes one more who enters; refuse the request if not."""
    return passes(session, request, _busy(session, [room]))


def charge_nick(session: Session, request: SetNick) -> Charges | None:
    """Charge for another nick in all of one's rooms; refuse the request, with None, if it may not
    be now."""
    now, crowd = session.hub.clock(), session.crowd
    short = _busy(session, session.rooms)
    # It may have waited behind others like it, which were charged after this one came.
    if crowd is not None and (wait := crowd.owed(now)):
        short = LimitReached(Limit.ADDRESS_RATE, wait)
    if wait := session.bucket.owed(now):
        short = LimitReached(Limit.RATE, wait)
    if not passes(session, request, short):
        return None
    paces = [member.room.pace for member in session.rooms.values()]
    charges = [(pace, 1) for pace in paces if pace is not None]
    if (more := len(session.rooms) - 1) > 0:
        charges += [(bucket, more) for bucket in (session.bucket, crowd) if bucket is not None]
    for bucket, count in charges:
        bucket.charge(count, now, inf)
    return charges


def give_back(charges: Charges | None) -> None:
    """What was charged for has not been done: no room has seen anything."""
    for bucket, count in charges or ():
        bucket.give_back(count)


def passes(session: Session, request: AnyRequest, short: LimitReached | None) -> bool:
    """Say whether nothing is used up; refuse the request otherwise."""
    if short is None:
        return True
    # What is refused takes nothing.
    session.bucket.give_back()
    if session.crowd is not None:
        session.crowd.give_back()
    session.refuse_flood(request, short.wait, short.limit)
    return False


def _busy(session: Session, rooms: Iterable[str]) -> LimitReached | None:
    """Say whether one of these rooms has had as many entries from this node as it may."""
    hub, wait = session.hub, 0.0
    if not hub.rules.room_rate[0]:
        return None
    now = hub.clock()
    for name in rooms:
        if (room := hub.rooms.get("r:" + name)) is not None and room.pace is not None:
            wait = max(wait, room.pace.owed(now))
    return LimitReached(Limit.ROOM_RATE, wait) if wait else None


def _fill(session: Session, membership: Membership) -> None:
    """Let a visit count for the room; a quiet one is not told of it."""
    room = session.hub.rooms.get("r:" + membership.room)
    if room is not None and room.pace is not None and not membership.quiet:
        room.pace.charge(VISIT, session.hub.clock())
