"""Finds out, once, whether the URL is of the right kind: of a single Redis, or of a cluster."""

import asyncio
from typing import Any

from redis import exceptions

from node.brokers.outage import MEANING, NO_CLUSTER


class WrongUrl(Exception):
    """The URL is that of a single Redis, and the server is one of a cluster, or the reverse."""


class ServerKind:
    """Ends a node at its start if the URL is of the wrong kind; later that is an outage."""

    def __init__(self) -> None:
        self._known = asyncio.Event()
        self._wrong: WrongUrl | None = None

    async def ask(self, connection: Any) -> None:
        """Ask a server that should be the only one, on a new connection of redis-py."""
        if self._known.is_set():
            return
        await connection.send_command("INFO", "cluster")
        try:
            reply = await connection.read_response()
        except exceptions.ResponseError:
            # Its user may not ask. Then the first error that says MOVED is logged.
            reply = b""
        if b"cluster_enabled:1" in reply:
            self._refuse(MEANING["MOVED"])
        self._known.set()

    def found_cluster(self) -> None:
        """Note that a server has told the map of its cluster."""
        self._known.set()

    def found_none(self) -> None:
        """Note that a server says that it is in no cluster."""
        if not self._known.is_set():
            self._refuse(NO_CLUSTER)

    def _refuse(self, text: str) -> None:
        self._wrong = WrongUrl(text)
        self._known.set()

    async def check(self) -> None:
        """Wait until the kind is known. Raises WrongUrl."""
        await self._known.wait()
        if self._wrong is not None:
            raise self._wrong
