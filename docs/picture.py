"""Draws docs/two-nodes.svg: two people talking on two nodes, from a real run of both.

    .venv/bin/python docs/picture.py [FILE]

It starts two nodes and two clients, each client in a pseudo-terminal of its own, types what stands
in SCENE, and draws what is then on the screens. It wants the ports 9999 and 10000, so that the
picture shows the addresses that `make up` gives.
"""

import fcntl
import os
import pty
import select
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from html import escape
from itertools import groupby
from pathlib import Path

import pyte
from pyte.screens import Char

ROOT = Path(__file__).parent.parent
ADDRESSES = ("localhost:9999", "localhost:10000")
PEOPLE = ("ana", "bo")
COLUMNS, LINES = 56, 13
PATIENCE = 15.0
"""Seconds for what was typed to appear: much more than it takes."""
PAUSE = 0.3
"""Seconds for the screens to come to rest before they are drawn."""

SCENE = (
    ("ana", "Hello from the first node.", "Hello from the first node."),
    ("bo", "And hello from the second!", "And hello from the second!"),
    ("bo", "/me waves", "* bo waves"),
    ("ana", "/create tea", "tea is new"),
    ("bo", "/join tea", "+ bo entered"),
    ("ana", "Same room, same order, wherever one is.", "wherever one is."),
    ("bo", "/msg ana Just between us.", "Just between us."),
)
"""Who types what, and what both of them then read; ana alone where it is about what bo does."""
ONE_SIDED = frozenset({"tea is new", "+ bo entered"})

CELL_WIDTH, CELL_HEIGHT = 8.4, 19
EDGE, TITLE = 14, 34
FONT = 14
BACKGROUND, FRAME, TEXT, DIM, PROMPT = "#14181d", "#2b323b", "#d7dde4", "#8a95a3", "#7fc8a9"
STYLE = f"font: {FONT}px ui-monospace, Menlo, Consolas, 'DejaVu Sans Mono', monospace"


class Screen(pyte.Screen):
    """A screen that answers when it is asked where its cursor is: the client waits for that."""

    def __init__(self, fd: int) -> None:
        super().__init__(COLUMNS, LINES)
        self._fd = fd

    def write_process_input(self, data: str) -> None:
        """Answer."""
        os.write(self._fd, data.encode())


class Terminal:
    """A client on a screen of its own."""

    def __init__(self, person: str, address: str) -> None:
        self.person = person
        self.title = f"chat {address} --nick {person}"
        self._fd, inner = pty.openpty()
        self.screen = Screen(self._fd)
        self._stream = pyte.ByteStream(self.screen)
        fcntl.ioctl(inner, termios.TIOCSWINSZ, struct.pack("HHHH", LINES, COLUMNS, 0, 0))
        self._client = subprocess.Popen(
            [sys.executable, "-m", "client", address, "--nick", person],
            cwd=ROOT,
            stdin=inner,
            stdout=inner,
            stderr=inner,
            env=os.environ | {"TERM": "xterm-256color", "TZ": "UTC", "CHAT_SETTINGS": os.devnull},
            start_new_session=True,
        )
        os.close(inner)

    def type(self, line: str) -> None:
        """Type a line, and the enter key."""
        os.write(self._fd, f"{line}\r".encode())

    def read(self, seconds: float) -> None:
        """Take what the client writes within some seconds."""
        if select.select([self._fd], [], [], seconds)[0]:
            self._stream.feed(os.read(self._fd, 65536))

    def shows(self, text: str) -> bool:
        """Say whether the text is on the screen."""
        return any(text in line for line in self.screen.display)

    def close(self) -> None:
        """Hang up."""
        self._client.terminate()
        self._client.wait(PATIENCE)
        os.close(self._fd)


def wait(terminals: list[Terminal], happened: Callable[[], bool], what: str) -> None:
    """Let the clients run until something has happened. Raises TimeoutError."""
    end = time.monotonic() + PATIENCE
    while not happened():
        if time.monotonic() > end:
            screens = "\n".join(line for each in terminals for line in each.screen.display)
            raise TimeoutError(f"never saw: {what}\n{screens}")
        for terminal in terminals:
            terminal.read(0.02)


@contextmanager
def two_nodes() -> Iterator[None]:
    """Run two nodes of one process."""
    command = [sys.executable, "-m", "node", "--nodes", "2", "--name", "node"]
    nodes = subprocess.Popen(
        [*command, "--drain", "0", "--log-level", "error"], cwd=ROOT, stdout=subprocess.PIPE
    )
    try:
        assert nodes.stdout
        for _ in ADDRESSES:
            if not nodes.stdout.readline():
                raise SystemExit("the nodes did not start")
        yield
    finally:
        nodes.terminate()
        nodes.wait(PATIENCE)


