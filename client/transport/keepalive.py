"""Detects a node that does not answer any more. Pure: the time is passed in."""

from enum import Enum, auto

from wire import limits

PING_WHEN_IDLE = limits.PING_AFTER / 2
"""Seconds of silence before a ping: a node that hangs sends no bye."""
PING_WHEN_OWED = 2.0
"""Seconds of silence before a ping while an answer is due."""
WELCOME_WITHIN = limits.ANSWER_WITHIN + 2.0
"""Seconds for a node to answer ``hello``: its own limit plus the round trip."""


class Verdict(Enum):
    """What to do about the node."""

    FINE = auto()
    PING = auto()
    DEAD = auto()


class Keepalive:
    """Judges a node by the lines it sends; any line is a sign of life."""

    def __init__(self, now: float) -> None:
        self._heard_at = now
        self._asked_at = now
        self._pinged_at: float | None = None
        self._welcome_by: float | None = now + WELCOME_WITHIN

    def welcomed(self) -> None:
        """Note that the session has begun: from now on only silence counts."""
        self._welcome_by = None

    def heard(self, now: float) -> None:
        """Note that a line came, or that reading resumes after a pause of our own."""
        self._heard_at = now
        self._pinged_at = None

    def asked(self, now: float) -> None:
        """Note that something was written; the first time after the last line counts."""
        if self._asked_at <= self._heard_at:
            self._asked_at = now

    def next_at(self, owed: bool) -> float:
        """Return when to call ``judge``; ``owed``: an answer is due."""
        if self._welcome_by is not None:
            return self._welcome_by
        if self._pinged_at is not None:
            return self._pinged_at + limits.PONG_WITHIN
        idle_at = self._heard_at + PING_WHEN_IDLE
        if not owed:
            return idle_at
        return min(idle_at, max(self._heard_at, self._asked_at) + PING_WHEN_OWED)

    def judge(self, now: float, owed: bool) -> Verdict:
        """Return the verdict; PING is returned once, and counts as sent."""
        if now < self.next_at(owed):
            return Verdict.FINE
        if self._welcome_by is not None or self._pinged_at is not None:
            return Verdict.DEAD
        self._pinged_at = now
        return Verdict.PING
