"""The real client in a pseudo-terminal: what it delivers, reads, and how it comes and goes."""

import asyncio
import signal

import pytest

from tests.integration.client.cli.process import SIGNALS
from tests.integration.client.seen import Node, begin, come_back, count
from tests.support.screen import Screen
from tests.support.scripted import ScriptedNode, message, refused
from wire import messages as m

WITHIN = 30.0

# Delivery


async def test_a_typed_line_is_marked_until_it_is_acknowledged(screen: Screen, node: Node) -> None:
    screen.type("hi\r")
    request = await node.expect(m.Send)
    await screen.shows("ana \u2026 hi")
    assert "1 unsent" in screen.lines[-2]
    node.bring_back(request)
    node.say(m.Ack(id=request.id or "", position="p", at=1, room="general"))
    await screen.shows("ana \u2502 hi")
    await screen.lacks("unsent")
    assert count(screen, "hi") == 1


async def test_retry_sends_a_failed_message_with_the_same_id(screen: Screen, node: Node) -> None:
    screen.type("hi\r")
    request = await node.expect(m.Send)
    node.say(refused("not-in-room", id=request.id, room="general"))
    await screen.shows("ana \u2717 hi")
    await screen.shows("Not delivered: No: not-in-room. /retry sends it again.")
    screen.type("/retry\r")
    assert (await node.take()).id == request.id
    await screen.shows("ana \u2502 hi")
    assert count(screen, "Not delivered") == 0 and count(screen, "hi") == 1


async def test_lines_typed_without_a_connection_are_sent_in_order_later(
    screen: Screen, node: Node, listener: ScriptedNode
) -> None:
    node.peer.hang_up()
    peer = await listener.peer()
    await screen.shows("reconnecting\u2026")
    for text in ("one", "two", "three"):
        screen.type(f"{text}\r")
        await screen.shows(f"ana \u2026 {text}")
    assert "3 unsent" in screen.lines[-2]
    again = Node(peer)
    await peer.greet(resumed=True, node="node-2")
    texts = [(await again.take(f"p{number}")).text for number in range(3)]
    assert texts == ["one", "two", "three"]
    await screen.shows("ana \u2502 three")
    assert [line.split()[-1] for line in screen.said[-3:]] == texts


async def test_a_reconnect_is_one_notice_and_duplicates_nothing(
    screen: Screen, node: Node, listener: ScriptedNode
) -> None:
    node.say(message("before", "p1"))
    await screen.shows("before")
    said = screen.said
    node.peer.hang_up()
    again = await come_back(listener)
    again.say(message("before", "p1"), message("then", "p2"))
    await screen.shows("then")
    await screen.until(lambda lines: " ana \u00b7 node-2" in lines[-2])
    back, then = (line for line in screen.said[len(said) :] if not line.startswith("\u2500"))
    assert "Reconnected after " in back and back.endswith("to node-2.") and "then" in then


async def test_a_gap_is_shown(screen: Screen, node: Node) -> None:
    node.say(m.Gap(room="general", after="p0", position="p9"), message("hi", "p9"))
    await screen.shows("Some messages in ")


# Reading


async def test_page_up_scrolls_and_fetches_older_messages(
    screen: Screen, listener: ScriptedNode
) -> None:
    node = await begin(screen, listener, past=200)
    serving = asyncio.create_task(node.serve())
    top = int(screen.said[0].split()[-1].rstrip("."))
    while top > 0:
        # A page is a line less than the screen: none is skipped, also where more was fetched.
        top = max(0, top - (len(screen.said) - 1))
        screen.type("\x1b[5~")
        sign = f"old {top}."
        await screen.until(lambda lines: sign in " ".join(lines[1:3]))
    assert node.asked_before == [None, "h150", "h50"]
    await screen.until(lambda lines: "183 below" in lines[-2])
    before = screen.said
    node.say(message("something new", "p1"))
    await screen.until(lambda lines: "184 below" in lines[-2])
    assert screen.said == before
    for _ in range(20):
        screen.type("\x1b[6~")
    await screen.shows("something new")
    await screen.until(lambda lines: "below" not in lines[-2])
    serving.cancel()


async def test_search_finds_older_messages(screen: Screen, listener: ScriptedNode) -> None:
    node = await begin(screen, listener, past=200)
    serving = asyncio.create_task(node.serve())
    screen.type("/search OLD 33.\r")
    await screen.shows("old 33.")
    assert "old 33.: 1 of 1" in screen.lines[-2].lower()
    assert "below" in screen.lines[-2] and b"\x1b[0;7m" in screen.raw
    screen.type("/search nothing like it\r")
    await screen.shows("nothing like it: no match")
    assert any("old 33." in line for line in screen.lines)
    screen.type("/back\r")
    await screen.until(lambda lines: "below" not in lines[-2])
    serving.cancel()


