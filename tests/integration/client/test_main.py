"""The client as a process: its streams, its signals, its exit status."""

import asyncio
import fcntl
import os
import signal
import sys
import termios
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support import dead_names
from tests.support.scripted import Peer, ScriptedNode, message, scripted_node
from wire import messages as m
from wire.codec import encode

ROOT = Path(__file__).parent.parent.parent
FULL = Path("/dev/full")
WITHIN = 30.0
SIGNALS = [(signal.SIGHUP, 129), (signal.SIGINT, 130), (signal.SIGTERM, 143)]


@pytest.fixture
async def node() -> AsyncIterator[ScriptedNode]:
    """A node."""
    async with scripted_node() as node:
        yield node


async def start(
    *arguments: str, stdin: int = PIPE, stdout: int = PIPE, stderr: int = PIPE, **environment: str
) -> Process:
    """Start a client without a terminal, and as in cron: with hardly any environment."""
    return await asyncio.create_subprocess_exec(
        sys.executable,
        # Not in development mode: asyncio would log slow callbacks on a busy machine.
        *("-X", "faulthandler", "-W", "error", "-m", "client"),
        *arguments,
        stdin=stdin,
        stdout=stdout,
        stderr=stderr,
        env={"PYTHONPATH": str(ROOT), "PATH": os.environ["PATH"], "CHAT_SETTINGS": os.devnull}
        | environment,
    )


def unread(pipe: int) -> int:
    """Return how many bytes are in a pipe."""
    return int.from_bytes(fcntl.ioctl(pipe, termios.FIONREAD, b"\0" * 4), sys.byteorder)


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
        while unread(reading) < 50_000:
            await asyncio.sleep(0.01)
        process.send_signal(number)
        _, errors = await process.communicate()
    os.close(reading)
    assert (process.returncode, errors) == (0, b"")


async def test_a_filter_whose_complaints_are_not_read_goes_on_and_ends(node: ScriptedNode) -> None:
    reading, writing = os.pipe()
    process = await start(node.address, "--nick", "bot", stderr=writing)
    os.close(writing)
    assert process.stdin
    process.stdin.write(b"\xff\n" * 5000 + b"hi\n")
    process.stdin.close()
    peer = await node.peer()
    await peer.greet()
    async with asyncio.timeout(WITHIN):
        assert (await peer.take()).text == "hi"
        await bid_farewell(peer)
        assert await process.wait() == 1
    with open(reading, encoding="utf-8") as complaints:
        told = complaints.readlines()
    assert told[:2] == [f"chat: line {number}: The line is not UTF-8.\n" for number in (1, 2)]


async def test_a_listener_ends_quietly_when_nobody_reads_any_more(node: ScriptedNode) -> None:
    reading, writing = os.pipe()
    process = await start(node.address, "--listen", "--nick", "bot", stdin=DEVNULL, stdout=writing)
    os.close(writing)
    peer = await node.peer()
    await peer.greet()
    os.close(reading)  # and nothing is said: no write would tell
    await bid_farewell(peer)
    _, errors = await process.communicate()
    assert (process.returncode, errors) == (0, b"")


async def test_a_listener_stays_at_a_pipe_that_it_could_read_itself(
    node: ScriptedNode, tmp_path: Path
) -> None:
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    both = os.open(fifo, os.O_RDWR)
    process = await start(node.address, "--listen", "--nick", "bot", stdin=DEVNULL, stdout=both)
    peer = await node.peer()
    await peer.greet()
    for text in ("one", "two"):  # what is in it to be read is no reason to leave
        peer.say(message(text, text))
        printed = await asyncio.to_thread(os.read, both, 1000)
        assert printed.endswith(f"<bo> {text}\n".encode())
    os.close(both)
    process.send_signal(signal.SIGTERM)
    await bid_farewell(peer)
    await process.communicate()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGHUP])
async def test_a_signal_that_we_were_told_to_ignore_is_ignored(
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


async def test_lines_are_said_as_they_come(node: ScriptedNode) -> None:
    process = await start(node.address, "--nick", "bot")
    assert process.stdin
    peer = await node.peer()
    await peer.greet()
    for text in ("one", "two"):  # as of tail -f: nothing waits for the end of the input
        process.stdin.write(f"{text}\n".encode())
        assert (await peer.take(text)).text == text
    process.stdin.close()
    await bid_farewell(peer)
    await process.communicate()
    assert process.returncode == 0


async def test_bytes_that_are_no_text_are_named_and_the_rest_is_said(node: ScriptedNode) -> None:
    process = await start(node.address, "--nick", "bot")
    ending = asyncio.create_task(process.communicate(b"\x7fELF\0\xff\n\xc3\xa4\n\0\n"))
    peer = await node.peer()
    await peer.greet()
    assert (await peer.take()).text == "\u00e4"
    await bid_farewell(peer)
    _, errors = await ending
    assert process.returncode == 1
    assert [line.split(b":")[1] for line in errors.splitlines()] == [b" line 1", b" line 3"]


@pytest.mark.skipif(not FULL.exists(), reason="there is no full device here")
async def test_a_full_disk_is_one_line_and_status_1(node: ScriptedNode) -> None:
    with FULL.open("wb") as full:
        process = await start(
            node.address, "--listen", "--nick", "bot", stdin=DEVNULL, stdout=full.fileno()
        )
    peer = await node.peer()
    await peer.greet()
    peer.say(message("hi"))
    await bid_farewell(peer)
    _, errors = await process.communicate()
    assert process.returncode == 1
    assert errors == b"chat: standard output: No space left on device\n"


async def test_a_locale_without_utf_8_changes_nothing(node: ScriptedNode) -> None:
    process = await start(node.address, "--listen", "--nick", "b\u00f6", stdin=DEVNULL, LC_ALL="C")
    assert process.stdout
    peer = await node.peer()
    assert (await peer.greet()).nick == "b\u00f6"
    peer.say(message("\u00e4"))
    assert (await process.stdout.readline()).decode().endswith("<bo> \u00e4\n")
    process.terminate()
    await bid_farewell(peer)
    await process.communicate()


@pytest.mark.parametrize("flag", ["--help", "--version", "--completion=bash"])
async def test_a_page_that_nobody_reads_to_its_end_is_no_trouble(flag: str) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    process = await start(flag, stdout=writing)
    os.close(writing)
    _, errors = await process.communicate()
    assert (process.returncode, errors) == (0, b"")


@pytest.mark.skipif(not FULL.exists(), reason="there is no full device here")
async def test_a_page_that_cannot_be_printed_is_one_line_and_status_1() -> None:
    with FULL.open("wb") as full:
        process = await start("--help", stdout=full.fileno())
    _, errors = await process.communicate()
    assert process.returncode == 1
    assert errors == b"chat: standard output: No space left on device\n"


async def test_bad_settings_are_one_line_and_status_2(tmp_path: Path) -> None:
    path = tmp_path / "settings.toml"
    path.write_text("rooms = 7")
    process = await start(CHAT_SETTINGS=str(path))
    out, errors = await process.communicate()
    assert (process.returncode, out, errors.count(b"\n")) == (2, b"", 1)
    assert str(path).encode() in errors


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


async def test_the_filter_loads_nothing_that_it_does_not_need() -> None:
    late = {"prompt_toolkit", "shtab", "tomllib", "importlib.metadata"}
    code = f"import client.__main__, sys; sys.exit(bool({late} & set(sys.modules)))"
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", code, env={"PYTHONPATH": str(ROOT)}
    )
    assert await process.wait() == 0
