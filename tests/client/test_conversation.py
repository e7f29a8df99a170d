"""What the screen shows of a chat, and what becomes of a typed line."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from client import Chat, connect
from client.connection import Away
from client.conversation import Conversation
from client.session import HELLO
from tests.client.scripted import (
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
    """A conversation, and what it has shown."""

    def __init__(self, chat: Chat, time: FakeTime) -> None:
        self.lines: list[str] = []
        self.conversation = Conversation(chat, self.lines.append, lambda: time.now)
        self.chat = chat
        self._events = aiter(chat)

    async def show_until(self, kind: type[m.Event] | type[Away]) -> None:
        """Show events up to one of this type."""
        async for event in self._events:
            self.conversation.show(event)
            if isinstance(event, kind):
                return

    def shown(self) -> list[str]:
        """Return what was shown since the last time."""
        lines = list(self.lines)
        self.lines.clear()
        return lines


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
    around = time.surroundings()
    chat = connect(node.address, nick="ana", key="k" * 32, rooms=rooms, surroundings=around)
    screen = Screen(chat, time)
    chat.start()
    yield screen
    await chat.close()


@pytest.fixture
async def peer(screen: Screen, node: ScriptedNode) -> Peer:
    """The node's end of it; all that comes at first has been shown."""
    peer = await node.peer()
    await peer.greet()
    await screen.chat.ready()
    for kind in (m.Welcome, m.Joined, m.Joined):
        await screen.show_until(kind)
    return peer


async def test_at_first_one_is_told_who_and_where_one_is(screen: Screen, peer: Peer) -> None:
    assert screen.shown() == [
        "\u00b7 You are ana, on node-1.",
        "\u00b7 You are in lab, alone.",
        "\u00b7 You are in ops, alone.",
    ]
    assert screen.conversation.room == "lab"
    toolbar = screen.conversation.toolbar
    assert toolbar == " lab \u00b7 ana \u00b7 on node-1 \u00b7 also in ops"


async def test_what_one_says_goes_to_the_room_one_looks_at(screen: Screen, peer: Peer) -> None:
    assert screen.conversation.take("hi")
    request = await peer.take("p1")
    assert (request.room, request.text) == ("lab", "hi")
    screen.shown()
    await screen.show_until(m.Message)
    (line,) = screen.shown()
    assert line.endswith(" lab <ana> hi")


async def test_joining_turns_to_the_room_and_leaving_turns_to_another(
    screen: Screen, peer: Peer
) -> None:
    conversation = screen.conversation
    conversation.take("/join new")
    request = await peer.expect(m.Join)
    peer.say(joined("new", ref=request.ref))
    await screen.show_until(m.Joined)
    assert conversation.room == "new"
    screen.shown()
    conversation.take("/leave")
    leave = await peer.expect(m.Leave)
    assert leave.room == "new"
    peer.say(m.Left(ref=leave.ref, room="new", nick="ana", reason="left"))
    await screen.show_until(m.Left)
    assert screen.shown() == ["\u00b7 You left new."]
    assert conversation.room == "lab"


async def test_who_left_all_rooms_is_in_none(screen: Screen, peer: Peer) -> None:
    for room in ("lab", "ops"):
        screen.conversation.take(f"/leave {room}")
        leave = await peer.expect(m.Leave)
        peer.say(m.Left(ref=leave.ref, room=room, nick="ana", reason="left"))
        await screen.show_until(m.Left)
    assert screen.conversation.room is None
    assert "in no room" in screen.conversation.toolbar
    screen.shown()
    assert screen.conversation.take("hi")
    assert "/join ROOM" in screen.shown()[0]


async def test_a_direct_is_shown_once_it_is_kept(screen: Screen, peer: Peer) -> None:
    screen.shown()
    screen.conversation.take("/msg bo psst")
    request = await peer.expect(m.SendDirect)
    assert screen.shown() == []
    peer.say(m.Ack(id=request.id or "", position="d1", at=1, to="bo"), message("x"))
    await screen.show_until(m.Message)
    direct = next(line for line in screen.shown() if "@" in line)
    assert direct.endswith(" @ <ana \u2192 bo> psst")


