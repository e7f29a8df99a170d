"""The image asks its node whether it is ready, whatever the variables around it are."""

import asyncio
import socket
import subprocess
import sys
from collections.abc import AsyncIterator
from typing import cast

import pytest

from node.cli.health_check import failure
from node.telemetry import health_http
from tests.support.node_process import ROOT
from tests.support.ports import free_port


class Health:
    """A port for health, and what it says."""

    reason: str | None = None
    port = 0

    def environ(self, **more: str) -> dict[str, str]:
        return {"CHAT_HTTP_HOST": "0.0.0.0", "CHAT_HTTP_PORT": str(self.port), **more}

    async def asked(self, **more: str) -> str | None:
        return await asyncio.to_thread(failure, self.environ(**more))


@pytest.fixture
async def health() -> AsyncIterator[Health]:
    health = Health()
    server = await health_http.listen("127.0.0.1", 0, lambda: health.reason, lambda: b"")
    health.port = cast(int, server.sockets[0].getsockname()[1])
    yield health
    server.close()


async def test_a_node_that_is_ready_is_healthy(health: Health) -> None:
    assert await health.asked() is None
    assert await health.asked(CHAT_HTTP_HOST="") is None
    assert await health.asked(CHAT_HTTP_HOST="localhost") is None


async def test_a_node_that_is_not_ready_says_why(health: Health) -> None:
    health.reason = "draining"
    assert await health.asked() == "draining"


@pytest.mark.parametrize("host", ["0.0.0.0", "nowhere.invalid"])
def test_a_node_that_does_not_answer_is_not_healthy(host: str) -> None:
    environ = {"CHAT_HTTP_HOST": host, "CHAT_HTTP_PORT": str(free_port())}
    assert failure(environ)


def test_a_port_that_speaks_something_else_is_not_healthy() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        other.settimeout(10)
        environ = {"CHAT_HTTP_PORT": str(other.getsockname()[1])}
        with subprocess.Popen(
            [sys.executable, "-m", "node.cli.health_check"],
            env={**environ, "PYTHONPATH": str(ROOT)},
            stderr=subprocess.PIPE,
            text=True,
        ) as check:
            client, _ = other.accept()
            with client:
                client.sendall(b"hello\n")
            _, said = check.communicate(timeout=60)
        assert check.returncode == 1
        assert len(said.splitlines()) == 1


@pytest.mark.parametrize("port", ["", "off", "0", "tcp://10.0.0.1:8080"])
def test_where_no_port_is_known_nothing_is_asked(port: str) -> None:
    assert failure({"CHAT_HTTP_PORT": port}) is None


async def test_the_check_is_a_program_that_loads_little(health: Health) -> None:
    code = (
        "import runpy, sys; runpy.run_module('node.cli.health_check', run_name='__main__');"
        " sys.exit(bool({'asyncio', 'redis', 'node.config'} & set(sys.modules)))"
    )
    environ = health.environ(PYTHONPATH=str(ROOT))
    check = await asyncio.create_subprocess_exec(sys.executable, "-c", code, env=environ)
    assert await check.wait() == 0
