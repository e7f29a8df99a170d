"""The process: starts, reloads, drains and ends its nodes."""

import asyncio
import contextlib
import gc
import logging
import os
import signal
import time
from math import inf
from typing import TYPE_CHECKING

from node.auth.credentials import Credentials
from node.brokers import connect, scripts
from node.brokers.server_kind import WrongUrl
from node.config.settings import Settings
from node.config.version import version
from node.net import listener
from node.net.listener import Server
from node.net.tls_listener import TlsListener
from node.process import file_limits, listening, memory
from node.process.dial import Dialler
from node.server import Node
from node.telemetry import health_http, log_queue, logs, prometheus

if TYPE_CHECKING:
    from node.auth.password_checker import PasswordChecker
    from node.net.web.port import WebPort

log = logging.getLogger(__name__)

FINISH_WITHIN = 4.0
"""Seconds that a node may take to end after the goodbyes, with or without the broker."""
GC_AFTER = 50_000
"""New containers after which the youngest are collected; with Python's 700 that took 6 to 7 % of
the time of a node that is busy with many small rooms."""


class App:
    """All nodes of this process."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        topology = connect.to(settings.redis_url)
        names = [settings.name]
        if settings.nodes > 1:
            names = [f"{settings.name}-{number + 1}" for number in range(settings.nodes)]
        self._nodes = [Node(name, settings, topology) for name in names]
        self._web_siblings: list[int] = []
        self._webs: list[WebPort] = [] if settings.web_port is None else self._web_ports()
        self._credentials = Credentials(settings)
        self._servers: list[Server] = []
        self._checker: PasswordChecker | None = None
        self._apply_credentials()
        self._stopping = asyncio.Event()
        self._memory = memory.MemoryWatch(settings.memory * memory.MIB)
        self._files = file_limits.FileWatch(logs.on_fault)

    def _web_ports(self) -> "list[WebPort]":
        """Return the web port of each node, not listening yet."""
        # Imported here, with websockets: most nodes have no web port.
        from node.net.web.origins import Origins
        from node.net.web.pages import Pages, load
        from node.net.web.port import WebPort, WebRules

        settings = self._settings
        files = Pages(load(), settings.web_nodes)
        origins = Origins(*settings.web_origins, siblings=self._web_siblings)
        rules = WebRules(origins, settings.web_forwarded, settings.web_nodes)
        direct = settings.tls_cert is None
        return [
            WebPort(node.hub, node.batch, node.limits, node.metrics.web, rules, files, direct)
            for node in self._nodes
        ]

    @property
    def stopping(self) -> bool:
        """Whether the process was told to stop."""
        return self._stopping.is_set()

    def stop(self) -> None:
        """Drain and end."""
        self._stopping.set()

    def reload(self) -> None:
        """Read certificate, tokens and accounts again; connected clients stay."""
        self._credentials.reload(self._apply_credentials)

    def _apply_credentials(self) -> None:
        credentials = self._credentials
        for server in self._servers:
            if isinstance(server, TlsListener) and credentials.tls is not None:
                server.show(credentials.tls)
        if credentials.accounts is not None and self._checker is None:
            # Imported here, with argon2: most nodes have no accounts.
            from node.auth.password_checker import PasswordChecker

            self._checker = PasswordChecker(time.monotonic)
        if self._checker is not None:
            self._checker.know(credentials.accounts or {})
        for node in self._nodes:
            node.accept(credentials.tokens, self._checker)

    async def run(self) -> None:
        """Serve until told to stop. Raises OSError when an address cannot be used."""
        self._introduce()
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
                for work in (node.broker.run(node.hub.events), node.tick())
            ]
            working.append(tasks.create_task(self._watch()))
            # What exists now lives as long as the process: the collector need not look at it. Nor
            # need it look often: a message leaves no cycles behind, a session few.
            gc.freeze()
            gc.set_threshold(GC_AFTER, 20, 100)
            await stopped
            await self._drain()
            for task in working:
                task.cancel()

    def _introduce(self) -> None:
        """Log what starts, and where its data are."""
        url = self._settings.redis_url
        log.info("starting", extra={"version": version(), "broker": str(url)})
        if url.is_memory:
            log.info(
                "this process shares nothing with other processes, and keeps nothing when it ends,"
                " because its broker is memory://: see --redis-url"
            )

    async def _watch(self) -> None:
        """Watch the memory and the descriptors that the process uses, for ever."""
        while True:
            self._files.look()
            if self._memory.look(memory.resident()):
                memory.give_back()
            for node in self._nodes:
                node.follow(self._memory)
            await asyncio.sleep(1)

    async def _listen(self) -> list[Server]:
        """Open all listeners; return those for clients."""
        settings, dialler = self._settings, Dialler(inf)
        hosts = await listening.hosts(dialler, settings.host, "--host")
        servers = [await self._listen_node(number, hosts) for number in range(len(self._nodes))]
        if settings.web_port is not None:
            servers += await self._listen_web(settings.web_port, dialler)
        if (port := settings.http_port) is not None:
            host = settings.http_host
            hosts = await listening.hosts(dialler, host, "--http-host")
            with listening.explaining(("--http-host", "--http-port"), host, port):
                pages = self.unready, self.render, self.away
                server = await health_http.listen(hosts, port, *pages)
            _announce("http", server)
        return servers

    async def _listen_node(self, number: int, hosts: list[str]) -> Server:
        settings, node, tls = self._settings, self._nodes[number], self._credentials.tls
        port = settings.port + number if settings.port else 0
        with listening.explaining(("--host", "--port"), settings.host, settings.port):
            server = await listener.listen(node.hub, node.batch, hosts, port, tls, node.limits)
        _announce("chat+tls" if tls else "chat", server)
        return server

    async def _listen_web(self, first: int, dialler: Dialler) -> list[Server]:
        from node.net.web import listener as web_listener

        settings, tls = self._settings, self._credentials.tls
        host = settings.web_host or settings.host
        hosts = await listening.hosts(dialler, host, "--web-host")
        servers: list[Server] = []
        for number, web in enumerate(self._webs):
            port = first + number if first else 0
            with listening.explaining(("--web-host", "--web-port"), host, port):
                server = await web_listener.listen(web, hosts, port, tls)
            self._web_siblings.append(server.sockets[0].getsockname()[1])
            _announce("web+tls" if tls else "web", server)
            servers.append(server)
        return servers

    async def _drain(self) -> None:
        log.info(
            "draining: clients are moving to other nodes; another Ctrl-C or SIGTERM ends at once",
            extra={"seconds": self._settings.drain},
        )
        # The listeners close at once; the health endpoint answers "draining" until the end.
        for server in self._servers:
            server.close()
        for web in self._webs:
            web.close()
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

    def away(self) -> list[str]:
        """Return the names of servers of a cluster that some node cannot use."""
        return sorted({name for node in self._nodes for name in node.broker.away()})

    def render(self) -> bytes:
        """Return the metrics of all nodes."""
        return prometheus.render({node.name: node.metrics for node in self._nodes}, logs.dropped())


def _announce(what: str, server: Server) -> None:
    for socket in server.sockets:
        if (output := log_queue.output()) is not None:
            output.put(f"listening {what} {listening.shown(socket.getsockname())}")


async def serve(settings: Settings) -> None:
    """Run the nodes of this process until SIGTERM or SIGINT; a second one ends it at once.

    On SIGHUP they read certificate, tokens and accounts again.
    """
    app = App(settings)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, _on_signal, app, number)
    loop.add_signal_handler(signal.SIGHUP, app.reload)
    wrong: BaseException | None = None
    try:
        await app.run()
    except* WrongUrl as group:
        wrong = group
    while isinstance(wrong, BaseExceptionGroup):
        wrong = wrong.exceptions[0]
    if wrong is not None:
        raise ValueError(f"--redis-url {settings.redis_url}: {wrong}")


def _on_signal(app: App, number: int) -> None:
    if app.stopping:
        os._exit(128 + number)
    app.stop()
