"""How much an address may write into logs in a day.

Of a room's log the newest entries are kept, so what is short costs Redis little, however much there
is of it: a room of 1,000 entries of up to ``SHORT`` bytes takes some 0.4 MB, and the rooms that one
makes are counted already. What counts is what is longer, and directs: anybody has an inbox.
"""

from node.core.limits.admission import AddressUsage

SHORT = 256
"""Bytes of a message to a room that cost nothing: most messages are shorter."""
AROUND = 128
"""Bytes that a direct takes in Redis besides its own."""


def of_message(usage: AddressUsage, body: bytes, now: float) -> float:
    """Charge a message to a room; return 0.0, or the seconds until it is allowed."""
    if usage.volume is None or (long := len(body) - SHORT) <= 0:
        return 0.0
    return usage.volume.take(now, long)


def of_direct(usage: AddressUsage, words: bytes, now: float) -> float:
    """Charge a direct message; return 0.0, or the seconds until it is allowed."""
    if usage.volume is None:
        return 0.0
    return usage.volume.take(now, len(words) + AROUND)
