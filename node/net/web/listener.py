"""Opens the web port of a node."""

import ssl

from node.net.listener import Server, numbers, serve
from node.net.peer import Peer
from node.net.web.port import WebPort
from node.net.web.visit import Visit


async def listen(
    web: WebPort, host: str | list[str], port: int, tls: ssl.SSLContext | None
) -> Server:
    """Return a server for a node's clients in browsers that is listening.

    Raises OSError when the address cannot be used.
    """

    def make() -> Visit:
        return Visit(web, Peer(web.limits, next(numbers), web.is_proxy))

    return await serve(make, host, port, tls, web.limits, web.enter)
