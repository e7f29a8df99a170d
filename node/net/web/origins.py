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

from node.config import origin
from node.config.origin import Origin
from node.net.web.http import Headers, Response

_AUTHORITY = re.compile(r"(?:[\w.~-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?", re.ASCII)


@dataclass(frozen=True)
class Origins:
    """The origins that are taken. ``listed`` are those of the settings.

    ``any``: no check at all. ``siblings`` are the web ports of this process.
    """

    listed: Sequence[Origin] = ()
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
        return (
            name == "localhost"
            or name.endswith(".localhost")
            or is_loopback(name)
            or name in [each.host for each in self.listed]
        )

    def _takes(self, text: str, host: SplitResult) -> bool:
        try:
            found = origin.parse(text, "http", "https")
        except ValueError:
            return False
        own = origin.PORTS[found.scheme] if host.port is None else host.port
        is_own = found.host == host.hostname and found.port in (own, *self.siblings)
        return is_own or found in self.listed


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


def _forbidden(text: str) -> Response:
    return Response(HTTPStatus.FORBIDDEN, f"{text} See --web-origins.", close=True)
