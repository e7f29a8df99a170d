"""What a process costs, as Linux tells it."""

import os
from dataclasses import dataclass
from math import nan
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")
_KILOBYTE = 1024


@dataclass(frozen=True)
class Cost:
    """Megabytes before and at most; seconds of processor time."""

    before: float
    peak: float
    seconds: float


class Watch:
    """Looks at a process from now on."""

    def __init__(self, pid: int) -> None:
        self._proc = Path(f"/proc/{pid}")
        self._before = self._memory("VmRSS")
        self._since = self._processor()

    def cost(self) -> Cost:
        """Return what it has cost since; the peak is of its whole life. NaN if it has ended."""
        try:
            return Cost(self._before, self._memory("VmHWM"), self._processor() - self._since)
        except (OSError, ValueError):
            return Cost(self._before, nan, nan)

    def _memory(self, field: str) -> float:
        for line in (self._proc / "status").read_text().splitlines():
            if line.startswith(f"{field}:"):
                return int(line.split()[1]) * _KILOBYTE / 1e6
        raise ValueError(f"{self._proc} has no {field}: has it ended?")

    def _processor(self) -> float:
        # The name in parentheses may hold anything, so what follows it is counted from its end.
        fields = (self._proc / "stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / _TICKS
