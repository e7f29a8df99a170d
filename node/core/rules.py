"""What may be set of the core's behaviour, and what it counts."""

from dataclasses import dataclass, field
from typing import Protocol

from wire import limits
from wire.errors import Code, Reason

ANSWER_WITHIN = limits.ANSWER_WITHIN - 0.5
"""Seconds the broker has for a request: the rest is for the way to the client."""


class Counts(Protocol):
    """What the core counts."""

    deliveries: int
    holes_healed: int
    rewinds_healed: int
    gaps: int
    messages_in: int
    bytes_in: int
    bytes_out: int
    slow_readers: int
    resumes: int

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
