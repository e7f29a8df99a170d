"""How much an address may write into logs in a day.

Of a room's log the newest entries are kept, so what is short costs Redis little, however much there
is of it: a room of 1,000 entries of up to ``SHORT`` bytes takes some 0.4 MB, and the rooms that one
makes are counted already. What counts is what is longer, and directs: anybody has an inbox.
"""

from node.core.config import Limit
from node.core.limits.admission import AddressUsage
from node.core.session.session import Session
from wire.errors import Code
from wire.messages import Send, SendDirect

SHORT = 256
"""Bytes of a message to a room that count for nothing: most of what people say is shorter."""
AROUND = 128
"""Bytes that a direct takes in Redis besides its own."""


def of_message(caller: AddressUsage, body: bytes, now: float) -> float:
    """Charge a message to a room; return 0.0, or the seconds until it is allowed."""
    if caller.volume is None or (long := len(body) - SHORT) <= 0:
        return 0.0
    return caller.volume.take(now, long)


def of_direct(caller: AddressUsage, words: bytes, now: float) -> float:
    """Charge a direct message; return 0.0, or the seconds until it is allowed."""
    if caller.volume is None:
        return 0.0
    return caller.volume.take(now, len(words) + AROUND)


def refuse(session: Session, request: Send | SendDirect, wait: float) -> None:
    """Answer a message that is too much."""
    session.hub.counts.hit(Limit.ADDRESS_BYTES)
    room = request.room if isinstance(request, Send) else None
    text = "Your address has written as much as it may for now; write shorter, or wait."
    session.error(Code.RATE_LIMITED, text, request.ref, request.id, room, wait)
