"""Messages that are not acknowledged yet, in order. Pure."""

from itertools import islice

from msgspec import Struct

from client.protocol.errors import is_passing, retry_after
from wire import limits
from wire.errors import Code
from wire.messages import Error, Send, SendDirect

MOST_FAULTS = 3
"""Answers of ``internal`` before the message itself is taken as the cause."""
DOUBTFUL_AFTER = limits.REPEAT_WITHIN - 2 * limits.ANSWER_WITHIN
"""Seconds for which the nodes are sure to recognise a repeated message by its id."""


class Outgoing(Struct):
    """A message on its way.

    ``doubtful_since``: when it was first written without a clear answer. It may be in the log.
    """

    message: Send | SendDirect
    written_at: float | None = None
    doubtful_since: float | None = None
    faults: int = 0


class Outbox:
    """Holds messages until they are acknowledged or finally refused.

    ``window`` is how many may be on the wire at once. With 1 the author's order is always kept:
    when a message is refused for now (``rate-limited``, ``unavailable``), those behind it wait.
    A larger window is faster and gives up that promise, because messages that are on the wire
    cannot be held back.
    """

    def __init__(self, window: int = 1) -> None:
        self._window = window
        self._waiting: dict[str, Outgoing] = {}
        self._held_until: float | None = None
        self._held_for = ""

    def __len__(self) -> int:
        return len(self._waiting)

    @property
    def in_flight(self) -> bool:
        """Whether an answer is awaited."""
        return any(self._is_written(entry) for entry in self._front())

    @property
    def is_throttled(self) -> bool:
        """Whether the messages wait because of the node's rate limit."""
        return self._held_until is not None and self._held_for == Code.RATE_LIMITED

    @property
    def wake_at(self) -> float | None:
        """When to call ``due`` again, if no answer comes before."""
        return self._held_until if self._waiting else None

    def add(self, id: str, message: Send | SendDirect, doubtful_since: float | None = None) -> None:
        """Put a message behind the others; an earlier client may have written it already."""
        self._waiting[id] = Outgoing(message, doubtful_since=doubtful_since)

    def all(self) -> list[tuple[Send | SendDirect, float | None]]:
        """Return all messages in order, each with the time when it was first written, if it was."""
        return [
            (each.message, each.written_at if each.doubtful_since is None else each.doubtful_since)
            for each in self._waiting.values()
        ]

    def due(self, now: float) -> list[Send | SendDirect]:
        """Return the messages to write now."""
        if self._held_until is not None and now < self._held_until:
            return []
        self._held_until = None
        entries = [entry for entry in self._front() if not self._is_written(entry)]
        for entry in entries:
            entry.written_at = now
        return [entry.message for entry in entries]

    def settle(self, id: str) -> Send | SendDirect | None:
        """Remove an acknowledged message and return it; None if there is none."""
        entry = self._waiting.pop(id, None)
        return None if entry is None else entry.message

    def refuse(self, error: Error, now: float) -> bool:
        """Handle the refusal of the message ``error.id``; return whether it is final.

        If not, this message and those behind it wait for the time that the node asks for.
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
        self._held_for = error.code
        self._held_until = max(self._held_until or now, now + retry_after(error))
        return False

    def disconnected(self) -> None:
        """Write what was on the wire again, on the next connection."""
        for entry in self._front():
            self._doubt(entry)
            entry.written_at = None

    def expire(self, now: float) -> list[str]:
        """Remove messages that can no longer be repeated safely, and return their ids.

        The nodes recognise a repeat by its id for some minutes only. After that, a message that was
        stored the first time would be stored twice, so its author has to decide.
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
