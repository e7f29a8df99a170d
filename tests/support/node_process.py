"""Nodes as an operator runs them: ``python -m node``, on free ports."""

import asyncio
import os
import signal
import sys
from pathlib import Path
from typing import IO, NamedTuple

from tests.support.framed import SWITCH
from tests.support.processes import Process

ROOT = Path(__file__).parents[2]
START_WITHIN = 60.0
"""Seconds, also on a machine on which much else is started."""


class Address(NamedTuple):
    """Where something listens."""

    host: str
    port: int


def environment(**variables: str) -> dict[str, str]:
    """Return this process's environment, but no setting of a node other than ``variables``."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("CHAT_")}
    return kept | variables


class NodeProcess(Process):
    """A process of one node, or of several with ``--nodes``; ``flags`` are the command line.

    Ports are free ones unless the flags say otherwise. ``listeners`` holds, after ``start``, what
    each line on standard output told: what listens ("chat", "chat+tls", "web", "http"), and where.
    """

    def __init__(self, log: Path, *flags: str, **variables: str) -> None:
        super().__init__(log)
        self.flags = flags if "--port" in flags else ("--port", "0", *flags)
        if SWITCH.is_on and "--web-port" not in flags:
            self.flags += ("--web-port", "0")
        self.listeners: list[tuple[str, Address]] = []
        self.root = ROOT
        """Where the code is that it runs."""
        self.stderr: int | None = None
        """A descriptor for its standard error, in the place of the file."""
        self._variables = variables

    @property
    def addresses(self) -> list[Address]:
        """Where clients connect, one for each node."""
        return [address for what, address in self.listeners if what.startswith("chat")]

    @property
    def address(self) -> Address:
        """Where clients connect to the first node."""
        return self.addresses[0]

    @property
    def webs(self) -> list[Address]:
        """Where browsers connect, one for each node."""
        return [address for what, address in self.listeners if what.startswith("web")]

    @property
    def http(self) -> Address:
        """Where health and metrics are."""
        return next(address for what, address in self.listeners if what == "http")

    async def start(self) -> None:
        """Start it, and wait until everything listens that the flags ask for."""
        await self._spawn()
        nodes = int(self.flags[self.flags.index("--nodes") + 1]) if "--nodes" in self.flags else 1
        ports = 1 + ("--web-port" in self.flags)
        expected = nodes * ports + ("--http-port" in self.flags)
        try:
            async with asyncio.timeout(START_WITHIN):
                self.listeners = [await self._listener() for _ in range(expected)]
        except BaseException:
            await self.kill()
            raise
        pairs = zip(self.addresses, self.webs, strict=False)
        SWITCH.webs.update((chat.port, web.port) for chat, web in pairs)

    async def run(self) -> tuple[int, str]:
        """Start it, and wait until it ends by itself; return its status and its output."""
        await self._spawn()
        try:
            output = await asyncio.wait_for(self.rest_of_output(), START_WITHIN)
            return await self.wait(), output
        finally:
            await self.kill()

    async def _spawn(self) -> None:
        with self._log.open("ab") as log:
            await self._spawn_with(log if self.stderr is None else self.stderr)

    async def _spawn_with(self, errors: IO[bytes] | int) -> None:
        self._process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "node", *self.flags),
            cwd=self.root,
            env=environment(**self._variables),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=errors,
        )

    async def _listener(self) -> tuple[str, Address]:
        assert self.child.stdout is not None
        line = (await self.child.stdout.readline()).decode()
        words = line.split()
        assert len(words) == 3 and words[0] == "listening", f"{line!r} on output:\n{self.log}"
        host, _, port = words[2].rpartition(":")
        return words[1], Address(host.strip("[]"), int(port))

    def interrupt(self) -> None:
        """SIGINT, as of Ctrl-C."""
        self.signal(signal.SIGINT)

    async def rest_of_output(self) -> str:
        """Return what else it wrote to standard output, once it has ended."""
        assert self.child.stdout is not None
        return (await self.child.stdout.read()).decode()
