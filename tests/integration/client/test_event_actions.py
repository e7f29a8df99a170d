"""What the buffers show of a chat."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from hypothesis import given

from client import Chat, connect
from client.protocol.events import Disconnected
from client.protocol.greeting import HELLO
from client.text.theme import Theme
from client.tui import buffers
from client.tui.buffers import Buffers
from client.tui.event_actions import EventActions
from client.tui.input_actions import InputActions
from client.tui.lookups import Lookups
from client.tui.notices import Notices
from client.tui.rows import Mark, Row
from client.tui.unsent import Unsent
from client.tui.viewport import Viewport
from tests.support.hostile import assert_harmless, events
from tests.support.scripted import (
    FakeTime,
    Peer,
    ScriptedNode,
    joined,
    message,
    refused,
    scripted_node,
    welcome,
)
from wire import messages as m


class Screen:
    """A chat, what is typed into it, and what its buffers show."""

    def __init__(self, chat: Chat, time: FakeTime) -> None:
        self.buffers = Buffers()
        self.rings = 0
        self.chat = chat
        notices = Notices(self.buffers, lambda: int(time.now * 1000))
        self.unsent = Unsent()
        self.lookups = Lookups(chat, self.buffers, notices, self.unsent)
        parts = (chat, self.buffers, notices, self.lookups, self.unsent)
        self.events = EventActions(*parts, lambda: time.now, self._ring)
        self.typed = InputActions(*parts, lambda: int(time.now * 1000))
        self._received = chat.received()

    def _ring(self) -> None:
        self.rings += 1

    @property
    def room(self) -> str:
        """The buffer that is looked at."""
        return self.buffers.current.name

    async def show_until(self, kind: type[m.Event] | type[Disconnected]) -> None:
        """Show events up to one of this type."""
        async for received in self._received:
            assert received.event is not None
            self.events.show(received.event, received.then)
            if isinstance(received.event, kind):
                return

    def texts(self, name: str | None = None) -> list[str]:
        """Return what stands in a buffer; in the one that is looked at by default."""
        buffer = self.buffers.current if name is None else self.buffers.open(name)
        return [row.text for row in buffer.everything]

    def clear(self) -> None:
        """Forget what stands in the buffer that is looked at."""
        self.buffers.current.rows.clear()


@pytest.fixture
def time() -> FakeTime:
    """A clock that stands still."""
    return FakeTime()


@pytest.fixture
async def node() -> AsyncIterator[ScriptedNode]:
    """A node."""
    async with scripted_node() as node:
        yield node


@pytest.fixture
async def screen(node: ScriptedNode, time: FakeTime) -> AsyncIterator[Screen]:
    """A screen whose chat is about to connect, with two rooms to be in."""
    rooms = ["lab", "ops"]
    runtime = time.runtime()
    chat = connect(node.address, nick="ana", key="k" * 32, rooms=rooms, runtime=runtime)
    screen = Screen(chat, time)
    chat.start()
    yield screen
    await chat.close()


@pytest.fixture
async def peer(screen: Screen, node: ScriptedNode) -> Peer:
    """The node's end of it; what a buffer asks at first is answered, and has been shown."""
    peer = await node.peer()
    await peer.greet()
    await screen.chat.ready()
    for kind in (m.Welcome, m.Joined, m.Joined):
        await screen.show_until(kind)
    await answer_new_buffer(peer, screen)
    return peer


async def answer_new_buffer(peer: Peer, screen: Screen, *messages: m.Past) -> None:
    """Answer what a new buffer asks: who is here, and what was said."""
    members = await peer.expect(m.ListMembers)
    peer.say(m.Members(ref=members.ref, room=members.room, members=["ana", "bo"], more=False))
    await screen.show_until(m.Members)
    await answer_history(peer, screen, *messages, more=True)


async def answer_history(
    peer: Peer, screen: Screen, *messages: m.Past, more: bool = False
) -> m.GetHistory:
    """Answer the next question for older messages, and return it."""
    history = await peer.expect(m.GetHistory)
    peer.say(m.History(ref=history.ref, room=history.room, messages=list(messages), more=more))
    await screen.show_until(m.History)
    return history


def past(text: str, position: str, from_: str = "bo", id: str | None = None) -> m.Past:
    """A past message of the lab."""
    return m.Past(room="lab", position=position, at=1, from_=from_, text=text, id=id)


