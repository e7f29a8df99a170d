"""Connections by name: look-ups that nothing waits for, and a time for each address."""

import asyncio
import socket
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest

import client.transport.dial
import node.process.dial

WITHIN = 30.0
V4, V6 = socket.AF_INET, socket.AF_INET6


@pytest.fixture(params=[node.process.dial, client.transport.dial], ids=["node", "client"])
def dial(request: pytest.FixtureRequest) -> Any:
    """The module of the node, or its twin of the client."""
    return request.param


@pytest.fixture
def answer() -> Iterator[threading.Event]:
    """Set when the name server answers."""
    event = threading.Event()
    yield event
    event.set()


class Ends:
    """Addresses that are deaf, refuse, or answer; what was tried, in order."""

    def __init__(self, **ends: str) -> None:
        self._ends = ends
        self.tried: list[str] = []
        self.made: list[socket.socket] = []

    async def connect(self, address: tuple[int, tuple[Any, ...]]) -> socket.socket:
        host = address[1][0]
        self.tried.append(host)
        end = self._ends[host]
        if end == "refuses":
            raise ConnectionRefusedError(f"{host} refused")
        if end == "deaf":
            await asyncio.get_running_loop().create_future()
        self.made.append(socket.socket())
        return self.made[-1]


def known(*hosts: str) -> Callable[[str], Sequence[Any]]:
    """Return a look-up of a name of these addresses; v6 are those that begin so."""

    def look_up(name: str) -> Sequence[Any]:
        return [(V6 if host.startswith("six") else V4, (host, 0)) for host in hosts]

    return look_up


def knowing(dial: Any, within: float, hosts: str, connect: Any) -> Any:
    """Return a dialler that needs no thread, nor time, for a look-up."""

    class Knowing(dial.Dialler):  # type: ignore[misc]
        async def resolve(self, host: str) -> Sequence[Any]:
            return known(*hosts)(host)

    return Knowing(within, known(), connect)


async def test_each_address_has_its_own_time(dial: Any) -> None:
    ends = Ends(a="deaf", b="deaf", c="deaf", d="answers")
    dialler = knowing(dial, 0.3, "abcd", ends.connect)
    (await dialler.dial("name", 9)).close()
    assert ends.tried == ["a", "b", "c", "d"]


async def test_the_next_address_does_not_wait_for_a_deaf_one_to_be_given_up(dial: Any) -> None:
    ends = Ends(a="deaf", b="answers")
    dialler = dial.Dialler(10 * WITHIN, known(*"ab"), ends.connect)
    async with asyncio.timeout(WITHIN):
        (await dialler.dial("name", 9)).close()


async def test_an_address_that_refuses_is_followed_at_once(
    dial: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dial, "NEXT_AFTER", 10 * WITHIN)
    ends = Ends(a="refuses", b="refuses", c="answers")
    dialler = dial.Dialler(10 * WITHIN, known(*"abc"), ends.connect)
    async with asyncio.timeout(WITHIN):
        (await dialler.dial("name", 9)).close()


async def test_the_families_take_turns_and_there_is_an_end(dial: Any) -> None:
    six, four = [f"six{number}" for number in range(20)], ["v4"]
    ends = Ends(**dict.fromkeys([*six, *four], "refuses"))
    dialler = dial.Dialler(WITHIN, known(*six, *four), ends.connect)
    with pytest.raises(ConnectionRefusedError):
        await dialler.dial("name", 9)
    assert ends.tried == ["six0", "v4", *six[1 : dial.TRIED_MOST - 1]]


async def test_when_none_answers_it_says_so(dial: Any) -> None:
    dialler = knowing(dial, 0.01, "ab", Ends(a="deaf", b="deaf").connect)
    with pytest.raises(TimeoutError, match="does not answer"):
        await dialler.dial("name", 9)


async def test_a_second_connection_that_came_too_late_is_closed(dial: Any) -> None:
    both = asyncio.Event()
    ends = Ends(a="answers", b="answers")

    async def connect(address: Any) -> socket.socket:
        if address[1][0] == "b":
            both.set()
        await both.wait()
        return await ends.connect(address)

    dialler = dial.Dialler(WITHIN, known("a", "b"), connect)
    found = await dialler.dial("name", 9)
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert [each for each in ends.made if each.fileno() >= 0] == [found]
    found.close()


async def test_one_look_up_is_under_way_for_a_name_and_its_result_is_not_lost(
    dial: Any, answer: threading.Event
) -> None:
    asked: list[str] = []

    def look_up(name: str) -> Sequence[Any]:
        asked.append(name)
        assert answer.wait(WITHIN)
        return known("a")(name)

    dialler = dial.Dialler(0.01, look_up, Ends(a="answers").connect)
    for _ in range(3):
        with pytest.raises(TimeoutError, match="looked up"):
            await dialler.dial("name", 9)
    assert asked == ["name"]
    answer.set()
    assert await asyncio.wait_for(dialler.resolve("name"), WITHIN) == [(V4, ("a", 0))]
    assert asked == ["name"]
    await asyncio.wait_for(dialler.resolve("name"), WITHIN)
    assert asked == ["name", "name"], "another time it is asked again"


async def test_a_name_that_is_none_is_an_error_of_the_system(dial: Any) -> None:
    for name in ("no..name", "x" * 70):
        with pytest.raises(OSError):
            await dial.Dialler(WITHIN).dial(name, 9)


async def test_an_address_is_looked_up_by_nobody(dial: Any) -> None:
    def look_up(name: str) -> Sequence[Any]:
        raise AssertionError(name)

    dialler = dial.Dialler(WITHIN, look_up)
    assert await dialler.resolve("127.0.0.1") == [(V4, ("127.0.0.1", 0))]
    assert await dialler.resolve("::1") == [(V6, ("::1", 0, 0, 0))]


def test_the_scope_of_an_address_is_kept(dial: Any) -> None:
    assert dial.host_of(("fe80::1", 0, 0, 3)) == "fe80::1%3"
    assert dial.host_of(("::1", 0, 0, 0)) == "::1" and dial.host_of(("a", 0)) == "a"


def test_a_loop_ends_while_a_name_is_looked_up(dial: Any, answer: threading.Event) -> None:
    begun, over = threading.Event(), threading.Event()

    def look_up(name: str) -> Sequence[Any]:
        begun.set()
        try:
            assert answer.wait(WITHIN)
            return known("a")(name)
        finally:
            over.set()

    async def give_up() -> None:
        with pytest.raises(TimeoutError):
            await dial.Dialler(0.01, look_up).dial("name", 9)

    asyncio.run(give_up())
    assert begun.wait(WITHIN) and not over.is_set()
    answer.set()
    assert over.wait(WITHIN)