async def test_a_refusal_is_shown_with_its_reason(screen: Screen, peer: Peer) -> None:
    screen.shown()
    screen.conversation.take("/msg nobody hi")
    request = await peer.expect(m.SendDirect)
    peer.say(refused("no-such-nick", id=request.id))
    await screen.show_until(m.Error)
    assert screen.shown() == ["! Not delivered: No: no-such-nick."]


@pytest.mark.parametrize("line", ["/dance", "/join", "\x1b", "/join " + "x" * 20_000])
async def test_what_cannot_be_done_is_said_at_once(screen: Screen, peer: Peer, line: str) -> None:
    screen.shown()
    assert screen.conversation.take(line)
    (answer,) = screen.shown()
    assert answer.startswith("! ")


async def test_help_and_quit_need_no_node(screen: Screen) -> None:
    assert screen.conversation.take("/help")
    assert "/join ROOM" in screen.shown()[0]
    assert screen.conversation.take("")
    assert not screen.conversation.take("/quit")


async def test_long_lists_are_turned_page_by_page(screen: Screen, peer: Peer) -> None:
    screen.conversation.take("/rooms")
    request = await peer.expect(m.ListRooms)
    row = m.RoomRow(room="lab", members=1)
    peer.say(m.Rooms(ref=request.ref, rooms=[row], more=True))
    await screen.show_until(m.Rooms)
    assert (await peer.expect(m.ListRooms)).after == "lab"
    screen.conversation.take("/who")
    who = await peer.expect(m.ListMembers)
    peer.say(m.Members(ref=who.ref, room="lab", members=["ana"], more=True))
    await screen.show_until(m.Members)
    assert (await peer.expect(m.ListMembers)).after == "ana"


async def test_a_reconnect_is_one_quiet_line(
    screen: Screen, peer: Peer, node: ScriptedNode, time: FakeTime
) -> None:
    screen.shown()
    peer.hang_up()
    again = await node.peer()
    await screen.show_until(Away)
    assert "reconnecting" in screen.conversation.toolbar
    time.now += 0.5
    await again.greet(resumed=True, node="node-2")
    again.say(message("hi"))
    await screen.show_until(m.Message)
    back, _ = screen.shown()
    assert back == "\u00b7 Back after 0.5 s, on node-2."


async def test_a_session_that_had_ended_is_told_and_ones_own_return_is_not(
    screen: Screen, peer: Peer, node: ScriptedNode
) -> None:
    screen.shown()
    peer.hang_up()
    again = await node.peer()
    await again.greet(resumed=False)
    again.say(m.Left(room="lab", position="l1", at=1, nick="ana", reason="lost"))
    again.say(m.Entered(room="lab", position="l2", at=1, nick="ana"))
    again.say(m.Entered(room="lab", position="l3", at=1, nick="bo"))
    for kind in (m.Left, m.Entered, m.Entered):
        await screen.show_until(kind)
    back, entered = screen.shown()
    assert "a new one" in back and "bo entered" in entered
    assert screen.conversation.room == "lab"


async def test_what_is_said_while_away_is_shown_as_waiting(
    screen: Screen, peer: Peer, node: ScriptedNode
) -> None:
    screen.shown()
    peer.hang_up()
    again = await node.peer()
    await screen.show_until(Away)
    screen.conversation.take("later")
    assert screen.shown() == ["\u00b7 To be said when there is a connection again: later"]
    await again.greet(resumed=True)
    assert (await again.take()).text == "later"


async def test_trouble_before_the_first_connection_is_told(screen: Screen) -> None:
    assert "connecting" in screen.conversation.toolbar
    screen.conversation.show(Away("refused"))
    assert screen.shown() == ["\u00b7 No connection (refused); trying again."]


async def test_being_kicked_is_shown_and_turns_to_another_room(screen: Screen, peer: Peer) -> None:
    screen.shown()
    peer.say(m.Left(room="lab", position="l1", at=1, nick="ana", reason="kicked"))
    await screen.show_until(m.Left)
    assert "kicked" in screen.shown()[0] and screen.conversation.room == "ops"


async def test_a_room_joined_by_hello_does_not_turn_the_page(screen: Screen, peer: Peer) -> None:
    event = joined("later", ref=HELLO)
    screen.chat._session.take(event, 0.0)
    screen.conversation.show(event)
    assert screen.conversation.room == "lab"
    assert welcome().ref == HELLO
    await asyncio.sleep(0)
