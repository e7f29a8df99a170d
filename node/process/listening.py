"""Opens the sockets on which the process listens: all addresses of a host, on one port."""

import asyncio
import errno
import socket
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from node.process.dial import Dialler

EVERYWHERE = ("::", "*")
"""Hosts that stand for all addresses of the machine, of both families."""
BACKLOG = 1024
"""Connections that may wait to be accepted: a node that starts has many clients at once."""
TRIES = 20
"""Most free ports that are tried until one is free for all addresses."""

# A machine may know an address of a family that it does not speak: as a container without IPv6,
# whose file of hosts has an address ::1 for localhost.
_NOT_HERE = (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT)


class CannotListen(OSError):
    """An address cannot be used; the text names the flag, its value, and what would be right."""


async def hosts(dialler: Dialler, host: str, flag: str) -> list[str]:
    """Return the addresses of a host as texts. Raises CannotListen, which names ``flag``."""
    if host in EVERYWHERE:
        return ["::", "0.0.0.0"]
    try:
        return await dialler.hosts(host)
    except OSError as error:
        expected = "the name or an address of this machine, or * for all its addresses"
        raise _refusal(flag, repr(host), expected, error.strerror or str(error)) from None


def opened(hosts: str | Sequence[str], port: int) -> list[socket.socket]:
    """Return sockets that listen on one port of all hosts, which are addresses.

    An address that this machine does not have is left out, unless it has none of them. Port 0 is
    one free port. Raises OSError, whose ``filename`` is the address.
    """
    texts = [hosts] if isinstance(hosts, str) else list(hosts)
    for _ in range(TRIES):
        try:
            return _opened(texts, port)
        except OSError as error:
            if port or error.errno != errno.EADDRINUSE:
                raise
            taken = error
    raise taken


def _opened(hosts: Sequence[str], port: int) -> list[socket.socket]:
    found: list[socket.socket] = []
    missing: OSError | None = None
    try:
        for host in dict.fromkeys(hosts):
            try:
                found.append(_socket(host, port))
            except OSError as error:
                if error.errno not in _NOT_HERE:
                    raise
                missing = error
            else:
                port = port or found[0].getsockname()[1]
        if missing is not None and not found:
            raise missing
    except OSError:
        for each in found:
            each.close()
        raise
    return found


def _socket(host: str, port: int) -> socket.socket:
    made: socket.socket | None = None
    try:
        [(family, *_, address), *_] = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST
        )
        made = socket.socket(family, socket.SOCK_STREAM)
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            # The IPv4 address has a socket of its own: so a client has the address that limits,
            # bans and logs know, and not one that is mapped to IPv6.
            made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        made.setblocking(False)
        made.bind(address)
        # Only listening takes a port: two sockets that are bound may share it.
        made.listen(BACKLOG)
    except OSError as error:
        if made is not None:
            made.close()
        raise OSError(error.errno, error.strerror, shown((host, port))) from None
    return made


class Listeners:
    """Servers of asyncio that accept the same kind of connection, one for each socket."""

    def __init__(self, sockets: list[socket.socket], servers: list[asyncio.Server]) -> None:
        self.sockets = sockets
        self._servers = servers

    def close(self) -> None:
        """Stop accepting."""
        for server in self._servers:
            server.close()

    async def wait_closed(self) -> None:
        """Wait until all connections are closed as well."""
        for server in self._servers:
            await server.wait_closed()


async def serve(
    hosts: str | Sequence[str], port: int, make: Callable[[], asyncio.Protocol]
) -> Listeners:
    """Return servers that listen on one port of all hosts. Raises OSError as ``opened`` does."""
    loop, sockets = asyncio.get_running_loop(), opened(hosts, port)
    servers = [await loop.create_server(make, sock=each, backlog=BACKLOG) for each in sockets]
    return Listeners(sockets, servers)


@contextmanager
def explaining(flags: tuple[str, str], host: str, port: int) -> Iterator[None]:
    """Say an error of ``opened`` in words that name the flag of the host or of the port.

    Raises CannotListen in the place of an OSError.
    """
    try:
        yield
    except OSError as error:
        raise explained(error, flags, host, port) from None


def explained(error: OSError, flags: tuple[str, str], host: str, port: int) -> CannotListen:
    """Return an error of ``opened`` in words that name the flag of the host or of the port."""
    of_host, of_port = flags
    where = error.filename
    if error.errno == errno.EADDRINUSE:
        reason = f"another program listens on {where}"
        return _refusal(of_port, str(port), "a port that is free", reason)
    if error.errno == errno.EACCES:
        expected = "a port from 1024 on, or the right to use lower ones"
        return _refusal(of_port, str(port), expected, f"this user may not listen on {where}")
    expected = "an address of this machine, or * for all its addresses"
    if error.errno == errno.EAFNOSUPPORT and ":" in host:
        expected = "an IPv4 address, because this machine has no IPv6"
    return _refusal(of_host, repr(host), expected, error.strerror or str(error))


def shown(address: Sequence[object]) -> str:
    """Return the address of a socket as HOST:PORT."""
    host, port = address[:2]
    return f"[{host}]:{port}" if ":" in str(host) else f"{host}:{port}"


def _refusal(flag: str, got: str, expected: str, reason: str) -> CannotListen:
    variable = "CHAT_" + flag.removeprefix("--").replace("-", "_").upper()
    return CannotListen(f"{flag} ({variable}): got {got}, expected {expected} ({reason})")
