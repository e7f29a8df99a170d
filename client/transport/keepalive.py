"""Whether the node at the other end is still there. Pure: told the time, never asks for it."""

from enum import Enum, auto

from wire import limits

PING_WHEN_IDLE = limits.PING_AFTER / 2
"""Seconds of silence after which any node is asked: one that hangs says no goodbye."""
PING_WHEN_OWED = 2.0
"""Seconds of silence after which a node that owes an answer is asked whether it is there."""
WELCOME_WITHIN = limits.ANSWER_WITHIN + 2.0
"""Seconds for a node to answer ``hello``: its own bound, and the way there and back."""


class Verdict(Enum):
    """What to do about the node."""

    FINE = auto()
    PING = auto()
    DEAD = auto()


class Keepalive:
    """Judges a node by the lines that come from it; any line is a sign of life."""

    def __init__(self, now: float) -> None:
        self._heard_at = now
        self._asked_at = now
        self._pinged_at: float | None = None
        self._welcome_by: float | None = now + WELCOME_WITHIN

    def welcomed(self) -> None:
        """The session has begun: from now on silence alone counts."""
        self._welcome_by = None

    def heard(self, now: float) -> None:
        """A line came, or reading begins again after a pause that was one's own."""
        self._heard_at = now
        self._pinged_at = None

    def asked(self, now: float) -> None:
        """Something was written to the node; the first time since it was heard is what counts."""
        if self._asked_at <= self._heard_at:
            self._asked_at = now

    def next_at(self, owed: bool) -> float:
        """Return when to ask for a verdict again; ``owed``: an answer is awaited."""
        if self._welcome_by is not None:
            return self._welcome_by
        if self._pinged_at is not None:
            return self._pinged_at + limits.PONG_WITHIN
        idle_at = self._heard_at + PING_WHEN_IDLE
        if not owed:
            return idle_at
        return min(idle_at, max(self._heard_at, self._asked_at) + PING_WHEN_OWED)

    def judge(self, now: float, owed: bool) -> Verdict:
        """Return the verdict; PING is said once, and counts as done."""
        if now < self.next_at(owed):
            return Verdict.FINE
        if self._welcome_by is not None or self._pinged_at is not None:
            return Verdict.DEAD
        self._pinged_at = now
        return Verdict.PING
