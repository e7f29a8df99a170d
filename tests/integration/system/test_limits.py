"""Limits of a real node, run into by strangers while somebody chats."""

import asyncio
import contextlib
import resource
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support.lab import Lab
from tests.support.node_process import Address, NodeProcess
from tests.support.talker import Talker
from tests.support.web import get

LIMIT = 160
"""Descriptors that the node is left with."""


async def turned_away(lab: Lab, address: Address) -> None:
    """Connect, and be refused with a word of why and when to come back."""
    talker = await lab.connect(address)
    error = await talker.expect("error", code="unavailable")
    bye = await talker.expect("bye", reason="busy")
    assert error["retry_after_ms"] > 0 and bye["retry_after_ms"] > 0
    assert sum(map(len, talker.lines)) < 400


async def chat(*talkers: Talker) -> None:
    """Let the first one say something, and all hear it."""
    id = str(len(talkers[0].events))
    await talkers[0].say("general", f"still here {id}", id)
    for talker in talkers:
        await talker.expect("message", text=f"still here {id}")


async def metric(node: NodeProcess, limit: str) -> float:
    """Return how often a limit was run into."""
    _, text = await get(node.http, "/metrics")
    [line] = [line for line in text.splitlines() if f'limit="{limit}"' in line]
    return float(line.split()[-1])


@contextlib.asynccontextmanager
async def silent(address: Address, count: int) -> AsyncIterator[list[asyncio.StreamWriter]]:
    """Open connections that say nothing."""
    writers = [(await asyncio.open_connection(*address))[1] for _ in range(count)]
    try:
        yield writers
    finally:
        for writer in writers:
            writer.close()


async def test_one_client_more_than_the_node_takes_is_turned_away(lab: Lab) -> None:
    node = await lab.node(None, "--max-clients", "2", "--http-port", "0")
    ana, bo = await lab.member(node.address, "ana"), await lab.member(node.address, "bo")
    for _ in range(3):
        await turned_away(lab, node.address)
    await chat(ana, bo)
    assert await metric(node, "max-clients") == 3
    assert node.log.count("refusing connections") == 1
    bo.send("quit")
    await bo.expect("bye", reason="quit")
    await chat(ana, await lab.member(node.address, "cy"))


async def test_an_address_has_so_many_connections_unless_it_is_exempt(lab: Lab) -> None:
    flags = ("--per-address", "2", "--proxy-protocol", "--http-port", "0")
    node = await lab.node(None, *flags)
    header = b"PROXY TCP4 %s 192.0.2.1 56324 9999\r\n"
    for _ in range(2):
        talker = await lab.connect(node.address, opening=header % b"198.51.100.9")
        await talker.hello(f"n{_}")
    third = await lab.connect(node.address, opening=header % b"198.51.100.9")
    await third.expect("bye", reason="busy")
    other = await lab.connect(node.address, opening=header % b"198.51.100.10")
    await other.hello("other")
    here = [await lab.member(node.address, f"here{number}") for number in range(5)]
    await chat(other, *here)
    assert await metric(node, "per-address") == 1


async def test_a_node_without_descriptors_serves_whom_it_has_and_takes_others_later(
    lab: Lab,
) -> None:
    node = await lab.node(None, "--http-port", "0")
    ana, bo = await lab.member(node.address, "ana"), await lab.member(node.address, "bo")
    resource.prlimit(node.child.pid, resource.RLIMIT_NOFILE, (LIMIT, LIMIT))
    async with silent(node.address, 2 * LIMIT):
        async with asyncio.timeout(20):
            while "limit=files" not in node.log:
                await asyncio.sleep(0.05)
        await turned_away(lab, node.address)
        await chat(ana, bo)
        assert await metric(node, "files") > 0, "health and metrics have descriptors of their own"
        assert node.log.count("limit=files") == 1
    async with asyncio.timeout(20):
        while True:
            cy = await lab.connect(node.address)
            cy.send("hello", nick="cy")
            if (await cy.expect_any("welcome", "error", "bye"))["type"] == "welcome":
                break
    await chat(ana, bo)


