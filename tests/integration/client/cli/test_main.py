"""The client as a process: its streams, and its exit status."""

import asyncio
import os
import signal
import sys
from asyncio.subprocess import DEVNULL, PIPE
from pathlib import Path

import pytest

from tests.integration.client.cli.pipes import bid_farewell
from tests.integration.client.cli.process import ROOT, WITHIN, start
from tests.support.scripted import ScriptedNode, message

FULL = Path("/dev/full")


async def test_a_line_is_sent_and_the_status_is_0(node: ScriptedNode) -> None:
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


async def test_a_filter_ends_although_nobody_reads_its_errors(node: ScriptedNode) -> None:
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
    with open(reading, encoding="utf-8") as errors:
        told = errors.readlines()
    assert told[0].startswith("chat: line 1: It is not UTF-8 (byte 0xFF in column 1)")
    assert told[1:] == ["chat: 5000 lines are not UTF-8 and were not sent.\n"]


async def test_a_listener_ends_quietly_when_its_reader_is_gone(node: ScriptedNode) -> None:
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


async def test_lines_are_sent_as_they_come(node: ScriptedNode) -> None:
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


async def test_bytes_that_are_not_utf_8_are_reported_and_the_rest_is_sent(
    node: ScriptedNode,
) -> None:
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
async def test_help_whose_reader_is_gone_is_no_error(flag: str) -> None:
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


async def test_a_word_that_is_no_host_is_said_to_be_no_server_of_the_settings_either() -> None:
    no_host = "x" * 64  # longer than a name may be: no name server is asked
    process = await start(no_host, "--nick", "bot", "--timeout", "0.1")
    _, errors = await process.communicate(b"hi\n")
    assert process.returncode == 1
    first, second, *_ = errors.decode().splitlines()
    assert first == f"chat: No connection: there is no host called {no_host}. Trying again."
    assert second.startswith(f"chat: Your settings have no [server.{no_host}] either;")


async def test_a_mistyped_variable_is_named_once_without_its_value(node: ScriptedNode) -> None:
    process = await start(node.address, "--nick", "bot", CHAT_TOKN="sesame")
    ending = asyncio.create_task(process.communicate(b"hi\n"))
    peer = await node.peer()
    await peer.greet()
    await peer.take()
    await bid_farewell(peer)
    _, errors = await ending
    told = b"chat: ignored CHAT_TOKN, which is no setting; did you mean CHAT_TOKEN?\n"
    assert (process.returncode, errors) == (0, told)
