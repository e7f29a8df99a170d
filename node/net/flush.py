"""One write for each client and turn: bytes gather here and go out together."""

import asyncio
from collections.abc import Iterable
from typing import Protocol, cast

from node.core.ports import Outlet


class Writer(Protocol):
    """What is written to."""

    def send(self, data: bytes) -> None:
        """Write bytes now."""


class Flush:
    """Knows what waits for each client, and writes it at the end of the turn."""

    def __init__(self) -> None:
        self._waiting: dict[Writer, bytes] = {}

    def fan_out(self, outlets: Iterable[Outlet], data: bytes) -> None:
        """Queue the same bytes at many clients: mostly nothing else waits, and it is one step."""
        # All outlets of this process are connections; the core knows them by what it needs.
        writers = cast(Iterable[Writer], outlets)
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
        waiting = self._waiting
        if not waiting:
            asyncio.get_running_loop().call_soon(self._flush)
        waiting[writer] = waiting[writer] + data if writer in waiting else data

    def take(self, writer: Writer) -> bytes:
        """Return what waits for a client, for who cannot wait for the end of the turn."""
        return self._waiting.pop(writer, b"")

    def _flush(self) -> None:
        waiting, self._waiting = self._waiting, {}
        for writer, data in waiting.items():
            writer.send(data)
