"""Opens the port where clients connect."""

import itertools
import ssl
from collections.abc import Callable

from node.core.hub.hub import Hub
from node.net.connection import Connection
from node.net.connection_limits import ConnectionLimits
from node.net.peer import Peer
from node.net.tls_listener import Enter, TlsListener
from node.net.web.port import WebPort
from node.net.web.visit import Visit
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
        return Connection(hub, batch, Peer(limits, next(_numbers)), direct=tls is None)

    return await _listen(make, host, port, tls, limits, limits.enter)


async def listen_web(
    web: WebPort, host: str | list[str], port: int, tls: ssl.SSLContext | None
) -> Server:
    """Return a server for a node's clients in browsers that is listening.

    Raises OSError when the address cannot be used.
    """

    def make() -> Visit:
        return Visit(web, Peer(web.limits, next(_numbers), web.is_proxy))

    return await _listen(make, host, port, tls, web.limits, web.enter)


async def _listen(
    make: Callable[[], Connection | Visit],
    host: str | list[str],
    port: int,
    tls: ssl.SSLContext | None,
    limits: ConnectionLimits,
    enter: Enter,
) -> Server:
    if tls is not None:
        return TlsListener(listening.opened(host, port), make, limits, enter, tls)
    return await listening.serve(host, port, make)
