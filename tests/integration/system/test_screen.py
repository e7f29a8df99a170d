"""The real client on a real screen, over real nodes."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from client.tui.event_actions import FIRST_HINT
from node.brokers import connect
from node.brokers.admin_client import AdminClient
from tests.support.lab import Lab, fresh
from tests.support.node_process import NodeProcess
from tests.support.screen import Screen

Open = Callable[..., Awaitable[Screen]]
MANY = 10_000


@pytest.fixture
async def open_screen() -> AsyncIterator[Open]:
    """Starts clients, each on a screen of its own, and ends them."""
    screens: list[Screen] = []

    async def start(nick: str, *nodes: NodeProcess, room: str) -> Screen:
        screens.append(screen := Screen())
        addresses = [f"{node.address.host}:{node.address.port}" for node in nodes]
        await screen.start(*addresses, "--nick", nick, "--room", room)
        await screen.until(lambda lines: " ms" in lines[-2] and lines[-1] == f"{room}>")
        return screen

    yield start
    for screen in screens:
        await screen.end()


async def two_nodes(lab: Lab) -> list[NodeProcess]:
    redis = await lab.redis()
    return [await lab.node(redis, "--rate", "0", "--name", name) for name in ("one", "two")]


def texts(screen: Screen, nick: str) -> list[str]:
    """Return what somebody is seen to have said, in order."""
    rows = [line.split("\u2502 ", 1) for line in screen.said if "\u2502 " in line]
    return [text for who, text in rows if who.split()[-1:] == [nick]]


async def say(screen: Screen, **said: list[str]) -> None:
    """Wait until the screen shows what each nick has said: it is not drawn at once."""
    await screen.until(lambda _: all(texts(screen, nick) == said[nick] for nick in said))


async def test_two_people_on_two_nodes_talk(lab: Lab, open_screen: Open) -> None:
    one, two = await two_nodes(lab)
    room = fresh("talk")
    ana = await open_screen("ana", one, room=room)
    bo = await open_screen("bo", two, room=room)
    await ana.shows("bo entered")
    ana.type("hello b\t!\r")
    await bo.shows("ana \u2502 hello bo !")
    bo.type("/me waves \U0001f44b \u4f60\u597d\r")
    await ana.shows("waves \U0001f44b \u4f60\u597d")
    bo.type("/msg ana psst\r")
    await ana.shows("2:@bo(1!)")
    ana.type("\x1b2")
    await ana.until(lambda lines: lines[-1] == "@bo>")
    ana.type("what?\r")
    await bo.shows("ana, to you only: what?")
    ana.paste("one\ntwo\n")
    ana.type("\r")
    bo.type("\x1b2")
    await bo.shows("\u2502 two")
    await ana.lacks("\u2026")
    for screen in (ana, bo):
        await say(screen, ana=["what?", "one"])
    assert b"\x07" in ana.raw


async def test_when_a_node_is_killed_nothing_is_lost_nothing_doubled_and_one_line_tells_of_it(
    lab: Lab, open_screen: Open
) -> None:
    one, two = await two_nodes(lab)
    room = fresh("kill")
    ana = await open_screen("ana", one, two, room=room)
    bo = await open_screen("bo", two, room=room)
    for number in range(3):
        ana.type(f"a{number}\r")
    await bo.shows("\u2502 a2")
    await one.kill()
    bo.type("meanwhile\r")
    for number in range(3, 6):
        ana.type(f"a{number}\r")
    await bo.shows("\u2502 a5")
    await ana.until(lambda lines: " ana \u00b7 two \u00b7 " in lines[-2] and "ms" in lines[-2])
    await ana.shows("\u2502 a5")
    await ana.shows("\u2502 meanwhile")
    await ana.lacks("\u2026")
    for screen in (ana, bo):
        await say(screen, ana=[f"a{number}" for number in range(6)], bo=["meanwhile"])
    notices = [line.split("\u00b7 ")[1] for line in ana.said if "\u00b7 " in line]
    first, hint, alone, entered, back = notices
    assert (first, entered) == ("You are ana, on one.", "bo entered")
    assert hint == FIRST_HINT
    assert back.startswith("Reconnected after ") and back.endswith("to two.")
    assert not [line for line in bo.said if "ana left" in line or "ana lost" in line]


async def test_of_ten_thousand_messages_the_last_is_shown_and_the_screen_is_whole(
    lab: Lab, open_screen: Open
) -> None:
    one, two = await two_nodes(lab)
    room = fresh("flood")
    ana = await open_screen("ana", one, room=room)
    flood = await lab.member(two.address, "flood", rooms=[room])
    await flood.expect("joined", room=room)
    ana.type("half a line")
    for number in range(MANY):
        flood.send("send", room=room, text=f"message {number}", id=str(number))
        if number % 500 == 499:
            await flood.expect("ack", id=str(number), within=30)
    async with asyncio.timeout(60):
        await ana.shows(f"message {MANY - 1}")
    await ana.until(lambda lines: lines[-1] == f"{room}> half a line")
    height = ana.display.lines - 3
    expected = [f"message {number}" for number in range(MANY - height, MANY)]
    assert texts(ana, "flood") == expected
    # What was drawn is far less than what came: no screen is drawn for each message.
    assert len(ana.raw) < MANY * 50


async def test_a_node_that_drains_is_left_without_a_word(lab: Lab, open_screen: Open) -> None:
    one, two = await two_nodes(lab)
    room = fresh("move")
    ana = await open_screen("ana", one, two, room=room)
    bo = await open_screen("bo", two, room=room)
    await ana.shows("bo entered")
    one.terminate()
    await ana.until(lambda lines: "two" in lines[-2])
    assert await one.wait(10) == 0
    ana.type("still here\r")
    await bo.shows("ana \u2502 still here")
    shown = "\n".join([*ana.lines, *bo.lines])
    assert "Reconnected" not in shown and "ended" not in shown and "left" not in shown


async def test_what_moderators_do_is_shown_in_words(lab: Lab, open_screen: Open) -> None:
    one, two = await two_nodes(lab)
    room = fresh("noisy")
    ana = await open_screen("ana", one, room=room)
    bo = await open_screen("bo", two, room=room)
    await ana.shows("bo entered")
    moderator = AdminClient(
        connect.Topology(connect.redis(one.flags[one.flags.index("--redis-url") + 1]))
    )
    async with moderator:
        await moderator.announce("back at eight", None)
        await ana.shows("Announcement: back at eight")
        await bo.shows("Announcement: back at eight")
        await moderator.kick("bo", "be nice")
        await ana.shows("bo was kicked (be nice)")
        await moderator.close(room, "too loud")
        await ana.shows(f"A moderator has closed {room}: too loud")
    await bo.until(lambda lines: b"The moderator says: be nice" in b" ".join(bo.raw.split()))
    assert await bo.process.wait() == 1
