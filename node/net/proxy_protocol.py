"""Reads the client's address from a PROXY header, versions 1 and 2.

The format is that of https://www.haproxy.org/download/3.0/doc/proxy-protocol.txt, sections 2.1
and 2.2. In one point a node is more lenient than section 2: a connection without a header is taken
as a direct one, because clients may also connect without the proxy. So only headers from trusted
networks are accepted (``ConnectionLimits.trusts``).
"""

import re
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address
from struct import Struct

_V1_BEGINS = b"PROXY "
_V1_MOST = 107  # section 2.1: the longest line, its end included
_V1_PORT = re.compile(rb"0|[1-9][0-9]{0,4}")

_V2_BEGINS = b"\r\n\r\n\0\r\nQUIT\n"
_V2_FIXED = Struct("!12sBBH")
# Longest part after the fixed one: 36 bytes for IPv6, 216 for UNIX; the rest is for extensions. A
# server name and the name of a client certificate together are shorter than this.
_V2_MOST = 2048
_V2_LOCAL, _V2_PROXY = 0x20, 0x21
_V2_ADDRESSES = {
    0x11: (IPv4Address, Struct("!4s4sHH")),
    0x21: (IPv6Address, Struct("!16s16sHH")),
}

Source = tuple[str, int]


class BadProxyHeader(ValueError):
    """A PROXY header is malformed or not trusted: the connection is to be closed."""


@dataclass(frozen=True, slots=True)
class Preamble:
    """The beginning of a connection.

    ``source`` is the client's address and port, None if those of the connection are the client's.
    ``rest`` are the bytes after the header.
    """

    source: Source | None
    rest: bytes


class ProxyReader:
    """Reads the header at the beginning of a connection; keeps at most 2 KiB."""

    def __init__(self) -> None:
        self._head = b""

    def feed(self, data: bytes) -> Preamble | None:
        """Return the beginning of the connection, None while more bytes are needed.

        Not to be called again after that. Raises BadProxyHeader.
        """
        self._head = head = self._head + data
        if head.startswith(_V2_BEGINS):
            return _v2(head)
        if head.startswith(_V1_BEGINS):
            return _v1(head)
        if _V2_BEGINS.startswith(head) or _V1_BEGINS.startswith(head):
            return None
        return Preamble(None, head)


def _v1(head: bytes) -> Preamble | None:
    end = head.find(b"\n", 0, _V1_MOST)
    if end < 0:
        if len(head) >= _V1_MOST:
            raise BadProxyHeader(f"a version 1 line is longer than {_V1_MOST} bytes")
        return None
    if head[end - 1 : end] != b"\r":
        raise BadProxyHeader("a version 1 line does not end in CR LF")
    words = head[: end - 1].split(b" ")
    rest = head[end + 1 :]
    if words[1] == b"UNKNOWN":
        return Preamble(None, rest)
    if len(words) != 6 or words[1] not in (b"TCP4", b"TCP6"):
        raise BadProxyHeader("a version 1 line is not TCP4, TCP6 or UNKNOWN with addresses")
    source, target, *ports = words[2:]
    # The target must be valid as well, although it is not used.
    addresses = [_v1_address(words[1], address) for address in (source, target)]
    numbers = [_v1_port(port) for port in ports]
    return Preamble((addresses[0], numbers[0]), rest)


def _v1_address(family: bytes, text: bytes) -> str:
    try:
        if family == b"TCP4":
            return str(IPv4Address(text.decode("ascii")))
        if b"%" in text:  # a zone, which ipaddress knows and the specification does not
            raise ValueError
        return str(IPv6Address(text.decode("ascii")))
    except ValueError:
        raise BadProxyHeader(
            "a version 1 line holds something that is not an address of its family"
        ) from None


def _v1_port(text: bytes) -> int:
    if not _V1_PORT.fullmatch(text) or int(text) > 65535:
        raise BadProxyHeader("a version 1 line holds something that is not a port")
    return int(text)


def _v2(head: bytes) -> Preamble | None:
    if len(head) < _V2_FIXED.size:
        return None
    _, version_command, family_transport, length = _V2_FIXED.unpack_from(head)
    if version_command not in (_V2_LOCAL, _V2_PROXY):
        raise BadProxyHeader(f"version and command 0x{version_command:02x} are unknown")
    if family_transport >> 4 > 3 or family_transport & 15 > 2:
        raise BadProxyHeader(f"family and transport 0x{family_transport:02x} are unknown")
    if length > _V2_MOST:
        raise BadProxyHeader(f"a version 2 header is longer than {_V2_MOST} bytes")
    end = _V2_FIXED.size + length
    if len(head) < end:
        return None
    rest = head[end:]
    # Other combinations are valid, but no TCP client has such an address.
    row = _V2_ADDRESSES.get(family_transport)
    if version_command == _V2_LOCAL or row is None:
        return Preamble(None, rest)
    address, layout = row
    if length < layout.size:
        raise BadProxyHeader("a version 2 header is too short for its addresses")
    source, _, port, _ = layout.unpack_from(head, _V2_FIXED.size)
    return Preamble((str(address(source)), port), rest)
