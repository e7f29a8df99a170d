"""Where clients come in."""

import asyncio
import itertools
import ssl

from node.core.hub import Hub
from node.net.connection import Connection
from node.net.connection_limits import ConnectionLimits
from node.net.tls_listener import TlsListener, bound
from node.net.write_batch import WriteBatch

Server = asyncio.Server | TlsListener

_numbers = itertools.count(1)


async def listen(
    hub: Hub,
    flush: WriteBatch,
    host: str | list[str],
    port: int,
    tls: ssl.SSLContext | None,
    gate: ConnectionLimits,
) -> Server:
    """Return a server of a node's clients that listens already.

    Raises OSError when the address cannot be had.
    """

    def make() -> Connection:
        return Connection(hub, flush, gate, next(_numbers), direct=tls is None)

    if tls is not None:
        return TlsListener(await bound(host, port), make, gate, tls)
    return await asyncio.get_running_loop().create_server(make, host, port, backlog=1024)
