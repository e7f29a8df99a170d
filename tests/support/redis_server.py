"""A real redis-server of one's own, which can be killed, frozen and started again."""

import asyncio
import contextlib
import os
import shutil
from pathlib import Path

import pytest
from redis import asyncio as redis
from redis.exceptions import RedisError

from tests.support.ports import free_port
from tests.support.processes import Process

START_WITHIN = 20.0


def program() -> str:
    """Return the path of redis-server; without it, skip the test, but fail it in CI."""
    found = shutil.which("redis-server")
    if found is None:
        if os.environ.get("CI"):
            pytest.fail("redis-server is missing; .ci/run installs it")
        pytest.skip("redis-server is not installed")
    return found


class RedisServer(Process):
    """redis-server on a free port, with its data in ``directory``; both stay over a restart.

    ``options`` are lines of redis.conf, underscores for hyphens: ``appendonly="yes"``,
    ``save="60 1"``, ``requirepass="..."``. By default nothing is written to disk.
    """

    def __init__(self, directory: Path, **options: str) -> None:
        super().__init__(directory / "redis.log")
        self.directory = directory
        self.port = free_port()
        self.variables: dict[str, str] = {}
        """What is added to its environment."""
        self.options = {"save": "", "appendonly": "no"}
        self.options |= {name.replace("_", "-"): value for name, value in options.items()}

    @property
    def url(self) -> str:
        """What a node takes as ``--redis-url``."""
        password = self.options.get("requirepass")
        return f"redis://{f':{password}@' if password else ''}127.0.0.1:{self.port}/0"

    def client(self) -> redis.Redis:
        """Return a new client; ``async with`` closes it."""
        return redis.Redis.from_url(self.url, socket_timeout=5, retry=None)

    async def start(self) -> None:
        """Start it, for the first time or again, and wait until it answers PING."""
        assert not self.running, "it runs already"
        command = [program(), "--port", str(self.port), "--bind", "127.0.0.1"]
        command += ["--dir", str(self.directory)]
        for name, value in self.options.items():
            command += [f"--{name}", *(value.split() or [""])]
        with self._log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                *command,
                env=os.environ | self.variables,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        await self._answering()

    async def stop(self) -> None:
        """SIGTERM: it writes what it has to write, and ends."""
        self.resume()
        self.terminate()
        await self.wait()

    async def restart(self) -> None:
        """Kill it and start it again at once."""
        await self.kill()
        await self.start()

    async def _answering(self) -> None:
        async with self.client() as client, asyncio.timeout(START_WITHIN):
            while True:
                assert self.running, f"redis-server ended:\n{self.log}"
                # Refused at first, then perhaps "loading": nothing but asking tells.
                with contextlib.suppress(RedisError, OSError):
                    if await client.ping():
                        return
                await asyncio.sleep(0.01)
