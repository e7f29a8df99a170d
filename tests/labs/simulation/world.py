"""A world: Redis, three nodes and some clients, from the first moment until all is quiet again."""

from contextvars import Context
from random import Random
from typing import Any

from node.brokers.config import BrokerConfig
from node.core import config as core_rules
from tests.labs.simulation.ambush import Ambush
from tests.labs.simulation.chronicle import Chronicle
from tests.labs.simulation.client import Client
from tests.labs.simulation.cluster import Cluster, slot_of, slot_of_tag
from tests.labs.simulation.loop import VirtualLoop
from tests.labs.simulation.network import Line
from tests.labs.simulation.node import Life
from tests.labs.simulation.notes import Notes
from tests.labs.simulation.outages import Outages
from tests.labs.simulation.plan import ROOMS, Act, Plan
from tests.labs.simulation.server import Server

START = 1000.0
"""Virtual time at which a world begins; plans count from 0."""
NODES = 3


class World:
    """Runs a plan, and keeps what is needed to judge it."""

    def __init__(self, plan: Plan, tracing: bool = False) -> None:
        self.plan = plan
        self.loop = VirtualLoop(0.0)
        self.loop.set_exception_handler(self._on_exception)
        self.random = Random(f"world {plan.seed}")
        self.notes = Notes(self.loop.time, tracing)
        self.chronicle = Chronicle()
        self.cluster = Cluster(self.loop, Random(f"cluster {plan.seed}"), plan.servers)
        self.servers = [self._server(number) for number in range(plan.servers)]
        self.lives: list[Life] = []
        self.nodes: list[Life | None] = [None] * NODES
        self.stopped: dict[Life, list[tuple[float, float]]] = {}
        self.cut: dict[Life, list[tuple[float, float]]] = {}
        self.ended: dict[Life, float] = {}
        self.ran = 0
        self.dialled: dict[tuple[int, int], Life] = {}
        self.given_up: dict[int, str] = {}
        self.slow, self.trouble = plan.slow, plan.trouble
        self._which = Random(f"which {plan.seed}")
        self.outages = Outages(self, self._which)
        self._random = {number: Random(f"node {number} {plan.seed}") for number in range(NODES)}
        self.clients = [
            Client(self, person, Random(f"client {person.number} {plan.seed}"), self.notes)
            for person in plan.people
        ]

    def _server(self, number: int) -> Server:
        random = Random(f"server {self.plan.seed} {number or ''}".strip())
        cluster = self.cluster if self.plan.servers > 1 else None
        return Server(self.loop, random, self._on_call, cluster, number)

    # Running

    def run(self) -> None:
        """Live from beginning to end."""
        self.loop.run(self._live())

    async def _live(self) -> None:
        plan, loop = self.plan, self.loop
        for number in range(NODES):
            loop.call_later(self.random.uniform(0.0, 0.3), self._start, number)
        for client in self.clients:
            loop.call_at(client.person.begins, client.begin)
        for act in plan.acts:
            loop.call_at(act.at, self._do, act)
        await self._until(plan.length)
        self._mend()
        await self._until(loop.now + plan.lease + plan.grace + 12.0)
        self.notes.trace("the end")
        self.notes.troubles += self._deaf()
        self.ran = loop.ran

    async def _until(self, when: float) -> None:
        future = self.loop.create_future()
        self.loop.call_at(when, future.set_result, None)
        await future

    def _mend(self) -> None:
        """No fault is made any more, and all that is broken is put in order."""
        self.notes.trace("the faults are over")
        self.trouble, self.slow = 0.0, 0.05
        for client in self.clients:
            if client.line is not None:
                client.line.slow = self.slow
        for life in self.lives:
            life.trouble, life.slow = 0.0, 0.05
            life.cut_until = min(life.cut_until, self.loop.now)
            life.ambush = None
            self._thaw(life)
        self.outages.mend()
        for number in range(NODES):
            if self.nodes[number] is None:
                self._start(number)

    def _on_exception(self, _loop: object, context: dict[str, Any]) -> None:
        error = context.get("exception")
        self.notes.troubles.append(f"unhandled: {context.get('message')} {error!r}")

    def _on_call(self, name: str, fields: Any) -> None:
        self.chronicle.on_call(self.loop.now, name, fields)
        if name == "xadd":
            self.notes.trace("log", *fields)
        elif name == "hset" and fields[0] == b"chat:{c}:nicks":
            for nick, sid in zip(fields[1::2], fields[2::2], strict=True):
                self._on_taken(nick, sid)

    def _on_taken(self, nick: bytes, sid: bytes) -> None:
        """A nick is free only when all rooms know that who had it has it no more."""
        self.chronicle.holders[nick].add(sid.decode())
        for room in ROOMS:
            seats = self.data(b"chat:{r:%b}:seats" % room.encode()) or {}
            for other, seat in seats.items():
                if other != sid and seat.split(b" ")[4] == nick and not self.plan.forgetful:
                    text = f"{sid!r} takes {nick!r} that {other!r} has in {room}"
                    self.notes.troubles.append(f"presence: {text} at {self.loop.now:.3f}")

    # What clients use

    def dial(self, client: Client, node: int) -> Line | None:
        """Return a connection to a node, None if it is refused."""
        life = self.nodes[node]
        if life is None or life.draining:
            return None
        line = Line(self.loop, self.random, client, self.slow)
        life.take(line, client.person.number)
        self.dialled[client.person.number, client.dials + 1] = life
        self.notes.trace(f"p{client.person.number} dials {life.name}")
        return line

    # Nodes

    def _start(self, number: int) -> None:
        if self.nodes[number] is not None:
            return
        plan = self.plan
        rules = (
            core_rules.Config(kept=plan.kept, rate=(0.0, 1.0)),
            BrokerConfig(
                retained=plan.kept, grace=plan.grace, notices=plan.notices, lease=plan.lease
            ),
        )
        lives = sum(life.name[1] == str(number) for life in self.lives)
        name = f"n{number}{'klmnopqrstuvwxyz'[lives]}"
        life = Life(name, self.loop, self.servers, self._random[number], rules, self.slow)
        life.trouble = self.trouble
        self.lives.append(life)
        self.nodes[number] = life
        life.start(self._on_ended)
        self.notes.trace(f"{name} starts")

    def _on_ended(self, life: Life, error: str) -> None:
        self.ended.setdefault(life, self.loop.now)
        if error:
            self.notes.troubles.append(f"{life.name} crashed: {error}")

    def _thaw(self, life: Life) -> None:
        if self.loop.is_held(life):
            self.notes.trace(f"{life.name} goes on")
            self.loop.release(life, self.random)
            self.stopped[life][-1] = (self.stopped[life][-1][0], self.loop.now)

    # Faults

    def _do(self, act: Act) -> None:
        self.notes.trace(f"fault {act.name} {act.args}")
        name = "do_" + act.name.replace(" ", "_").replace("-", "_")
        getattr(self if hasattr(self, name) else self.outages, name)(*act.args)

    def do_node_kills(self, number: int, away: float) -> None:
        """Kill a node, and start it again later."""
        if (life := self.nodes[number]) is not None:
            self._thaw(life)
            self.nodes[number] = None
            self.ended[life] = self.loop.now
            life.kill()
            self.loop.call_later(away, self._start, number)

    def do_ambushes(
        self, number: int, names: tuple[str, ...], count: int, after: bool, away: float
    ) -> None:
        """Let a node die before or after so many calls of some scripts; start it again later."""
        if (life := self.nodes[number]) is None:
            return

        def strike() -> None:
            # It sends nothing more; it ends once what runs just now has run.
            life.dead, life.ambush = True, None
            self.loop.call_soon(ends, context=Context())

        def ends() -> None:
            self.notes.trace(f"{life.name} dies between two steps")
            if self.nodes[number] is life:
                self.do_node_kills(number, away)
            else:
                life.kill()

        life.ambush = Ambush(names, count, after, strike)

    def do_hangs(self, number: int, names: tuple[str, ...], count: int, pause: float) -> None:
        """Let a node hang before so many calls of some scripts, and its clients go elsewhere."""
        if (life := self.nodes[number]) is None:
            return

        def strike() -> None:
            life.ambush = None
            self.loop.call_soon(hangs, context=Context())

        def hangs() -> None:
            self.notes.trace(f"{life.name} hangs between two steps")
            self.do_stops(number, pause)
            for client in self.clients:
                dialled = self.dialled.get((client.person.number, client.dials))
                if dialled is life and client.line is not None:
                    self._provoke(client, pause)

        life.ambush = Ambush(names, count, False, strike, pause)

    def _provoke(self, client: Client, pause: float) -> None:
        """Let a client go to another node, and do there what the former one knows nothing of."""
        random = self._which
        at = self.loop.now + random.uniform(0.01, 0.3)
        room = random.choice(ROOMS)
        deeds = [("leave", (room,)), ("bounce", (room,)), ("cede", ("again", "")), ("rest", (0.1,))]
        self.loop.call_at(at, client.act, Act(at, "flee", (0.0,)))
        for _ in range(2):
            at += random.uniform(0.1, pause / 2)
            self.loop.call_at(at, client.act, Act(at, *random.choice(deeds)))

    def do_drains(self, number: int, away: float) -> None:
        """Ask a node to end, and start another one later."""
        if (life := self.nodes[number]) is not None:
            self.nodes[number] = None
            self.ended[life] = self.loop.now
            life.drain(1.0)
            self.loop.call_later(away, self._start, number)

    def do_stops(self, number: int, seconds: float) -> None:
        """Stop a node's process for a while."""
        life = self.nodes[number]
        if life is not None and not self.loop.is_held(life):
            self.loop.hold(life)
            self.stopped.setdefault(life, []).append((self.loop.now, float("inf")))
            self.loop.call_later(seconds, self._thaw, life)

    def do_cut_off(self, number: int, seconds: float) -> None:
        """Cut a node off from Redis for a while."""
        if (life := self.nodes[number]) is not None:
            life.cut_until = max(life.cut_until, self.loop.now + seconds)
            self.cut.setdefault(life, []).append((self.loop.now, life.cut_until))

    # How it stands

    def place_of(self, log: str) -> int:
        """Return the number of the server that keeps a log, or sessions for an inbox."""
        return self.outages.place_of(log)

    def keys(self, tag: bytes) -> dict[bytes, Any]:
        """Return all that is kept where the keys of a hash tag are."""
        return self.servers[self.cluster.owner(slot_of_tag(tag))].shell.store.keys

    def data(self, key: bytes) -> Any:
        """Return the value of a key; None if it is not there."""
        return self.servers[self.cluster.owner(slot_of(key))].shell.store.keys.get(key)

    def _deaf(self) -> list[str]:
        """Return what nodes are not subscribed to, where it is published just now.

        They would find it seconds later, when they look; so clients do not tell.
        """
        wanted = {(life, b"chat:{c}:node:") for life in self.nodes if life is not None}
        for client in self.clients:
            life = self.dialled.get((client.person.number, client.dials))
            if life is not None and client.welcome and not client.finished:
                rooms = client.positions.keys() - {"@"}
                wanted |= {(life, b"chat:{r:%b}:live" % room.encode()) for room in rooms}
        found = []
        for life, channel in wanted:
            if not self.servers[self.cluster.owner(slot_of(channel))].tells(life, channel):
                found.append(f"deaf: {life.name} does not hear {channel.decode()}")
        return sorted(found)

    def follows(self, room: str) -> bool:
        """Say whether a node follows a room: only then its seats are compared."""
        log = "r:" + room
        return any(log in life.hub.services.rooms.by_log for life in self.nodes if life is not None)

    def memories(self) -> list[tuple[object, str, set[str]]]:
        """Return what the living nodes remember of logs: node, log, ids."""
        return [
            (life, log, {entry.id.decode() for entry in room.ring.entries})
            for life in self.nodes
            if life is not None
            for log, room in life.hub.services.rooms.by_log.items()
            if room.ring is not None and not room.empty
        ]
