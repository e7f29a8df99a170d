"""What may be set of the core's behaviour, and what it counts."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Protocol

from node.core.ports import Entry
from wire import limits
from wire.errors import Code, Reason

ANSWER_WITHIN = limits.ANSWER_WITHIN - 0.5
"""Seconds the broker has for a request: the rest is for the way to the client."""


class Counts(Protocol):
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


@dataclass(frozen=True)
class Rules:
    """What may be set of the core's behaviour; times are in seconds."""

    kept: int = 1000
    rate: tuple[float, float] = (20.0, 60.0)
    token: bytes = field(default=b"", repr=False)
    ping_after: float = limits.PING_AFTER
    idle_after: float = limits.IDLE_AFTER
    answer_within: float = ANSWER_WITHIN
    backlog_low: int = 64
