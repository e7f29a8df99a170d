"""A filter whose room is closed by a moderator."""

from tests.integration.client.cli.pipes import Outside, bid_farewell
from tests.support.scripted import ScriptedNode, message, refused
from wire import messages as m


def closed(room: str, position: str | None = None) -> m.Left:
    """What ana is told of a room that is closed; with a position she alone is removed."""
    return m.Left(room=room, nick="ana", reason="kicked", text="cleanup", position=position)


async def test_a_listener_ends_when_its_last_room_is_closed(node: ScriptedNode) -> None:
    outside = Outside(node, "--listen", "--nick", "ana", "--room", "Deploys", "--room", "ops")
    listening = outside.listen()
    peer = await node.peer()
    await peer.greet()
    peer.say(closed("ops"), message("done", room="Deploys"), closed("Deploys"))
    await bid_farewell(peer)
    assert await listening == 1
    assert outside.out.endswith(b" Deploys <bo> done\n")
    assert outside.errors == [
        "A moderator has closed ops: cleanup",
        "A moderator has closed Deploys: cleanup",
    ]


async def test_a_listener_with_json_prints_what_ends_it(node: ScriptedNode) -> None:
    outside = Outside(node, "--listen", "--json", "--nick", "ana")
    listening = outside.listen()
    peer = await node.peer()
    await peer.greet()
    peer.say(closed("general", "p1"))
    await bid_farewell(peer)
    assert await listening == 1
    assert b'"cleanup"' in outside.out
    assert outside.errors == ["A moderator has kicked you out of general: cleanup"]


async def test_a_filter_that_sends_names_the_first_line_that_was_not_stored(
    node: ScriptedNode,
) -> None:
    outside = Outside(node, "--nick", "ana", "--room", "tea9")
    saying = outside.say(b"one", b"two", b"three", b"four")
    peer = await node.peer()
    await peer.greet()
    await peer.take()
    second = await peer.expect(m.Send)
    peer.say(closed("tea9"), refused("not-in-room", id=second.id, room="tea9"))
    while not isinstance(request := await peer.get(), m.Quit):
        if isinstance(request, m.Send):
            peer.say(refused("not-in-room", id=request.id, room="tea9"))
    peer.say(m.Bye(reason="quit"))
    assert await saying == 1
    assert outside.errors == ["line 2 and what follows: A moderator has closed tea9: cleanup"]


async def test_a_room_that_is_closed_once_all_is_stored_fails_nothing(node: ScriptedNode) -> None:
    outside = Outside(node, "--nick", "ana")
    saying = outside.say(b"one")
    peer = await node.peer()
    await peer.greet()
    await peer.take()
    await peer.expect(m.Quit)
    peer.say(closed("general"), m.Bye(reason="quit"))
    assert await saying == 0
    assert outside.errors == []


async def test_a_room_that_is_refused_on_the_next_connection_ends_a_listener(
    node: ScriptedNode,
) -> None:
    outside = Outside(node, "--listen", "--nick", "ana")
    listening = outside.listen()
    peer = await node.peer()
    await peer.greet()
    peer.hang_up()
    again = await node.peer()
    hello = await again.greet()
    again.say(refused("bad-room", ref=hello.ref, room="general"))
    await bid_farewell(again)
    assert await listening == 1
    assert outside.errors[-1] == "No: bad-room."
