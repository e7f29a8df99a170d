"""Who may come in: what is known of each address that has clients here.

An address is an IPv4 address, or the first 64 bits of an IPv6 one: that much is given to one
household, and any number of addresses in it costs nothing. What has been idle for as long as its
limits look back is forgotten, so the book holds little more than who is here.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
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
CROWD_LEAST: Rate = (2000.0, 6000.0)
"""Lines that may be read from each address, as above."""
DAY = 86400.0


def lines_of(rate: Rate, least: Rate) -> Rate:
    """Return how many lines may be read where so many requests are allowed."""
    if not rate[0]:
        return NO_LIMIT
    return max(LINES_EACH * rate[0], least[0]), max(LINES_EACH * rate[1], least[1])


def parse(address: str) -> IPv4Address | IPv6Address | None:
    """Return an address, an IPv4 one that IPv6 wraps as what it is; None if it is none."""
    try:
        parsed = ip_address(address.partition("%")[0])
    except ValueError:
        return None
    return getattr(parsed, "ipv4_mapped", None) or parsed


def within(address: str, networks: Sequence[Network]) -> bool:
    """Say whether an address is in one of the networks; what is no IP address is in none."""
    parsed = parse(address)
    return parsed is not None and any(
        parsed in network for network in networks if network.version == parsed.version
    )


def group(address: str) -> str:
    """Return what an address counts as."""
    parsed = parse(address)
    if isinstance(parsed, IPv6Address):
        return str(IPv6Address(int(parsed) >> 64 << 64)) + "/64"
    return address if parsed is None else str(parsed)


@dataclass(frozen=True)
class Bounds:
    """What an address may do; 0 is no limit. ``rooms_made`` is a day's allowance of new rooms,
    ``bytes`` of what is written into logs (see ``volume``)."""

    clients: int = 0
    per_address: int = 0
    connects: Rate = NO_LIMIT
    requests: Rate = NO_LIMIT
    rooms_made: int = 0
    exempt: Sequence[Network] = ()
    bytes: int = 0


class Refusal(NamedTuple):
    """Why somebody may not come in, and after how many seconds it may be worth another try."""

    limit: Limit
    text: str
    wait: float


class AddressUsage:
    """An address, and what it has used up; None where there is no limit.

    ``entering`` is what its hellos under way will count for, if they begin sessions.
    """

    __slots__ = (
        *("address", "open", "connects", "requests", "lines", "rooms", "volume", "entering"),
    )

    def __init__(self, address: str, bounds: Bounds) -> None:
        self.address = address
        self.open = 0
        self.connects = _bucket(bounds.connects)
        self.requests = _bucket(bounds.requests)
        self.lines = _bucket(lines_of(bounds.requests, CROWD_LEAST))
        made = bounds.rooms_made
        self.rooms = _bucket((made / DAY, made))
        self.volume = _bucket((bounds.bytes / DAY, bounds.bytes))
        self.entering = 0

    def rests(self, now: float) -> bool:
        """Say whether there is nothing worth remembering."""
        limits = (self.connects, self.requests, self.lines, self.rooms, self.volume)
        here = self.open or self.entering
        return not here and all(limit is None or limit.rests(now) for limit in limits)


class Admission:
    """The book of addresses of one node."""

    def __init__(self, bounds: Bounds) -> None:
        self._bounds = bounds
        self._here: dict[str, AddressUsage] = {}
        self._gone: dict[str, AddressUsage] = {}

    def __len__(self) -> int:
        return len(self._here) + len(self._gone)

    def crowded(self, clients: int) -> Refusal | None:
        """Say whether there is no room for another one beside so many clients."""
        most = self._bounds.clients
        if most and clients >= most:
            text = "This node has as many clients as it takes; try another one, or later."
            return Refusal(Limit.MAX_CLIENTS, text, 5.0)
        return None

    def enter(self, address: str, now: float) -> AddressUsage | Refusal | None:
        """Let a connection from an address in, or not; None: in, and no limit concerns it."""
        bounds = self._bounds
        rates = bounds.connects[0] or bounds.requests[0]
        if not (bounds.per_address or rates or bounds.rooms_made or bounds.bytes):
            return None
        if within(address, bounds.exempt):
            return None
        name = group(address)
        caller = self._here.get(name) or self._gone.get(name) or AddressUsage(name, bounds)
        if bounds.per_address and caller.open >= bounds.per_address:
            text = "Your address has as many connections here as it may have."
            return Refusal(Limit.PER_ADDRESS, text, 5.0)
        if caller.connects is not None and (wait := caller.connects.take(now)):
            text = "Your address connects too often; wait a little."
            return Refusal(Limit.CONNECT_RATE, text, max(wait, 1.0))
        caller.open += 1
        self._gone.pop(name, None)
        self._here[name] = caller
        return caller

    def leave(self, caller: AddressUsage) -> None:
        """A connection that was let in is over."""
        caller.open -= 1
        if not caller.open:
            del self._here[caller.address]
            self._gone[caller.address] = caller
            if len(self._gone) > GONE_MOST:
                del self._gone[next(iter(self._gone))]

    def forget(self, now: float) -> None:
        """Forget whom there is nothing to remember of."""
        for name in [name for name, caller in self._gone.items() if caller.rests(now)]:
            del self._gone[name]


class TokenBuckets(Generic[K]):
    """A limiter for each of many things, as long as it knows anything that matters."""

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
        """Forget those that are as good as new."""
        for key in [key for key, bucket in self._buckets.items() if bucket.rests(now)]:
            del self._buckets[key]


def _bucket(rate: Rate) -> TokenBucket | None:
    return TokenBucket(*rate) if rate[0] else None