@pytest.mark.parametrize("loop", ["uvloop", "asyncio"])
async def test_a_node_whose_descriptors_are_all_gone_does_not_spin(
    lab: Lab, tmp_path: Path, loop: str
) -> None:
    """There are fewer than are kept back for saying no: accepting itself fails."""
    if loop == "asyncio":
        (tmp_path / "uvloop.py").write_text("raise ImportError('not in this test')\n")
    node = await lab.node(None, "--http-port", "0", PYTHONPATH=str(tmp_path))
    ana, bo = await lab.member(node.address, "ana"), await lab.member(node.address, "bo")
    pid = node.child.pid
    usual = await busy(pid, ana, bo)
    before = resource.prlimit(pid, resource.RLIMIT_NOFILE)
    highest = max(int(path.name) for path in Path(f"/proc/{pid}/fd").iterdir())
    resource.prlimit(pid, resource.RLIMIT_NOFILE, (highest + 4, before[1]))
    async with silent(node.address, 50):
        async with asyncio.timeout(20):
            while "no file descriptors left" not in node.log:
                await asyncio.sleep(0.05)
        assert await busy(pid, ana, bo) < (usual + 1) / 2, "it would be 1 if it were spinning"
    resource.prlimit(pid, resource.RLIMIT_NOFILE, before)
    async with asyncio.timeout(20):
        while "descriptors are available again" not in node.log:
            await asyncio.sleep(0.05)
    await chat(ana, await lab.member(node.address, "cy"))
    assert "Traceback" not in node.log


async def busy(pid: int, *talkers: Talker) -> float:
    """Return for which part of a second of chat a node has something to do.

    It runs, or waits until the machine has a processor for it: so the load makes no difference.
    """
    before, since = wanted(pid), time.perf_counter_ns()
    for _ in range(10):
        await chat(*talkers)
        await asyncio.sleep(0.1)
    return (wanted(pid) - before) / (time.perf_counter_ns() - since)


def wanted(pid: int) -> int:
    """Return for how long the first thread of a process has run or waited to, in nanoseconds."""
    ran, waited, _ = Path(f"/proc/{pid}/schedstat").read_text().split()
    return int(ran) + int(waited)


async def test_a_full_node_takes_no_newcomers_but_goes_on_with_sessions(lab: Lab) -> None:
    node = await lab.node(None, "--memory", "1", "--http-port", "0")
    async with asyncio.timeout(20):
        while "short of memory" not in node.log:
            await asyncio.sleep(0.05)
    await turned_away(lab, node.address)
    assert await metric(node, "memory") == 1


async def test_who_says_no_hello_has_to_go(lab: Lab) -> None:
    node = await lab.node(None, "--hello-within", "1")
    ana = await lab.member(node.address, "ana")
    silent = await lab.connect(node.address)
    silent.send_bytes(b'{"type":')
    assert (await silent.expect("bye", reason="idle"))["retry_after_ms"] > 0
    await chat(ana)


async def test_a_client_makes_so_many_rooms(lab: Lab) -> None:
    node = await lab.node(None, "--rooms-made", "2")
    ana = await lab.member(node.address, "ana", rooms=["a"])
    assert (await ana.ask("create", room="b"))["created"]
    assert (await ana.refused("create", "too-many-rooms", room="c"))["room"] == "c"
    bo = await lab.member(node.address, "bo", rooms=["a", "b", "c", "d", "e"])
    assert (await bo.expect("error", code="too-many-rooms"))["room"] == "e"


async def test_a_flood_does_not_keep_others_waiting(lab: Lab) -> None:
    node = await lab.node(None, "--http-port", "0")
    ana, bo = await lab.member(node.address, "ana"), await lab.member(node.address, "bo")
    floods = [await lab.connect(node.address) for _ in range(20)]
    for flood in floods:
        flood.send_bytes(b'{"type":"ping"}\n' * 50_000)
    for _ in range(5):
        await chat(ana, bo)
    assert await metric(node, "lines") > 0


async def test_who_comes_and_breaks_off_tells_others_no_more_than_its_address_may(
    lab: Lab,
) -> None:
    node = await lab.node(None, "--exempt", "none", "--address-rate", "0.1/200", "--http-port", "0")
    rooms = [f"r{number}" for number in range(10)]
    ana = await lab.member(node.address, "ana", rooms=rooms)
    welcomed = 0
    for number in range(30):
        nick = f"n{number}"
        stranger = await lab.connect(node.address, source="127.0.0.66")
        answer = await stranger.ask("hello", nick=nick, rooms=rooms)
        await stranger.close()
        if answer["type"] == "welcome":
            welcomed += 1
            await ana.expect("left", nick=nick, room=rooms[-1])
        else:
            assert answer["code"] == "rate-limited" and answer["retry_after_ms"] > 1000
    assert welcomed == 10 and await metric(node, "address-rate") == 20
    assert len(ana.seen("entered")) == len(ana.seen("left")) == 100
    other = await lab.connect(node.address, source="127.0.0.9")
    await other.hello("other", rooms=rooms)


async def test_another_nick_counts_for_each_room(lab: Lab) -> None:
    node = await lab.node(None, "--rate", "0.1/60")
    rooms = [f"r{number}" for number in range(20)]
    ana = await lab.member(node.address, "ana", rooms=rooms)
    await ana.ask("nick", "renamed", nick="bo")
    await ana.ask("nick", "renamed", nick="cy")
    refused = await ana.refused("nick", "rate-limited", nick="di")
    assert refused["retry_after_ms"] > 1000
