"""Opens the port where clients connect."""

import asyncio
import itertools
import ssl
from collections.abc import Callable
from typing import cast

from node.core.hub.hub import Hub
from node.net.connection import Connection
from node.net.connection_limits import ConnectionLimits
from node.net.peer import Peer
from node.net.tls_listener import Admits, Enter, TlsListener
from node.net.write_batch import WriteBatch
from node.process import listening

Server = listening.Listeners | TlsListener

numbers = itertools.count(1)
"""The numbers of connections in the log."""


async def listen(
    hub: Hub,
    batch: WriteBatch,
    host: str | list[str],
    port: int,
    tls: ssl.SSLContext | None,
    limits: ConnectionLimits,
) -> Server:
    """Return a server for a node's clients that is listening.

    Raises OSError when the address cannot be used.
    """

    def make() -> Connection:
        return Connection(hub, batch, Peer(limits, next(numbers)), direct=tls is None)

    return await serve(make, host, port, tls, limits, limits.enter)


async def serve(
    make: Callable[[], Admits],
    host: str | list[str],
    port: int,
    tls: ssl.SSLContext | None,
    limits: ConnectionLimits,
    enter: Enter,
) -> Server:
    """Return a server that is listening, and calls ``make`` for each connection.

    With TLS ``enter`` admits clients, before the handshake. Raises OSError when the address cannot
    be used.
    """
    if tls is not None:
        return TlsListener(listening.opened(host, port), make, limits, enter, tls)
    return await listening.serve(host, port, cast(Callable[[], asyncio.Protocol], make))
