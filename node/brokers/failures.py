"""What the errors of redis-py and Redis mean for a call: lost, refused for now, or refused."""

import asyncio
import re
from typing import Any

from redis import exceptions

from node.brokers.slot_map import UNKNOWN

WRONG_KIND = "cluster support disabled"
"""In the error of a server that is in no cluster, if it is asked about its cluster."""
BACKOFF = (0.02, 0.05, 0.1, 0.2, 0.5)
"""Seconds to wait after the first, second, ... failure in a row."""

LOST = (exceptions.ConnectionError, exceptions.TimeoutError, OSError, asyncio.TimeoutError)
"""The connection failed: it is not known whether the calls were done."""
NOT_NOW = ("LOADING", "READONLY", "MASTERDOWN", "NOREPLICAS", "MISCONF", "BUSY", "TRYAGAIN")
"""Codes of errors with which Redis refuses what it would accept at another time."""
REDIRECTS = ("MOVED", "ASK", "TRYAGAIN", "CLUSTERDOWN")
"""Codes of errors with which a Redis Cluster says that a slot is elsewhere, or moves."""
_MOVED = re.compile(r"MOVED ([0-9]+) (.+):([0-9]+)")


def is_redirect(error: Exception) -> bool:
    """Say whether a master has not run a call because of its slot."""
    return str(error).split(" ", 1)[0] in REDIRECTS


def is_down(error: Exception) -> bool:
    """Say whether a master serves nobody, or that no master serves a slot."""
    return str(error).startswith("CLUSTERDOWN")


def redirection(error: Exception) -> tuple[int, tuple[str, int]] | None:
    """Return the slot that MOVED names, and the address of its master; None for other errors.

    Without a host in it the master is where the error comes from, with another port; ``?`` is one
    that the server does not know. Then the map of slots says more.
    """
    if (found := _MOVED.match(str(error))) is None or found[2] == UNKNOWN:
        return None
    return int(found[1]), (found[2], int(found[3]))


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
