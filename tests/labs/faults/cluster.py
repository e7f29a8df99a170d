"""A whole system for one scenario: Redis, a proxy for each node, nodes, clients and their talk."""

import asyncio
import itertools
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from tests.labs.faults import visitors
from tests.labs.faults.chatter import Address, Chatter
from tests.labs.faults.proxy import Proxy
from tests.labs.faults.record import Acked, Record
from tests.labs.faults.verdict import Kind, Violation
from tests.labs.faults.web_chatter import WebChatter
from tests.support.node_js import node_js
from tests.support.node_process import ROOT, NodeProcess
from tests.support.ports import free_port
from tests.support.processes import Process
from tests.support.redis_server import RedisServer
from tests.support.web_chats import WebChats

TURN = 0.02
"""Seconds between two looks at whether somebody should say something."""
MOST_PENDING = 200
"""Messages that a client has waiting at most before it says nothing more."""
START_WITHIN = 60.0
LEASE, LATE = 10.0, 5.0
"""Seconds that `left` `lost` may come after the grace period, at most."""


@dataclass(frozen=True)
class Plan:
    """How large a scenario is, and how the system is set up."""

    seconds: float = 40.0
    clients: int = 30
    rate: float = 120.0
    rooms: int = 5
    history: int = 300
    """Entries that a room keeps: more than Redis forgets in a roll-back, and some 6 s of talk in
    the fullest room: logs are trimmed all the time, and who is away for longer gets a gap."""
    grace: float = 15.0
    patience: float = 0.0
    """Seconds that a system may take longer than others to come to rest."""
    quits: bool = False
    flags: tuple[str, ...] = ()
    root: Path = ROOT
    """Where the nodes' code is."""
    web: bool = True
    """Whether every second client is the SDK over WebSocket, where there is a Node to run it."""
    redis: dict[str, str] = field(default_factory=dict)