def said(text: str, position: str = "p1", **how: str) -> m.Message:
    """A message in the lab."""
    return message(text, position, room="lab", **how)


async def test_at_first_one_is_told_who_and_where_one_is(screen: Screen, peer: Peer) -> None:
    assert screen.texts() == ["You are ana, on node-1.", "You are in lab, alone."]
    assert screen.texts("ops") == ["You are in ops, alone."]
    assert screen.room == "lab"


async def test_what_one_says_appears_at_once_as_on_its_way_and_stays_with_its_ack(
    screen: Screen, peer: Peer
) -> None:
    screen.clear()
    screen.typed.take("hi")
    (row,) = screen.buffers.current.everything
    assert (row.text, row.mark) == ("hi", Mark.PENDING)
    request = await peer.take("p1")
    assert (request.room, request.text) == ("lab", "hi")
    await screen.show_until(m.Ack)
    assert screen.buffers.current.rows == [row] and row.mark is Mark.NONE
    assert not screen.unsent


async def test_an_ack_that_comes_before_the_message_is_as_good(screen: Screen, peer: Peer) -> None:
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


async def test_a_message_of_others_with_the_id_of_ours_is_not_ours(
    screen: Screen, peer: Peer
) -> None:
    screen.clear()
    screen.typed.take("hi")
    request = await peer.expect(m.Send)
    peer.say(said("something else", id=request.id or ""))
    await screen.show_until(m.Message)
    assert screen.texts() == ["something else", "hi"]


