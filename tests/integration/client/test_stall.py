"""A node that answers, but cannot store messages, is told in words on the screen."""

import asyncio

from tests.integration.client.seen import Node, begin
from tests.support.screen import Screen
from tests.support.scripted import ScriptedNode, refused
from wire import messages as m

REASON = "messages wait: the node cannot store them"


async def test_a_message_that_the_node_cannot_store_waits_and_says_so(
    screen: Screen, node: Node
) -> None:
    screen.type("hi\r")
    request = await node.expect(m.Send)
    taking = asyncio.create_task(node.take())  # it answers pings meanwhile
    await screen.until(lambda lines: REASON in lines[-2] and "1 unsent" in lines[-2])
    node.say(refused("unavailable", id=request.id, after=100))
    assert (await taking).id == request.id
    await screen.until(lambda lines: REASON not in lines[-2] and "node-1" in lines[-2])


async def test_a_new_client_says_why_it_is_not_welcomed(
    screen: Screen, listener: ScriptedNode
) -> None:
    await screen.start(listener.address, "--nick", "ana")
    peer = await listener.peer()
    await peer.expect(m.Hello)
    await peer.expect(m.Ping)
    assert REASON not in screen.lines[-2]  # perhaps it hangs
    peer.say(m.PongEvent())
    await screen.until(lambda lines: f"s \u00b7 {REASON}" in lines[-2])
    peer.say(refused("unavailable", after=100))
    again = await listener.peer()
    await screen.until(lambda lines: REASON in lines[-2])
    await again.greet()
    await screen.until(lambda lines: REASON not in lines[-2])


async def test_on_a_narrow_screen_the_reason_is_short(listener: ScriptedNode) -> None:
    screen = Screen(40, 10)
    node = await begin(screen, listener)
    screen.type("hi\r")
    await node.expect(m.Send)
    serving = asyncio.create_task(node.serve())
    await screen.until(lambda lines: "messages wait, cannot be stored" in lines[-2])
    serving.cancel()
    await screen.end()


async def test_a_port_that_is_no_chat_port_is_not_said_to_store_nothing(
    screen: Screen, listener: ScriptedNode
) -> None:
    await screen.start(listener.address, "--nick", "ana")
    peer = await listener.peer()
    await peer.expect(m.Hello)
    await peer.expect(m.Ping)
    assert REASON not in screen.lines[-2]
    peer.say_bytes(b"HTTP/1.1 400 Bad Request\r\n\r\n")
    await screen.shows("this is no chat port")
    await screen.until(lambda lines: REASON not in lines[-2])
