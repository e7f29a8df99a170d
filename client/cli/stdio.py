"""Standard input, output and error for an event loop, in threads that may block.

The threads are daemons: one that hangs in a read or a write must not keep the process from ending.
For the same reason they use the file descriptors and not ``sys.stdin`` and ``sys.stdout``, whose
locks the interpreter takes at exit.
"""

import asyncio
import fcntl
import os
import select
import threading
from collections.abc import AsyncIterator, Callable, Coroutine
from concurrent.futures import CancelledError
from io import BufferedReader
from queue import Full, Queue, SimpleQueue
from stat import S_ISFIFO
from typing import Any

from client.cli.plain import fitted

_AHEAD = 100
"""Lines that are read ahead."""
_MOST_ERRORS = 1000
"""Messages that may wait to be written."""
_END_WITHIN = 0.5
"""Seconds for the last messages to be written at the end."""


async def read_lines(fd: int, longest: int) -> AsyncIterator[bytes | None]:
    """Iterate over the lines of a file, without their ends; None stands for a line too long.

    A line of more than ``longest`` bytes is skipped without storing it. Raises OSError.
    """
    queue: asyncio.Queue[bytes | None | OSError | EOFError] = asyncio.Queue(_AHEAD)
    loop = asyncio.get_running_loop()

    def pass_on(item: bytes | None | OSError | EOFError) -> None:
        putting: Coroutine[Any, Any, None] = queue.put(item)
        try:
            asyncio.run_coroutine_threadsafe(putting, loop).result()
        except RuntimeError:  # the loop is closed: the line is not needed
            putting.close()
            raise EOFError from None

    def read() -> None:
        try:
            with open(fd, "rb", closefd=False) as file:
                while line := file.readline(longest + 2):
                    pass_on(_whole(file, line, longest))
            pass_on(EOFError())
        except OSError as error:
            error.filename = "standard input"
            pass_on(error)
        except (CancelledError, EOFError):
            pass

    threading.Thread(target=read, name="standard input", daemon=True).start()
    while True:
        item = await queue.get()
        if isinstance(item, EOFError):
            return
        if isinstance(item, OSError):
            raise item
        yield item


def _whole(file: BufferedReader, line: bytes, longest: int) -> bytes | None:
    """Return ``line`` without its end; if it is too long, skip the rest and return None."""
    if not line.endswith(b"\n") and len(line) == longest + 2:
        while (part := file.readline(64 * 1024)) and not part.endswith(b"\n"):
            pass
        return None
    text = line.removesuffix(b"\n").removesuffix(b"\r")
    return text if len(text) <= longest else None


class Output:
    """Writes to a file descriptor from a thread, in order."""

    def __init__(self, fd: int) -> None:
        self._fd = fd
        self._jobs: SimpleQueue[tuple[bytes, asyncio.Future[None]]] = SimpleQueue()
        self._loop = asyncio.get_running_loop()
        threading.Thread(target=self._work, name="standard output", daemon=True).start()

    async def write(self, data: bytes) -> None:
        """Write all of ``data``. Raises OSError; BrokenPipeError when the reader is gone."""
        done: asyncio.Future[None] = self._loop.create_future()
        self._jobs.put((data, done))
        await done

    def _work(self) -> None:
        while True:
            data, done = self._jobs.get()
            failure: OSError | None = None
            try:
                write_all(self._fd, data)
            except OSError as error:
                error.filename = "standard output"
                failure = error
            try:
                self._loop.call_soon_threadsafe(_settle, done, failure)
            except RuntimeError:  # the loop is closed
                return


class ErrorOutput:
    """Writes error messages to a file descriptor from a thread; never waits or fails.

    If nobody reads them, messages beyond ``_MOST_ERRORS`` are dropped and counted.
    """

    def __init__(self, fd: int) -> None:
        self._fd = fd
        self._lines: Queue[str | threading.Event] = Queue(_MOST_ERRORS)
        self._dropped = 0
        self._lock = threading.Lock()
        threading.Thread(target=self._work, name="standard error", daemon=True).start()

    def __call__(self, trouble: str) -> None:
        """Write a message."""
        try:
            self._lines.put_nowait(trouble)
        except Full:
            with self._lock:
                self._dropped += 1

    def finish(self) -> None:
        """Wait for a bounded time until all is written."""
        written = threading.Event()
        try:
            self._lines.put_nowait(written)
        except Full:
            return
        written.wait(_END_WITHIN)

    def _work(self) -> None:
        while True:
            line = self._lines.get()
            if isinstance(line, threading.Event):
                line.set()
                continue
            self._write(line)
            with self._lock:
                dropped, self._dropped = self._dropped, 0
            if dropped:
                self._write(f"{dropped} messages were dropped: nobody read them")

    def _write(self, line: str) -> None:
        try:
            text = fitted(f"chat: {line}", self._fd)
            write_all(self._fd, f"{text}\n".encode(errors="backslashreplace"))
        except OSError:
            pass  # nowhere left to report it


def watch_reader(fd: int, gone: Callable[[], object]) -> None:
    """Call ``gone`` when the reader of the pipe ``fd`` is gone; never if ``fd`` is no pipe.

    A write would fail as well, but only once there is something to write.
    """
    one_way = fcntl.fcntl(fd, fcntl.F_GETFL) & os.O_ACCMODE == os.O_WRONLY
    if not (one_way and S_ISFIFO(os.fstat(fd).st_mode)):
        return
    loop = asyncio.get_running_loop()

    def tell() -> None:
        loop.remove_reader(fd)
        gone()

    loop.add_reader(fd, tell)  # the writing end of a pipe becomes "readable" only by an error


def write_all(fd: int, data: bytes) -> None:
    """Write all of ``data``, blocking. Raises OSError."""
    while data:
        try:
            data = data[os.write(fd, data) :]
        except BlockingIOError:  # another process that shares it made it non-blocking
            select.select([], [fd], [])


def _settle(done: asyncio.Future[None], failure: OSError | None) -> None:
    if done.done():
        return
    if failure:
        done.set_exception(failure)
    else:
        done.set_result(None)
