"""Whether a client still speaks and still reads. Pure: it is told the time."""

from enum import Enum

from node.core.config import Config

SLOW_FOR = 5.0
"""Seconds for which a client may read nothing while the node is short of memory."""


class Verdict(Enum):
    """What has to be done about a client, as far as time is concerned."""

    FINE = "nothing"
    PING = "it has been silent for some time: ask for a sign of life"
    NO_HELLO = "it has not said hello in time"
    IDLE = "it has been silent for too long"
    SLOW = "it has read nothing for too long"


class Keepalive:
    """Remembers when a client last spoke, and since when it has not read."""

    __slots__ = ("heard_at", "paused_at", "_opened_at", "_pinged", "_unread")

    def __init__(self, now: float) -> None:
        self.heard_at = now
        self.paused_at: float | None = None
        self._opened_at = now
        self._pinged = False
        self._unread = 0

    def hear(self, now: float) -> None:
        """The client has said something."""
        self.heard_at = now

    def extend_hello(self, now: float) -> None:
        """Give the client its time for a hello again: the delay was the node's."""
        self._opened_at = now

    def pause(self, now: float, unread: int) -> None:
        """The client reads more slowly than it is written to: so many bytes wait for it."""
        self.paused_at, self._unread = now, unread

    def resume(self, now: float) -> None:
        """The client has read what was written."""
        if self.paused_at is not None:
            self.paused_at, self.heard_at = None, now

    def verdict(
        self, now: float, config: Config, greeted: bool, unread: int, short_of_memory: bool
    ) -> Verdict:
        """Judge the client; ``unread`` is how many bytes wait for it, if it is paused.

        ``greeted``: it holds a session, or did.
        """
        if not greeted and 0 < config.hello_within <= now - self._opened_at:
            return Verdict.NO_HELLO
        # A client that does not read is not read from either: its silence says nothing.
        silence = now - self.heard_at if self.paused_at is None else 0.0
        ping = False
        if silence < config.ping_after:
            self._pinged = False
        elif silence >= config.idle_after:
            return Verdict.IDLE
        elif not self._pinged:
            self._pinged = ping = True
        if self.paused_at is not None:
            if unread < self._unread:
                self.paused_at, self._unread = now, unread
            elif now - self.paused_at >= (SLOW_FOR if short_of_memory else config.idle_after):
                return Verdict.SLOW
        return Verdict.PING if ping else Verdict.FINE
