"""How much of a node's memory the clients of one address may hold by not reading."""

from collections import defaultdict
from collections.abc import Iterable

from node.core.session.connection import ClientConnection

PART = 8
"""An address may hold the mark divided by this: with more, few addresses could fill the memory and
keep newcomers out."""


def share(mark: int) -> int:
    """Return how many bytes all clients of an address may leave unread; 0 is no limit."""
    return mark // PART


def beyond(most: int, connections: Iterable[ClientConnection]) -> list[ClientConnection]:
    """Return the connections to end, so that no address has more than ``most`` bytes unread.

    Of each address, those that have not read for longest.
    """
    held: dict[str, list[ClientConnection]] = defaultdict(list)
    for connection in connections:
        if connection.keepalive.paused_at is not None and connection.quota.usage is not None:
            held[connection.quota.usage.address].append(connection)
    found = []
    for slow in held.values():
        unread = {connection: connection.transport.unread for connection in slow}
        total = sum(unread.values())
        if total <= most:
            continue
        for connection in sorted(slow, key=lambda one: one.keepalive.paused_at or 0.0):
            found.append(connection)
            total -= unread[connection]
            if total <= most:
                break
    return found
