"""A terminal that stops: the loop goes on, and the screen is whole again afterwards."""

import asyncio
import threading
from collections.abc import Iterator

import pytest

from client.tui import tty

WITHIN = 30.0


class Terminal:
    """Takes what is written, while it may."""

    def __init__(self) -> None:
        self.taken = b""
        self.error: OSError | None = None
        self.runs = threading.Event()
        self.runs.set()

    def write(self, fd: int, data: bytes) -> None:
        assert self.runs.wait(WITHIN)
        if self.error is not None:
            raise self.error
        self.taken += data


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Iterator[Terminal]:
    monkeypatch.setattr(tty, "END_WITHIN", WITHIN)
    terminal = Terminal()
    yield terminal
    terminal.runs.set()


class Repaints:
    """Counts, and may be waited for."""

    def __init__(self) -> None:
        self.count = 0
        self.seen = asyncio.Event()

    def __call__(self) -> None:
        self.count += 1
        self.seen.set()


def draw(screen: tty.Tty, data: bytes) -> None:
    screen.write(data)
    screen.flush()


async def test_data_is_written_after_a_flush(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tty, "PROMPT_WITHIN", WITHIN)
    screen = tty.Tty(Repaints(), write=terminal.write)
    for number in range(100):
        draw(screen, b"%d " % number)
        assert terminal.taken.endswith(b"%d " % number)


async def test_a_stopped_terminal_drops_redraws_and_is_repainted(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    repaints = Repaints()
    screen = tty.Tty(repaints, write=terminal.write)
    terminal.runs.clear()
    for data in (b"one ", b"two ", b"three "):
        draw(screen, data)
    assert repaints.count == 0
    terminal.runs.set()
    async with asyncio.timeout(WITHIN):
        await repaints.seen.wait()
    assert terminal.taken == b"one " and repaints.count == 1
    monkeypatch.setattr(tty, "PROMPT_WITHIN", WITHIN)
    draw(screen, b"all")
    assert terminal.taken == b"one all" and repaints.count == 1


async def test_a_stop_in_which_nothing_was_drawn_is_not_noticed(terminal: Terminal) -> None:
    repaints = Repaints()
    screen = tty.Tty(repaints, write=terminal.write)
    terminal.runs.clear()
    draw(screen, b"one ")
    terminal.runs.set()
    screen.finish()
    await asyncio.sleep(0)
    assert terminal.taken == b"one " and repaints.count == 0


async def test_the_last_writes_are_not_dropped(terminal: Terminal) -> None:
    screen = tty.Tty(Repaints(), write=terminal.write)
    terminal.runs.clear()
    draw(screen, b"one ")
    draw(screen, b"two ")
    screen.keep_all()
    draw(screen, b"bye")
    terminal.runs.set()
    screen.finish()
    assert terminal.taken == b"one bye"


async def test_a_closed_terminal_is_noticed(terminal: Terminal) -> None:
    terminal.error = OSError(5, "Input/output error")
    screen = tty.Tty(Repaints(), write=terminal.write)
    draw(screen, b"one")
    with pytest.raises(OSError, match="Input/output"):
        screen.write(b"two")
