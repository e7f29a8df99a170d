"""A node that sends without end: the client's memory stays bounded."""

import asyncio
import itertools
from collections.abc import Callable, Iterator

import pytest

from tests.support.screen import Screen
from tests.support.scripted import Peer, ScriptedNode, joined, message, welcome
from wire import messages as m
from wire.codec import encode

MOST = 75
"""MiB that the client may ever have: it starts with about 33, and had 80 to 125 without bounds."""
SENT = 70
"""MiB that the node tries to send, over as many connections as it takes."""
LONG = 900_000

Flood = Callable[[], Iterator[m.Event]]


def positions() -> Iterator[m.Event]:
    """Positions of nearly a megabyte."""
    for number in itertools.count():
        yield message("hi", f"{number}" + "p" * LONG)


def unasked_rooms() -> Iterator[m.Event]:
    """Rooms that nobody asked for."""
    for number in itertools.count():
        yield joined(f"{number}-" + "r" * 240)


def rooms_elsewhere() -> Iterator[m.Event]:
    """Messages of rooms that the client is not in."""
    for number in itertools.count():
        yield message("x" * 4000, f"{number}", room=f"room-{number}")


def unasked_lists() -> Iterator[m.Event]:
    """Lists that nobody asked for."""
    while True:
        yield m.Rooms(rooms=[m.RoomRow(room="r" * 250, members=1)] * 3000, more=True)
        yield m.Members(room="general", members=["n" * 250] * 3000, more=True)


def long_texts() -> Iterator[m.Event]:
    """Messages of nearly a megabyte."""
    for number in itertools.count():
        yield message("x" * LONG, f"{number}")


def full_texts() -> Iterator[m.Event]:
    """Messages as long as they may be."""
    for number in itertools.count():
        yield message("x" * 4096, f"{number}")


def errors() -> Iterator[m.Event]:
    """Refusals of nearly a megabyte."""
    while True:
        yield m.Error(code="internal", text="x" * LONG)


def members() -> Iterator[m.Event]:
    """Members who enter, each for the first time."""
    for number in itertools.count():
        yield m.Entered(room="general", position=f"{number}", at=1, nick=f"{number}" + "n" * 240)


def pings() -> Iterator[m.Event]:
    """Questions whose answers are not read."""
    while True:
        yield m.PingEvent(ref="x" * LONG)


@pytest.mark.parametrize(
    "flood",
    [
        *(positions, unasked_rooms, rooms_elsewhere, unasked_lists, long_texts, full_texts),
        *(errors, members, pings),
    ],
)
async def test_a_flood_does_not_fill_the_memory(
    screen: Screen, listener: ScriptedNode, flood: Flood
) -> None:
    await screen.start(listener.address, "--nick", "ana")
    events = flood()
    left = SENT * 1024 * 1024
    while left > 0 and screen.process.returncode is None:
        peer = await listener.peer()
        peer.say(welcome(), joined())
        left = await pour(peer, events, left)
    assert peak(screen) < MOST


async def pour(peer: Peer, events: Iterator[m.Event], left: int) -> int:
    """Send until so many bytes are sent or the client has hung up; return what is left.

    That is nothing for a client that reads no more: it is safe as well.
    """
    try:
        while left > 0 and not peer.writer.is_closing():
            data = b"".join(encode(next(events)) for _ in range(20))
            peer.say_bytes(data)
            left -= len(data)
            async with asyncio.timeout(20.0):
                await peer.writer.drain()
    except ConnectionError:
        return left
    except TimeoutError:
        return 0
    return left


def peak(screen: Screen) -> int:
    """Return the most memory that the client ever had, in MiB."""
    with open(f"/proc/{screen.process.pid}/status", encoding="utf-8") as lines:
        line = next(line for line in lines if line.startswith("VmHWM"))
    return int(line.split()[1]) // 1024


@pytest.mark.parametrize("command", ["/rooms", "/who"])
async def test_a_list_without_an_end_is_cut(
    screen: Screen, listener: ScriptedNode, command: str
) -> None:
    await screen.start(listener.address, "--nick", "ana")
    peer = await listener.peer()
    await peer.greet()
    await screen.until(lambda lines: lines[-1] == "general>")
    screen.type(f"{command}\r")
    numbers = itertools.count()
    answering = asyncio.create_task(answer_lists(peer, numbers))
    await screen.until(lambda lines: shows_end(screen, "There are more; only 50 pages are shown."))
    answering.cancel()
    assert peak(screen) < MOST


def shows_end(screen: Screen, text: str) -> bool:
    """Say whether a text is shown; if not, go to the end: an answer is shown from its first row."""
    shown = text in " ".join(" ".join(screen.lines).split())
    if not shown:
        screen.type("\x1b[F")
    return shown


async def answer_lists(peer: Peer, numbers: Iterator[int]) -> None:
    """Answer each request for a list with a full page, and say that there is more."""
    while (request := await peer.get()) is not None:
        names = [f"{next(numbers)}-" + "n" * 200 for _ in range(1000)]
        if isinstance(request, m.ListMembers):
            peer.say(m.Members(ref=request.ref, room=request.room, members=names, more=True))
        elif isinstance(request, m.ListRooms):
            rows = [m.RoomRow(room=name, members=1) for name in names]
            peer.say(m.Rooms(ref=request.ref, rooms=rows, more=True))