class Cluster:
    """Three nodes and what belongs to them."""

    def __init__(self, directory: Path, plan: Plan, seed: int) -> None:
        self.plan = plan
        self.rng = Random(seed)
        self.directory = directory
        self.record = Record()
        self.redis = RedisServer(directory, **plan.redis)
        self.proxies: list[Proxy] = []
        self.nodes: list[NodeProcess] = []
        self.busy = [asyncio.Lock() for _ in range(3)]
        """Held while something is done to a node."""
        self.redis_busy = asyncio.Lock()
        self.chatters: list[Chatter] = []
        self.faults = 0
        self.found: list[Violation] = []
        """What was found by other means than the record."""
        self.note = ""
        self.back: list[float] = []
        """When Redis could be reached again."""
        self.vaults: set[str] = set()
        """Rooms without a chatter, whose logs are looked at nevertheless."""
        self.talking = True
        self.extra: list[Process] = []
        self.web: WebChats | None = None
        """The process of the clients over WebSocket, if there are some."""
        self._ports = [free_port() for _ in range(3)]
        self._web_ports = [free_port() for _ in range(3)]
        self._numbers = itertools.count(1)
        self._lives: list[asyncio.Task[None]] = []

    @property
    def addresses(self) -> list[Address]:
        """Where clients connect."""
        return [("127.0.0.1", port) for port in self._ports]

    @property
    def talkers(self) -> list[Chatter]:
        """The clients that say something now and then."""
        return [chatter for chatter in self.staying if "general" in chatter.rooms]

    @property
    def staying(self) -> list[Chatter]:
        """The clients that have not gone away for good."""
        return [chatter for chatter in self.chatters if not chatter.finished]

    # Start and end

    async def start(self) -> None:
        """Start everything, and wait until all clients are in their rooms."""
        await self.start_broker()
        # Other code than this may lack the web port, or its files.
        if self.plan.web and self.plan.root == ROOT and node_js() is not None:
            self.web = WebChats(self.directory / "web.log")
            await self.web.start()
        self.nodes = [self._node(number) for number in range(3)]
        await asyncio.gather(*[node.start() for node in self.nodes])
        for number in range(self.plan.clients):
            self.add_chatter(number)
        await self.until(lambda: all(map(self.is_in, self.chatters)), START_WITHIN)

    async def start_broker(self) -> None:
        """Start Redis and the proxies before it."""
        await self.redis.start()
        for _ in range(3):
            proxy = Proxy(("127.0.0.1", self.redis.port), self.rng)
            self.proxies.append(proxy)
            await proxy.start()

    def url(self, number: int) -> str:
        """Return the broker's address for a node."""
        return f"redis://127.0.0.1:{self.proxies[number].port}/0"

    def variables(self, number: int) -> dict[str, str]:
        """Return what a node finds in its environment."""
        return {}

    def make_node(self, number: int) -> type[NodeProcess]:
        """Return how a node is run."""
        return NodeProcess

    def _node(self, number: int) -> NodeProcess:
        flags = {
            **{"port": self._ports[number], "redis-url": self.url(number), "rate": 0},
            **{"name": f"node-{number}", "grace": self.plan.grace, "history": self.plan.history},
            **{"drain": 1, "log-level": "info"},
        }
        if self.web is not None:
            flags["web-port"] = self._web_ports[number]
        words = [word for name, value in flags.items() for word in (f"--{name}", str(value))]
        log, variables = self.directory / f"node-{number}.log", self.variables(number)
        words += self.plan.flags
        node = self.make_node(number)(log, *words, **variables)
        node.root = self.plan.root
        return node

    async def restart_node(self, number: int) -> None:
        """Start a node that has ended again, where it was."""
        await self.nodes[number].wait()
        self.nodes[number] = self._node(number)
        await self.nodes[number].start()

    def number(self) -> int:
        """Return a number for a session."""
        return next(self._numbers)

    def add_chatter(self, number: int, name: str = "c", *rooms: str) -> Chatter:
        """Bring a client in; it is in `general` and in two other rooms, or in ``rooms``."""
        if not rooms:
            count = self.plan.rooms
            rooms = ("general", f"room-{number % count}", f"room-{(number + 1) % count}")
        own = self.number()
        mine = sorted(set(rooms))
        nick = f"{name}{own}"
        if self.web is not None and name == "c" and number % 2:
            web = [("127.0.0.1", port) for port in self._web_ports]
            chatter: Chatter = WebChatter(own, nick, mine, web, self.record, self.rng, self.web)
        else:
            chatter = Chatter(own, nick, mine, self.addresses, self.record, self.rng)
        chatter.node = number % len(self.addresses)
        self.chatters.append(chatter)
        self._lives.append(asyncio.create_task(self._live(chatter)))
        return chatter

    async def _live(self, chatter: Chatter) -> None:
        """Run a client; one that fails would look like a client that is not served."""
        try:
            await chatter.run()
        except Exception as error:
            text = f"client {chatter.number} of the laboratory failed: {error!r}"
            self.found.append(Violation(Kind.SESSION, text))
            raise

    async def stop(self) -> None:
        """End everything that was started."""
        for chatter in self.chatters:
            chatter.stop()
        for task in self._lives:
            task.cancel()
        await asyncio.gather(*self._lives, return_exceptions=True)
        if self.web is not None:
            await self.web.stop()
        for node in self.nodes:
            await node.kill()
        for proxy in self.proxies:
            await proxy.stop()
        for server in (*self.extra, self.redis):
            await server.kill()

    # Talk

    async def talk(self) -> None:
        """Let clients say something, so often, until there is to be silence."""
        due = time.monotonic()
        while self.talking:
            await asyncio.sleep(TURN)
            while due < time.monotonic():
                due += 1 / self.plan.rate
                chatter = self.rng.choice(self.talkers)
                if len(chatter.outbox) < MOST_PENDING:
                    chatter.say(self.rng.choice(chatter.rooms))

    async def come_and_go(self) -> None:
        """Let somebody vanish, somebody quit, somebody come, somebody take another nick."""
        step = self.plan.seconds / 5
        guests = [self.add_chatter(self.rng.randrange(100), "guest") for _ in range(3)]
        await self.until(lambda: all(map(self.is_in, guests)), START_WITHIN)
        await asyncio.sleep(step)
        guests[0].vanish()
        await asyncio.sleep(step)
        if self.plan.quits:
            guests[1].quit()
        for number in itertools.count():
            if not self.talking:
                return
            guests[2].rename(f"turncoat{number}")
            if number == 1:
                self.add_chatter(self.rng.randrange(100), "late")
            await asyncio.sleep(step / 2)

    async def rivals(self) -> None:
        """Let strangers try for the nicks of others."""
        while self.talking:
            nick = self.rng.choice(self.chatters[: self.plan.clients]).nick
            address = self.rng.choice(self.addresses)
            await visitors.rival(self.number(), nick, address, self.record)
            await asyncio.sleep(0.3)

    # Waiting

    async def until(self, condition: Callable[[], bool], within: float) -> bool:
        """Wait until something is so; return whether it came to that."""
        end = time.monotonic() + within
        while not condition():
            if time.monotonic() > end:
                return False
            await asyncio.sleep(0.05)
        return True

    def is_in(self, chatter: Chatter) -> bool:
        """Say whether a client is in service, and in its rooms."""
        return chatter.in_service and chatter.joined >= set(chatter.rooms)

    def is_settled(self) -> bool:
        """Say whether everybody has everything, and those who left are known to have left."""
        staying = self.staying
        if not all(self.is_in(chatter) and not chatter.outbox for chatter in staying):
            return False
        newest = self._newest()
        gone = {chatter.nick for chatter in self.chatters if chatter.finished}
        for chatter in staying:
            if any(newest.get(room, "") not in chatter.seen[room] | {""} for room in chatter.rooms):
                return False
        # A client that was told of a gap may have missed a `left`. If all were told of a gap, it
        # is enough that one client saw everybody leave.
        first = self.chatters[: self.plan.clients]
        told = [gone <= chatter.left for chatter in first if not chatter.gapped]
        return all(told) if told else any(gone <= chatter.left for chatter in first)

    def _newest(self) -> dict[str, str]:
        """Return, by room, the message that was acknowledged last."""
        rooms = {room for chatter in self.chatters for room in chatter.rooms}
        newest: dict[str, str] = {}
        for event in reversed(self.record.events):
            if isinstance(event, Acked):
                newest.setdefault(event.room, event.id)
                if len(newest) == len(rooms):
                    break
        return newest

    async def settle(self) -> None:
        """Wait until nothing more has to come, as long as that may take, and look at the end."""
        within = LEASE + self.plan.grace + LATE + LATE + self.plan.patience
        await self.until(self.is_settled, within)
        await asyncio.sleep(0.5)
        self.found += [
            Violation(Kind.SESSION, f"session {chatter.number} is out at the end: {chatter.last}")
            for chatter in self.staying
            if not self.is_in(chatter)
        ]
        # They stay connected: on a busy machine the looks take longer than the grace period, after
        # which each session leaves an entry in each room and pushes out what is looked for.
        for chatter in self.chatters:
            chatter.hush()
        # What the process of Node told came a moment later than it was.
        self.record.events.sort(key=lambda event: event.at)
        alive = self.alive()
        rooms = {room for chatter in self.chatters for room in chatter.rooms}
        # The members first: logs may be long. Those who were in a vault are no part of the record.
        looks = [(room, True) for room in sorted(rooms)]
        looks += [(room, False) for room in sorted(rooms | self.vaults)]
        try:
            for room, members in looks:
                if alive:
                    await visitors.look(room, self.rng.choice(alive), self.record, members)
        except (OSError, TimeoutError, RuntimeError) as error:
            text = f"nobody was served at the end: {error!r}"
            self.found.append(Violation(Kind.SESSION, text))

    def alive(self) -> list[Address]:
        """Return where the nodes listen that run; note those that have ended by themselves."""
        return [
            address
            for node, address in zip(self.nodes, self.addresses, strict=True)
            if node.running or self._died(node)
        ]

    def _died(self, node: NodeProcess) -> bool:
        """Note that a node has ended which nobody ended."""
        text = f"a node died by itself: {node.log[-2000:]}"
        self.found.append(Violation(Kind.SESSION, text))
        return False

    # Figures

    def times(self) -> dict[str, float]:
        """Return for how long some were without service, by what they have in common."""
        return {}

    def messages(self) -> int:
        """Return how many messages were acknowledged."""
        return len({event.id for event in self.record.events if isinstance(event, Acked)})
