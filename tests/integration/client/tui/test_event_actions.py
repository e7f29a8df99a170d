"""What each event changes in the buffers."""

import asyncio

import pytest
from hypothesis import given

from client import connect
from client.protocol.events import Disconnected
from client.protocol.greeting import HELLO
from client.text.theme import Theme
from client.tui import buffers
from client.tui.rows import Mark
from client.tui.viewport import Viewport
from tests.integration.client.tui.display import Display, answer_new_buffer, said
from tests.support.hostile import assert_harmless, events
from tests.support.scripted import FakeTime, Peer, ScriptedNode, joined, message, refused, welcome
from wire import messages as m


async def test_the_first_rows_are_the_nick_the_node_and_the_rooms(
    screen: Display, peer: Peer
) -> None:
    hint = "/help lists commands and keys."
    assert screen.texts() == ["You are ana, on node-1.", hint, "You are in lab, alone."]
    assert screen.texts("ops") == ["You are in ops, alone."]
    assert screen.room == "lab"


async def test_joining_shows_the_room_and_leaving_shows_another(
    screen: Display, peer: Peer
) -> None:
    screen.typed.take("/join new")
    request = await peer.expect(m.Join)
    peer.say(joined("new", ref=request.ref))
    await screen.show_until(m.Joined)
    assert screen.room == "new"
    await answer_new_buffer(peer, screen)
    screen.typed.take("/leave")
    leave = await peer.expect(m.Leave)
    assert leave.room == "new"
    peer.say(m.Left(ref=leave.ref, room="new", nick="ana", reason="left"))
    await screen.show_until(m.Left)
    assert screen.room == "lab" and screen.texts()[-1] == "You left new."


async def test_leaving_a_room_never_shows_a_person_while_there_is_a_room(
    screen: Display, peer: Peer
) -> None:
    peer.say(m.Direct(position="d1", at=1, from_="bo", to="ana", text="psst"))
    await screen.show_until(m.Direct)
    screen.buffers.turn_to("@bo")
    screen.buffers.turn_to("lab")
    screen.typed.take("/leave")
    leave = await peer.expect(m.Leave)
    peer.say(m.Left(ref=leave.ref, room="lab", nick="ana", reason="left"))
    await screen.show_until(m.Left)
    assert screen.room == "ops"


async def test_after_the_last_room_there_is_a_buffer_without_a_name(
    screen: Display, peer: Peer
) -> None:
    screen.buffers.open("ops").is_first_look()
    for room in ("lab", "ops"):
        screen.typed.take(f"/leave {room}")
        leave = await peer.expect(m.Leave)
        peer.say(m.Left(ref=leave.ref, room=room, nick="ana", reason="left"))
        await screen.show_until(m.Left)
    assert screen.room == ""
    assert screen.typed.take("hi")
    assert "/join ROOM" in screen.texts()[-1]


async def test_a_room_is_closed_when_the_node_says_not_in_room(screen: Display, peer: Peer) -> None:
    screen.typed.take("/leave")
    leave = await peer.expect(m.Leave)
    peer.say(refused("not-in-room", ref=leave.ref, room="lab"))
    await screen.show_until(m.Error)
    assert screen.room == "ops" and screen.buffers.get("lab") is None


async def test_a_direct_message_is_shown_in_the_buffer_of_that_person(
    screen: Display, peer: Peer
) -> None:
    screen.typed.take("/msg Bo psst")
    request = await peer.expect(m.SendDirect)
    assert screen.texts()[-1] == "To Bo only: psst"
    assert screen.buffers.open("@bo").everything[0].mark is Mark.PENDING
    peer.say(
        m.Ack(id=request.id or "", position="d1", at=1, to="bo"),
        m.Direct(position="d2", at=2, from_="bo", to="ana", text="what?"),
    )
    await screen.show_until(m.Direct)
    assert screen.texts("@bo") == ["psst", "what?"]
    assert screen.buffers.open("@bo").everything[0].mark is Mark.NONE
    assert screen.buffers.open("@bo").mentions == screen.rings == 1
    assert screen.texts()[-1] == "bo, to you only: what?"
    screen.buffers.turn_to("@bo")
    screen.typed.take("nothing")
    assert (await peer.expect(m.SendDirect)).to == "Bo"


