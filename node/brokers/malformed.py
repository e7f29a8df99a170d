"""What Redis answers or tells that no node has written: another program's data, or a fault of ours.

It is counted and dropped, and never ends a node. What it was about is looked up again.
"""

import logging
from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, Protocol, TypeVar

log = logging.getLogger(__name__)

SAY_EVERY = 60.0
"""Seconds between two lines in the log about the same kind of thing."""
SHOWN = 120
"""Characters of a reason in the log."""

WRONG = (ValueError, TypeError, LookupError, AttributeError, ArithmeticError)
"""What reading something of another shape raises; the readers do nothing but read."""

P = ParamSpec("P")
T = TypeVar("T")


class Malformed(ValueError):
    """Something is not of the shape that nodes give it."""


class MalformedCounts(Protocol):
    """What is counted here."""

    malformed: int


def reading(read: Callable[P, T]) -> Callable[P, T]:
    """Let a function that reads a reply raise Malformed, whatever is the matter with that."""

    @wraps(read)
    def reader(*args: P.args, **named: P.kwargs) -> T:
        try:
            return read(*args, **named)
        except WRONG as error:
            raise Malformed(f"{read.__name__}: {type(error).__name__}") from error

    return reader


class Oddities:
    """Counts what is malformed, and logs each kind of it now and then: there may be very many."""

    def __init__(self, counts: MalformedCounts, clock: Callable[[], float]) -> None:
        self._counts = counts
        self._clock = clock
        self._said: dict[str, float] = {}

    def drop(self, kind: str, error: Exception) -> None:
        """Something malformed is dropped; ``kind`` is one of few, what it was in."""
        self._counts.malformed += 1
        # The reason names no bytes: they may be what somebody has said.
        self.say("malformed " + kind, "dropped what no node has written: %s (%s)", kind, error)

    def say(self, key: str, text: str, *args: object) -> None:
        """Log an error, unless one of the same key was logged lately."""
        now = self._clock()
        if now - self._said.get(key, -SAY_EVERY) >= SAY_EVERY:
            self._said[key] = now
            log.error(text, *(str(arg)[:SHOWN] for arg in args))
