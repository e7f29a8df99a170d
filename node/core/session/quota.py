"""How many rooms somebody may make.

It is counted on the connection and, with all others of its address, on the node. Whoever reconnects
begins at zero; an address gets its allowance back in the course of a day.
"""

from node.core.config import Limit
from node.core.requests import replies
from node.core.session.session import Session
from wire import limits
from wire.errors import Code


def reserve(session: Session, wanted: int) -> int:
    """Take up to ``wanted`` from what may still be made; return how many that are."""
    most = session.hub.rules.rooms_made
    if not most:
        return wanted
    rooms = session.caller.rooms if session.caller is not None else None
    now = session.hub.clock()
    count = min(wanted, most - session.made)
    if rooms is not None:
        count = min(count, rooms.spare(now))
        rooms.charge(count, now)
    session.made += count
    return count


def give_back(session: Session, count: int) -> None:
    """So many were not made after all."""
    if not session.hub.rules.rooms_made or not count:
        return
    session.made -= count
    if session.caller is not None and session.caller.rooms is not None:
        session.caller.rooms.give_back(count)


def too_many(session: Session) -> tuple[Code, str]:
    session.hub.counts.hit(Limit.ROOMS_MADE)
    return Code.TOO_MANY_ROOMS, "You have made as many rooms as you may; join one there is."


def refused(session: Session, places: int) -> tuple[Code, str]:
    """Say why a room of a hello was refused, who got so many ``places``."""
    if places >= limits.ROOMS:
        return replies.too_many(session)
    return too_many(session)
