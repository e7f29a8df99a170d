"""What the screen fetches by itself."""

from client.tui.rows import Row
from tests.integration.client.tui.display import (
    Display,
    answer_history,
    answer_new_buffer,
    past,
    said,
)
from tests.support.scripted import Peer, ScriptedNode, refused
from wire import messages as m


async def test_a_room_fetches_members_and_messages_when_it_is_first_looked_at(
    screen: Display, peer: Peer
) -> None:
    screen.buffers.turn_to("ops")
    screen.typed.take("")
    await answer_new_buffer(peer, screen)
    screen.typed.take("/join lab")
    screen.typed.take("/join ops")
    screen.typed.take("/who")
    await peer.expect(m.ListMembers)
    screen.typed.take("/rooms")
    await peer.expect(m.ListRooms)


async def test_older_messages_are_inserted_above_without_duplicates(
    screen: Display, peer: Peer
) -> None:
    screen.clear()
    peer.say(said("live", "p3"))
    await screen.show_until(m.Message)
    screen.typed.take("/history 5")
    request = await answer_history(peer, screen, past("old", "p2"), past("live", "p3"), more=True)
    assert (request.before, request.limit) == ("p3", 5)
    assert screen.texts() == ["old", "live"]
    peer.say(said("old", "p2"))
    peer.say(said("new", "p4"))
    await screen.show_until(m.Message)
    await screen.show_until(m.Message)
    assert screen.texts() == ["old", "live", "new"]


async def test_a_pending_message_is_not_duplicated_by_history(screen: Display, peer: Peer) -> None:
    screen.clear()
    screen.typed.take("hi")
    request = await peer.expect(m.Send)
    screen.typed.take("/history 5")
    await answer_history(peer, screen, past("hi", "p1", "ana", request.id))
    assert screen.texts() == ["There are no older messages.", "hi"]


async def test_two_fetches_of_older_messages_make_one_request(screen: Display, peer: Peer) -> None:
    buffer = screen.buffers.current
    found: list[list[Row]] = []
    for _ in range(2):
        screen.lookups.fetch_older(buffer, 10, found.append)
    await answer_history(peer, screen, past("old", "p1"))
    assert len(found) == 2 and not buffer.is_fetching and buffer.is_whole


async def test_a_failed_fetch_is_shown_and_can_be_repeated(screen: Display, peer: Peer) -> None:
    screen.typed.take("/history")
    request = await peer.expect(m.GetHistory)
    peer.say(refused("unavailable", ref=request.ref))
    await screen.show_until(m.Error)
    assert screen.texts()[-1] == "No: unavailable." and not screen.buffers.current.is_fetching


async def test_an_answer_for_a_closed_buffer_is_ignored(screen: Display, peer: Peer) -> None:
    screen.typed.take("/history")
    screen.buffers.close("lab")
    await answer_history(peer, screen, past("old", "p1"))
    assert screen.room == "ops" and "old" not in screen.texts()


async def test_a_fetch_is_repeated_on_the_next_connection(
    screen: Display, peer: Peer, node: ScriptedNode
) -> None:
    screen.typed.take("/history")
    await peer.expect(m.GetHistory)
    peer.hang_up()
    again = await node.peer()
    await again.greet(resumed=True)
    await answer_history(again, screen, past("old", "p1"))
    assert screen.texts()[0] == "old" and not screen.buffers.current.is_fetching


async def test_completion_knows_the_members(screen: Display, peer: Peer) -> None:
    lab = screen.buffers.open("lab")
    peer.say(m.Entered(room="lab", position="l1", at=1, nick="eve"))
    peer.say(m.Left(room="lab", position="l2", at=1, nick="bo", reason="quit"))
    peer.say(m.Renamed(room="lab", position="l3", at=1, nick="eva", from_="eve"))
    peer.say(said("hi", "l4", from_="tom"))
    await screen.show_until(m.Message)
    assert list(lab.nicks) == ["ana", "eva", "tom"]
    assert screen.texts()[-3:-1] == ["eve entered; bo left", "eve is now called eva"]


async def test_a_room_name_that_is_too_long_for_a_request_is_an_error_on_the_screen(
    screen: Display, peer: Peer
) -> None:
    screen.typed.take("/rooms")
    screen.events.show(m.Rooms(rooms=[m.RoomRow(room="x" * 20_000, members=1)], more=True))
    assert "bytes long" in screen.texts()[-1]