def play() -> list[Terminal]:
    """Play the scene, and return the terminals as they are at its end."""
    terminals: list[Terminal] = []
    with two_nodes():
        try:
            for person, address in zip(PEOPLE, ADDRESSES, strict=True):
                terminals.append(terminal := Terminal(person, address))
                wait(terminals, lambda: terminal.shows("You are in general"), f"{person} welcomed")
            for person, line, sign in SCENE:
                who = terminals[PEOPLE.index(person)]
                who.type(line)
                readers = terminals[:1] if sign in ONE_SIDED else terminals
                wait(terminals, lambda: all(each.shows(sign) for each in readers), sign)
            end = time.monotonic() + PAUSE
            wait(terminals, lambda: time.monotonic() > end, "rest")
        finally:
            for terminal in terminals:
                terminal.close()
    return terminals


def draw_text(x: float, y: float, text: str, colour: str, bold: bool = False) -> str:
    """Return a run of text; its length is fixed, so that columns meet in any font."""
    weight = ' font-weight="bold"' if bold else ""
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" fill="{colour}"{weight}'
        f' textLength="{len(text) * CELL_WIDTH:.1f}" xml:space="preserve">{escape(text)}</text>'
    )


def draw_line(row: dict[int, Char], number: int, has_prompt: bool) -> Iterator[str]:
    """Return the shapes of one line of a screen."""
    top = TITLE + EDGE / 2 + number * CELL_HEIGHT
    column = 0
    for reverse, cells in groupby((row[at] for at in range(COLUMNS)), lambda cell: cell.reverse):
        text = "".join(cell.data for cell in cells)
        if reverse:
            width = len(text) * CELL_WIDTH
            yield (
                f'<rect x="{EDGE + column * CELL_WIDTH:.1f}" y="{top:.1f}" width="{width:.1f}"'
                f' height="{CELL_HEIGHT}" fill="{FRAME}"/>'
            )
        bare = text.lstrip(" ")
        at = column + len(text) - len(bare)
        if bare := bare.rstrip(" "):
            colour = PROMPT if has_prompt else DIM if reverse or bare.startswith("·") else TEXT
            yield draw_text(EDGE + at * CELL_WIDTH, top + FONT, bare, colour)
        column += len(text)


def draw_terminal(terminal: Terminal, left: float) -> Iterator[str]:
    """Return the shapes of one window, its left edge at ``left``."""
    width, height = window_size()
    screen = terminal.screen
    yield f'<g transform="translate({left:.1f} 0)">'
    yield f'<rect width="{width:.1f}" height="{height:.1f}" rx="8" fill="{BACKGROUND}"/>'
    yield f'<path d="M0 {TITLE}V8a8 8 0 0 1 8-8H{width - 8:.1f}a8 8 0 0 1 8 8V{TITLE}z"'
    yield f' fill="{FRAME}"/>'
    yield draw_text(EDGE, TITLE / 2 + FONT / 3, f"$ {terminal.title}", TEXT, bold=True)
    for number in range(LINES):
        yield from draw_line(screen.buffer[number], number, number == screen.cursor.y)
    x, y = screen.cursor.x, screen.cursor.y
    yield (
        f'<rect x="{EDGE + x * CELL_WIDTH:.1f}" y="{TITLE + EDGE / 2 + y * CELL_HEIGHT:.1f}"'
        f' width="{CELL_WIDTH}" height="{CELL_HEIGHT}" fill="{PROMPT}"/></g>'
    )


def window_size() -> tuple[float, float]:
    """Return width and height of a window."""
    return 2 * EDGE + COLUMNS * CELL_WIDTH, TITLE + 1.5 * EDGE + LINES * CELL_HEIGHT


def draw(terminals: list[Terminal]) -> str:
    """Return the picture of all screens, one beside the other."""
    width, height = window_size()
    whole = len(terminals) * (width + EDGE) - EDGE
    shapes = [
        shape
        for number, terminal in enumerate(terminals)
        for shape in draw_terminal(terminal, number * (width + EDGE))
    ]
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {whole:.1f} {height:.1f}"'
            f' width="{whole:.0f}" height="{height:.0f}" role="img">',
            "<title>Two people talk on two nodes, each in a terminal.</title>",
            f'<g style="{escape(STYLE)}">',
            *shapes,
            "</g>",
            "</svg>\n",
        ]
    )


def main() -> None:
    """Play the scene and write the picture."""
    file = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "docs/two-nodes.svg"
    file.write_text(draw(play()), encoding="utf-8")


if __name__ == "__main__":
    main()
