"""Presence is traffic: entering, leaving and another nick make an entry in each room.

So they count as one request for each room, and as one message to it. They are charged when they are
asked for; what was too much is made up for by waiting. Entering pays for leaving too: a connection
may break at any time, and that cannot be refused.
"""

from collections.abc import Iterable, Sequence
from math import inf

from node.core.config import Limit
from node.core.limits.token_bucket import TokenBucket
from node.core.model import Claim, Claimed, Denied, Failure, Membership
from node.core.session.connection import ClientConnection
from node.core.session.quota import LimitReached
from wire import limits
from wire.messages import AnyRequest, SetNick

VISIT = 2
"""Entries that a room gets for each session that enters it: another one when it leaves."""
SOON = 0.1
"""Seconds to wait where nothing tells how long: the hellos under way are answered by then."""

Charges = list[tuple[TokenBucket, int]]


# A hello


def short_for(connection: ClientConnection, rooms: Iterable[str]) -> LimitReached | None:
    """Say whether a session that enters these rooms may not begin now.

    A session that goes on enters nothing, and whether it does is known only from the broker: so
    nothing is charged yet, and what other hellos may still be charged is taken as used up.
    """
    if (short := _busy(connection, rooms)) is not None:
        return short
    bucket, usage = connection.quota.address_bucket, connection.quota.usage
    if bucket is None or usage is None:
        return None
    wait = bucket.owed(connection.services.clock(), usage.entering)
    return LimitReached(Limit.ADDRESS_RATE, wait) if wait else None


def reserve(connection: ClientConnection, claim: Claim) -> None:
    """Count what a claim costs, if it begins a session, until the broker has answered it."""
    if connection.quota.usage is not None and claim.nick:
        connection.quota.usage.begin_hello(_cost(claim.rooms, claim.default_room))


def settle(connection: ClientConnection, claim: Claim, reply: Claimed | Denied | Failure) -> None:
    """Charge for the rooms that a claim has entered."""
    if connection.quota.usage is not None and claim.nick:
        connection.quota.usage.end_hello(_cost(claim.rooms, claim.default_room))
    if not isinstance(reply, Claimed):
        return
    entered = [
        membership for membership in reply.memberships if membership.entered or not reply.resumed
    ]
    if not entered:
        return
    now = connection.services.clock()
    # A connection's own bucket does not outlive it: it need not pay for leaving.
    connection.quota.bucket.charge(len(entered) - 1, now)
    if connection.quota.address_bucket is not None:
        connection.quota.address_bucket.charge(VISIT * len(entered), now, inf)
    for membership in entered:
        _fill(connection, membership)


def refuse(connection: ClientConnection, request: AnyRequest, short: LimitReached | None) -> None:
    """Refuse a hello that begins a session, after the broker was asked: that is not given back."""
    connection.refuse_flood(request, short or LimitReached(Limit.ADDRESS_RATE, SOON))


def _cost(rooms: Sequence[str], default: str) -> int:
    return VISIT * (min(len(rooms), limits.ROOMS) or bool(default))


# Other requests


def entered(connection: ClientConnection, membership: Membership) -> None:
    """Charge for a room that was joined; the request itself is counted already."""
    if connection.quota.address_bucket is not None:
        connection.quota.address_bucket.charge(VISIT - 1, connection.services.clock(), inf)
    _fill(connection, membership)


def may_join(connection: ClientConnection, request: AnyRequest, room: str) -> bool:
    """Say whether a room takes another member now; refuse the request if not."""
    return passes(connection, request, _busy(connection, [room]))


def charge_nick(connection: ClientConnection, request: SetNick) -> Charges | None:
    """Charge for another nick in all rooms of a session; None if the request is refused for now."""
    now, own, shared = (
        connection.services.clock(),
        connection.quota.bucket,
        connection.quota.address_bucket,
    )
    short = _busy(connection, connection.session.rooms)
    # It may have waited behind other changes of nick, which were charged after it came.
    if shared is not None and (wait := shared.owed(now)):
        short = LimitReached(Limit.ADDRESS_RATE, wait)
    if wait := own.owed(now):
        short = LimitReached(Limit.RATE, wait)
    if not passes(connection, request, short):
        return None
    paces = [member.room.pace for member in connection.session.rooms.values()]
    charges = [(pace, 1) for pace in paces if pace is not None]
    if (more := len(connection.session.rooms) - 1) > 0:
        charges += [(bucket, more) for bucket in (own, shared) if bucket is not None]
    for bucket, count in charges:
        bucket.charge(count, now, inf)
    return charges


def give_back(charges: Charges | None) -> None:
    """Undo a charge: no room has got an entry."""
    for bucket, count in charges or ():
        bucket.give_back(count)


def passes(connection: ClientConnection, request: AnyRequest, short: LimitReached | None) -> bool:
    """Say whether no limit is used up; refuse the request, at no cost, if one is."""
    if short is None:
        return True
    connection.quota.give_back()
    connection.refuse_flood(request, short)
    return False


def _busy(connection: ClientConnection, rooms: Iterable[str]) -> LimitReached | None:
    """Return a limit if one of the rooms has got as many entries from this node as it may."""
    services, wait = connection.services, 0.0
    if not services.config.room_rate[0]:
        return None
    now = services.clock()
    for name in rooms:
        if (room := services.rooms.get(name)) is not None and room.pace is not None:
            wait = max(wait, room.pace.owed(now))
    return LimitReached(Limit.ROOM_RATE, wait) if wait else None


def _fill(connection: ClientConnection, membership: Membership) -> None:
    """Charge a visit to the room, unless it is a quiet one, which gets no entries."""
    room = connection.services.rooms.get(membership.room)
    if room is not None and room.pace is not None and not membership.quiet:
        room.pace.charge(VISIT, connection.services.clock())
