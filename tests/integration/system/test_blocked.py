"""What a node writes to may stand still, and what it asks may not answer: it goes on, and ends."""

import asyncio
import os
import select
import signal
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.support import dead_names, web
from tests.support.lab import Lab, key
from tests.support.node_process import NodeProcess
from tests.support.talker import WITHIN


@contextmanager
def pipe() -> Iterator[tuple[int, int]]:
    """A pipe that nobody reads."""
    ends = os.pipe()
    try:
        yield ends
    finally:
        for end in ends:
            os.close(end)


async def full(write: int) -> None:
    """Wait until a pipe takes nothing more."""
    async with asyncio.timeout(WITHIN):
        while select.select([], [write], [], 0)[1]:
            await asyncio.sleep(0.01)  # nothing tells of it but asking


@pytest.mark.parametrize("drain, signals, status", [(0.2, 1, 0), (60, 2, 128 + signal.SIGTERM)])
async def test_a_log_that_nobody_reads_stops_neither_the_node_nor_its_end(
    lab: Lab, drain: float, signals: int, status: int
) -> None:
    with pipe() as (read, write):
        node = NodeProcess(lab.directory / "none", "--http-port", "0", "--drain", str(drain))
        node.stderr = write
        await node.start()
        try:
            ana = await lab.member(node.address, "ana", key=key())
            # Two lines each: a pipe holds some 500 of them.
            for _ in range(400):
                _, writer = await asyncio.open_connection(*node.address)
                writer.write(b"\n")  # of who says nothing there is no line
                writer.close()
            await full(write)
            assert (await web.get(node.http, "/healthz"))[0] == 200
            await ana.say("general", "still here", "1")
            node.terminate()
            if signals == 2:
                assert "draining" in await web.ready(node.http, wanted=False)
                node.terminate()
            assert await node.wait(0.2 + 5) == status
        finally:
            await node.kill()
        assert len(os.read(read, 1 << 20)) > 30_000


@pytest.mark.parametrize("uvloop", [True, False], ids=["uvloop", "asyncio"])
async def test_a_node_whose_broker_has_a_name_that_nobody_answers_for_ends_in_time(
    lab: Lab, uvloop: bool
) -> None:
    path = dead_names.python_path(lab.directory, uvloop)
    url = f"redis://{dead_names.NAME}"
    flags = ("--redis-url", url, "--http-port", "0", "--drain", "0.2")
    node = await lab.node(None, *flags, PYTHONPATH=path)
    await asked(node)
    status, _ = await web.get(node.http, "/readyz")
    assert status == 503
    node.terminate()
    assert await node.wait(0.2 + 5) == 0
    assert node.log.count(dead_names.ASKED) == 1 and "Traceback" not in node.log


@pytest.mark.parametrize("uvloop", [True, False], ids=["uvloop", "asyncio"])
async def test_a_node_that_looks_up_where_to_listen_ends_when_it_is_told_to(
    lab: Lab, uvloop: bool
) -> None:
    path = dead_names.python_path(lab.directory, uvloop)
    flags = ("--host", dead_names.NAME)
    node = NodeProcess(lab.directory / "node.log", *flags, PYTHONPATH=path)
    running = asyncio.create_task(node.run())
    await asked(node)
    node.terminate()
    assert await running == (0, "")


async def asked(node: NodeProcess) -> None:
    """Wait until the name has been asked for."""
    async with asyncio.timeout(WITHIN):
        while dead_names.ASKED not in node.log:
            await asyncio.sleep(0.01)