# Coming and going


async def test_quit_ends_the_client(screen: Screen, node: Node) -> None:
    screen.type("/quit\r")
    await node.expect(m.Quit)
    node.say(m.Bye(reason="quit"))
    assert await screen.process.wait() == 0


async def test_quitting_with_unsent_messages_needs_a_second_quit(
    screen: Screen, node: Node
) -> None:
    screen.type("hi\r")
    await node.expect(m.Send)
    screen.type("/quit\r")
    await screen.shows("! 1 message is not delivered yet")
    screen.type("/quit\r")
    await node.expect(m.Quit)
    node.say(m.Bye(reason="quit"))
    assert await screen.process.wait() == 0


@pytest.mark.parametrize("key, name", [("\x04", "Ctrl-D"), ("\x03", "Ctrl-C")])
async def test_a_key_on_an_empty_line_leaves_when_it_is_pressed_twice(
    screen: Screen, node: Node, key: str, name: str
) -> None:
    said = f"{name} again within 2 s leaves the chat."
    screen.type(key)
    await screen.shows(said)
    quitting = asyncio.create_task(node.expect(m.Quit))
    while not quitting.done():  # a busy machine may take longer than 2 s
        screen.type(key)
        await asyncio.wait([quitting], timeout=1.0)
    node.say(m.Bye(reason="quit"))
    assert await screen.process.wait() == 0


async def test_control_c_clears_a_line_and_says_how_to_leave(screen: Screen, node: Node) -> None:
    screen.type("half a thought")
    await screen.until(lambda lines: lines[-1] == "general> half a thought")
    screen.type("\x03")
    await screen.until(lambda lines: lines[-1] == "general>")
    await screen.shows("Ctrl-C again within 2 s leaves the chat.")
    screen.type("still here\r")
    assert (await node.take()).text == "still here"


async def test_the_first_press_says_what_is_not_delivered(screen: Screen, node: Node) -> None:
    screen.type("hi\r")
    await node.expect(m.Send)
    screen.type("\x03")
    await screen.shows("1 message is not delivered yet; Ctrl-C again within 2 s leaves the chat")


@pytest.mark.parametrize("number, status", SIGNALS)
async def test_a_signal_leaves_the_chat_with_its_status(
    screen: Screen, node: Node, number: signal.Signals, status: int
) -> None:
    screen.process.send_signal(number)
    await node.expect(m.Quit)
    node.say(m.Bye(reason="quit"))
    assert await screen.process.wait() == status
    assert not any("Traceback" in line for line in screen.lines)


async def test_a_stopped_terminal_keeps_the_connection_and_is_repainted(
    screen: Screen, node: Node
) -> None:
    screen.resize(200, 100)
    await screen.until(lambda lines: len(lines) == 100 and lines[-1] == "general>")
    await stop(screen, node)
    taking = asyncio.create_task(node.take())  # meanwhile it answers pings
    screen.go_on()
    await screen.until(
        lambda lines: lines[-1] == "general>"
        and "node-1" in lines[-2]
        and "the last of them" in lines[-3]
        and all("0123456789" in line for line in lines[1:-3])
    )
    screen.type("still here\r")
    assert (await taking).text == "still here"
    await screen.shows("ana \u2502 still here")


async def test_a_client_ends_though_its_terminal_has_stopped(screen: Screen, node: Node) -> None:
    screen.resize(200, 100)
    await stop(screen, node)
    screen.process.send_signal(signal.SIGTERM)
    await node.expect(m.Quit)
    node.say(m.Bye(reason="quit"))
    async with asyncio.timeout(WITHIN):
        assert await screen.process.wait() == 143


async def stop(screen: Screen, node: Node) -> None:
    """Stop the terminal, and say so much that it would take no more; pings are answered."""
    screen.stop()
    for number in range(60):
        words = "0123456789 " * 10
        node.say(*(message(f"{words}{number} {each}", f"{number}-{each}") for each in range(100)))
        node.say(m.PingEvent(ref=f"{number}"))
        async with asyncio.timeout(WITHIN):
            assert (await node.expect(m.Pong)).ref == f"{number}"
    node.say(message("the last of them", "z"), m.PingEvent(ref="z"))
    await node.expect(m.Pong)


async def test_when_the_terminal_vanishes_the_client_leaves(screen: Screen, node: Node) -> None:
    screen.vanish()
    await node.expect(m.Quit)
    node.say(m.Bye(reason="quit"))
    assert await screen.process.wait() == 129


async def test_a_session_that_went_on_elsewhere_ends_this_one(screen: Screen, node: Node) -> None:
    node.say(m.Bye(reason="replaced"))
    await screen.shows("! The node ended the connection (replaced)")
    assert await screen.process.wait() == 1
