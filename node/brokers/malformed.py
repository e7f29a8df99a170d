"""Data from Redis that no node has written: another program's, or the result of a bug of ours.

They are counted and dropped, and never end a node; what they were about is read again.
"""

import logging
from collections.abc import Callable
from typing import Any, Protocol, TypeVar

log = logging.getLogger(__name__)

LOG_EVERY = 60.0
"""Seconds between two log lines about the same kind of problem."""
SHOWN = 120
"""Characters of a reason in the log."""

WRONG = (ValueError, TypeError, LookupError, AttributeError, ArithmeticError)
"""What a function that reads data may raise if they have an unexpected shape."""


T = TypeVar("T")


class Malformed(ValueError):
    """Data do not have the shape that nodes give them."""


class MalformedCounts(Protocol):
    """Counts malformed data."""

    malformed: int


def malformed(error: Exception) -> Malformed:
    """Return the error for data whose reading has raised one of ``WRONG``.

    It does not quote the data: they may be a message.
    """
    return Malformed(type(error).__name__)


def read(parse: Callable[[Any], T], data: Any) -> T:
    """Return what ``parse`` returns; raise Malformed, whatever is wrong with the data."""
    try:
        return parse(data)
    except WRONG as error:
        raise malformed(error) from error


def string(part: Any) -> bytes:
    """Return a part of a reply that has to be a string.

    Without this check, ``bytes`` of a number would be as many zeros.
    """
    if not isinstance(part, bytes):
        raise TypeError
    return part


class ProblemLog:
    """Counts malformed data, and logs each kind of problem once a minute at most."""

    def __init__(self, counts: MalformedCounts, clock: Callable[[], float]) -> None:
        self._counts = counts
        self._clock = clock
        self._logged_at: dict[str, float] = {}

    def dropped(self, kind: str, error: Exception) -> None:
        """Count malformed data that are dropped; ``kind`` is one of few, where they were found."""
        self._counts.malformed += 1
        # The log line shows no data: they may be a message.
        self.log("malformed " + kind, "dropped malformed data: %s (%s)", kind, error)

    def log(self, key: str, text: str, *args: object) -> None:
        """Log an error, unless one with the same key was logged within a minute."""
        now = self._clock()
        if now - self._logged_at.get(key, -LOG_EVERY) >= LOG_EVERY:
            self._logged_at[key] = now
            log.error(text, *(str(arg)[:SHOWN] for arg in args))
