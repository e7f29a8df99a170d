"""What may be set of the core's behaviour, and what it counts."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from node.core.entries import Entry
from wire import limits
from wire.errors import Code, Reason

ANSWER_WITHIN = limits.ANSWER_WITHIN - 0.5
"""Seconds the broker has for a request: the rest is for the way to the client."""
REMEMBERED = 64 << 20
"""Bytes of entries in memory, if there is enough: the last 20 s at 8,000 messages a second. A Redis
that writes its append-only file once a second loses 2 s."""


Rate = tuple[float, float]
"""So many a second, and so many at once; the first one 0: no limit."""
NO_LIMIT: Rate = (0.0, 0.0)


class Limit(StrEnum):
    """What a stranger can run into: named after the setting, where there is one."""

    MAX_CLIENTS = "max-clients"
    PER_ADDRESS = "per-address"
    CONNECT_RATE = "connect-rate"
    FILES = "files"
    MEMORY = "memory"
    HELLO_WITHIN = "hello-within"
    RATE = "rate"
    ADDRESS_RATE = "address-rate"
    ADDRESS_BYTES = "address-bytes"
    ROOM_RATE = "room-rate"
    DIRECT_RATE = "direct-rate"
    ROOMS = "rooms"
    ROOMS_MADE = "rooms-made"
    LINES = "lines"
    BACKLOG = "backlog"
    UNREAD = "unread"
    PROXY_FROM = "proxy-from"


class CoreCounts(Protocol):
    """What the core counts."""

    entries: int
    deliveries: int
    holes_healed: int
    rewinds_healed: int
    gaps: int
    messages_in: int
    bytes_in: int
    bytes_out: int
    slow_readers: int
    silent_connections: int
    resumes: int
    awaited: str | None
    """The log of the one message that is being timed on its way, None while there is none."""

    def follow(self, log: str, id: bytes, arrived_at: float) -> None:
        """Time a message on its way to the readers of ``log``."""

    def handed_out(self, entries: Iterable[Entry]) -> None:
        """Entries of the awaited log were handed out."""

    def ticked(self, late: float) -> None:
        """The tick that is due once a second came so many seconds late."""

    def refused(self, code: Code) -> None:
        """A request was refused."""

    def said_bye(self, reason: Reason) -> None:
        """A connection was ended."""

    def hit(self, limit: Limit) -> None:
        """Somebody ran into a limit."""

    def proved(self, right: bool) -> None:
        """A password was looked at."""


@dataclass(frozen=True)
class Config:
    """What may be set of the core's behaviour; times are in seconds."""

    kept: int = 1000
    rate: Rate = (20.0, 60.0)
    ping_after: float = limits.PING_AFTER
    idle_after: float = limits.IDLE_AFTER
    answer_within: float = ANSWER_WITHIN
    backlog_low: int = 64
    hello_within: float = 0.0
    room_rate: Rate = NO_LIMIT
    direct_rate: Rate = NO_LIMIT
    rooms_made: int = 0
    remembered: int = REMEMBERED
    """Bytes of entries that the node keeps at hand, of all rooms together."""
    unread: int = 0
    """Bytes that all clients of an address may leave unread; 0 is no limit."""
