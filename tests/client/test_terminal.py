"""The interactive client in a real pseudo-terminal, read from a real screen."""

import asyncio
import fcntl
import os
import pty
import signal
import struct
import sys
import termios
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from pathlib import Path

import pyte
import pytest

from tests.client.scripted import Peer, ScriptedNode, joined, message, refused, scripted_node
from wire import messages as m

ROOT = Path(__file__).parent.parent.parent
COLUMNS, LINES = 80, 24


class AnsweringScreen(pyte.Screen):
    """A screen that says where its cursor is when it is asked, as terminals do."""

    def __init__(self, answer: Callable[[str], None]) -> None:
        super().__init__(COLUMNS, LINES)
        self._answer = answer

    def write_process_input(self, data: str) -> None:
        """Called by pyte."""
        self._answer(data)


class Screen:
    """A terminal with the client in it."""

    def __init__(self) -> None:
        self._screen = AnsweringScreen(self.type)
        self._stream = pyte.ByteStream(self._screen)
        self._changed = asyncio.Event()
        self._master = -1
        self.process: asyncio.subprocess.Process

    async def start(self, *arguments: str) -> None:
        """Start the client."""
        self._master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", LINES, COLUMNS, 0, 0))
        self.process = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", "client"),
            *arguments,
            stdin=slave,
            stdout=slave,
            stderr=slave,
            start_new_session=True,
            env={"PYTHONPATH": str(ROOT), "TERM": "xterm-256color", "LANG": "C.UTF-8"}
            | {"LOGNAME": "login", "CHAT_SETTINGS": os.devnull},
        )
        os.close(slave)
        os.set_blocking(self._master, False)
        asyncio.get_running_loop().add_reader(self._master, self._read)

    def type(self, text: str) -> None:
        """Press keys."""
        os.write(self._master, text.encode())

    @property
    def lines(self) -> list[str]:
        """What is on the screen."""
        return [line.rstrip() for line in self._screen.display]

    async def until(self, wanted: Callable[[list[str]], bool]) -> None:
        """Wait until the screen is as wanted."""
        while not wanted(self.lines):
            self._changed.clear()
            await self._changed.wait()

    async def shows(self, text: str) -> None:
        """Wait until some line holds ``text``."""
        await self.until(lambda lines: any(text in line for line in lines))

    async def end(self) -> None:
        """Let the client go, and its terminal."""
        if self.process.returncode is None:
            self.process.kill()
        await self.process.wait()
        asyncio.get_running_loop().remove_reader(self._master)
        os.close(self._master)

    def _read(self) -> None:
        with suppress(OSError):
            self._stream.feed(os.read(self._master, 65536))
        self._changed.set()


@pytest.fixture
async def node() -> AsyncIterator[ScriptedNode]:
    """A node."""
    async with scripted_node() as node:
        yield node


@pytest.fixture
async def screen() -> AsyncIterator[Screen]:
    """A terminal; the test starts the client in it."""
    screen = Screen()
    yield screen
    await screen.end()


@pytest.fixture
async def peer(screen: Screen, node: ScriptedNode) -> Peer:
    """The node's end of a client that is ready for typing."""
    await screen.start(node.address, "--nick", "ana")
    peer = await node.peer()
    await peer.greet()
    await screen.until(lambda lines: is_prompt(lines, "general> "))
    return peer


def is_prompt(lines: list[str], text: str) -> bool:
    """Whether the prompt is there, whole, with the toolbar at the bottom."""
    return any(line.startswith(text.rstrip()) for line in lines) and "on node-1" in lines[-1]


async def test_what_is_said_appears_above_a_prompt_that_stays_whole(
    screen: Screen, peer: Peer
) -> None:
    screen.type("half a li")
    await screen.shows("general> half a li")
    peer.say(message("hello ana", "p1"))
    await screen.shows("<bo> hello ana")
    await screen.shows("general> half a li")
    screen.type("ne\r")
    assert (await peer.take("p2")).text == "half a line"
    await screen.shows("<ana> half a line")
    await screen.until(lambda lines: sum("half a line" in line for line in lines) == 1)


async def test_rooms_are_entered_and_left_by_command(screen: Screen, peer: Peer) -> None:
    screen.type("/join lab\r")
    request = await peer.expect(m.Join)
    peer.say(joined("lab", "l0", ref=request.ref))
    await screen.until(lambda lines: is_prompt(lines, "lab> "))
    assert "also in general" in screen.lines[-1]
    screen.type("/nonsense\r")
    await screen.shows("! There is no command /nonsense")
    screen.type("/help\r")
    await screen.shows("/history [N]")


async def test_a_hostile_text_does_nothing_to_the_screen(screen: Screen, peer: Peer) -> None:
    peer.say(message("\x1b[2J\x1b[31m\x07gone?\r\u202e", "p1"))
    await screen.shows("<bo> \u241b[2J\u241b[31m\u2407gone?\u240d\\u202e")
    await screen.until(lambda lines: is_prompt(lines, "general> "))


async def test_a_reconnect_is_one_line(screen: Screen, peer: Peer, node: ScriptedNode) -> None:
    peer.hang_up()
    again = await node.peer()
    await again.greet(resumed=True, node="node-2")
    await screen.shows("on node-2.")
    await screen.until(lambda lines: "on node-2" in lines[-1])
    assert sum("You are in general" in line for line in screen.lines) == 1


@pytest.mark.parametrize("keys", ["/quit\r", "\x04", "\x03"])
async def test_one_leaves_by_quit_or_by_a_key(screen: Screen, peer: Peer, keys: str) -> None:
    screen.type(keys)
    await peer.expect(m.Quit)
    peer.say(m.Bye(reason="quit"))
    assert await screen.process.wait() == 0


async def test_control_c_throws_a_typed_line_away_first(screen: Screen, peer: Peer) -> None:
    screen.type("never mind")
    await screen.shows("general> never mind")
    screen.type("\x03")
    await screen.until(lambda lines: not any("never mind" in line for line in lines))
    screen.type("hi\r")
    assert (await peer.take()).text == "hi"


async def test_sigterm_leaves_the_chat(screen: Screen, peer: Peer) -> None:
    screen.process.send_signal(signal.SIGTERM)
    await peer.expect(m.Quit)
    peer.say(m.Bye(reason="quit"))
    assert await screen.process.wait() == 0


async def test_without_a_nick_one_is_asked_and_asked_again_when_it_is_taken(
    screen: Screen, node: ScriptedNode
) -> None:
    await screen.start(node.address)
    await screen.shows("Nick: login")
    screen.type("\x15ana\r")
    peer = await node.peer()
    assert (await peer.expect(m.Hello)).nick == "ana"
    peer.say(refused("nick-taken", ref="hello"))
    await screen.shows("! No: nick-taken.")
    await screen.shows("Nick:")
    screen.type("ana2\r")
    again = await node.peer()
    assert (await again.greet()).nick == "ana2"
    await screen.until(lambda lines: is_prompt(lines, "general> "))


async def test_a_session_that_went_on_elsewhere_ends_this_one(screen: Screen, peer: Peer) -> None:
    peer.say(m.Bye(reason="replaced"))
    await screen.shows("! The node said goodbye (replaced)")
    assert await screen.process.wait() == 1
