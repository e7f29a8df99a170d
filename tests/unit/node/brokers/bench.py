"""A broker's context whose calls are answered by the test, on a clock that stands still."""

from collections.abc import Callable, Sequence
from typing import Any, cast

from node.brokers import keys
from node.brokers.calls import Call, Next
from node.brokers.config import BrokerConfig
from node.brokers.contact import Contact
from node.brokers.context import BrokerContext
from node.brokers.malformed import Malformed
from node.brokers.outage import Outage
from node.brokers.pipeline import Pipeline
from node.brokers.server_counts import ServerCounts
from node.brokers.shards import Shard, Shards
from node.core.interfaces import BrokerEvents
from node.core.model import Failure, NodeFacts, Unavailable
from node.telemetry.metrics import Metrics


class RecordingEvents:
    """Notes what the broker reports.

    ``here`` are the sessions of this node, ``members`` says how many of them are in a room.
    """

    def __init__(self) -> None:
        self.told: list[tuple[Any, ...]] = []
        self.here: set[str] = set()
        self.members: dict[str, int] = {}

    def __getattr__(self, name: str) -> Callable[..., None]:
        if name.startswith("_"):
            raise AttributeError(name)
        return lambda *args: self.told.append((name, *args))

    def holds(self, session: str) -> bool:
        return session in self.here

    def present(self, log: str) -> int:
        return self.members.get(log, 0)

    def facts(self) -> NodeFacts:
        return NodeFacts("bench", 3, len(self.here), 1)


class Server:
    """Takes the place of a server's pipeline; ``taken`` are the scripts of its calls."""

    def __init__(self, bench: "ContextBench") -> None:
        self.taken: list[str] = []
        self.contact = Contact()
        self._bench = bench

    def call(self, call: Call) -> None:
        """Take a call, as the pipeline does."""
        self.taken.append(call.script)
        self._bench.calls.append(call)


class Places:
    """Where rooms are; the first server has the sessions."""

    def __init__(self, room: Callable[[str], int]) -> None:
        self._room = room

    def place(self, tag: str) -> int:
        return 0 if tag == keys.CONTROL_TAG else self._room(tag)

    def keeps(self, number: int) -> bool:
        return True

    def tag(self, number: int) -> str | None:
        return f"tag{number}" if self.keeps(number) else None


class ContextBench:
    """Takes the place of the pipelines: gathers calls, which the test answers one by one.

    The first server has the sessions; ``place`` says which one has a room's log.
    """

    def __init__(
        self,
        config: BrokerConfig | None = None,
        events: RecordingEvents | None = None,
        servers: int = 1,
        place: Callable[[str], int] = lambda log: 0,
    ) -> None:
        self.time = 0.0
        self.calls: list[Call] = []
        self.events = events or RecordingEvents()
        self.servers = [Server(self) for _ in range(servers)]
        self.contact = self.servers[0].contact
        self._count = 0
        shards = Shards(Places(place))
        self.context = BrokerContext(
            config or BrokerConfig(), shards, lambda: self.time, self.random_id
        )
        for server in self.servers:
            outage = Outage(self.context.clock)
            counts = ServerCounts(f"redis{len(shards.all)}:6379", Metrics())
            shards.all.append(Shard(cast(Pipeline, server), server.contact, outage, counts))
        self.context.bind(cast(BrokerEvents, self.events))

    def random_id(self) -> str:
        self._count += 1
        return f"id{self._count}"

    def names(self) -> list[str]:
        """Return the scripts of the calls that wait, oldest first."""
        return [call.script for call in self.calls]

    def answer(self, script: str, reply: Any) -> Sequence[Any] | None:
        """Answer the oldest call of a script, or refuse it; return its arguments.

        As by the pipeline, a call with more to do is queued again, and one whose reply is malformed
        is refused.
        """
        call = next(call for call in self.calls if call.script == script)
        self.calls.remove(call)
        args = args_of(call)
        if isinstance(reply, Failure):
            call.refuse(reply)
            return args
        try:
            if call.reply(reply) is not Next.NOTHING:
                self.calls.append(call)
        except Malformed:
            call.refuse(Unavailable.INTERNAL)
        return args


def args_of(call: Call) -> Sequence[Any] | None:
    """Return the arguments of a call; without the keys that each script about sessions declares."""
    args = call.args()
    if args is None or tuple(args[1 : 1 + args[0]]) != keys.CONTROL:
        return args
    return 0, *args[1 + args[0] :]
