"""What rooms are asked about seats, and what they answer, by the tests of all that is settled."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from node.brokers import keys, scripts
from node.brokers.config import BrokerConfig
from node.brokers.decode_seats import Departure
from node.brokers.seats import Item
from node.brokers.settler import Settler
from tests.unit.node.brokers.bench import ContextBench

WITHIN = 5.0
"""When the items that a test makes are too late."""
LIFE, BIRTH = b"op1", b"b1"
NOT_SAID = [b"ok", b"", b""]
"""What a room answers about a session that leaves, if it has no seat."""
KEYS = len(scripts.key_names("settle"))


class Asked(NamedTuple):
    """What a call asks about one session."""

    session: str
    gen: int
    life: bytes
    want: str
    id: str
    why: bytes
    fold: str
    nick: str
    owner: str
    position: str


class Settle(NamedTuple):
    """What a call asks of a room."""

    room: str
    birth: bytes
    others: int
    unhealed: int
    items: list[Asked]

    def sessions(self) -> list[str]:
        """Return whom it is about, in order."""
        return [item.session for item in self.items]


def asked(args: Sequence[Any] | None) -> Settle:
    """Return what a call of settle.lua asks."""
    assert args is not None
    count, *rest = args
    declared, (room, birth, _, _, _, others, unhealed, *items) = rest[:count], rest[count:]
    assert declared == keys.of_log("r:" + room, scripts.key_names("settle"))
    parts = [items[place : place + 10] for place in range(0, len(items), 10)]
    return Settle(room, birth, others, unhealed, [Asked(*part) for part in parts])


def seated(position: bytes = b"k1-1-x1", members: int = 1, quiet: int = 0) -> list[Any]:
    """Return what a room answers about a session that is in it."""
    return [b"ok", position, members, quiet, b"", 1]


def said(position: bytes = b"k1-2-x2", at: int = 5) -> list[Any]:
    """Return what a room answers about a session that has left."""
    return [b"ok", position, at]


def departure(
    session: str = "s1", gen: int = 7, room: str = "tea", reason: str = "quit"
) -> Departure:
    """Return the departure of a session."""
    return Departure(session, gen, room, LIFE, reason, f"x{gen}", BIRTH, b"")


def listed(departure: Departure) -> list[bytes]:
    """Return a departure as scripts list it."""
    parts = (part if isinstance(part, bytes) else str(part).encode() for part in departure)
    return list(parts)


class SeatsBench(ContextBench):
    """Settles seats; ``outcomes`` are the replies to the items that ``item`` returns."""

    def __init__(
        self,
        config: BrokerConfig | None = None,
        servers: int = 1,
        place: Callable[[str], int] = lambda log: 0,
    ) -> None:
        super().__init__(config, servers=servers, place=place)
        self.settler = Settler(self.context)
        self.outcomes: list[tuple[str, Any]] = []

    def item(
        self, session: str = "s1", birth: bytes = BIRTH, deadline: float = WITHIN, gen: int = 7
    ) -> Item:
        """Return the item of a session that is in a room."""

        def done(found: Any) -> None:
            self.outcomes.append((session, found))

        nick = session.upper()
        return Item(
            *(session, gen, LIFE, "in", f"x{session}", birth, deadline, done),
            *(session, nick, f"n.{session}"),
        )

    def settle(self, *outcomes: Any, frame: bytes = b"") -> Settle:
        """Answer the oldest call to a room, about each session that it asks about."""
        return asked(self.answer("settle", [b"ok", list(outcomes), frame]))
