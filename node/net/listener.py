"""Where clients come in."""

import asyncio
import itertools
import ssl

from node.core.hub import Hub
from node.net.connection import Connection
from node.net.flush import Flush
from node.net.gate import Gate

HANDSHAKE_WITHIN = 10.0
"""Seconds for a client to finish the TLS handshake."""

_numbers = itertools.count(1)


async def listen(
    hub: Hub, flush: Flush, host: str, port: int, tls: ssl.SSLContext | None, gate: Gate
) -> asyncio.Server:
    """Return a server of a node's clients that listens already.

    Raises OSError when the address cannot be had.
    """
    loop = asyncio.get_running_loop()
    return await loop.create_server(
        lambda: Connection(hub, flush, gate, next(_numbers)),
        host,
        port,
        ssl=tls,
        ssl_handshake_timeout=HANDSHAKE_WITHIN if tls else None,
        backlog=1024,
    )
