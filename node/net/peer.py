"""The other end of a connection: its address, and whether it is admitted."""

import logging

from node.core.limits.admission import AddressUsage, Refusal
from node.net.connection_limits import ConnectionLimits
from node.net.proxy_protocol import BadProxyHeader, ProxyReader
from node.process.listening import shown

log = logging.getLogger(__name__)


class Peer:
    """Admits one client to the node, or refuses it, and knows its address for limits and logs.

    The address is that of the socket, or the one in a PROXY header: then the client is admitted
    only after the header. ``usage`` is what its address has used up, None where no limit applies.
    ``turned_away``: it was refused, or its header was.
    """

    __slots__ = (
        *("address", "admitted", "usage", "turned_away"),
        *("_limits", "_number", "_name", "_proxy", "_is_lingering"),
    )

    def __init__(self, limits: ConnectionLimits, number: int) -> None:
        self.address = ""
        self.admitted = False
        self.usage: AddressUsage | None = None
        self.turned_away = False
        self._limits = limits
        self._number = number
        self._name = ""
        self._proxy = ProxyReader() if limits.proxy else None
        self._is_lingering = False

    def admit(self, usage: AddressUsage | None) -> None:
        """Mark the client as admitted."""
        self.admitted = True
        self.usage = usage

    def connected(
        self, name: tuple[str, int] | None, descriptor: int, enters: bool = True
    ) -> Refusal | None:
        """Take the socket's name and descriptor; admit the client, unless a header is to come.

        Without ``enters`` the client is a proxy, and is admitted as nobody: ``enter`` comes later.
        Return why it is refused, if it is.
        """
        self._name_it(name)
        if self.admitted:
            return None
        if (refusal := self._limits.crowded(descriptor)) is not None:
            return refusal
        if not enters:
            self.admit(None)
            return None
        return self.enter() if self._proxy is None else None

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
        return preamble.rest, self.enter()

    def refused(self, refusal: Refusal) -> bool:
        """Note that the client is refused; return whether it may linger to read why."""
        self._limits.log_refusal(refusal.limit)
        self.turned_away = True
        self._is_lingering = True
        return self._limits.linger()

    def leave(self) -> None:
        """The connection is closed."""
        if self.usage is not None:
            self._limits.leave(self.usage)
        if self._is_lingering:
            self._limits.lingered()

    def facts(self) -> dict[str, object]:
        """Return the facts that are in every log line about this connection."""
        node = self._limits.hub.services.name
        return {"node": node, "connection": self._number, "peer": self._name}

    def _refuse_header(self) -> None:
        self.turned_away = True
        self._limits.refuse_header()

    def forwarded(self, address: str) -> None:
        """Take the client's address from a proxy that was admitted as nobody."""
        self._name_it((address, 0))

    def enter(self) -> Refusal | None:
        """Admit the client by its address; return why it is refused, if it is."""
        usage = self._limits.enter(self.address)
        if isinstance(usage, Refusal):
            return usage
        self.admit(usage)
        return None

    def _name_it(self, name: tuple[str, int] | None) -> None:
        self.address = name[0] if name else ""
        self._name = shown(name) if name else "?"
