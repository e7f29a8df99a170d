"""Which connections are taken: what each address that has clients here has used up.

An address is an IPv4 address, or the first 64 bits of an IPv6 one: that much is given to one
household, and any number of addresses in it costs nothing. An address that has been idle for as
long as its limits look back is forgotten.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Generic, NamedTuple, TypeVar

from node.core.config import NO_LIMIT, Limit, Rate
from node.core.limits.token_bucket import TokenBucket

Network = IPv4Network | IPv6Network
K = TypeVar("K")

GONE_MOST = 20_000
"""Addresses without a connection that are remembered at most: some 10 MiB."""
LINES_EACH = 5
"""Lines of any kind, pings and nonsense too, that may be read for each request that is allowed:
beyond that they are read more slowly. Refusing a line costs nearly as much as doing it."""
LINES_LEAST: Rate = (100.0, 300.0)
"""Lines that may be read of each connection, however few its requests: these cost little."""
ADDRESS_LINES_LEAST: Rate = (2000.0, 6000.0)
"""Lines that may be read from each address, as above."""
DAY = 86400.0
SHORT = 256
"""Bytes of a message to a room that cost nothing: most messages are shorter.

Of a room's log the newest entries are kept, so what is short costs Redis little, however much there
is of it: a room of 1,000 entries of up to so many bytes takes some 0.4 MB, and the rooms that one
makes are counted already. What counts is what is longer, and directs: anybody has an inbox.
"""
AROUND = 128
"""Bytes that a direct takes in Redis besides its own."""


def lines_of(rate: Rate, least: Rate) -> Rate:
    """Return how many lines may be read where so many requests are allowed."""
    if not rate[0]:
        return NO_LIMIT
    return max(LINES_EACH * rate[0], least[0]), max(LINES_EACH * rate[1], least[1])


@lru_cache(maxsize=4096)
def parse(address: str) -> IPv4Address | IPv6Address | None:
    """Return an address, an IPv4 address that IPv6 wraps as itself; None if it is none.

    Every connection asks twice. Many come from few addresses, or through a front that has one.
    """
    try:
        parsed = ip_address(address.partition("%")[0])
    except ValueError:
        return None
    return getattr(parsed, "ipv4_mapped", None) or parsed


def within(address: str, networks: Sequence[Network]) -> bool:
    """Say whether an address is in one of the networks; text that is no IP address is in none."""
    parsed = parse(address)
    return parsed is not None and any(
        parsed in network for network in networks if network.version == parsed.version
    )


def group(address: str) -> str:
    """Return the address, or the network, that an address counts as."""
    parsed = parse(address)
    if isinstance(parsed, IPv6Address):
        return str(IPv6Address(int(parsed) >> 64 << 64)) + "/64"
    return address if parsed is None else str(parsed)


@dataclass(frozen=True)
class Bounds:
    """What an address may do; 0 is no limit. ``rooms_made`` is a day's allowance of new rooms,
    ``bytes`` of what is written into logs (see ``SHORT``)."""

    clients: int = 0
    per_address: int = 0
    connects: Rate = NO_LIMIT
    requests: Rate = NO_LIMIT
    rooms_made: int = 0
    exempt: Sequence[Network] = ()
    bytes: int = 0


class Refusal(NamedTuple):
    """Why a connection is refused, and after how many seconds another try may be worth it."""

    limit: Limit
    text: str
    retry_after: float


class AddressUsage:
    """What an address has used up, by token buckets; None where there is no limit.

    ``entering`` is what its hellos under way will count for, if they begin sessions. ``volume`` is
    how much it may write into logs in a day.
    """

    __slots__ = (
        *("address", "open", "connects", "requests", "lines", "rooms", "volume", "entering"),
    )

    def __init__(self, address: str, bounds: Bounds) -> None:
        self.address = address
        self.open = 0
        self.connects = _bucket(bounds.connects)
        self.requests = _bucket(bounds.requests)
        self.lines = _bucket(lines_of(bounds.requests, ADDRESS_LINES_LEAST))
        made = bounds.rooms_made
        self.rooms = _bucket((made / DAY, made))
        self.volume = _bucket((bounds.bytes / DAY, bounds.bytes))
        self.entering = 0

    def begin_hello(self, entries: int) -> None:
        """A hello is on its way that counts for so many entries if it begins a session."""
        self.entering += entries

    def end_hello(self, entries: int) -> None:
        """A hello that may count for so many entries has been answered."""
        self.entering -= entries

    def take_message(self, body: bytes, now: float) -> float:
        """Charge a message to a room; return 0.0, or the seconds until it is allowed."""
        if self.volume is None or (long := len(body) - SHORT) <= 0:
            return 0.0
        return self.volume.take(now, long)

    def take_direct(self, words: bytes, now: float) -> float:
        """Charge a direct message; return 0.0, or the seconds until it is allowed."""
        if self.volume is None:
            return 0.0
        return self.volume.take(now, len(words) + AROUND)

    def rests(self, now: float) -> bool:
        """Say whether there is nothing to remember of the address."""
        limits = (self.connects, self.requests, self.lines, self.rooms, self.volume)
        here = self.open or self.entering
        return not here and all(limit is None or limit.rests(now) for limit in limits)


class Admission:
    """Takes connections or refuses them, by what their addresses have used up."""

    def __init__(self, bounds: Bounds) -> None:
        self._bounds = bounds
        self._here: dict[str, AddressUsage] = {}
        self._gone: dict[str, AddressUsage] = {}

    def __len__(self) -> int:
        return len(self._here) + len(self._gone)

    def crowded(self, clients: int) -> Refusal | None:
        """Return a refusal if the node takes no other client beside so many."""
        most = self._bounds.clients
        if most and clients >= most:
            text = "This node is full; try another node, or try later."
            return Refusal(Limit.MAX_CLIENTS, text, 5.0)
        return None

    def enter(self, address: str, now: float) -> AddressUsage | Refusal | None:
        """Take a connection, or refuse it; None: it is taken, and no limit applies to it."""
        bounds = self._bounds
        rates = bounds.connects[0] or bounds.requests[0]
        if not (bounds.per_address or rates or bounds.rooms_made or bounds.bytes):
            return None
        if within(address, bounds.exempt):
            return None
        name = group(address)
        usage = self._here.get(name) or self._gone.get(name) or AddressUsage(name, bounds)
        if bounds.per_address and usage.open >= bounds.per_address:
            text = "There are too many connections from your address."
            return Refusal(Limit.PER_ADDRESS, text, 5.0)
        if usage.connects is not None and (wait := usage.connects.take(now)):
            text = "There are too many new connections from your address; wait a little."
            return Refusal(Limit.CONNECT_RATE, text, max(wait, 1.0))
        usage.open += 1
        self._gone.pop(name, None)
        self._here[name] = usage
        return usage

    def leave(self, usage: AddressUsage) -> None:
        """A connection that was taken is over."""
        usage.open -= 1
        if not usage.open:
            del self._here[usage.address]
            self._gone[usage.address] = usage
            if len(self._gone) > GONE_MOST:
                del self._gone[next(iter(self._gone))]

    def forget(self, now: float) -> None:
        """Drop the addresses whose token buckets are full again."""
        for name in [name for name, usage in self._gone.items() if usage.rests(now)]:
            del self._gone[name]


class TokenBuckets(Generic[K]):
    """A token bucket for each of many keys, kept until it is full again."""

    def __init__(self, rate: Rate) -> None:
        self.limited = bool(rate[0])
        self._make: Callable[[], TokenBucket] = partial(TokenBucket, *rate)
        self._buckets: dict[K, TokenBucket] = {}

    def __len__(self) -> int:
        return len(self._buckets)

    def take(self, key: K, now: float) -> float:
        """Return 0.0 if one more is allowed, else the seconds until it is."""
        if (bucket := self._buckets.get(key)) is None:
            bucket = self._buckets[key] = self._make()
        return bucket.take(now)

    def wait(self, key: K, now: float) -> float:
        """Return the same as ``take``, and take nothing."""
        bucket = self._buckets.get(key)
        return bucket.owed(now, 1) if bucket is not None else 0.0

    def forget(self, now: float) -> None:
        """Drop the buckets that are full again."""
        for key in [key for key, bucket in self._buckets.items() if bucket.rests(now)]:
            del self._buckets[key]


def _bucket(rate: Rate) -> TokenBucket | None:
    return TokenBucket(*rate) if rate[0] else None
