"""Assembly: which parts a node is made of, and the order in which they start and stop."""

import asyncio
import contextlib
import gc
import logging
import os
import signal
import time
from collections import Counter, deque
from dataclasses import replace
from itertools import count
from math import inf
from secrets import choice
from typing import TYPE_CHECKING

from node.auth.credentials import Credentials
from node.brokers import broker, connect, scripts
from node.config.redis_url import RedisUrl
from node.config.settings import Settings
from node.core import hub as core
from node.core.drain import Turn, turns
from node.core.limits import shares
from node.core.limits.admission import Bounds
from node.core.rooms import ring_budget
from node.net import listener
from node.net.connection_limits import ConnectionLimits
from node.net.listener import Server
from node.net.tls_listener import TlsListener
from node.net.write_batch import WriteBatch
from node.process import file_limits, memory
from node.process.dial import Dialler
from node.telemetry import health_http, log_queue, logs, metrics
from node.telemetry.metrics import Metrics
from wire.errors import Reason

if TYPE_CHECKING:
    from node.auth.password_checker import PasswordChecker

log = logging.getLogger(__name__)

LOOK_EVERY = 0.05
"""Seconds between two looks at whether all clients of a node that drains are gone."""
AT_ONCE = 100
"""Clients in one turn of the loop, where it is late: thousands in one would hold up all others."""
LAST_WORDS = 0.1
"""Seconds for a client to have read its goodbye before the process ends."""
FINISH_WITHIN = 4.0
"""Seconds that a node may take to end after the good-byes, with or without the broker."""

GC_AFTER = 50_000
"""New containers after which the youngest are collected; with Python's 700 that took 6 to 7 % of
the time of a node that is busy with many small rooms."""

_ALPHABET = "0123456789abcdefghijklmnopqrstuvwxyz"


class Ids:
    """Makes ids for entries, operations and incarnations, unique in the whole system.

    41 random bits for this process, and a counter: they need not be secret, and asking the system
    for randomness for each message took a third of the node's time (200 rooms of 5, all sending).
    """

    def __init__(self) -> None:
        self._prefix = "".join([choice(_ALPHABET) for _ in range(8)])
        self._counter = count(1)

    def __call__(self) -> str:
        return f"{self._prefix}{next(self._counter):x}"


class Node:
    """One node: a hub between a broker and a listener."""

    def __init__(self, name: str, settings: Settings, connect: connect.Connect) -> None:
        self.name = name
        self.metrics = Metrics(time.monotonic)
        self.batch = WriteBatch(self.metrics, asyncio.get_running_loop().call_soon)
        ids = Ids()
        rules = broker.BrokerConfig(
            kept=settings.history,
            grace=settings.grace,
            notices=settings.notices,
            room_idle=settings.room_idle,
            replicas=settings.durability,
            version=metrics.node_version(),
            alone=settings.redis_url.is_memory,
        )
        self.broker = broker.RedisBroker(connect, rules, self.metrics, time.monotonic, ids)
        self.hub = core.Hub(
            name,
            core.Config(
                kept=settings.history,
                rate=settings.rate,
                hello_within=settings.hello_within,
                room_rate=settings.room_rate,
                direct_rate=settings.direct_rate,
                rooms_made=settings.rooms_made,
                remembered=ring_budget.budget(settings.memory * memory.MIB, settings.nodes),
                unread=shares.share(settings.memory * memory.MIB),
            ),
            self.broker,
            self.batch.fan_out,
            self.metrics,
            time.monotonic,
            ids,
        )
        self.broker.attach(self.hub)
        bounds = Bounds(
            settings.max_clients,
            settings.per_address,
            settings.connect_rate,
            settings.address_rate,
            settings.rooms_made,
            settings.exempt,
            settings.address_bytes * memory.MIB,
        )
        self.limits = ConnectionLimits(
            self.hub, bounds, settings.proxy_protocol, settings.proxy_from
        )
        self.metrics.watch(self.hub, self.broker.unready)

    def admit(self, tokens: tuple[bytes, ...]) -> None:
        """Let in who has one of these tokens from now on."""
        self.hub.rules = replace(self.hub.rules, tokens=tokens)

    async def tick(self) -> None:
        """Let time pass for the hub, for ever."""
        while True:
            self.hub.tick()
            self.limits.tick()
            await asyncio.sleep(core.TICK)

    def heed(self, watch: memory.MemoryWatch) -> None:
        """Take newcomers, or not, as there is memory."""
        self.hub.full = watch.full
        self.limits.set_memory(not watch.overflowing)

    async def drain(self, seconds: float) -> None:
        """Ask all clients to move, and say goodbye to who is still there; spread over some seconds.

        It is over when everybody is gone, or the time is.
        """
        start = time.monotonic()
        sessions = self.hub.drain()
        due = deque(turns(sessions, seconds))
        while due and self.hub.connections:
            now = time.monotonic() - start
            for _ in range(AT_ONCE):
                if due and due[0].at <= now:
                    self._take_turn(due.popleft())
            pause = due[0].at - now if due else 0.0
            await asyncio.sleep(max(0.0, min(pause, LOOK_EVERY)))
        # Who was just being let in when the listener closed.
        for session in set(self.hub.drain()).difference(sessions):
            self.hub.say_goodbye(session)
        while self.hub.connections and time.monotonic() < start + seconds:
            await asyncio.sleep(LOOK_EVERY)
        ends = Counter(session.farewell for session in sessions)
        moved, told = ends[Reason.REPLACED], ends[Reason.DRAINING]
        facts = {"node": self.name, "moved": moved, "told": told}
        log.info("clients were let go", extra=facts)
        # The last goodbyes are on their way: a process that has ended closes what is unread.
        await asyncio.sleep(min(LAST_WORDS, seconds))

    def _take_turn(self, turn: Turn) -> None:
        if turn.within is not None:
            self.hub.ask_to_move(turn.session, turn.within)
        else:
            self.hub.say_goodbye(turn.session)


