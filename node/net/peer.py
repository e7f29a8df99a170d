"""The other end of a connection: its address, and whether it is admitted."""

import asyncio
import logging
from collections.abc import Callable

from node.core.limits.admission import AddressUsage, Refusal
from node.net.connection_limits import ConnectionLimits
from node.net.proxy_protocol import BadProxyHeader, ProxyReader
from node.process.listening import shown

log = logging.getLogger(__name__)


class Peer:
    """Admits one client to the node, or refuses it, and knows its address for limits and logs.

    The address is that of the socket, or the one in a PROXY header: then the client is admitted
    only after the header. ``usage`` is what its address has used up, None where no limit applies.
    ``turned_away``: it was refused, or its header was. ``is_front`` says of an address whether it
    is that of a proxy which names its clients in requests: it is admitted as nobody, see
    ``stand_for``.
    """

    __slots__ = (
        *("address", "admitted", "usage", "turned_away"),
        *("_limits", "_number", "_name", "_proxy", "_is_lingering", "_is_front", "_front"),
    )

    def __init__(
        self,
        limits: ConnectionLimits,
        number: int,
        is_front: Callable[[str], bool] = lambda _address: False,
    ) -> None:
        self.address = ""
        self.admitted = False
        self.usage: AddressUsage | None = None
        self.turned_away = False
        self._limits = limits
        self._number = number
        self._name = ""
        self._proxy = ProxyReader() if limits.proxy else None
        self._is_lingering = False
        self._is_front = is_front
        self._front: tuple[str, str] | None = None

    def admit(self, usage: AddressUsage | None) -> None:
        """Mark the client as admitted."""
        self.admitted = True
        self.usage = usage

    def connected(self, name: tuple[str, int] | None, descriptor: int) -> Refusal | None:
        """Take the socket's name and descriptor; admit the client, unless a header is to come.

        Return why it is refused, if it is.
        """
        self._name_it(name)
        if self.admitted:
            return None
        if (refusal := self._limits.crowded(descriptor)) is not None:
            return refusal
        return self._enter() if self._proxy is None else None

    def read_header(
        self, data: bytes, transport: asyncio.Transport, refuse: Callable[[Refusal], None]
    ) -> bytes:
        """Take a PROXY header off the front, and return the bytes after it.

        The connection is closed for a bad one. ``refuse`` is called if the client is refused.
        """
        try:
            rest, refusal = self.feed(data)
        except BadProxyHeader:
            transport.abort()
            return b""
        if refusal is not None:
            refuse(refusal)
            return b""
        return rest

    def feed(self, data: bytes) -> tuple[bytes, Refusal | None]:
        """Take bytes before the client is admitted, and admit it after its PROXY header.

        Return the bytes after the header, and why the client is refused, if it is. Raises
        BadProxyHeader if the connection is to be closed: anybody can send a header.
        """
        assert self._proxy is not None
        try:
            preamble = self._proxy.feed(data)
        except BadProxyHeader as error:
            log.debug("bad PROXY header", extra=self.facts() | {"error": str(error)})
            self._refuse_header()
            raise
        if preamble is None:
            return b"", None
        if preamble.source is not None:
            if not self._limits.trusts(self.address):
                self._refuse_header()
                raise BadProxyHeader("its sender is not trusted")
            self._name_it(preamble.source)
        return preamble.rest, self._enter()

    def refused(self, refusal: Refusal) -> bool:
        """Note that the client is refused; return whether it may linger to read why."""
        self._limits.log_refusal(refusal.limit)
        self.turned_away = True
        self._is_lingering = True
        return self._limits.linger()

    def leave(self) -> None:
        """The connection is closed."""
        self._give_back()
        if self._is_lingering:
            self._limits.lingered()

    def facts(self) -> dict[str, object]:
        """Return the facts that are in every log line about this connection."""
        node = self._limits.hub.services.name
        return {"node": node, "connection": self._number, "peer": self._name}

    def _refuse_header(self) -> None:
        self.turned_away = True
        self._limits.refuse_header()

    # Proxies that name their clients in requests

    @property
    def is_front(self) -> bool:
        """Whether the address is that of such a proxy."""
        return self._is_front(self.address)

    def stand_for(self, address: str) -> Refusal | None:
        """Admit the client that the proxy names; return why it is refused, if it is."""
        self._front = (self.address, self._name)
        self._name_it((address, 0))
        return self._enter_as(self._limits.enter(address))

    def stand_alone(self) -> None:
        """Be the proxy again: its next request may be of another client."""
        if self._front is not None:
            self._give_back()
            self.address, self._name = self._front
            self._front = None

    # Inside

    def _enter(self) -> Refusal | None:
        """Admit the client by its address; return why it is refused, if it is."""
        return self._enter_as(None if self.is_front else self._limits.enter(self.address))

    def _enter_as(self, usage: AddressUsage | Refusal | None) -> Refusal | None:
        if isinstance(usage, Refusal):
            return usage
        self.admit(usage)
        return None

    def _give_back(self) -> None:
        if self.usage is not None:
            self._limits.leave(self.usage)
            self.usage = None

    def _name_it(self, name: tuple[str, int] | None) -> None:
        self.address = name[0] if name else ""
        self._name = shown(name) if name else "?"
