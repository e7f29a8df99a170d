"""Detects a node that does not answer at the start of a connection. Pure: the time is passed in."""

from client.transport.keepalive import Keepalive, Verdict

PING_WHEN_GREETING = 1.0
"""Seconds of silence before a ping while ``hello`` is unanswered."""
SOONER = 4.0
"""Seconds by which a node that leaves that ping unanswered is given up sooner for another one."""


class FirstAnswer(Keepalive):
    """Judges a node also before its welcome: a silent one is pinged once.

    A pong comes ahead of requests that wait. With ``has_others``, other nodes to try, a node that
    does not answer the ping is soon given up.
    """

    def __init__(self, now: float, *, has_others: bool = False) -> None:
        super().__init__(now)
        self._ping_at: float | None = now + PING_WHEN_GREETING
        self._sooner = SOONER if has_others else 0.0

    def heard(self, now: float) -> None:
        """Note that a line came: from now on it is a node like others."""
        super().heard(now)
        self._ping_at, self._sooner = None, 0.0

    def next_at(self, owed: bool) -> float:
        """Return when to call ``judge``; ``owed``: an answer is due."""
        return super().next_at(owed) - self._sooner if self._ping_at is None else self._ping_at

    def judge(self, now: float, owed: bool) -> Verdict:
        """Return the verdict; PING is returned once, and counts as sent."""
        if self._ping_at is not None and now >= self._ping_at:
            self._ping_at = None
            return Verdict.PING
        return super().judge(now, owed)
