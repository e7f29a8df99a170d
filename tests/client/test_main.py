"""The client as a process: its streams, its signals, its exit status."""

import asyncio
import os
import signal
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.client.scripted import Peer, ScriptedNode, message, scripted_node
from wire import messages as m
from wire.codec import encode

ROOT = Path(__file__).parent.parent.parent


@pytest.fixture
async def node() -> AsyncIterator[ScriptedNode]:
    """A node."""
    async with scripted_node() as node:
        yield node


async def start(*arguments: str, stdin: int = PIPE, stdout: int = PIPE) -> Process:
    """Start a client without a terminal, and as in cron: with hardly any environment."""
    return await asyncio.create_subprocess_exec(
        sys.executable,
        *("-X", "dev", "-W", "error", "-m", "client"),
        *arguments,
        stdin=stdin,
        stdout=stdout,
        stderr=PIPE,
        env={"PYTHONPATH": str(ROOT), "PATH": os.environ["PATH"], "CHAT_SETTINGS": os.devnull},
    )


async def bid_farewell(peer: Peer) -> None:
    """Let the client quit."""
    await peer.expect(m.Quit)
    peer.say(m.Bye(reason="quit"))


async def test_a_line_is_said_and_the_status_is_0(node: ScriptedNode) -> None:
    process = await start(node.address, "--nick", "bot")
    ending = asyncio.create_task(process.communicate(b"hi\n"))
    peer = await node.peer()
    await peer.greet()
    assert (await peer.take()).text == "hi"
    await bid_farewell(peer)
    assert (await ending, process.returncode) == ((b"", b""), 0)


async def test_a_bad_line_is_named_on_standard_error_and_the_status_is_1(
    node: ScriptedNode,
) -> None:
    process = await start(node.address, "--nick", "bot")
    ending = asyncio.create_task(process.communicate(b"x" * 5000 + b"\n"))
    peer = await node.peer()
    await peer.greet()
    await bid_farewell(peer)
    out, errors = await ending
    assert process.returncode == 1 and out == b""
    assert errors.startswith(b"chat: line 1: ") and errors.count(b"\n") == 1


@pytest.mark.parametrize("number, status", [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
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


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
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


async def test_a_listener_ends_quietly_when_nobody_reads_any_more(node: ScriptedNode) -> None:
    reading, writing = os.pipe()
    process = await start(node.address, "--listen", "--nick", "bot", stdin=DEVNULL, stdout=writing)
    os.close(writing)
    os.close(reading)
    peer = await node.peer()
    await peer.greet()
    peer.say(message("hi"))
    await bid_farewell(peer)
    _, errors = await process.communicate()
    assert (process.returncode, errors) == (0, b"")


async def test_closed_standard_streams_are_nothing_to_read_and_nowhere_to_write(
    node: ScriptedNode,
) -> None:
    command = f"exec {sys.executable} -m client {node.address} --nick bot --json <&- >&-"
    process = await asyncio.create_subprocess_shell(
        command,
        stderr=PIPE,
        env={"PYTHONPATH": str(ROOT), "CHAT_SETTINGS": os.devnull},
    )
    peer = await node.peer()
    await peer.greet()
    await bid_farewell(peer)
    _, errors = await process.communicate()
    assert (process.returncode, errors) == (0, b"")


async def test_a_bad_argument_is_one_line_and_status_2() -> None:
    process = await start("nowhere:x")
    out, errors = await process.communicate()
    assert (process.returncode, out, errors.count(b"\n")) == (2, b"", 1)


async def test_a_nick_that_cannot_be_sent_is_one_line_and_status_2() -> None:
    process = await start("--nick", "\udcff", "--listen")
    out, errors = await process.communicate()
    assert (process.returncode, out, errors.count(b"\n")) == (2, b"", 1)


async def test_the_filter_does_not_load_the_screens_library() -> None:
    code = "import client.__main__, sys; sys.exit('prompt_toolkit' in sys.modules)"
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", code, env={"PYTHONPATH": str(ROOT)}
    )
    assert await process.wait() == 0
