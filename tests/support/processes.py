"""What the processes that tests start have in common."""

import asyncio
import contextlib
import os
import signal
from pathlib import Path

END_WITHIN = 10.0
"""Seconds in which a killed process is gone."""


LOOK_EVERY = 0.02
"""Seconds between two looks at the log: a file does not tell when it grows."""


class Process:
    """A child process whose standard error (and output, unless read) goes to a file.

    A file never fills up, whoever forgets to read it, and is whole after a crash.
    """

    def __init__(self, log: Path) -> None:
        self._log = log
        self._process: asyncio.subprocess.Process | None = None

    @property
    def log(self) -> str:
        """Everything that it wrote so far."""
        return self._log.read_text("utf-8", "replace") if self._log.exists() else ""

    async def logs(self, text: str, within: float = END_WITHIN) -> str:
        """Wait until there is a line with a text; return the first one."""
        try:
            async with asyncio.timeout(within):
                while True:
                    for line in self.log.splitlines():
                        if text in line:
                            return line
                    await asyncio.sleep(LOOK_EVERY)
        except TimeoutError:
            raise AssertionError(f"no line with {text!r} after {within} s:\n{self.log}") from None

    @property
    def child(self) -> asyncio.subprocess.Process:
        """The process of the operating system."""
        assert self._process is not None, "not started"
        return self._process

    @property
    def pid(self) -> int:
        """Its number."""
        return self.child.pid

    @property
    def running(self) -> bool:
        """Whether it has been started and has not ended."""
        return self._process is not None and self._process.returncode is None

    def signal(self, number: int) -> None:
        """Send it a signal, if it still runs."""
        if self.running:
            with contextlib.suppress(ProcessLookupError):
                # Not send_signal, which looks whether the child has ended: if it then has, its exit
                # status is lost to those who wait for it.
                os.kill(self.pid, number)

    def pause(self) -> None:
        """SIGSTOP: it hangs, and its connections stay open."""
        self.signal(signal.SIGSTOP)

    def resume(self) -> None:
        """SIGCONT: it goes on as if nothing had been."""
        self.signal(signal.SIGCONT)

    def terminate(self) -> None:
        """SIGTERM."""
        self.signal(signal.SIGTERM)

    async def kill(self) -> None:
        """SIGKILL, and wait until it is gone; a process that has ended is fine."""
        self.signal(signal.SIGKILL)
        if self._process is not None:
            await self.wait()

    async def wait(self, within: float = END_WITHIN) -> int:
        """Return its exit status once it has ended: -N after signal N."""
        try:
            async with asyncio.timeout(within):
                return await self.child.wait()
        except TimeoutError:
            raise AssertionError(f"still running after {within} s:\n{self.log}") from None
