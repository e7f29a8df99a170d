"""A client that was killed, and the next one that continues its session."""

import asyncio
import stat
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.integration.client.seen import Node, begin
from tests.support.screen import Screen
from tests.support.scripted import ScriptedNode, joined, message, refused, welcome
from wire import messages as m


@pytest.fixture
async def later() -> AsyncIterator[Screen]:
    """A second terminal."""
    screen = Screen()
    yield screen
    await screen.end()


async def kill(screen: Screen) -> None:
    """End the client as kill -9 does."""
    screen.process.kill()
    await screen.process.wait()


async def saved(screen: Screen, text: str) -> None:
    """Wait until the state holds a text."""
    async with asyncio.timeout(30):
        while text not in "".join(path.read_text() for path in state(screen, "json")):
            await asyncio.sleep(0.02)


def state(screen: Screen, ending: str) -> list[Path]:
    """The files in the state folder."""
    return sorted((screen.state_home / "distributed-chat").glob(f"*.{ending}"))


async def start_again(
    screen: Screen, listener: ScriptedNode, earlier: Screen, *flags: str
) -> tuple[Node, m.Hello]:
    """Start another client with the state of an earlier one; return its node's end and hello."""
    await screen.start(
        listener.address, "--nick", "ana", *flags, XDG_STATE_HOME=str(earlier.state_home)
    )
    node = Node(await listener.peer())
    return node, await node.expect(m.Hello)


async def test_the_next_start_continues_the_session_where_it_was_read(
    screen: Screen, later: Screen, listener: ScriptedNode
) -> None:
    node = await begin(screen, listener, "general", "ops")
    node.say(message("read", "g1"), message("not looked at", "o1", room="ops"))
    await screen.shows("2:ops(1)")
    await saved(screen, '"g1"')
    await kill(screen)
    again, hello = await start_again(later, listener, screen)
    assert hello.rooms == ["general", "ops"]
    assert hello.positions == {"general": "g1", "ops": "ops-0"}
    again.say(welcome(resumed=True), joined("general", "g1"), joined("ops", "ops-0"))
    again.say(message("not looked at", "o1", room="ops"), message("new", "g2"))
    again.history = [
        m.Past(room="general", position=f"g{number}", at=1, from_="bo", text=text)
        for number, text in enumerate(("older", "read", "new"))
    ]
    serving = asyncio.create_task(again.serve())
    await later.shows("2:ops(1)")
    await later.shows("bo \u2502 new")
    await later.shows("bo \u2502 read")
    order = ["bo \u2502 older", "bo \u2502 read", "\u2500\u2500 new \u2500", "bo \u2502 new"]
    lines = [next(n for n, line in enumerate(later.lines) if sign in line) for sign in order]
    assert lines == sorted(lines), later.lines
    serving.cancel()


async def test_the_next_start_has_the_key_and_sends_what_was_not_sent(
    screen: Screen, later: Screen, listener: ScriptedNode
) -> None:
    node = await begin(screen, listener)
    screen.type("doubtful\r")
    request = await node.expect(m.Send)
    screen.type("waiting\r")
    await saved(screen, "waiting")
    await kill(screen)
    (file,) = state(screen, "json")
    again, hello = await start_again(later, listener, screen)
    assert hello.key and f'"{hello.key}"' in file.read_text()
    await later.shows("ana \u2026 doubtful")
    assert not any("--:--" in line for line in later.lines)
    again.say(welcome(resumed=True), joined("general", "general-0"))
    first = await again.take("g1")
    assert (first.text, first.id) == ("doubtful", request.id), "so a node knows the repeat"
    assert (await again.take("g2")).text == "waiting"
    await later.shows("ana \u2502 waiting")


async def test_only_its_owner_may_read_the_state(screen: Screen, listener: ScriptedNode) -> None:
    await begin(screen, listener)
    await saved(screen, "key")
    folder = screen.state_home / "distributed-chat"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o600}


async def test_two_clients_of_one_user_do_not_share_a_session(
    screen: Screen, later: Screen, listener: ScriptedNode
) -> None:
    await begin(screen, listener)
    await saved(screen, "key")
    (file,) = state(screen, "json")
    kept = file.read_text()
    _, hello = await start_again(later, listener, screen)
    assert hello.key and hello.key not in kept and hello.positions is None
    assert file.read_text() == kept


async def test_after_a_quit_the_next_start_is_a_new_session(
    screen: Screen, later: Screen, listener: ScriptedNode
) -> None:
    node = await begin(screen, listener)
    await saved(screen, "key")
    (file,) = state(screen, "json")
    key = file.read_text()
    screen.type("/quit\r")
    await node.expect(m.Quit)
    node.say(m.Bye(reason="quit"))
    assert await screen.process.wait() == 0
    assert state(screen, "json") == []
    _, hello = await start_again(later, listener, screen)
    assert hello.key and hello.key not in key and hello.positions is None


@pytest.mark.parametrize("leaving", ["/quit\r", "\x03"])
async def test_what_is_unsent_without_a_connection_is_sent_by_the_next_start(
    screen: Screen, later: Screen, listener: ScriptedNode, leaving: str
) -> None:
    node = await begin(screen, listener)
    node.peer.hang_up()
    await listener.peer()  # a node that never welcomes the client
    screen.type("waiting\r")
    await screen.shows("1 unsent")
    screen.type(leaving)
    await screen.shows("1 message is not delivered yet")
    said = " ".join(" ".join(screen.lines).split())
    assert "for the next start." in said
    ended = asyncio.create_task(screen.process.wait())
    while not ended.done():  # a busy machine may take longer than the 2 s for a key
        screen.type(leaving)
        await asyncio.wait([ended], timeout=1.0)
    again, hello = await start_again(later, listener, screen)
    again.say(welcome(resumed=True), joined("general", "general-0"))
    assert (await again.take("g1")).text == "waiting"


async def test_another_nick_or_server_has_another_session(
    screen: Screen, later: Screen, listener: ScriptedNode
) -> None:
    await begin(screen, listener)
    await saved(screen, "key")
    await kill(screen)
    _, hello = await start_again(later, listener, screen, "--nick", "bo")
    assert hello.nick == "bo" and hello.positions is None


async def test_positions_that_no_node_understands_are_given_up(
    screen: Screen, later: Screen, listener: ScriptedNode
) -> None:
    await begin(screen, listener)
    await saved(screen, "general-0")
    await kill(screen)
    node, hello = await start_again(later, listener, screen)
    assert hello.positions
    node.say(refused("bad-request", ref="hello"))
    again = Node(await listener.peer())
    hello = await again.expect(m.Hello)
    assert hello.positions is None
    again.say(welcome(), joined())
    await later.until(lambda lines: lines[-1] == "general>")
