"""How much memory the process has, and whether that is too much."""

import ctypes
import gc
import logging
import os
from pathlib import Path

log = logging.getLogger(__name__)

MIB = 1024 * 1024
HARD = 1.25
"""Above this part of the mark nobody comes in any more, not even to go on with a session."""
LEAVE = 0.95
"""Below this part of the mark newcomers are taken again: not at each little up and down."""
TRIM_EVERY = 10
"""Looks between two attempts to give memory back: what was freed is not returned by itself."""

_STATM = Path("/proc/self/statm")


def resident() -> int:
    """Return the bytes of memory that this process has, 0 where that is not told."""
    try:
        return int(_STATM.read_bytes().split()[1]) * os.sysconf("SC_PAGESIZE")
    except OSError:
        return 0


def give_back() -> None:
    """Return to the system what was freed."""
    gc.collect(0)
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)


class MemoryWatch:
    """Compares the process's memory with its mark, which is in bytes; 0 is none."""

    def __init__(self, mark: int) -> None:
        self.full = False
        self.overflowing = False
        self._mark = mark
        self._looks = 0

    def look(self, used: int) -> bool:
        """Take what is used now; say whether giving memory back is worth an attempt."""
        mark = self._mark
        if not mark:
            return False
        was = self.full
        self.full = used > (mark * LEAVE if was else mark)
        self.overflowing = used > mark * HARD
        if self.full != was:
            what = "short of memory: no newcomers" if self.full else "memory again: newcomers"
            log.warning(what, extra={"mib": used // MIB, "mark_mib": mark // MIB})
            self._looks = 0
        self._looks += 1
        return self.full and self._looks % TRIM_EVERY == 1
