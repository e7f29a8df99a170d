"""Accepts clients over TLS, and checks the connection limits before the handshake."""

import asyncio
import logging
import socket
import ssl
from collections.abc import Callable
from typing import Any, Protocol, cast

from node.core.limits.admission import AddressUsage, Refusal
from node.net.connection_limits import ConnectionLimits
from node.net.tls import explained
from node.process.listening import shown

log = logging.getLogger(__name__)

HANDSHAKE_WITHIN = 10.0
"""Seconds for a client to finish the TLS handshake."""
ACCEPT_MOST = 100
"""Most connections that are accepted in one turn of the loop."""
PAUSE = 1.0
"""Seconds until accepting is tried again after it failed, as in asyncio."""


class Admits(Protocol):
    """A protocol of asyncio whose client may be admitted before the connection is made."""

    def admit(self, usage: AddressUsage | None) -> None:
        """Mark the client as already admitted."""


Enter = Callable[[str], AddressUsage | Refusal | None]


class TlsListener:
    """Accepts clients, and makes connections of those that are admitted and finish the handshake.

    A server of asyncio does the handshake before the application can refuse: also with a client
    that connects a thousand times, or then sends nothing. A client over a limit is disconnected
    before the handshake, because there is no way to send it an error before that. ``sockets``
    listen; ``enter`` admits the client of an address.
    """

    def __init__(
        self,
        sockets: list[socket.socket],
        make: Callable[[], "Admits"],
        limits: ConnectionLimits,
        enter: Enter,
        tls: ssl.SSLContext,
    ) -> None:
        self.sockets = sockets
        self._make = make
        self._limits = limits
        self._enter = enter
        self._tls = tls
        self._loop = asyncio.get_running_loop()
        self._handshakes: set[asyncio.Task[None]] = set()
        for each in sockets:
            self._loop.add_reader(each, self._accept, each)

    def show(self, tls: ssl.SSLContext) -> None:
        """Show another certificate to clients that connect from now on."""
        self._tls = tls

    def close(self) -> None:
        """Stop accepting; handshakes under way go on."""
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
            limits = self._limits
            usage = limits.crowded(client.fileno(), new=1) or self._enter(peer[0])
            if isinstance(usage, Refusal):
                limits.log_refusal(usage.limit)
                client.close()
                continue
            client.setblocking(False)
            limits.handshake_started()  # before the next client is checked
            task = self._loop.create_task(self._shake_hands(client, peer, usage))
            self._handshakes.add(task)
            task.add_done_callback(self._handshakes.discard)

    def _go_on(self, listening: socket.socket) -> None:
        if listening.fileno() >= 0:
            self._loop.add_reader(listening, self._accept, listening)

    async def _shake_hands(
        self, client: socket.socket, peer: tuple[Any, ...], usage: AddressUsage | None
    ) -> None:
        connection = self._make()
        connection.admit(usage)
        try:
            await self._loop.connect_accepted_socket(
                *(lambda: cast(asyncio.Protocol, connection), client),
                ssl=self._tls,
                ssl_handshake_timeout=HANDSHAKE_WITHIN,
            )
        except OSError as error:  # errors of TLS too; the loop has closed the socket
            self._failed(peer, error)
            if usage is not None:
                self._limits.leave(usage)
        finally:
            self._limits.handshake_ended()

    def _failed(self, peer: tuple[Any, ...], error: OSError) -> None:
        """Log why a handshake failed; at the level debug if it is not an error of TLS.

        Such a client said nothing before it was gone, or for as long as it may take: a health check
        does so every second, and is counted.
        """
        services = self._limits.hub.services
        if isinstance(error, ssl.SSLError):
            level, reason = logging.INFO, explained(error)
        else:
            level, reason = logging.DEBUG, str(error) or "by the client"
            services.counts.silent_connections += 1
        facts = {"node": services.name, "peer": shown(peer), "reason": reason}
        log.log(level, "TLS handshake failed", extra=facts)
