"""Which ports of one process collide: two of its listeners cannot share a port of one address."""

from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import ip_address
from itertools import combinations

_FAMILIES = {4: "0.0.0.0", 6: "::"}
"""All addresses of each family, IPv4 and IPv6."""
# A machine may know localhost by its IPv6 address, too; this one is certain.
_NAMES = {"localhost": "127.0.0.1"}


@dataclass(frozen=True, slots=True)
class Listener:
    """The consecutive ports of one kind of listener on a host, and the setting of the first.

    A first port of 0 is a free one, and None is no listener: they collide with nothing.
    """

    kind: str
    setting: str
    host: str
    first: int | None
    count: int = 1

    @property
    def ports(self) -> range:
        """The ports that are known before it listens."""
        return range(self.first, self.first + self.count) if self.first else range(0)


@dataclass(frozen=True, slots=True)
class Collision:
    """A port that two listeners would take."""

    port: int
    earlier: Listener
    later: Listener


def collision(listeners: Sequence[Listener]) -> Collision | None:
    """Return the first port that two of these take on one address, None if there is none."""
    for earlier, later in combinations(listeners, 2):
        shared = range(
            max(earlier.ports.start, later.ports.start), min(earlier.ports.stop, later.ports.stop)
        )
        if shared and _overlap(earlier.host, later.host):
            return Collision(shared[0], earlier, later)
    return None


def _overlap(one: str, other: str) -> bool:
    """Return whether two hosts certainly have an address in common; no name is looked up."""
    if one.lower() == other.lower() or {one, other} & {"::", "*"}:
        return True
    try:
        ours, theirs = (ip_address(_NAMES.get(host.lower(), host)) for host in (one, other))
    except ValueError:  # a name, whose addresses are not known yet
        return False
    if ours.version != theirs.version:
        return False
    return ours == theirs or _FAMILIES[ours.version] in (str(ours), str(theirs))
