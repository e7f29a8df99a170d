"""What the errors of redis-py and Redis mean for a call: lost, refused for now, or refused."""

import asyncio
from typing import Any

from redis import exceptions

BACKOFF = (0.02, 0.05, 0.1, 0.2, 0.5)
"""Seconds to wait after the first, second, ... failure in a row."""

LOST = (exceptions.ConnectionError, exceptions.TimeoutError, OSError, asyncio.TimeoutError)
"""The connection failed: it is not known whether the calls were done."""
NOT_NOW = ("LOADING", "READONLY", "MASTERDOWN", "NOREPLICAS", "MISCONF", "BUSY", "TRYAGAIN")
"""Codes of errors with which Redis refuses what it would accept at another time."""


def is_full(error: Exception) -> bool:
    """Say whether Redis has run out of memory, and has done nothing."""
    return isinstance(error, exceptions.OutOfMemoryError) or str(error).startswith("OOM ")


def is_passing(error: Any) -> bool:
    """Say whether Redis would accept the same call at another time."""
    if not isinstance(error, exceptions.RedisError):
        return False
    if isinstance(error, exceptions.BusyLoadingError | exceptions.ReadOnlyError):
        return True
    return str(error).split(" ", 1)[0] in NOT_NOW
