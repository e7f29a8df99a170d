"""Our own messages, from typing to the ack."""

import pytest

from client.protocol.events import Disconnected
from client.tui.rows import Mark
from tests.integration.client.tui.display import Display, answer_history, past, said
from tests.support.scripted import Peer, ScriptedNode, refused
from wire import messages as m


async def test_a_typed_message_is_pending_until_its_ack(screen: Display, peer: Peer) -> None:
    screen.clear()
    screen.typed.take("hi")
    (row,) = screen.buffers.current.everything
    assert (row.text, row.mark) == ("hi", Mark.PENDING)
    request = await peer.take("p1")
    assert (request.room, request.text) == ("lab", "hi")
    await screen.show_until(m.Ack)
    assert screen.buffers.current.rows == [row] and row.mark is Mark.NONE
    assert not screen.unsent


async def test_the_ack_may_come_before_the_message(screen: Display, peer: Peer) -> None:
    screen.clear()
    screen.typed.take("hi")
    request = await peer.expect(m.Send)
    peer.say(m.Ack(id=request.id or "", position="p1", at=1, room="lab"))
    await screen.show_until(m.Ack)
    (row,) = screen.buffers.current.everything
    assert row.mark is Mark.NONE
    peer.say(said("hi", from_="ana", id=request.id or ""))
    await screen.show_until(m.Message)
    assert screen.buffers.current.everything == [row]


async def test_a_message_of_others_with_our_id_is_not_ours(screen: Display, peer: Peer) -> None:
    screen.clear()
    screen.typed.take("hi")
    request = await peer.expect(m.Send)
    peer.say(said("something else", id=request.id or ""))
    await screen.show_until(m.Message)
    assert screen.texts() == ["something else", "hi"]


@pytest.mark.parametrize("ack_first", [True, False])
async def test_a_direct_message_to_oneself_is_shown_once(
    screen: Display, peer: Peer, ack_first: bool
) -> None:
    screen.typed.take("/msg ana note")
    request = await peer.expect(m.SendDirect)
    ack = m.Ack(id=request.id or "", position="d1", at=1, to="ana")
    note = m.Direct(position="d1", at=1, from_="ana", to="ana", text="note", id=request.id)
    peer.say(*((ack, note) if ack_first else (note, ack)))
    await screen.show_until(m.Ack)
    if ack_first:
        await screen.show_until(m.Direct)
    (row,) = screen.buffers.open("@ana").everything
    assert row.mark is Mark.NONE and screen.rings == 0


async def test_a_refusal_is_shown_at_the_message_and_in_the_current_buffer(
    screen: Display, peer: Peer
) -> None:
    screen.typed.take("/msg nobody hi")
    request = await peer.expect(m.SendDirect)
    peer.say(refused("no-such-nick", id=request.id))
    await screen.show_until(m.Error)
    (row,) = screen.buffers.open("@nobody").rows
    assert (row.mark, row.why) == (Mark.FAILED, "No: no-such-nick.")
    assert screen.texts()[-1] == "Not delivered: No: no-such-nick."


async def test_a_refused_message_of_a_closed_buffer_is_shown_with_its_text(
    screen: Display, peer: Peer
) -> None:
    screen.typed.take("too late")
    request = await peer.expect(m.Send)
    screen.buffers.close("lab")
    peer.say(refused("not-in-room", id=request.id, room="lab"))
    await screen.show_until(m.Error)
    assert screen.texts()[-1] == "Not delivered: No: not-in-room. It was: too late"


async def test_a_delivered_message_has_not_failed(screen: Display, peer: Peer) -> None:
    screen.typed.take("hi")
    request = await peer.expect(m.Send)
    peer.say(said("hi", from_="ana", id=request.id or ""), refused("unknown", id=request.id))
    await screen.show_until(m.Error)
    row = screen.buffers.current.everything[-1]
    assert (row.text, row.mark, row.why) == ("hi", Mark.NONE, "")


async def test_a_gap_places_our_acknowledged_messages(screen: Display, peer: Peer) -> None:
    screen.typed.take("hi")
    request = await peer.expect(m.Send)
    peer.say(
        m.Ack(id=request.id or "", position="p1", at=1, room="lab"),
        m.Gap(room="lab", after="p0", position="p9"),
    )
    await screen.show_until(m.Gap)
    assert not screen.buffers.current.pending
    assert screen.texts()[-2] == "hi" and "no longer available" in screen.texts()[-1]