async def test_joining_turns_to_the_room_and_leaving_turns_to_another(
    screen: Screen, peer: Peer
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
    assert screen.room == "ops" and screen.texts()[-1] == "You left new."


async def test_a_room_asks_for_what_it_needs_when_it_is_first_looked_at(
    screen: Screen, peer: Peer
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


async def test_who_left_all_rooms_is_in_none(screen: Screen, peer: Peer) -> None:
    screen.buffers.open("ops").is_first_look()
    for room in ("lab", "ops"):
        screen.typed.take(f"/leave {room}")
        leave = await peer.expect(m.Leave)
        peer.say(m.Left(ref=leave.ref, room=room, nick="ana", reason="left"))
        await screen.show_until(m.Left)
    assert screen.room == ""
    assert screen.typed.take("hi")
    assert "/join ROOM" in screen.texts()[-1]


async def test_a_room_the_node_says_one_is_not_in_is_closed(screen: Screen, peer: Peer) -> None:
    screen.typed.take("/leave")
    leave = await peer.expect(m.Leave)
    peer.say(refused("not-in-room", ref=leave.ref, room="lab"))
    await screen.show_until(m.Error)
    assert screen.room == "ops" and screen.buffers.get("lab") is None


async def test_what_was_said_before_stands_above_without_doubles(
    screen: Screen, peer: Peer
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


async def test_an_own_message_that_is_on_its_way_is_not_taken_from_history(
    screen: Screen, peer: Peer
) -> None:
    screen.clear()
    screen.typed.take("hi")
    request = await peer.expect(m.Send)
    screen.typed.take("/history 5")
    await answer_history(peer, screen, past("hi", "p1", "ana", request.id))
    assert screen.texts() == ["No older messages are available.", "hi"]


async def test_who_asks_twice_for_older_messages_asks_the_node_once(
    screen: Screen, peer: Peer
) -> None:
    buffer = screen.buffers.current
    found: list[list[Row]] = []
    for _ in range(2):
        screen.lookups.fetch_older(buffer, 10, found.append)
    await answer_history(peer, screen, past("old", "p1"))
    assert len(found) == 2 and not buffer.is_fetching and buffer.is_whole


async def test_older_messages_that_cannot_be_had_are_told_and_can_be_asked_again(
    screen: Screen, peer: Peer
) -> None:
    screen.typed.take("/history")
    request = await peer.expect(m.GetHistory)
    peer.say(refused("unavailable", ref=request.ref))
    await screen.show_until(m.Error)
    assert screen.texts()[-1] == "No: unavailable." and not screen.buffers.current.is_fetching


async def test_an_answer_for_a_buffer_that_was_closed_does_no_harm(
    screen: Screen, peer: Peer
) -> None:
    screen.typed.take("/history")
    screen.buffers.close("lab")
    await answer_history(peer, screen, past("old", "p1"))
    assert screen.room == "ops" and "old" not in screen.texts()


async def test_a_question_is_asked_again_on_the_next_connection(
    screen: Screen, peer: Peer, node: ScriptedNode
) -> None:
    screen.typed.take("/history")
    await peer.expect(m.GetHistory)
    peer.hang_up()
    again = await node.peer()
    await again.greet(resumed=True)
    await answer_history(again, screen, past("old", "p1"))
    assert screen.texts()[0] == "old" and not screen.buffers.current.is_fetching


async def test_a_direct_is_shown_where_one_talks_to_that_person(screen: Screen, peer: Peer) -> None:
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


async def test_strangers_cannot_open_buffers_without_end(
    screen: Screen, peer: Peer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(buffers, "MOST_BUFFERS", 3)
    for nick in ("bo", "eve", "bo"):
        screen.events.show(m.Direct(position=nick, at=1, from_=nick, to="ana", text="hi"))
    assert [buffer.name for buffer in screen.buffers] == ["lab", "ops", "@bo"]
    assert screen.texts()[-2] == "eve, to you only: hi"


@pytest.mark.parametrize("ack_first", [True, False])
async def test_what_one_says_to_oneself_is_shown_once(
    screen: Screen, peer: Peer, ack_first: bool
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


async def test_a_refusal_is_shown_where_the_message_stands_and_where_one_looks(
    screen: Screen, peer: Peer
) -> None:
    screen.typed.take("/msg nobody hi")
    request = await peer.expect(m.SendDirect)
    peer.say(refused("no-such-nick", id=request.id))
    await screen.show_until(m.Error)
    (row,) = screen.buffers.open("@nobody").rows
    assert (row.mark, row.why) == (Mark.FAILED, "No: no-such-nick.")
    assert screen.texts()[-1] == "Not delivered: No: no-such-nick."


async def test_a_message_to_a_room_that_was_left_meanwhile_is_told_with_its_text(
    screen: Screen, peer: Peer
) -> None:
    screen.typed.take("too late")
    request = await peer.expect(m.Send)
    screen.buffers.close("lab")
    peer.say(refused("not-in-room", id=request.id, room="lab"))
    await screen.show_until(m.Error)
    assert screen.texts()[-1] == "Not delivered: No: not-in-room. It was: too late"


async def test_a_message_that_is_there_has_not_failed(screen: Screen, peer: Peer) -> None:
    screen.typed.take("hi")
    request = await peer.expect(m.Send)
    peer.say(said("hi", from_="ana", id=request.id or ""), refused("unknown", id=request.id))
    await screen.show_until(m.Error)
    row = screen.buffers.current.everything[-1]
    assert (row.text, row.mark, row.why) == ("hi", Mark.NONE, "")


async def test_a_gap_takes_what_it_swallowed_of_ours(screen: Screen, peer: Peer) -> None:
    screen.typed.take("hi")
    request = await peer.expect(m.Send)
    peer.say(
        m.Ack(id=request.id or "", position="p1", at=1, room="lab"),
        m.Gap(room="lab", after="p0", position="p9"),
    )
    await screen.show_until(m.Gap)
    assert not screen.buffers.current.pending
    assert screen.texts()[-2] == "hi" and "no longer available" in screen.texts()[-1]


async def test_mentions_ring_and_are_counted_elsewhere(screen: Screen, peer: Peer) -> None:
    for text in ("hello Ana!", "banana", "ana: there", "ana-maria"):
        peer.say(message(text, text, room="ops"))
        await screen.show_until(m.Message)
    ops = screen.buffers.open("ops")
    assert (ops.unread, ops.mentions, screen.rings) == (4, 3, 3)
    assert not screen.buffers.current.unread


async def test_long_lists_are_turned_page_by_page(screen: Screen, peer: Peer) -> None:
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


async def test_those_who_are_here_can_be_completed(screen: Screen, peer: Peer) -> None:
    lab = screen.buffers.open("lab")
    peer.say(m.Entered(room="lab", position="l1", at=1, nick="eve"))
    peer.say(m.Left(room="lab", position="l2", at=1, nick="bo", reason="quit"))
    peer.say(m.Renamed(room="lab", position="l3", at=1, nick="eva", from_="eve"))
    peer.say(said("hi", "l4", from_="tom"))
    await screen.show_until(m.Message)
    assert list(lab.nicks) == ["ana", "eva", "tom"]
    assert screen.texts()[-4:-1] == ["eve entered", "bo left the chat", "eve is now called eva"]


async def test_who_is_renamed_is_talked_to_in_the_same_buffer(screen: Screen, peer: Peer) -> None:
    screen.buffers.open("@bo")
    peer.say(m.Renamed(room="lab", position="l1", at=1, nick="bob", from_="bo"))
    await screen.show_until(m.Renamed)
    assert screen.buffers.get("@bob") is not None and screen.buffers.get("@bo") is None


async def test_ones_own_other_nick_is_told_once(screen: Screen, peer: Peer) -> None:
    screen.clear()
    screen.typed.take("/nick ana2")
    request = await peer.expect(m.SetNick)
    peer.say(
        m.Renamed(ref=request.ref, nick="ana2", from_="ana", at=1),
        m.Renamed(room="lab", position="l1", at=1, nick="ana2", from_="ana"),
    )
    await screen.show_until(m.Renamed)
    await screen.show_until(m.Renamed)
    assert screen.texts() == ["You are now called ana2."]


async def test_a_reconnect_is_one_quiet_line(
    screen: Screen, peer: Peer, node: ScriptedNode, time: FakeTime
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


async def test_a_session_that_had_ended_is_told_and_ones_own_return_is_not(
    screen: Screen, peer: Peer, node: ScriptedNode
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


async def test_what_is_said_while_away_is_kept_shown_and_sent_in_order(
    screen: Screen, peer: Peer, node: ScriptedNode
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


async def test_trouble_before_the_first_connection_is_told(screen: Screen) -> None:
    screen.events.show(Disconnected("refused"))
    assert screen.texts() == ["No connection (refused); reconnecting."]


async def test_being_kicked_is_shown_and_turns_to_another_room(screen: Screen, peer: Peer) -> None:
    peer.say(m.Left(room="lab", position="l1", at=1, nick="ana", reason="kicked"))
    await screen.show_until(m.Left)
    assert "kicked" in screen.texts()[-1] and screen.room == "ops"


async def test_who_is_put_out_of_a_room_is_told_by_whom_and_why(screen: Screen, peer: Peer) -> None:
    peer.say(m.Left(room="lab", nick="ana", reason="kicked", text="off\u202etopic"))
    await screen.show_until(m.Left)
    told = "A moderator has kicked you out of lab: off\\u202etopic"
    assert screen.texts()[-1] == told and screen.room == "ops"
    assert screen.chat.rooms == ["ops"]


async def test_an_announcement_is_shown_where_one_looks_and_rings(
    screen: Screen, peer: Peer
) -> None:
    peer.say(m.Announcement(text="back\nsoon", at=1))
    await screen.show_until(m.Announcement)
    assert screen.texts()[-1] == "Announcement: back / soon" and screen.room == "lab"
    peer.say(m.Announcement(text="tidy up", at=1, room="ops"))
    await screen.show_until(m.Announcement)
    assert screen.texts()[-1] == "Announcement: back / soon"
    assert screen.texts("ops")[-1] == "Announcement in ops: tidy up"
    assert screen.rings == 2


async def test_a_room_joined_by_hello_does_not_turn_the_page(screen: Screen, peer: Peer) -> None:
    event = joined("later", ref=HELLO)
    screen.chat._session.take(event, 0.0)
    screen.events.show(event)
    assert screen.room == "lab" and welcome().ref == HELLO


async def test_what_comes_of_a_room_that_was_left_opens_no_buffer(
    screen: Screen, peer: Peer
) -> None:
    screen.buffers.close("ops")
    peer.say(m.Entered(room="ops", position="o1", at=1, nick="bo"))
    peer.say(m.Renamed(room="ops", position="o2", at=1, nick="bob", from_="bo"))
    await screen.show_until(m.Renamed)
    assert screen.buffers.get("ops") is None


async def test_a_room_whose_name_no_request_can_hold_breaks_nothing(
    screen: Screen, peer: Peer
) -> None:
    screen.events.show(m.Rooms(rooms=[m.RoomRow(room="x" * 20_000, members=1)], more=True))
    assert "bytes long" in screen.texts()[-1]


@given(events)
def test_no_event_is_harmful(event: m.AnyEvent | Disconnected) -> None:
    async def show() -> Screen:
        screen = Screen(connect(nick="ana"), FakeTime())
        screen.events.show(event)
        return screen

    screen = asyncio.run(show())
    for buffer in (screen.buffers.current, *screen.buffers):
        for line in Viewport(buffer, Theme(), 80, 24).lines():
            assert_harmless("".join(text for _, text in line))
