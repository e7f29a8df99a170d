"""Where clients come in."""

import asyncio
import itertools
import ssl

from node.core.hub import Hub
from node.net.connection import Connection
from node.net.flush import Flush

_numbers = itertools.count(1)


async def listen(
    hub: Hub, flush: Flush, host: str, port: int, tls: ssl.SSLContext | None, proxy: bool
) -> asyncio.Server:
    """Return a server of a node's clients that listens already.

    Raises OSError when the address cannot be had.
    """
    loop = asyncio.get_running_loop()
    return await loop.create_server(
        lambda: Connection(hub, flush, proxy, next(_numbers)), host, port, ssl=tls, backlog=1024
    )
