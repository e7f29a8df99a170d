"""What scripts about sessions answer, by the tests of sessions and of claims."""

from collections.abc import Callable, Sequence
from typing import Any

from node.brokers.config import BrokerConfig
from node.brokers.lease import Lease
from node.brokers.readiness import Readiness
from node.brokers.sessions import RedisSessions
from node.brokers.upkeep import Upkeep
from node.core.entries import Position
from node.core.model import Claim, FencingToken
from tests.unit.node.brokers.seats_bench import LIFE, WITHIN, SeatsBench

GEN = 70
"""The generation of the session in replies."""


def row(room: str, birth: bytes = b"b1", members: int = 1, created: int = 0) -> list[Any]:
    """Return a room that a session is in, as scripts list it; it was not in it before."""
    return [room.encode(), birth, created, members, 1]


def changed(*reply: Any, gen: int = GEN, changes: int = 4) -> list[Any]:
    """Return a reply to a change of a session."""
    return [b"ok", *reply, LIFE, str(gen).encode(), changes]


def greeted(
    *rows: list[Any], outs: Sequence[list[bytes]] = (), old: int = 0, refused: Sequence[bytes] = ()
) -> list[Any]:
    """Return the reply to a hello."""
    parts = (1, b"Ana", b"ana", 9, b"k5-2-i2", list(refused), list(rows), list(outs), old)
    return changed(*parts)


class SessionsBench(SeatsBench):
    """Sessions of a node; ``told`` are the replies to its calls."""

    def __init__(self, servers: int = 1, place: Callable[[str], int] = lambda log: 0) -> None:
        super().__init__(BrokerConfig(grace=30.0), servers, place)
        self.told: list[Any] = []
        self.lease = Lease(8.0, self.context.clock, self.random_id)
        self.readiness = Readiness()
        upkeep = Upkeep(self.context, self.lease, lambda: None)
        self.sessions = RedisSessions(
            *(self.context, self.lease, self.readiness, upkeep, self.settler)
        )
        self.token = FencingToken("s1", self.sessions.owner())

    def answered(self) -> None:
        """Let all servers answer from now on."""
        for server in self.servers:
            server.contact.answered(self.time, self.time)

    def heal(self) -> None:
        """Let all servers answer for so long that all is back that it had lost."""
        self.answered()
        self.time += self.context.config.heal_within


class ClaimBench(SessionsBench):
    """Claims a session for ana, who has been in `tea` and `den`."""

    def claim(self, *known: tuple[str, Position], attempt: int | None = 3) -> None:
        claim = Claim(
            *(self.token, True, "Ana", "ana ana1", attempt, ["tea", "den"], "general", known),
            *(5, "192.0.2.1"),
        )
        self.sessions.claim(claim, WITHIN, self.told.append)

    def hello(self, reply: Any) -> Sequence[Any]:
        """Answer the hello; return its arguments."""
        return self.answer("hello", reply) or ()

    def lose_contact(self) -> None:
        """Let the connection break, and Redis answer again at once."""
        self.contact.lost()
        self.time += 0.5
        self.answered()
