"""The addresses of the nodes: parsing, their order, and the backoff between attempts. Pure."""

import re
from collections.abc import Callable, Iterable, Sequence

from msgspec import Struct

DEFAULT_HOST = "127.0.0.1"
DEFAULT_PORT = 9999
FIRST_PAUSE = 0.1
"""Longest pause in seconds before the second attempt; doubled for each later one."""
LONGEST_PAUSE = 3.0
"""Longest pause in seconds between two attempts: a restarted node is found soon."""
_MOST_PORTS = 1000
_ADDRESS = re.compile(
    r"(?:\[(?P<six>[0-9A-Fa-f:.]+(?:%[^\[\]\s]+)?)\]|(?P<host>[^\s:\[\]]+))"
    r"(?::(?P<first>\d{1,5})(?:-(?P<last>\d{1,5}))?)?"
)


class Address(Struct, frozen=True):
    """Where a node listens."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def parse_address(text: str) -> list[Address]:
    """Return the addresses of ``HOST:PORT``, ``[IPV6]:PORT`` or ``HOST:FIRST-LAST``.

    The port is optional. Raises ValueError with a message for people.
    """
    found = _ADDRESS.fullmatch(text)
    if not found:
        raise ValueError(
            f"invalid address {text!r}: expected HOST:PORT, [IPV6]:PORT or HOST:FIRST-LAST"
        )
    host = found["six"] or found["host"]
    first = int(found["first"] or DEFAULT_PORT)
    last = int(found["last"] or first)
    if not 1 <= first <= last <= 65535:
        raise ValueError(f"invalid address {text!r}: ports are 1 to 65535, the lower one first")
    if last - first >= _MOST_PORTS:
        raise ValueError(f"invalid address {text!r}: a range has at most {_MOST_PORTS} ports")
    return [Address(host, port) for port in range(first, last + 1)]


def parse_addresses(texts: str | Iterable[str] = ()) -> list[Address]:
    """Return all addresses of ``texts`` in order without duplicates, or the default one.

    Raises ValueError with a message for people.
    """
    if isinstance(texts, str):
        texts = [texts]
    addresses = [address for text in texts for address in parse_address(text)]
    return list(dict.fromkeys(addresses)) or [Address(DEFAULT_HOST, DEFAULT_PORT)]


class Endpoints:
    """The addresses in turn, with exponential backoff and full jitter.

    After a connection that worked, the next address is tried at once: when one node dies, the
    others are there. Every later pause is random, between zero and a bound that doubles, so that
    the clients of a dead node do not all reconnect at the same moment.
    """

    def __init__(self, addresses: Sequence[Address], random: Callable[[], float]) -> None:
        self.addresses = tuple(addresses)
        self._random = random
        self._next = 0
        self._failures = 0

    def next(self) -> Address:
        """Return the address to try now."""
        address = self.addresses[self._next]
        self._next = (self._next + 1) % len(self.addresses)
        return address

    @property
    def has_untried(self) -> bool:
        """Whether there are addresses that were not tried since a connection worked."""
        return self._failures < len(self.addresses) - 1

    def pause(self, longest: float = LONGEST_PAUSE) -> float:
        """Count a failure and return the seconds to wait, at most ``longest``."""
        failures = self._failures
        self._failures += 1
        if failures == 0:
            return 0.0
        # The exponent is bounded: after days without a node the power would not fit a float.
        bound = FIRST_PAUSE * 2.0 ** min(failures, 30)
        return self._random() * min(longest, bound)

    def worked(self) -> None:
        """Reset the backoff: a connection lasted for a while."""
        self._failures = 0
