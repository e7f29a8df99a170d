"""Opens connections to the nodes."""

import ssl
from collections.abc import Callable

from client.transport.active_link import ActiveLink
from client.transport.addresses import Address, Endpoints
from client.transport.runtime import Runtime
from client.transport.stream import LineTransport

OPEN_WITHIN = 12.0
"""Seconds for a connection in all, also if a name has many addresses that do not answer."""

TakeLines = Callable[[list[bytes]], None]


class Connector:
    """The addresses of the nodes, and how to connect to them."""

    def __init__(
        self, endpoints: Endpoints, runtime: Runtime, tls: ssl.SSLContext | None = None
    ) -> None:
        self.endpoints = endpoints
        self._runtime = runtime
        self._tls = tls

    @property
    def has_tls(self) -> bool:
        """Whether connections are made with TLS."""
        return self._tls is not None

    async def open(self, address: Address, take_lines: TakeLines) -> ActiveLink:
        """Connect to an address. Raises OSError; TimeoutError is one."""
        made: list[LineTransport] = []

        def make() -> LineTransport:
            made.append(LineTransport(take_lines))
            return made[-1]

        opening = self._runtime.open(make, address.host, address.port, self._tls)
        try:
            link = await self._runtime.within(OPEN_WITHIN, opening)
        except BaseException:
            # If the caller is cancelled just when the connection is made, it would stay open.
            for each in made:
                each.end("no longer needed")
            raise
        has_others = self.endpoints.has_untried
        return ActiveLink(link, address, self._runtime.clock(), has_others=has_others)
