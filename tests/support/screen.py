"""A terminal with the client in it: a pseudo-terminal, and pyte for its screen."""

import asyncio
import fcntl
import os
import pty
import struct
import sys
import termios
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pyte
from wcwidth import wcwidth

ROOT = Path(__file__).parents[2]
IN_ITS_TERMINAL = (
    "import fcntl, os, sys, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0);"
    " os.execv(sys.argv[1], sys.argv[1:])"
)
"""Makes the terminal the session's own, so that it sends the client its signals; then is it."""
PATIENCE = 30.0
"""Seconds for the screen to become as wanted: much more than it takes."""
ENVIRONMENT = {
    **{"TERM": "xterm-256color", "LANG": "C.UTF-8", "LOGNAME": "login", "TZ": "UTC"},
    "CHAT_SETTINGS": os.devnull,
}


class Display(pyte.Screen):
    """A screen that says where its cursor is when it is asked, as terminals do.

    What is dim blinks: pyte does not know dim, and nothing else blinks.
    """

    def __init__(self, columns: int, lines: int, answer: Callable[[str], None]) -> None:
        super().__init__(columns, lines)
        self._answer = answer

    def write_process_input(self, data: str) -> None:
        """Called by pyte."""
        self._answer(data)

    def select_graphic_rendition(self, *attributes: int, **how: Any) -> None:
        """Called by pyte."""
        super().select_graphic_rendition(*attributes, **how)
        left = list(attributes)
        while left:
            if (code := left.pop(0)) == 2:
                self.cursor.attrs = self.cursor.attrs._replace(blink=True)
            elif code in (38, 48):  # a colour: 5 and its number, or 2 and its parts
                del left[: 2 if left[0] == 5 else 4]

    def draw(self, data: str) -> None:
        """Called by pyte, which forgets what follows a joiner."""
        super().draw("".join(each for each in data if wcwidth(each) or each == "\u0301"))


class Screen:
    """The client on a screen of ``columns`` by ``lines``; ``raw`` is every byte that it wrote."""

    def __init__(self, columns: int = 80, lines: int = 24) -> None:
        self.display = Display(columns, lines, self.type)
        self.raw = bytearray()
        self._stream = pyte.ByteStream(self.display)
        self._changed = asyncio.Event()
        self._home = TemporaryDirectory(prefix="chat-state-")
        self.state_home = Path(self._home.name)
        """The client's state folder is in here; it outlives a client that was killed."""
        self._master = -1
        self.process: asyncio.subprocess.Process

    async def start(self, *arguments: str, **variables: str) -> None:
        """Start the client."""
        self._master, slave = pty.openpty()
        self._tell_size()
        self.process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-ISc", IN_ITS_TERMINAL, sys.executable, "-m", "client", *arguments),
            stdin=slave,
            stdout=slave,
            stderr=slave,
            start_new_session=True,
            env=ENVIRONMENT
            | {"PYTHONPATH": str(ROOT), "XDG_STATE_HOME": str(self.state_home)}
            | variables,
        )
        os.close(slave)
        os.set_blocking(self._master, False)
        asyncio.get_running_loop().add_reader(self._master, self._read)

    def type(self, text: str) -> None:
        """Press keys."""
        os.write(self._master, text.encode())

    def paste(self, text: str) -> None:
        """Paste, as a terminal does it that brackets what is pasted."""
        self.type(f"\x1b[200~{text}\x1b[201~")

    def resize(self, columns: int, lines: int) -> None:
        """Make the window larger or smaller; the client gets SIGWINCH."""
        self.display.resize(lines, columns)
        self._tell_size()

    def vanish(self) -> None:
        """Close the terminal, as when its window is closed."""
        if self._master >= 0:
            asyncio.get_running_loop().remove_reader(self._master)
            os.close(self._master)
            self._master = -1

    def stop(self) -> None:
        """Take nothing that is written, as a terminal does that scrolls back."""
        asyncio.get_running_loop().remove_reader(self._master)

    def go_on(self) -> None:
        """Take what is written again."""
        asyncio.get_running_loop().add_reader(self._master, self._read)

    @property
    def lines(self) -> list[str]:
        """What is on the screen."""
        return [line.rstrip() for line in self.display.display]

    @property
    def said(self) -> list[str]:
        """What is between the bars, and not empty."""
        lines = self.lines
        bars = [n for n in range(1, len(lines)) if self.display.buffer[n][0].reverse]
        return [line for line in lines[1 : bars[0] if bars else 1] if line]

    def column(self, line: int, sign: str) -> int:
        """Return the column in which a sign stands, -1 where it does not."""
        row = self.display.buffer[line]
        return next((at for at in range(self.display.columns) if row[at].data == sign), -1)

    async def until(self, wanted: Callable[[list[str]], Any]) -> None:
        """Wait until the screen is as wanted."""
        try:
            async with asyncio.timeout(PATIENCE):
                while not wanted(self.lines):
                    self._changed.clear()
                    await self._changed.wait()
        except TimeoutError:
            raise AssertionError("never seen; instead:\n" + "\n".join(self.lines)) from None

    async def shows(self, text: str) -> None:
        """Wait until some line holds ``text``."""
        await self.until(lambda lines: any(text in line for line in lines))

    async def lacks(self, text: str) -> None:
        """Wait until no line holds ``text``."""
        await self.until(lambda lines: not any(text in line for line in lines))

    async def end(self) -> None:
        """Let the client go, and its terminal."""
        try:
            await self._end()
        finally:
            self._home.cleanup()

    async def _end(self) -> None:
        if self._master < 0:
            return
        if self.process.returncode is None:
            self.process.kill()
        await self.process.wait()
        self.vanish()

    def _tell_size(self) -> None:
        size = struct.pack("HHHH", self.display.lines, self.display.columns, 0, 0)
        fcntl.ioctl(self._master, termios.TIOCSWINSZ, size)

    def _read(self) -> None:
        with suppress(OSError):
            data = os.read(self._master, 65536)
            self.raw += data
            self._stream.feed(data)
        self._changed.set()
