"""What stands between browsers and nodes, as a load balancer does."""

import asyncio
from collections.abc import Callable

from tests.support.node_process import Address
from tests.support.ports import free_port

CHUNK = 64 * 1024


class Joined:
    """A connection of a browser, and that of a node which it was given."""

    def __init__(self, relay: "Relay", near: asyncio.StreamWriter) -> None:
        self.relay = relay
        self.near = near
        self.far: asyncio.StreamWriter | None = None
        self.is_socket = False
        self.is_mute = False
        self.is_dead = False

    async def run(self, reader: asyncio.StreamReader) -> None:
        """Forward until one side ends."""
        try:
            answers, self.far = await asyncio.open_connection(*self.relay.choose())
            async with asyncio.TaskGroup() as group:
                group.create_task(self._forward(reader, self.far, is_answer=False))
                group.create_task(self._forward(answers, self.near, is_answer=True))
        except (OSError, ExceptionGroup):
            pass  # One side is gone; so is the other one, then.
        finally:
            self.abort()

    async def _forward(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, is_answer: bool
    ) -> None:
        while data := await reader.read(CHUNK):
            self.is_socket |= b"Sec-WebSocket-Key" in data
            if self.is_dead or (self.is_mute and is_answer):
                continue
            writer.write(data)
            await writer.drain()
        if not (self.is_dead or self.is_mute):
            raise ConnectionResetError("the other side ended it")

    def abort(self) -> None:
        """Break both connections."""
        for writer in (self.near, self.far):
            if writer is not None:
                writer.transport.abort()


class Relay:
    """Listens on a port of its own, and gives each connection to the first of its ``targets``.

    ``choose`` may be replaced by another choice.
    """

    def __init__(self, *targets: Address) -> None:
        self.targets = list(targets)
        self.choose: Callable[[], Address] = lambda: self.targets[0]
        self.address = Address("127.0.0.1", free_port())
        self._joined: set[Joined] = set()
        self._server: asyncio.Server | None = None

    @property
    def url(self) -> str:
        """The address of the page."""
        return f"http://{self.address.host}:{self.address.port}/"

    async def open(self) -> None:
        """Take connections, also again after ``close``."""
        self._server = await asyncio.start_server(self._take, *self.address)

    async def _take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        joined = Joined(self, writer)
        self._joined.add(joined)
        try:
            await joined.run(reader)
        finally:
            self._joined.discard(joined)

    def cut(self) -> None:
        """Break all connections."""
        for joined in list(self._joined):
            joined.abort()

    def close(self) -> None:
        """Break all connections, and take no others."""
        if self._server is not None:
            self._server.close()
        self.cut()

    def mute(self) -> None:
        """Lose what the nodes say, on the WebSockets that there are; later ones are whole."""
        for joined in self._joined:
            joined.is_mute = joined.is_socket

    def swallow(self) -> None:
        """Lose everything on the connections that there are, as in a tunnel, or in sleep."""
        for joined in self._joined:
            joined.is_dead = True
