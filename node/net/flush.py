"""One write for each client and turn: bytes gather here and go out together."""

import asyncio
from collections.abc import Iterable
from typing import Protocol, cast

from node.core.ports import Outlet


class Writer(Protocol):
    """What is flushed: ``parts`` wait for the end of the turn."""

    parts: list[bytes]

    def flush(self) -> None:
        """Write the parts."""


class Flush:
    """Knows which clients have bytes waiting, and writes them at the end of the turn."""

    def __init__(self) -> None:
        self._dirty: list[Writer] = []

    def fan_out(self, outlets: Iterable[Outlet], data: bytes) -> None:
        """Queue the same bytes at many clients: two appends and no copy for each."""
        dirty = self._dirty
        was_clean = not dirty
        # All outlets of this process are connections; the core knows them by what it needs.
        for outlet in cast(Iterable[Writer], outlets):
            parts = outlet.parts
            if not parts:
                dirty.append(outlet)
            parts.append(data)
        if was_clean and dirty:
            asyncio.get_running_loop().call_soon(self._flush)

    def add(self, writer: Writer, data: bytes) -> None:
        """Queue bytes at one client."""
        if not self._dirty:
            asyncio.get_running_loop().call_soon(self._flush)
        if not writer.parts:
            self._dirty.append(writer)
        writer.parts.append(data)

    def _flush(self) -> None:
        dirty, self._dirty = self._dirty, []
        for writer in dirty:
            writer.flush()
