"""Which pages may use the web port: checks of ``Host`` and ``Origin``.

A browser lets any page connect to any WebSocket. ``Origin`` names the page's server, so a page of a
stranger is refused. A name of a stranger may also be made to point at a loopback address (DNS
rebinding): then ``Host`` is that name. So only known names are taken where the node's own address
is a loopback address, because nobody else is meant to reach it.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus
from ipaddress import ip_address
from urllib.parse import SplitResult, urlsplit

from node.net.web.http import Headers, Response

_AUTHORITY = re.compile(r"(?:[\w.~-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?", re.ASCII)
_PORTS = {"http": 80, "https": 443, "ws": 80, "wss": 443}


@dataclass(frozen=True)
class Origins:
    """The origins that are taken. ``listed`` are those of the settings, as ``https://HOST:PORT``.

    ``any``: no check at all. ``siblings`` are the web ports of this process.
    """

    listed: Sequence[str] = ()
    any: bool = False
    siblings: Sequence[int] = ()

    def refusal(self, headers: Headers, own_address: str) -> Response | None:
        """Return why a request is refused, None if it is not.

        ``own_address`` is the node's own address of the connection.
        """
        hosts = headers.get_all("Host")
        host = _authority(hosts[0]) if len(hosts) == 1 else None
        if host is None or not host.hostname:
            text = "A request has one Host header, with a name or an address."
            return Response(HTTPStatus.BAD_REQUEST, text, close=True)
        if self.any:
            return None
        if is_loopback(own_address) and not self._is_local(host.hostname):
            return _forbidden(f"The host {hosts[0]!r} is unknown here.")
        origins = headers.get_all("Origin")
        if origins and not (len(origins) == 1 and self._takes(origins[0], host)):
            return _forbidden(f"Pages of {', '.join(origins)!r} may not connect.")
        return None

    def _is_local(self, name: str) -> bool:
        listed = {urlsplit(origin).hostname for origin in self.listed}
        return (
            name == "localhost"
            or name.endswith(".localhost")
            or is_loopback(name)
            or (name in listed)
        )

    def _takes(self, origin: str, host: SplitResult) -> bool:
        found = _parse_origin(origin)
        if found is None:
            return False
        if _spelt(found) in self.listed:
            return True
        port = _PORTS[found.scheme] if host.port is None else host.port
        own = (port, *self.siblings)
        return found.hostname == host.hostname and _port(found) in own


def _parse_origin(text: str) -> SplitResult | None:
    """Return the parts of ``http[s]://HOST[:PORT]``, None if the text is something else."""
    try:
        parts = urlsplit(text)
        _ = parts.port
    except ValueError:
        return None
    rest = parts.path or parts.query or parts.fragment or parts.username is not None
    if parts.scheme not in ("http", "https") or not parts.hostname or rest:
        return None
    return parts


def is_loopback(name: str) -> bool:
    """Say whether a name is a loopback address, in its text form."""
    try:
        address = ip_address(name.partition("%")[0])
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return bool((mapped or address).is_loopback)


def _authority(text: str) -> SplitResult | None:
    """Return the parts of ``HOST[:PORT]``, None if the text is something else."""
    if not _AUTHORITY.fullmatch(text):
        return None
    try:
        parts = urlsplit(f"//{text}")
        _ = parts.port
    except ValueError:
        return None
    return parts


def _port(origin: SplitResult) -> int:
    return _PORTS[origin.scheme] if origin.port is None else origin.port


def _spelt(origin: SplitResult) -> str:
    host = f"[{origin.hostname}]" if ":" in (origin.hostname or "") else origin.hostname
    return f"{origin.scheme}://{host}:{_port(origin)}"


def _forbidden(text: str) -> Response:
    return Response(HTTPStatus.FORBIDDEN, f"{text} See --web-origins.", close=True)
