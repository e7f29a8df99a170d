"""What an address holds of a node's memory by not reading: no more than its share."""

from collections import defaultdict
from collections.abc import Iterable

from node.core.session.session import Session

PART = 8
"""An address may hold that part of the mark in what its clients do not read: one that holds more
keeps newcomers out with the help of few others."""


def share(mark: int) -> int:
    """Return how many bytes all clients of an address may leave unread; 0 is no limit."""
    return mark // PART


def beyond(most: int, sessions: Iterable[Session]) -> list[Session]:
    """Return the sessions without which no address has more unread than that: those of it that
    have not read for longest."""
    held: dict[str, list[Session]] = defaultdict(list)
    for session in sessions:
        if session.paused_at is not None and session.caller is not None:
            held[session.caller.address].append(session)
    found = []
    for slow in held.values():
        unread = {session: session.outlet.unread for session in slow}
        total = sum(unread.values())
        if total <= most:
            continue
        for session in sorted(slow, key=lambda one: one.paused_at or 0.0):
            found.append(session)
            total -= unread[session]
            if total <= most:
                break
    return found
