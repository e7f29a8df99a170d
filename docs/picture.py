"""Draws docs/two-nodes.svg: two people talking on two nodes, from a real run of both.

    .venv/bin/python -m docs.picture [FILE]

It starts two nodes and two clients, each client in a pseudo-terminal of its own, types what stands
in SCENE, and draws what is then on the screens. It wants the ports 9999 and 10000, so that the
picture shows the addresses that `make up` gives.
"""

import asyncio
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from html import escape
from itertools import groupby
from pathlib import Path

from pyte.screens import Char

from tests.support.screen import Screen

ROOT = Path(__file__).parent.parent
ADDRESSES = ("localhost:9999", "localhost:10000")
PEOPLE = ("ana", "bo")
COLUMNS, LINES = 60, 17
REST = 0.3
"""Seconds for the screens to come to rest before they are drawn."""

SCENE = (
    ("ana", "/create tea\r", "You created tea"),
    ("ana", "\x1b1", "1:general"),
    ("bo", "/join tea\r", "You are in tea"),
    ("bo", "\x1b1", "1:general"),
    ("ana", "Hello from the first node.\r", "Hello from the first node."),
    ("bo", "And hello from the second!\r", "And hello from the second!"),
    ("bo", "/me waves\r", "waves"),
    ("ana", "Same room, same order, on every node.\r", "on every node."),
    ("bo", "ana: And when a node dies, its clients move to another one.\r", "to another one"),
    ("bo", "\x1b2", "2:tea"),
    ("bo", "Tea?\r", "Tea?"),
    ("bo", "\x1b1", "And hello"),
    ("bo", "/msg ana Just between us.\r", "Just between us."),
    ("ana", "Nothing is los", "Nothing is los"),
)
"""Who presses which keys, and what is seen then."""
ONE_SIDED = {
    "1:general",
    "2:tea",
    "And hello",
    "Nothing is los",
    "Tea?",
    "You are in tea",
    "You created tea",
}
"""What is seen by who pressed the keys; all else by both of them."""

CELL_WIDTH, CELL_HEIGHT = 8.4, 19
EDGE, TITLE = 14, 34
FONT = 14
BACKGROUND, FRAME, TEXT, DIM, CURSOR = "#14181d", "#2b323b", "#d7dde4", "#8a95a3", "#7fc8a9"
STYLE = f"font: {FONT}px ui-monospace, Menlo, Consolas, 'DejaVu Sans Mono', monospace"


@asynccontextmanager
async def two_nodes() -> AsyncIterator[None]:
    """Run two nodes of one process."""
    command = [sys.executable, "-m", "node", "--nodes", "2", "--name", "node"]
    nodes = await asyncio.create_subprocess_exec(
        *(*command, "--drain", "0", "--log-level", "error"),
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        assert nodes.stdout
        for _ in ADDRESSES:
            if not await nodes.stdout.readline():
                raise SystemExit("the nodes did not start")
        yield
    finally:
        nodes.terminate()
        await nodes.wait()


async def play() -> list[Screen]:
    """Play the scene, and return the screens as they are at its end."""
    screens: dict[str, Screen] = {}
    async with two_nodes():
        try:
            for person, address in zip(PEOPLE, ADDRESSES, strict=True):
                screens[person] = screen = Screen(COLUMNS, LINES)
                await screen.start(address, "--nick", person, COLORTERM="truecolor")
                await screen.until(lambda lines: " ms" in lines[-2] and "general>" in lines[-1])
            for person, keys, sign in SCENE:
                screens[person].type(keys)
                for screen in [screens[person]] if sign in ONE_SIDED else screens.values():
                    await screen.shows(sign)
            await asyncio.sleep(REST)
        finally:
            for screen in screens.values():
                await screen.end()
    return list(screens.values())


def draw_text(x: float, y: float, text: str, cells: int, look: str) -> str:
    """Return a run of text; its length is fixed, so that columns meet in any font."""
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" {look} textLength="{cells * CELL_WIDTH:.1f}"'
        f' xml:space="preserve">{escape(text)}</text>'
    )


def draw_box(x: float, y: float, cells: int, colour: str) -> str:
    """Return the ground of so many cells."""
    size = f'width="{cells * CELL_WIDTH:.1f}" height="{CELL_HEIGHT}"'
    return f'<rect x="{x:.1f}" y="{y:.1f}" {size} fill="{colour}"/>'


def look_of(cell: Char) -> str:
    """Return how a cell's text looks, as attributes of SVG."""
    colour = TEXT if cell.fg == "default" else f"#{cell.fg}"
    look = f'fill="{DIM if cell.blink and not cell.reverse else colour}"'
    if cell.bold:
        look += ' font-weight="bold"'
    if cell.italics:
        look += ' font-style="italic"'
    return look


def draw_line(row: dict[int, Char], top: float) -> Iterator[str]:
    """Return the shapes of one line of a screen."""
    at = 0
    cells = [row[column] for column in range(COLUMNS)]
    for (look, reverse), group in groupby(cells, lambda cell: (look_of(cell), cell.reverse)):
        run = list(group)
        if reverse:
            yield draw_box(EDGE + at * CELL_WIDTH, top, len(run), FRAME)
        text = "".join(cell.data for cell in run)
        bare = text.strip(" ")
        if bare:
            # A wide character has an empty cell behind it: cells are counted, not characters.
            start = at + len(text) - len(text.lstrip(" "))
            taken = len(run) - (len(text) - len(bare))
            yield draw_text(EDGE + start * CELL_WIDTH, top + FONT, bare, taken, look)
        at += len(run)


def draw_screen(screen: Screen, title: str, left: float) -> Iterator[str]:
    """Return the shapes of one window, its left edge at ``left``."""
    width, height = window_size()
    yield f'<g transform="translate({left:.1f} 0)">'
    yield f'<rect width="{width:.1f}" height="{height:.1f}" rx="8" fill="{BACKGROUND}"/>'
    yield f'<path d="M0 {TITLE}V8a8 8 0 0 1 8-8H{width - 8:.1f}a8 8 0 0 1 8 8V{TITLE}z"'
    yield f' fill="{FRAME}"/>'
    bold = f'fill="{TEXT}" font-weight="bold"'
    yield draw_text(EDGE, TITLE / 2 + FONT / 3, f"$ {title}", len(title) + 2, bold)
    first = TITLE + EDGE / 2
    for number in range(LINES):
        yield from draw_line(screen.display.buffer[number], first + number * CELL_HEIGHT)
    x, y = screen.display.cursor.x, screen.display.cursor.y
    yield draw_box(EDGE + x * CELL_WIDTH, first + y * CELL_HEIGHT, 1, CURSOR) + "</g>"


def window_size() -> tuple[float, float]:
    """Return width and height of a window."""
    return 2 * EDGE + COLUMNS * CELL_WIDTH, TITLE + 1.5 * EDGE + LINES * CELL_HEIGHT


def draw(screens: list[Screen]) -> str:
    """Return the picture of all screens, one beside the other."""
    width, height = window_size()
    whole = len(screens) * (width + EDGE) - EDGE
    shapes: list[str] = []
    for number, screen in enumerate(screens):
        title = f"chat {ADDRESSES[number]} --nick {PEOPLE[number]}"
        shapes += draw_screen(screen, title, number * (width + EDGE))
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
    file.write_text(draw(asyncio.run(play())), encoding="utf-8")


if __name__ == "__main__":
    main()
