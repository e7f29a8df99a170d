"""Writes lines to standard output and error from threads, so that a full pipe blocks nothing.

A pipe takes 64 KiB; then a write blocks until something reads. A stopped terminal does the same.
The threads are daemons, and write to the file descriptors, because ``sys.stderr`` has a lock that
the interpreter takes when it ends.
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
"""Most characters that wait to be written: some 7,000 lines, of 3,500 connections."""
END_WITHIN = 0.5
"""Seconds to write the queued lines when the process ends."""


class LogQueue:
    """Writes lines to a file descriptor in order, and drops lines while the queue is full.

    In the place of dropped lines it writes ``notice(count)``, which is called in the thread.
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
        """Number of lines that were never written."""
        self._fd = fd
        self._notice = notice
        self._encoding = encoding
        self._most = most
        self._write = write
        self._waiting: deque[str] = deque()
        self._held = 0
        self._unreported = 0  # lines dropped after the last that is waiting
        self._is_writing = False
        # A re-entrant lock: the garbage collector may run, and log, at any point.
        self._changed = threading.Condition()
        threading.Thread(target=self._work, name="log", daemon=True).start()

    def put(self, line: str) -> None:
        """Queue a line, without its newline; never blocks."""
        with self._changed:
            # After a line is dropped, all are, until the thread takes the queue: so the notice
            # stands where they are missing.
            if self._unreported or self._held + len(line) > self._most:
                self._unreported += 1
                self.dropped += 1
            else:
                self._waiting.append(line)
                self._held += len(line)
            self._changed.notify_all()

    def flush(self, within: float = END_WITHIN) -> bool:
        """Wait at most so many seconds until all lines are written; return whether they are."""
        with self._changed:
            return self._changed.wait_for(self._is_done, within)

    def _is_done(self) -> bool:
        return not (self._waiting or self._unreported or self._is_writing)

    def _work(self) -> None:
        lost = 0  # lines that could not be written, and are not reported yet
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._waiting or self._unreported)
                lines, unreported = list(self._waiting), self._unreported
                self._waiting.clear()
                self._unreported = 0
                self._is_writing = True
            size = sum(map(len, lines))
            before, after = ([self._notice(count)] if count else [] for count in (lost, unreported))
            text = "".join([f"{line}\n" for line in (*before, *lines, *after)])
            failed = 0
            try:
                self._write_all(text.encode(self._encoding, "backslashreplace"))
                lost = 0
            except OSError:
                # The pipe is closed, or the disk is full; a later write may succeed.
                failed = len(lines)
                lost += failed + unreported
            with self._changed:
                self.dropped += failed
                self._held -= size
                self._is_writing = False
                self._changed.notify_all()

    def _write_all(self, data: bytes) -> None:
        while data:
            try:
                data = data[self._write(self._fd, data) :]
            except BlockingIOError:  # another process that shares the file set it non-blocking
                select.select([], [self._fd], [])


_all: list[LogQueue] = []


def of(stream: TextIO | None, notice: Callable[[int], str]) -> LogQueue | None:
    """Return a queue for a stream's file descriptor; None if it has none."""
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
    """Return the queue for standard output."""
    return of(sys.stdout, lambda count: f"({count} lines were dropped)")


def flush(within: float = END_WITHIN) -> None:
    """Wait until all queues are written, at most so many seconds in all."""
    end = monotonic() + within
    for lines in _all:
        lines.flush(max(0.0, end - monotonic()))
