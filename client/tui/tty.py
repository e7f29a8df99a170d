"""The terminal as the output of the screen. A thread writes to it, because it may block.

A multiplexer that scrolls back, or a hanging network, stops the terminal. If the event loop wrote
to it, it would block, answer no pings and lose the connection.
"""

import asyncio
import os
import sys
import threading
from collections.abc import Callable

from client.cli.stdio import write_all

PROMPT_WITHIN = 0.05
"""Seconds for a write; a terminal that takes longer counts as stopped."""
END_WITHIN = 1.0
"""Seconds for the last writes when the client ends."""


class Tty:
    """Replaces ``sys.stdout`` for prompt_toolkit.

    While the terminal is prompt, ``flush`` waits until it has taken the data. Once it has stopped,
    one redraw waits and later ones are dropped; ``repaint`` is called in the loop when it goes on.
    """

    def __init__(
        self,
        repaint: Callable[[], None],
        fd: int = 1,
        write: Callable[[int, bytes], None] = write_all,
    ) -> None:
        self._keeps = False
        self.encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
        self.buffer = self
        self._repaint = repaint
        self._fd = fd
        self._write = write
        self._loop = asyncio.get_running_loop()
        self._waiting = bytearray()
        self._is_written = True
        self._has_stopped = self._is_stale = False
        self._failure: OSError | None = None
        self._changed = threading.Condition()
        threading.Thread(target=self._work, name="terminal", daemon=True).start()

    def write(self, data: bytes) -> int:
        """Write data in the thread. Raises OSError when the terminal is gone."""
        with self._changed:
            if self._failure is not None:
                raise self._failure
            if self._has_stopped and not self._keeps:
                self._is_stale = True
            else:
                self._waiting += data
                self._is_written = False
                self._changed.notify_all()
        return len(data)

    def keep_all(self) -> None:
        """Drop nothing any more: the last writes restore the terminal."""
        self._keeps = True

    def flush(self) -> None:
        """Wait until the data is written, unless the terminal has stopped."""
        with self._changed:
            if not self._has_stopped:
                self._has_stopped = not self._wait(PROMPT_WITHIN)

    def finish(self) -> None:
        """Wait for a bounded time until all is written."""
        with self._changed:
            self._wait(END_WITHIN)

    def _wait(self, seconds: float) -> bool:
        return self._changed.wait_for(lambda: self._is_written, seconds)

    def fileno(self) -> int:
        """Return the file descriptor."""
        return self._fd

    def isatty(self) -> bool:
        """Return whether it is a terminal."""
        return os.isatty(self._fd)

    def _work(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._waiting)
                data = bytes(self._waiting)
                self._waiting.clear()
            try:
                self._write(self._fd, data)
            except OSError as error:
                self._failure = error
            with self._changed:
                if self._waiting and self._failure is None:
                    continue
                self._is_written = True
                is_stale, self._has_stopped, self._is_stale = self._is_stale, False, False
                self._changed.notify_all()
            try:
                if is_stale:
                    self._loop.call_soon_threadsafe(self._repaint)
            except RuntimeError:
                pass  # the loop is closed
            if self._failure is not None:
                return
