"""Whether the broker delivers to this node: the data are of a known format, and probes come back.

Each renewal of the lease publishes a probe on the node's own channel: the time of its sending.
"""

from collections.abc import Callable

PROBE_WITHIN = 5.0
"""Seconds within which a probe must have come back for the broker to count as delivering."""
DEAF_AFTER = 3.0
"""Seconds without a probe, though they are sent, after which the subscription is rebuilt."""


class Readiness:
    """Knows why a node is not ready, from its renewals and its probes.

    ``outage`` returns why Redis does not serve it; None if it does, as far as is known.
    """

    def __init__(self, outage: Callable[[], str | None] = lambda: None) -> None:
        self._outage = outage
        self.refused = False
        """The data in Redis have a format that this node does not know; it must not change them."""
        self.lag: float | None = None
        """Seconds that the last probe took to Redis and back."""
        self._reason = "the broker has not been reached yet"
        self._heard_at: float | None = None
        self._deaf_since: float | None = None

    def unreachable(self) -> None:
        """Note that a renewal was not answered, or was refused."""
        self._reason = "the broker does not answer in time, or is full"

    def refuse(self, reason: str) -> bool:
        """Note that the data must not be touched; return whether that is news."""
        news = reason != self._reason or not self.refused
        self._reason, self.refused = reason, True
        return news

    def accept(self) -> bool:
        """Note that the data have the right format; return whether that is news."""
        news, self.refused = self.refused, False
        return news

    def probe_sent(self, now: float) -> bool:
        """Note that a probe is under way; return whether the subscription has to be rebuilt."""
        if self._deaf_since is None:
            self._deaf_since = now
        elif now - self._deaf_since >= DEAF_AFTER:
            self._reason = "probes do not come back"
            self._deaf_since = now
            return True
        return False

    def probe_heard(self, now: float, sent: int) -> None:
        """Note that a probe has come back; ``sent`` is its time in microseconds."""
        self._heard_at = now
        self.lag = max(0.0, now - sent / 1e6)
        self._deaf_since = None
        # The reason if no other probe follows, unless a better one becomes known.
        self._reason = f"no probe has come back for {PROBE_WITHIN:g} s"

    def unready(self, now: float) -> str | None:
        """Return why the broker does not deliver; None if a probe came back lately."""
        if self.refused:
            return self._reason
        if self._heard_at is not None and now - self._heard_at < PROBE_WITHIN:
            return None
        if (reason := self._outage()) is not None:
            return f"the broker does not answer, or refuses: {reason}"
        return self._reason
