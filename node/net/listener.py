"""Opens the port where clients connect."""

import itertools
import ssl

from node.core.hub.hub import Hub
from node.net.connection import Connection
from node.net.connection_limits import ConnectionLimits
from node.net.tls_listener import TlsListener
from node.net.write_batch import WriteBatch
from node.process import listening

Server = listening.Listeners | TlsListener

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
        return TlsListener(listening.opened(host, port), make, limits, tls)
    return await listening.serve(host, port, make)
