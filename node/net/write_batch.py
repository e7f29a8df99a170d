"""One write for each client and turn: bytes gather here and go out together."""

import asyncio
import os
from collections.abc import Callable, Collection
from typing import Protocol, cast

from node.core.interfaces import Transport


class Writer(Protocol):
    """What is written to. ``put`` writes bytes now.

    ``file`` is the socket if they may go there at once, else -1: a transport that has nothing to
    wait for does just that, but it takes an eighth of the time of a delivery to find out.
    """

    file: int
    put: Callable[[bytes], None]

    def rest(self, data: bytes) -> None:
        """Write what the socket did not take, when it does."""

    def fed(self) -> None:
        """What was fed is written: more may come."""


class WriteCounts(Protocol):
    """What is counted here."""

    bytes_out: int


class WriteBatch:
    """Knows what waits for each client, and writes it at the end of the turn."""

    def __init__(self, counts: WriteCounts) -> None:
        self._counts = counts
        self._waiting: dict[Writer, bytes] = {}
        self._fed: dict[Writer, None] = {}

    def fan_out(self, outlets: Collection[Transport], data: bytes) -> None:
        """Queue the same bytes at many clients: mostly nothing else waits, and it is one step."""
        # All outlets of this process are connections; the core knows them by what it needs.
        writers = cast(Collection[Writer], outlets)
        self._counts.bytes_out += len(data) * len(writers)
        waiting = self._waiting
        if not waiting:
            self._waiting = dict.fromkeys(writers, data)
            if self._waiting:
                asyncio.get_running_loop().call_soon(self._flush)
            return
        for writer in writers:
            waiting[writer] = waiting[writer] + data if writer in waiting else data

    def add(self, writer: Writer, data: bytes) -> None:
        """Queue bytes at one client."""
        self._counts.bytes_out += len(data)
        waiting = self._waiting
        if not waiting:
            asyncio.get_running_loop().call_soon(self._flush)
        waiting[writer] = waiting[writer] + data if writer in waiting else data

    def feed(self, writer: Writer, data: bytes) -> None:
        """Queue bytes at one client, which is told when they are written."""
        self.add(writer, data)
        self._fed[writer] = None

    def take(self, writer: Writer) -> bytes:
        """Return what waits for a client, for who cannot wait for the end of the turn."""
        return self._waiting.pop(writer, b"")

    @staticmethod
    def write(writer: Writer, data: bytes) -> None:
        """Write to a client's socket, and leave to its transport what that does not take."""
        try:
            sent = os.write(writer.file, data)
        except OSError:  # it is full, or broken: the transport can tell
            sent = 0
        if sent != len(data):
            writer.rest(data[sent:])

    def _flush(self) -> None:
        waiting, self._waiting = self._waiting, {}
        fed, self._fed = self._fed, {}
        write = os.write
        for writer, data in waiting.items():
            if (file := writer.file) < 0:
                writer.put(data)
                continue
            try:  # as ``write`` does; a call more would be felt
                sent = write(file, data)
            except OSError:
                sent = 0
            if sent != len(data):
                writer.rest(data[sent:])
        for writer in fed:
            writer.fed()
