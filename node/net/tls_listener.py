"""Where clients come in over TLS: their addresses are looked at before the handshake."""

import asyncio
import os
import socket
import ssl
from collections.abc import Callable

from node.core.limits.admission import AddressUsage, Refusal
from node.net.connection import Connection
from node.net.connection_limits import ConnectionLimits

HANDSHAKE_WITHIN = 10.0
"""Seconds for a client to finish the TLS handshake."""
ACCEPT_MOST = 100
"""Connections that are accepted in one turn of the loop."""
PAUSE = 1.0
"""Seconds until accepting is tried again when it was not possible, as asyncio has it."""


class TlsListener:
    """Accepts clients, and makes a connection of those who may come in and finish the handshake.

    A server of asyncio shakes hands before anybody is asked: with who comes a thousand times, and
    with who then says nothing, too. Who may not come in is hung up on, for there is no way to tell
    it why before the handshake. ``sockets`` are bound.
    """

    def __init__(
        self,
        sockets: list[socket.socket],
        make: Callable[[], Connection],
        gate: ConnectionLimits,
        tls: ssl.SSLContext,
    ) -> None:
        self.sockets = sockets
        self._make = make
        self._gate = gate
        self._tls = tls
        self._loop = asyncio.get_running_loop()
        self._under_way: set[asyncio.Task[None]] = set()
        for each in sockets:
            each.setblocking(False)
            each.listen(1024)
            self._loop.add_reader(each, self._accept, each)

    def show(self, tls: ssl.SSLContext) -> None:
        """Show another certificate to clients that come from now on."""
        self._tls = tls

    def close(self) -> None:
        """Accept nobody any more; handshakes that are under way go on."""
        for each in self.sockets:
            if each.fileno() >= 0:
                self._loop.remove_reader(each)
                each.close()

    def _accept(self, listening: socket.socket) -> None:
        for _ in range(ACCEPT_MOST):
            try:
                client, peer = listening.accept()
            except (BlockingIOError, InterruptedError, ConnectionAbortedError):
                return
            except OSError as error:
                what = "socket.accept() out of system resource"
                context = {"message": what, "exception": error, "socket": listening}
                self._loop.call_exception_handler(context)
                self._loop.remove_reader(listening)
                self._loop.call_later(PAUSE, self._go_on, listening)
                return
            found = self._gate.crowded(client.fileno(), new=1) or self._gate.enter(peer[0])
            if isinstance(found, Refusal):
                self._gate.say(found.limit)
                client.close()
                continue
            client.setblocking(False)
            self._gate.handshakes += 1  # before the next one is looked at
            task = self._loop.create_task(self._shake(client, found))
            self._under_way.add(task)
            task.add_done_callback(self._under_way.discard)

    def _go_on(self, listening: socket.socket) -> None:
        if listening.fileno() >= 0:
            self._loop.add_reader(listening, self._accept, listening)

    async def _shake(self, client: socket.socket, caller: AddressUsage | None) -> None:
        connection = self._make()
        connection.admitted(caller)
        try:
            await self._loop.connect_accepted_socket(
                *(lambda: connection, client),
                ssl=self._tls,
                ssl_handshake_timeout=HANDSHAKE_WITHIN,
            )
        except OSError:  # what TLS finds wrong is one of these; the loop has closed it
            if caller is not None:
                self._gate.leave(caller)
        finally:
            self._gate.handshakes -= 1


async def bound(host: str | list[str], port: int) -> list[socket.socket]:
    """Return sockets that are bound to all addresses of a host. Raises OSError."""
    loop = asyncio.get_running_loop()
    # asyncio knows how; what it has bound is kept, and its server is not used.
    server = await loop.create_server(asyncio.Protocol, host, port, start_serving=False)
    sockets = [socket.socket(fileno=os.dup(each.fileno())) for each in server.sockets]
    server.close()
    return sockets
