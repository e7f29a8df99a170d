"""Which server keeps which slots of a Redis Cluster; a single server keeps all of them."""

from collections.abc import Iterable, Sequence
from itertools import count
from typing import Any

from redis.crc import key_slot

Address = tuple[str, int]
"""Host and port of a server."""
Moves = set[tuple[int, int]]
"""From which servers to which ones slots have gone."""

SLOTS = 16384
UNKNOWN = "?"
"""What a server calls another one whose hostname it is to tell, and does not know."""
SEED = 0
"""The number of the server that is asked before anything is known. It is one of the addresses of
the URL, so it may be the same one as a server with another number."""


def slot_of(tag: str) -> int:
    """Return the slot of all keys that have a hash tag."""
    return key_slot(tag.encode())


def address_in(server: Sequence[Any], asked: str) -> Address | None:
    """Return the address of a server in a row of CLUSTER SLOTS; None if it has none.

    A host without a name is that which was ``asked``. ``?`` stands for one that should have a
    hostname (cluster-preferred-endpoint-type) which the server that was asked does not know: then
    its IP address follows.
    """
    host, port, *rest = server
    if host == UNKNOWN.encode():
        [facts, *_] = [fact for fact in rest if isinstance(fact, list)] or [[]]
        host = dict(zip(facts[::2], facts[1::2], strict=False)).get(b"ip", b"")
        return (host.decode(), int(port)) if host else None
    name = host.decode() if host else asked
    return (name, int(port)) if name else None


class SlotMap:
    """Numbers the servers in the order in which they become known."""

    def __init__(self) -> None:
        self._owners = [SEED] * SLOTS
        self._kept = [SLOTS]
        """How many slots each server keeps."""
        self._addresses: list[Address | None] = [None]
        self._tags: dict[int, str] = {}

    def place(self, tag: str) -> int:
        """Return the number of the server that keeps the keys of a hash tag."""
        return self._owners[key_slot(tag.encode())]

    def keeps(self, number: int) -> bool:
        """Say whether a server keeps any slot."""
        return self._kept[number] > 0

    def kept(self) -> dict[int, int]:
        """Return how many slots each server keeps, without those that keep none and the seed."""
        return {number: kept for number, kept in enumerate(self._kept) if kept and number != SEED}

    def number(self, address: Address) -> int:
        """Return the number of a server, a new one if it was not known."""
        if address not in self._addresses:
            self._addresses.append(address)
            self._kept.append(0)
        return self._addresses.index(address)

    def address(self, number: int) -> Address:
        """Return the address of a server other than the seed."""
        address = self._addresses[number]
        assert address is not None
        return address

    def move(self, slots: Iterable[int], number: int) -> Moves:
        """Note which server keeps some slots; return from where they have gone to it."""
        gone: Moves = set()
        for slot in slots:
            before = self._owners[slot]
            if before != number:
                self._owners[slot] = number
                self._kept[before] -= 1
                self._kept[number] += 1
                gone.add((before, number))
        return gone

    def take(self, rows: Sequence[Any], asked: str = "") -> Moves:
        """Take the reply to CLUSTER SLOTS; return from which servers to which ones slots have gone.

        A slot that is in no row stays where it was: nobody serves it just now. So do those of a
        master whose address is not known (``address_in``).
        """
        found = [
            (range(SLOTS)[int(first) : int(last) + 1], address_in(master, asked))
            for first, last, master, *_ in rows
        ]
        gone: Moves = set()
        for slots, address in found:
            if address is not None:
                gone |= self.move(slots, self.number(address))
        return gone

    def tag(self, number: int) -> str | None:
        """Return a hash tag whose keys a server keeps, the same one while it can; None: no slot."""
        if not self.keeps(number):
            return None
        tag = self._tags.get(number)
        if tag is None or self.place(tag) != number:
            # A server with very few slots takes some ten thousand tries, once.
            tag = next(tag for tag in map(str, count()) if self.place(tag) == number)
            self._tags[number] = tag
        return tag
