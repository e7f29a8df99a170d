"""How much memory the process uses, and whether that is too much."""

import ctypes
import gc
import logging
import os
from pathlib import Path

log = logging.getLogger(__name__)

MIB = 1024 * 1024
HARD = 1.25
"""Times the mark above which no client is admitted any more, not even to continue a session."""
LEAVE = 0.95
"""Times the mark below which new clients are admitted again: small changes do not matter."""
TRIM_EVERY = 10
"""Checks between two attempts to return freed memory to the system, which needs to be asked."""

_STATM = Path("/proc/self/statm")


def resident() -> int:
    """Return the bytes of memory that this process uses, 0 where the system does not tell."""
    try:
        return int(_STATM.read_bytes().split()[1]) * os.sysconf("SC_PAGESIZE")
    except OSError:
        return 0


def give_back() -> None:
    """Return freed memory to the system."""
    gc.collect(0)
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)


class MemoryWatch:
    """Compares the memory that is used with the mark, in bytes; 0 for no mark.

    ``full``: above the mark. ``overflowing``: far above it.
    """

    def __init__(self, mark: int) -> None:
        self.full = False
        self.overflowing = False
        self._mark = mark
        self._looks = 0

    def look(self, used: int) -> bool:
        """Take the bytes that are used now; return whether to try to give memory back."""
        mark = self._mark
        if not mark:
            return False
        was = self.full
        self.full = used > (mark * LEAVE if was else mark)
        self.overflowing = used > mark * HARD
        if self.full != was:
            what = (
                "short of memory: refusing new clients"
                if self.full
                else "enough memory again: accepting new clients"
            )
            log.warning(what, extra={"mib": used // MIB, "mark_mib": mark // MIB})
            self._looks = 0
        self._looks += 1
        return self.full and self._looks % TRIM_EVERY == 1
