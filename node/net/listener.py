"""Opens the port where clients connect."""

import asyncio
import itertools
import ssl

from node.core.hub.hub import Hub
from node.net.connection import Connection
from node.net.connection_limits import ConnectionLimits
from node.net.tls_listener import TlsListener, bound
from node.net.write_batch import WriteBatch

Server = asyncio.Server | TlsListener

_numbers = itertools.count(1)


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
        return Connection(hub, batch, limits, next(_numbers), direct=tls is None)

    if tls is not None:
        return TlsListener(await bound(host, port), make, limits, tls)
    return await asyncio.get_running_loop().create_server(make, host, port, backlog=1024)
