"""Processes on cores of their own, and what they have used."""

import contextlib
import os
import resource
import socket
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).parent.parent
BUILD = ROOT / "build" / "bench"
START_WITHIN = 30.0
END_WITHIN = 10.0

CORES = sorted(os.sched_getaffinity(0))
SERVER_CORE = CORES[0]
LOAD_CORE = CORES[1 % len(CORES)]
REDIS_CORE = CORES[2] if len(CORES) > 2 else LOAD_CORE
"""The server has a core to itself; Redis shares the load's where there is no third one."""


class Failed(Exception):
    """A server or the load did not do what it should; the text is for the table."""


class Process:
    """A child on one core, whose output goes to a file."""

    def __init__(self, name: str, command: Sequence[str], core: int, **variables: str) -> None:
        BUILD.mkdir(parents=True, exist_ok=True)
        self.name = name
        self.log = BUILD / f"{name}.log"
        with self.log.open("wb") as log:
            self._child = subprocess.Popen(
                pinned(core, command),
                cwd=ROOT,
                env={**os.environ, **variables},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        self.pid = self._child.pid

    def listening(self, port: int) -> None:
        """Wait until it takes connections."""
        until = time.monotonic() + START_WITHIN
        while time.monotonic() < until and self._child.poll() is None:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port)):
                return
            time.sleep(0.05)
        raise Failed(f"{self.name} does not listen: {self.last_words()}")

    def last_words(self) -> str:
        """Return the end of what it wrote."""
        lines = self.log.read_text("utf-8", "replace").strip().splitlines()
        return lines[-1][:200] if lines else "(it wrote nothing)"

    def kill(self) -> None:
        """End it at once, as a crash would."""
        self._child.kill()
        self._child.wait()

    def stop(self) -> None:
        """End it, at once if it does not want to."""
        self._child.terminate()
        try:
            self._child.wait(END_WITHIN)
        except subprocess.TimeoutExpired:
            self.kill()

    def cpu(self) -> float:
        """Return the seconds of CPU that all its threads have used, to the microsecond."""
        total = 0
        for file in Path(f"/proc/{self.pid}/task").glob("*/schedstat"):
            with contextlib.suppress(OSError):
                total += int(file.read_text().split()[0])
        return total / 1e9

    def memory(self) -> int:
        """Return the bytes that it has in memory."""
        with contextlib.suppress(OSError):
            for line in Path(f"/proc/{self.pid}/status").read_text().splitlines():
                if line.startswith("VmRSS:"):
                    return int(line.split()[1]) * 1024
        return 0


def pinned(core: int, command: Sequence[str]) -> list[str]:
    """Return the command that runs another one on a core, with as many files as it may have."""
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    return ["taskset", "--cpu-list", str(core), *command]


_given: set[int] = set()


def free_port() -> int:
    """Return a port on which nobody listens, below those of outgoing connections.

    It is another one each time: a server takes several before it listens on any.
    """
    start = time.monotonic_ns() % 10000
    for number in range(10000):
        port = 21000 + (start + number) % 10000
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            if port not in _given:
                _given.add(port)
                return port
    raise Failed("no free port")
