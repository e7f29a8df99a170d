"""What was said and is not yet acknowledged, in order. Pure."""

from itertools import islice

from msgspec import Struct

from client.protocol.errors import is_passing, retry_after
from wire import limits
from wire.errors import Code
from wire.messages import Error, Send, SendDirect

MOST_FAULTS = 3
"""How often a message may meet a fault of the node's own before it counts as its cause."""
DOUBTFUL_AFTER = limits.REPEAT_WITHIN - 2 * limits.ANSWER_WITHIN
"""Seconds for which a repeat is sure to be recognised as one when it arrives."""


class Outgoing(Struct):
    """A message on its way.

    ``doubtful_since``: when it was written without an answer that tells whether it is in the log.
    """

    message: Send | SendDirect
    written_at: float | None = None
    doubtful_since: float | None = None
    faults: int = 0


class Outbox:
    """Holds messages until they are acknowledged or finally refused.

    ``window`` is how many may be on the wire at once. With 1, one's own order is kept whatever
    happens: when a message is refused for now (``rate-limited``, ``unavailable``), those behind it
    wait as well. What is on the wire already could not be held back, so a larger window buys speed
    with that promise.
    """

    def __init__(self, window: int = 1) -> None:
        self._window = window
        self._waiting: dict[str, Outgoing] = {}
        self._held_until: float | None = None

    def __len__(self) -> int:
        return len(self._waiting)

    @property
    def in_flight(self) -> bool:
        """Whether an answer is awaited."""
        return any(self._is_written(entry) for entry in self._front())

    @property
    def wake_at(self) -> float | None:
        """When ``due`` should be asked again, if no answer comes before."""
        return self._held_until if self._waiting else None

    def add(self, id: str, message: Send | SendDirect) -> None:
        """Put a message behind the others."""
        self._waiting[id] = Outgoing(message)

    def due(self, now: float) -> list[Send | SendDirect]:
        """Return what is to be written now."""
        if self._held_until is not None and now < self._held_until:
            return []
        self._held_until = None
        entries = [entry for entry in self._front() if not self._is_written(entry)]
        for entry in entries:
            entry.written_at = now
        return [entry.message for entry in entries]

    def settle(self, id: str) -> Send | SendDirect | None:
        """Forget a message that is acknowledged, and return it; None if there is none."""
        entry = self._waiting.pop(id, None)
        return None if entry is None else entry.message

    def refuse(self, error: Error, now: float) -> bool:
        """Take the refusal of the message ``error.id``; return whether it is final.

        If not, it and those behind it are held for the time the node asks for.
        """
        entry = self._waiting.get(error.id or "")
        if entry is None:
            return True
        if not is_passing(error) or entry.faults >= MOST_FAULTS:
            del self._waiting[error.id or ""]
            return True
        if error.code == Code.INTERNAL:
            entry.faults += 1
        if error.code != Code.RATE_LIMITED:
            self._doubt(entry)
        entry.written_at = None
        self._held_until = max(self._held_until or now, now + retry_after(error))
        return False

    def disconnected(self) -> None:
        """Whatever was on the wire is to be written again, on the next connection."""
        for entry in self._front():
            self._doubt(entry)
            entry.written_at = None

    def expire(self, now: float) -> list[str]:
        """Forget, and return the ids of, messages that can no longer be repeated safely.

        A node knows a repeat by its id for some minutes only. After that, one that had arrived
        the first time would be said twice: whether to say it again is for its author to decide.
        """
        gone = [
            id
            for id, entry in self._waiting.items()
            if entry.written_at is None
            and entry.doubtful_since is not None
            and now - entry.doubtful_since > DOUBTFUL_AFTER
        ]
        for id in gone:
            del self._waiting[id]
        return gone

    def _front(self) -> list[Outgoing]:
        return list(islice(self._waiting.values(), self._window))

    @staticmethod
    def _is_written(entry: Outgoing) -> bool:
        return entry.written_at is not None

    @staticmethod
    def _doubt(entry: Outgoing) -> None:
        if entry.doubtful_since is None:
            entry.doubtful_since = entry.written_at
