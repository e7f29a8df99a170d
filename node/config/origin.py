"""Origins of web pages (RFC 6454), as browsers send them and as settings name them."""

from typing import NamedTuple
from urllib.parse import urlsplit

PORTS = {"http": 80, "https": 443, "ws": 80, "wss": 443}
"""The port of each scheme where none is named."""


class Origin(NamedTuple):
    """A scheme, a host in lower case, IPv6 without brackets, and a port."""

    scheme: str
    host: str
    port: int

    def __str__(self) -> str:
        """Return ``SCHEME://HOST:PORT``, with the port also where it is the scheme's own."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}:{self.port}"


def parse(text: str, *schemes: str) -> Origin:
    """Return the origin that is ``SCHEME://HOST[:PORT]``. Raises ValueError for anything else."""
    parts = urlsplit(text)
    rest = parts.path or parts.query or parts.fragment or parts.username is not None
    if parts.scheme not in schemes or not parts.hostname or rest or not text.isascii():
        raise ValueError
    if set(text) & set(" ;,'\""):  # they would be read as something else in a header
        raise ValueError
    port = PORTS[parts.scheme] if parts.port is None else parts.port
    return Origin(parts.scheme, parts.hostname, port)