async def test_the_number_of_buffers_that_strangers_open_is_limited(
    screen: Display, peer: Peer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(buffers, "MOST_BUFFERS", 3)
    for nick in ("bo", "eve", "bo"):
        screen.events.show(m.Direct(position=nick, at=1, from_=nick, to="ana", text="hi"))
    assert [buffer.name for buffer in screen.buffers] == ["lab", "ops", "@bo"]
    assert screen.texts()[-2] == "eve, to you only: hi"


async def test_an_action_in_private_names_who_acts(screen: Display, peer: Peer) -> None:
    peer.say(
        m.Direct(position="d", at=1, from_="bo", to="ana", text="waves", kind="action"),
    )
    await screen.show_until(m.Direct)
    assert screen.texts()[-1] == "bo, to you only: * bo waves"
    assert screen.buffers.open("@bo").rows[-1].spoken == "* bo waves"
    screen.buffers.turn_to("@bo")
    screen.typed.take("/me nods")
    direct = await peer.expect(m.SendDirect)
    assert (direct.text, direct.kind) == ("nods", "action")
    assert screen.buffers.current.everything[-1].spoken == "* ana nods"


async def test_mentions_ring_and_are_counted_in_other_buffers(screen: Display, peer: Peer) -> None:
    for text in ("hello Ana!", "banana", "ana: there", "ana-maria"):
        peer.say(message(text, text, room="ops"))
        await screen.show_until(m.Message)
    ops = screen.buffers.open("ops")
    assert (ops.unread, ops.mentions, screen.rings) == (4, 3, 3)
    assert not screen.buffers.current.unread


async def test_long_lists_are_fetched_page_by_page(screen: Display, peer: Peer) -> None:
    screen.typed.take("/rooms")
    request = await peer.expect(m.ListRooms)
    row = m.RoomRow(room="lab", members=1)
    peer.say(m.Rooms(ref=request.ref, rooms=[row], more=True))
    await screen.show_until(m.Rooms)
    assert (await peer.expect(m.ListRooms)).after == "lab"
    screen.typed.take("/who")
    who = await peer.expect(m.ListMembers)
    peer.say(m.Members(ref=who.ref, room="lab", members=["ana"], more=True))
    await screen.show_until(m.Members)
    assert (await peer.expect(m.ListMembers)).after == "ana"


async def test_the_buffer_of_a_renamed_person_is_renamed(screen: Display, peer: Peer) -> None:
    screen.buffers.open("@bo")
    peer.say(m.Renamed(room="lab", position="l1", at=1, nick="bob", from_="bo"))
    await screen.show_until(m.Renamed)
    assert screen.buffers.get("@bob") is not None and screen.buffers.get("@bo") is None


@pytest.mark.parametrize("answer_is_first", [True, False])
async def test_our_own_new_nick_is_shown_once(
    screen: Display, peer: Peer, answer_is_first: bool
) -> None:
    screen.clear()
    screen.typed.take("/nick ana2")
    request = await peer.expect(m.SetNick)
    answer = m.Renamed(ref=request.ref, nick="ana2", from_="ana", at=1)
    entry = m.Renamed(room="lab", position="l1", at=1, nick="ana2", from_="ana")
    for event in (answer, entry) if answer_is_first else (entry, answer):
        peer.say(event)
        await screen.show_until(m.Renamed)
    assert screen.texts() == ["You are now called ana2."]


async def test_a_reconnect_is_one_notice(
    screen: Display, peer: Peer, node: ScriptedNode, time: FakeTime
) -> None:
    screen.clear()
    peer.hang_up()
    again = await node.peer()
    await screen.show_until(Disconnected)
    assert screen.events.away_at == time.now and screen.texts() == []
    time.now += 0.5
    await again.greet(resumed=True, node="node-2")
    again.say(said("hi"))
    await screen.show_until(m.Message)
    assert screen.texts() == ["Reconnected after 0.5 s, to node-2.", "hi"]
    assert screen.events.away_at is None


async def test_a_new_session_is_noted_and_our_own_return_is_not(
    screen: Display, peer: Peer, node: ScriptedNode
) -> None:
    screen.clear()
    peer.hang_up()
    again = await node.peer()
    await again.greet(resumed=False)
    again.say(m.Left(room="lab", position="l1", at=1, nick="ana", reason="lost"))
    again.say(m.Entered(room="lab", position="l2", at=1, nick="ana"))
    again.say(m.Entered(room="lab", position="l3", at=1, nick="bo"))
    for kind in (m.Left, m.Entered, m.Entered):
        await screen.show_until(kind)
    back, entered = screen.texts()
    assert "a new one" in back and entered == "bo entered"
    assert screen.room == "lab"


async def test_a_failure_before_the_first_connection_is_shown(screen: Display) -> None:
    screen.events.show(Disconnected("refused"))
    assert screen.texts() == ["No connection: refused. Trying again."]


async def test_being_kicked_is_shown_in_another_room(screen: Display, peer: Peer) -> None:
    peer.say(m.Left(room="lab", position="l1", at=1, nick="ana", reason="kicked"))
    await screen.show_until(m.Left)
    assert "kicked" in screen.texts()[-1] and screen.room == "ops"


async def test_the_reason_for_closing_a_room_is_shown(screen: Display, peer: Peer) -> None:
    peer.say(m.Left(room="lab", nick="ana", reason="kicked", text="off\u202etopic"))
    await screen.show_until(m.Left)
    told = "A moderator has closed lab: off\\u202etopic"
    assert screen.texts()[-1] == told and screen.room == "ops"
    assert screen.chat.rooms == ["ops"]


async def test_an_announcement_is_shown_in_the_current_buffer_and_rings(
    screen: Display, peer: Peer
) -> None:
    peer.say(m.Announcement(text="back\nsoon", at=1))
    await screen.show_until(m.Announcement)
    assert screen.texts()[-1] == "Announcement: back / soon" and screen.room == "lab"
    peer.say(m.Announcement(text="tidy up", at=1, room="ops"))
    await screen.show_until(m.Announcement)
    assert screen.texts()[-1] == "Announcement: back / soon"
    assert screen.texts("ops")[-1] == "Announcement in ops: tidy up"
    assert screen.rings == 2


async def test_a_room_joined_by_hello_is_not_switched_to(screen: Display, peer: Peer) -> None:
    event = joined("later", ref=HELLO)
    screen.chat._session.take(event, 0.0)
    screen.events.show(event)
    assert screen.room == "lab" and welcome().ref == HELLO


async def test_late_events_of_a_room_that_was_left_open_no_buffer(
    screen: Display, peer: Peer
) -> None:
    screen.buffers.close("ops")
    peer.say(m.Entered(room="ops", position="o1", at=1, nick="bo"))
    peer.say(m.Renamed(room="ops", position="o2", at=1, nick="bob", from_="bo"))
    await screen.show_until(m.Renamed)
    assert screen.buffers.get("ops") is None


@given(events)
def test_no_event_is_harmful(event: m.AnyEvent | Disconnected) -> None:
    async def show() -> Display:
        screen = Display(connect(nick="ana"), FakeTime())
        screen.events.show(event)
        return screen

    screen = asyncio.run(show())
    for buffer in (screen.buffers.current, *screen.buffers):
        for line in Viewport(buffer, Theme(), 80, 24).lines():
            assert_harmless("".join(text for _, text in line))