async def test_messages_typed_without_a_connection_are_sent_in_order_later(
    screen: Display, peer: Peer, node: ScriptedNode
) -> None:
    peer.hang_up()
    again = await node.peer()
    await screen.show_until(Disconnected)
    screen.clear()
    for text in ("one", "two"):
        screen.typed.take(text)
    assert screen.texts() == ["one", "two"] and len(screen.unsent) == 2
    await again.greet(resumed=True)
    assert [(await again.take(f"p{place}")).text for place in (1, 2)] == ["one", "two"]
    await screen.show_until(m.Ack)
    await screen.show_until(m.Ack)
    assert screen.texts()[-2:] == ["one", "two"] and not screen.unsent


@pytest.mark.parametrize("first", ["ack, gap, message", "gap, ack, message", "gap, message, ack"])
async def test_a_message_that_is_delivered_after_a_gap_is_shown_once(
    screen: Display, peer: Peer, first: str
) -> None:
    screen.typed.take("hi")
    request = await peer.expect(m.Send)
    id = request.id or ""
    events: dict[str, m.Event] = {
        "ack": m.Ack(id=id, position="p9", at=1, room="lab"),
        "gap": m.Gap(room="lab", after="p1", position="p8"),
        "message": said("hi", "p9", from_="ana", id=id),
    }
    screen.clear()
    peer.say(said("before", "p1"))
    await screen.show_until(m.Message)
    for name in first.split(", "):
        peer.say(events[name])
        await screen.show_until(type(events[name]))
    gap = "Some messages in lab are no longer available."
    assert screen.texts() == ["before", gap, "hi"]
    row = screen.buffers.current.rows[-1]
    assert row.mark is Mark.NONE and not screen.buffers.current.pending


@pytest.mark.parametrize("ack_first", [True, False])
async def test_a_message_in_a_gap_does_not_stay_below_the_others(
    screen: Display, peer: Peer, ack_first: bool
) -> None:
    screen.typed.take("hi")
    request = await peer.expect(m.Send)
    screen.clear()
    ack = m.Ack(id=request.id or "", position="p2", at=1, room="lab")
    gap = m.Gap(room="lab", after="p1", position="p8")
    peer.say(*((ack, gap) if ack_first else (gap, ack)), said("after", "p9"))
    await screen.show_until(m.Message)
    assert screen.texts()[-1] == "after" and screen.texts().count("hi") == 1


async def test_a_gap_in_the_inbox_gives_up_nothing_of_a_room(screen: Display, peer: Peer) -> None:
    screen.typed.take("hi")
    request = await peer.expect(m.Send)
    id = request.id or ""
    screen.clear()
    peer.say(m.Ack(id=id, position="p2", at=1, room="lab"))
    peer.say(m.Gap(room=m.INBOX, after="i1", position="i2"))
    await screen.show_until(m.Gap)
    assert screen.buffers.current.pending
    peer.say(said("hi", "p2", from_="ana", id=id))
    await screen.show_until(m.Message)
    assert screen.texts().count("hi") == 1


async def test_a_message_that_was_given_up_and_is_delivered_is_shown_once(
    screen: Display, peer: Peer
) -> None:
    screen.typed.take("hi")
    request = await peer.expect(m.Send)
    id = request.id or ""
    peer.say(refused("unknown", id=id), said("hi", "p2", from_="ana", id=id))
    await screen.show_until(m.Message)
    assert screen.texts().count("hi") == 1
    row = screen.buffers.current.rows[-1]
    assert (row.mark, row.why) == (Mark.NONE, "")


async def test_an_acknowledged_message_is_not_shown_again_by_the_history(
    screen: Display, peer: Peer
) -> None:
    screen.typed.take("hi")
    request = await peer.expect(m.Send)
    id = request.id or ""
    peer.say(m.Ack(id=id, position="p2", at=1, room="lab"))
    await screen.show_until(m.Ack)
    screen.typed.take("/history")
    await answer_history(peer, screen, past("hi", "p2", "ana", id))
    peer.say(said("hi", "p2", from_="ana", id=id))
    await screen.show_until(m.Message)
    assert screen.texts().count("hi") == 1