class App:
    """All nodes of this process."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        link = connector(settings.redis_url)
        names = [settings.name]
        if settings.nodes > 1:
            names = [f"{settings.name}-{number + 1}" for number in range(settings.nodes)]
        self._nodes = [Node(name, settings, link) for name in names]
        self._credentials = Credentials(settings)
        self._servers: list[Server] = []
        self._porter: PasswordChecker | None = None
        self._admit()
        self._stopping = asyncio.Event()
        self._memory = memory.MemoryWatch(settings.memory * memory.MIB)
        self._files = file_limits.FileWatch()

    @property
    def stopping(self) -> bool:
        """Whether it has been told to stop."""
        return self._stopping.is_set()

    def stop(self) -> None:
        """Drain and end."""
        self._stopping.set()

    def reload(self) -> None:
        """Read anew what may have changed: certificate, tokens, accounts. Whoever is here stays."""
        self._credentials.reload(self._admit)

    def _admit(self) -> None:
        for server in self._servers:
            if isinstance(server, TlsListener) and self._credentials.tls is not None:
                server.show(self._credentials.tls)
        if self._credentials.accounts is not None and self._porter is None:
            from node.auth.password_checker import PasswordChecker  # with what only it needs

            self._porter = PasswordChecker(time.monotonic)
        if self._porter is not None:
            self._porter.know(self._credentials.accounts or {})
        for node in self._nodes:
            node.admit(self._credentials.tokens)
            node.hub.accounts = self._porter

    async def run(self) -> None:
        """Serve until told to stop. Raises OSError when an address cannot be had."""
        file_limits.raise_limit()
        scripts.read_all()
        asyncio.get_running_loop().set_exception_handler(self._files.on_exception)
        listening = asyncio.create_task(self._listen())
        stopped = asyncio.create_task(self._stopping.wait())
        await asyncio.wait((listening, stopped), return_when=asyncio.FIRST_COMPLETED)
        if not listening.done():  # a name is still being looked up
            return
        self._servers = listening.result()
        async with asyncio.TaskGroup() as tasks:
            working = [
                tasks.create_task(work)
                for node in self._nodes
                for work in (node.broker.run(), node.tick())
            ]
            working.append(tasks.create_task(self._look_around()))
            # What exists now lives as long as the process: the collector need not look at it. Nor
            # need it look often: a message leaves no cycles behind, a session few.
            gc.freeze()
            gc.set_threshold(GC_AFTER, 20, 100)
            await stopped
            await self._drain()
            for task in working:
                task.cancel()

    async def _look_around(self) -> None:
        """Look at what the process has used up, for ever."""
        while True:
            self._files.look()
            if self._memory.look(memory.resident()):
                memory.give_back()
            for node in self._nodes:
                node.heed(self._memory)
            await asyncio.sleep(1)

    async def _listen(self) -> list[Server]:
        """Open all listeners; return those of clients."""
        settings, dialler = self._settings, Dialler(inf)
        hosts = await dialler.hosts(settings.host)
        servers = [await self._listen_node(number, hosts) for number in range(len(self._nodes))]
        if settings.http_port is not None:
            hosts = await dialler.hosts(settings.http_host)
            server = await health_http.listen(hosts, settings.http_port, self.unready, self.render)
            _announce("http", server)
        return servers

    async def _listen_node(self, number: int, hosts: list[str]) -> Server:
        settings, node, secure = self._settings, self._nodes[number], self._credentials.tls
        port = settings.port + number if settings.port else 0
        server = await listener.listen(node.hub, node.batch, hosts, port, secure, node.limits)
        _announce("chat+tls" if secure else "chat", server)
        return server

    async def _drain(self) -> None:
        log.info("draining")
        # The listeners close at once; health is answered, "draining", until the end.
        for server in self._servers:
            server.close()
        seconds = self._settings.drain
        async with asyncio.TaskGroup() as tasks:
            for node in self._nodes:
                tasks.create_task(node.drain(seconds))
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(FINISH_WITHIN):
                for node in self._nodes:
                    await node.broker.retire()
        log.info("drained")

    def unready(self) -> str | None:
        """Return why this process should get no clients, None if it should."""
        if self.stopping:
            return "draining"
        for node in self._nodes:
            if (reason := node.broker.unready()) is not None:
                return reason
        return None

    def render(self) -> bytes:
        """Return the metrics of all nodes."""
        return metrics.render({node.name: node.metrics for node in self._nodes}, logs.dropped())


def connector(url: RedisUrl) -> connect.Connect:
    """Return what makes clients of the broker at a URL."""
    if url.is_memory:
        return connect.memory()
    if url.scheme == "redis+sentinel":
        return connect.sentinel(url.hosts, url.service, url.db, url.username, url.password)
    return connect.redis(url.url)


def _announce(what: str, server: Server) -> None:
    for socket in server.sockets:
        host, port = socket.getsockname()[:2]
        shown = f"[{host}]" if ":" in host else host
        if (output := log_queue.output()) is not None:
            output.put(f"listening {what} {shown}:{port}")


async def serve(settings: Settings) -> None:
    """Run the nodes of this process until SIGTERM or SIGINT; a second one ends it at once.

    SIGHUP makes them read certificate, tokens and accounts anew.
    """
    app = App(settings)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, _on_signal, app, number)
    loop.add_signal_handler(signal.SIGHUP, app.reload)
    await app.run()


def _on_signal(app: App, number: int) -> None:
    if app.stopping:
        os._exit(128 + number)
    app.stop()
