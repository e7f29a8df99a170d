"""Lines to standard output and error, from threads: a pipe that nobody reads holds up nothing.

It takes 64 KiB, and then a write waits for a reader; so it is with a terminal that is stopped. The
threads are daemons, and use the file descriptors: ``sys.stderr`` has a lock that the interpreter
wants at its end.
"""

import os
import select
import sys
import threading
from collections import deque
from collections.abc import Callable
from functools import cache
from time import monotonic
from typing import TextIO

HELD_MOST = 1024 * 1024
"""Characters that may wait to be written: some 7,000 lines, of 3,500 connections."""
END_WITHIN = 0.5
"""Seconds for what waits to be written when a process ends."""


class LogQueue:
    """Writes lines to a file descriptor, in order, and drops what there is no room for.

    Where some were dropped, ``notice`` makes the line that says how many, for their place. It is
    called in the thread.
    """

    def __init__(
        self,
        fd: int,
        notice: Callable[[int], str],
        encoding: str = "utf-8",
        most: int = HELD_MOST,
        write: Callable[[int, bytes], int] = os.write,
    ) -> None:
        self.dropped = 0
        """Lines that were never written, in all."""
        self._fd = fd
        self._notice = notice
        self._encoding = encoding
        self._most = most
        self._write = write
        self._waiting: deque[str] = deque()
        self._held = 0
        self._untold = 0  # dropped, behind all that is waiting
        self._is_writing = False
        # Its lock may be taken twice: the collector may log, in the middle of anything.
        self._changed = threading.Condition()
        threading.Thread(target=self._work, name="log", daemon=True).start()

    def put(self, line: str) -> None:
        """Have a line written, without its end; never wait."""
        with self._changed:
            # After one that is dropped all are, until the thread takes what waits: then the notice
            # of them stands where they are missing.
            if self._untold or self._held + len(line) > self._most:
                self._untold += 1
                self.dropped += 1
            else:
                self._waiting.append(line)
                self._held += len(line)
            self._changed.notify_all()

    def flush(self, within: float = END_WITHIN) -> bool:
        """Wait until all is written, for so many seconds; return whether it is."""
        with self._changed:
            return self._changed.wait_for(self._is_done, within)

    def _is_done(self) -> bool:
        return not (self._waiting or self._untold or self._is_writing)

    def _work(self) -> None:
        lost = 0  # of what could not be written
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._waiting or self._untold)
                lines, untold = list(self._waiting), self._untold
                self._waiting.clear()
                self._untold = 0
                self._is_writing = True
            size = sum(map(len, lines))
            before, after = ([self._notice(count)] if count else [] for count in (lost, untold))
            text = "".join([f"{line}\n" for line in (*before, *lines, *after)])
            failed = 0
            try:
                self._write_all(text.encode(self._encoding, "backslashreplace"))
                lost = 0
            except OSError:
                # Nobody will read it, or the disk is full; another time it may be otherwise.
                failed = len(lines)
                lost += failed + untold
            with self._changed:
                self.dropped += failed
                self._held -= size
                self._is_writing = False
                self._changed.notify_all()

    def _write_all(self, data: bytes) -> None:
        while data:
            try:
                data = data[self._write(self._fd, data) :]
            except BlockingIOError:  # somebody who shares it made it so
                select.select([], [self._fd], [])


_all: list[LogQueue] = []


def of(stream: TextIO | None, notice: Callable[[int], str]) -> LogQueue | None:
    """Return lines to where a stream goes; None where it goes nowhere, or not to a file."""
    if stream is None:
        return None
    try:
        made = LogQueue(stream.fileno(), notice, stream.encoding, HELD_MOST)
    except (OSError, ValueError):  # io.UnsupportedOperation is both
        return None
    _all.append(made)
    return made


@cache
def output() -> LogQueue | None:
    """Return lines to standard output."""
    return of(sys.stdout, lambda count: f"({count} lines were dropped)")


def flush(within: float = END_WITHIN) -> None:
    """Wait until all lines are written, but no longer than so many seconds for them together."""
    end = monotonic() + within
    for lines in _all:
        lines.flush(max(0.0, end - monotonic()))
