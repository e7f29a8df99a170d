"""What a broker counts of its upkeep, for metrics. Nothing of it is counted for each message."""

from collections.abc import Mapping

from node.brokers.decode_seats import Ahead, Held, Other, Settled, Unhealed
from node.brokers.failures import REDIRECTS

FAILED = "failed"
"""The reply of a room that did not answer in time, or refused."""
_REPLIES: Mapping[type[object], str] = {
    Settled: "ok",
    Ahead: "ahead",
    Held: "held",
    Other: "other",
    Unhealed: "unhealed",
}


class BrokerCounts:
    """Counts what a cluster redirects, what rooms answer, and what is corrected.

    ``outs`` are departures and ended rooms that were waiting to be settled when the janitor looked
    last, ``outs_oldest`` the age of the oldest in seconds. ``clocks_apart`` is by how many seconds
    the clocks of servers differ.
    """

    __slots__ = (*("redirects", "settles", "audit_found", "outs", "outs_oldest", "clocks_apart"),)

    def __init__(self) -> None:
        # All values exist from the start, because a rate needs a zero to begin with.
        self.redirects = {code.lower(): 0 for code in REDIRECTS}
        self.settles = dict.fromkeys((*_REPLIES.values(), FAILED), 0)
        self.audit_found = 0
        self.outs = 0
        self.outs_oldest = 0.0
        self.clocks_apart = 0.0

    def redirected(self, error: Exception) -> None:
        """Count an answer of a master that has not run a call because of its slot."""
        self.redirects[str(error).split(" ", 1)[0].lower()] += 1

    def settled(self, outcome: object) -> None:
        """Count what a room answers about a session."""
        self.settles[_REPLIES.get(type(outcome), FAILED)] += 1

    def waiting(self, outs: int, oldest: float) -> None:
        """Note what waits to be settled."""
        self.outs, self.outs_oldest = outs, oldest

    def compared(self, seconds: float) -> None:
        """Note by how much the clocks of servers differ."""
        self.clocks_apart = seconds
