"""How signals end a client that is a process."""

import asyncio
import os
import signal
from asyncio.subprocess import DEVNULL
from pathlib import Path

import pytest

from tests.integration.client.cli.pipes import bid_farewell
from tests.integration.client.cli.process import SIGNALS, WITHIN, start, unread
from tests.support import dead_names
from tests.support.scripted import ScriptedNode, message
from wire import messages as m
from wire.codec import encode


@pytest.mark.parametrize("number, status", SIGNALS)
async def test_an_interrupted_filter_says_from_where_on(
    node: ScriptedNode, number: signal.Signals, status: int
) -> None:
    process = await start(node.address, "--nick", "bot")
    assert process.stdin
    process.stdin.write(b"one\ntwo\n")
    peer = await node.peer()
    await peer.greet()
    await peer.take()
    await peer.expect(m.Send)
    process.send_signal(number)
    await bid_farewell(peer)
    _, errors = await process.communicate()
    assert process.returncode == status
    assert errors == b"chat: line 2 and what follows: Interrupted.\n"


@pytest.mark.parametrize("number", [number for number, _ in SIGNALS])
async def test_a_listener_is_ended_by_a_signal_with_status_0(
    node: ScriptedNode, number: signal.Signals
) -> None:
    process = await start(node.address, "--listen", "--json", "--nick", "bot", stdin=DEVNULL)
    assert process.stdout
    peer = await node.peer()
    await peer.greet()
    line = encode(message("hi"))
    peer.say_bytes(line)
    while await process.stdout.readline() != line:
        pass
    process.send_signal(number)
    await bid_farewell(peer)
    _, errors = await process.communicate()
    assert (process.returncode, errors) == (0, b"")


@pytest.mark.parametrize("flags, ends_with", [((), None), (("--listen",), 0)])
@pytest.mark.parametrize("number, status", SIGNALS)
async def test_a_client_ends_at_once_while_a_name_is_looked_up(
    tmp_path: Path,
    flags: tuple[str, ...],
    ends_with: int | None,
    number: signal.Signals,
    status: int,
) -> None:
    path = dead_names.python_path(tmp_path)
    process = await start(dead_names.NAME, *flags, "--nick", "bot", PYTHONPATH=path)
    assert process.stderr
    assert await process.stderr.readline() == f"{dead_names.ASKED}\n".encode()
    process.send_signal(number)
    async with asyncio.timeout(WITHIN):
        await process.communicate()
    assert process.returncode == (status if ends_with is None else ends_with)


@pytest.mark.parametrize("number", [number for number, _ in SIGNALS])
async def test_a_listener_whose_output_is_not_read_is_ended_by_a_signal(
    node: ScriptedNode, number: signal.Signals
) -> None:
    reading, writing = os.pipe()
    process = await start(node.address, "--listen", "--nick", "bot", stdin=DEVNULL, stdout=writing)
    os.close(writing)
    peer = await node.peer()
    await peer.greet()
    peer.say(*(message("x" * 1000, f"p{number}") for number in range(300)))
    async with asyncio.timeout(WITHIN):
        while unread(reading) < 40_000:
            await asyncio.sleep(0.01)
        process.send_signal(number)
        _, errors = await process.communicate()
    os.close(reading)
    assert (process.returncode, errors) == (0, b"")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGHUP])
async def test_a_signal_that_was_ignored_at_the_start_stays_ignored(
    node: ScriptedNode, number: signal.Signals
) -> None:
    before = signal.signal(number, signal.SIG_IGN)  # as nohup, and as a script with `&`
    try:
        process = await start(node.address, "--nick", "bot")
    finally:
        signal.signal(number, before)
    assert process.stdin
    process.stdin.write(b"one\n")
    peer = await node.peer()
    await peer.greet()
    await peer.take("p1")
    process.send_signal(number)
    process.stdin.write(b"two\n")
    assert (await peer.take("p2")).text == "two"
    process.stdin.close()
    await bid_farewell(peer)
    _, errors = await process.communicate()
    assert (process.returncode, errors) == (0, b"")
