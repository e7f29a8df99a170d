"""The connection as a program uses it, against a node that says what the test says."""

import asyncio
import inspect
import re
from collections.abc import AsyncIterator

import pytest

from client import (
    Chat,
    ChatError,
    Disconnected,
    Ended,
    NickRefused,
    RequestRefused,
    Unreachable,
    connect,
)
from client.transport.event_queue import MOST_WAITING
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


@pytest.fixture
async def node() -> AsyncIterator[ScriptedNode]:
    """A node."""
    async with scripted_node() as node:
        yield node


@pytest.fixture
def time() -> FakeTime:
    """A clock that stands still."""
    return FakeTime()


@pytest.fixture
async def chat(node: ScriptedNode, time: FakeTime) -> AsyncIterator[Chat]:
    """A chat that is connected; ``peer`` is the node's end of it."""
    chat = connect(node.address, nick="ana", runtime=time.runtime(), key="k" * 32)
    chat.start()
    yield chat
    await chat.close()


@pytest.fixture
async def peer(chat: Chat, node: ScriptedNode) -> Peer:
    """The node's end of the chat."""
    peer = await node.peer()
    await peer.greet()
    await chat.ready()
    return peer


class TestEntering:
    """From connect to the first event."""

    async def test_one_is_welcomed_and_quits_at_the_end(self, node: ScriptedNode) -> None:
        async def play() -> m.Hello:
            peer = await node.peer()
            hello = await peer.greet("Ana")
            await peer.expect(m.Quit)
            peer.say(m.Bye(reason="quit"))
            return hello

        playing = asyncio.create_task(play())
        async with connect(node.address, nick="ana", rooms=["lab"]) as chat:
            assert (chat.nick, chat.node, chat.rooms) == ("Ana", "node-1", ["lab"])
            assert chat.is_connected and chat.positions == {"lab": "lab-0"}
        hello = await playing
        assert len(hello.key or "") == 32 and hello.attempt and hello.attempt > 1_600_000_000_000
        assert not chat.is_connected

    @pytest.mark.parametrize(
        "code, kind", [("nick-taken", NickRefused), ("bad-token", RequestRefused)]
    )
    async def test_a_refused_hello_is_raised(
        self, node: ScriptedNode, code: str, kind: type[RequestRefused]
    ) -> None:
        async def play() -> None:
            peer = await node.peer()
            await peer.expect(m.Hello)
            peer.say(refused(code, ref="hello"))

        playing = asyncio.create_task(play())
        with pytest.raises(kind) as raised:
            async with connect(node.address, nick="ana"):
                pytest.fail("entered")
        assert raised.value.code == code
        await playing

    async def test_another_nick_is_asked_for_where_somebody_knows_one(
        self, node: ScriptedNode
    ) -> None:
        async def rename(error: NickRefused) -> str:
            assert error.code == "nick-taken"
            return "ana2"

        async def play() -> str | None:
            peer = await node.peer()
            await peer.expect(m.Hello)
            peer.say(refused("nick-taken", ref="hello"))
            hello = await (await node.peer()).greet()
            return hello.nick

        playing = asyncio.create_task(play())
        async with connect(node.address, nick="ana", rename=rename, key="k" * 32) as chat:
            assert chat.nick == "ana2"
        assert await playing == "ana2"

    async def test_a_room_that_is_refused_is_raised(self, node: ScriptedNode) -> None:
        async def play() -> None:
            peer = await node.peer()
            await peer.expect(m.Hello)
            peer.say(welcome(), refused("bad-room", ref="hello", room="no good"))
            await peer.expect(m.Quit)
            peer.say(m.Bye(reason="quit"))

        playing = asyncio.create_task(play())
        with pytest.raises(RequestRefused) as raised:
            async with connect(node.address, nick="ana", rooms=["no good"]):
                pytest.fail("entered")
        assert (raised.value.code, raised.value.room) == ("bad-room", "no good")
        await playing

    async def test_what_cannot_be_written_is_refused_before_anything_is_sent(self) -> None:
        with pytest.raises(RequestRefused):
            connect(nick="\ud800")
        with pytest.raises(RequestRefused):
            connect(nick="ana", rooms=["x" * 20_000])
        with pytest.raises(ValueError):
            connect("no address", nick="ana")


class TestTalking:
    """Messages and requests."""

    async def test_send_returns_when_the_message_is_kept(self, chat: Chat, peer: Peer) -> None:
        sending = asyncio.create_task(chat.send("general", "hi"))
        request = await peer.take("p1")
        assert (request.room, request.text, request.kind) == ("general", "hi", None)
        assert (await sending).position == "p1"

    async def test_a_refused_message_is_raised_with_its_code(self, chat: Chat, peer: Peer) -> None:
        sending = asyncio.create_task(chat.direct("nobody", "hi", kind="action"))
        request = await peer.expect(m.SendDirect)
        assert request.kind == "action"
        peer.say(refused("no-such-nick", id=request.id))
        with pytest.raises(RequestRefused) as raised:
            await sending
        assert raised.value.code == "no-such-nick"

    @pytest.mark.parametrize("text", ["", " ", "\x1b", "\ud800", "x" * 4097])
    async def test_a_text_no_node_takes_is_raised_at_once(
        self, chat: Chat, peer: Peer, text: str
    ) -> None:
        with pytest.raises(RequestRefused):
            await chat.send("general", text)

    async def test_a_request_that_would_end_the_connection_is_raised_at_once(
        self, chat: Chat, peer: Peer
    ) -> None:
        with pytest.raises(RequestRefused) as raised:
            await chat.join("x" * 20_000)
        assert raised.value.code == "line-too-long"
        with pytest.raises(RequestRefused):
            await chat.send("\udfff", "hi")

    async def test_messages_arrive_in_the_order_of_posting_even_when_one_has_to_wait(
        self, chat: Chat, peer: Peer, time: FakeTime
    ) -> None:
        answers = [chat.post(m.Send(room="general", text=str(number))) for number in range(3)]
        first = await peer.expect(m.Send)
        peer.say(refused("rate-limited", id=first.id, after=700))
        assert await time.until_timer(0.7, 0.7)
        time.advance(0.7)
        assert [(await peer.take(f"p{number}")).text for number in range(3)] == ["0", "1", "2"]
        await asyncio.gather(*answers)

    async def test_requests_return_their_answers(self, chat: Chat, peer: Peer) -> None:
        joining = asyncio.create_task(chat.join("lab", history=5))
        join = await peer.expect(m.Join)
        assert (join.room, join.history) == ("lab", 5)
        peer.say(joined("lab", ref=join.ref))
        assert (await joining).room == "lab" and chat.rooms == ["general", "lab"]

        renaming = asyncio.create_task(chat.rename("ana2"))
        rename = await peer.expect(m.SetNick)
        peer.say(m.Renamed(ref=rename.ref, nick="ana2", from_="ana", at=1))
        await renaming
        assert chat.nick == "ana2"

        leaving = asyncio.create_task(chat.leave("lab"))
        leave = await peer.expect(m.Leave)
        peer.say(m.Left(ref=leave.ref, room="lab", nick="ana2", reason="left"))
        await leaving
        assert chat.rooms == ["general"]

        creating = asyncio.create_task(chat.create("ops"))
        create = await peer.expect(m.Create)
        peer.say(joined("ops", ref=create.ref, created=True))
        assert (await creating).created

        reading = asyncio.create_task(chat.history("ops", before="p", limit=3))
        request = await peer.expect(m.GetHistory)
        assert (request.before, request.after, request.limit) == ("p", None, 3)
        peer.say(m.History(ref=request.ref, room="ops", messages=[], more=False))
        assert (await reading).messages == []

    async def test_lists_are_read_page_by_page(self, chat: Chat, peer: Peer) -> None:
        asking = asyncio.create_task(chat.members("general"))
        first = await peer.expect(m.ListMembers)
        page = m.Members(ref=first.ref, room="general", members=["ana", "bo"], more=True)
        peer.say(page)
        second = await peer.expect(m.ListMembers)
        assert (first.after, second.after) == (None, "bo")
        peer.say(m.Members(ref=second.ref, room="general", members=["cy"], more=False))
        assert await asking == ["ana", "bo", "cy"]

        listing = asyncio.create_task(chat.list_rooms())
        rooms = await peer.expect(m.ListRooms)
        row = m.RoomRow(room="general", members=1)
        peer.say(m.Rooms(ref=rooms.ref, rooms=[row], more=True))
        rooms = await peer.expect(m.ListRooms)
        assert rooms.after == "general"
        peer.say(m.Rooms(ref=rooms.ref, rooms=[], more=True))
        assert await listing == [row]

    async def test_a_refused_request_is_raised(self, chat: Chat, peer: Peer) -> None:
        joining = asyncio.create_task(chat.join("nowhere"))
        request = await peer.expect(m.Join)
        peer.say(refused("no-such-room", ref=request.ref, room="nowhere"))
        with pytest.raises(RequestRefused) as raised:
            await joining
        assert (raised.value.code, raised.value.room) == ("no-such-room", "nowhere")

    async def test_an_answer_of_another_kind_is_an_error(self, chat: Chat, peer: Peer) -> None:
        joining = asyncio.create_task(chat.join("lab"))
        request = await peer.expect(m.Join)
        peer.say(m.Rooms(ref=request.ref, rooms=[], more=False))
        with pytest.raises(ChatError):
            await joining


class TestListening:
    """The events."""

    async def test_events_come_in_order_and_each_once(self, chat: Chat, peer: Peer) -> None:
        peer.say(message("1", "p1"), message("1", "p1"), message("2", "p2"), m.PingEvent())
        peer.say(message("end", "p3"))
        texts = []
        async for event in chat:
            if isinstance(event, m.Message):
                texts.append(event.text)
                if event.text == "end":
                    break
        assert texts == ["1", "2", "end"]

    async def test_the_lines_come_as_the_node_wrote_them(self, chat: Chat, peer: Peer) -> None:
        lines = [
            b'{ "type":"message","room":"general","position":"p1",'
            b'"at":1,"from":"bo","text":"\\u0041"}',
            b'{"type":"aurora","colour":"green"}',
            b'{"type":"message","room":"general","position":"p2",'
            b'"at":1,"from":"bo","text":"x","kind":"song"}',
        ]
        peer.say_bytes(b"\r\n".join(lines) + b"\n")
        peer.say(message("end", "p9"))
        heard = []
        async for received in chat.received():
            heard.append(received.line)
            if b'"end"' in received.line:
                break
        assert heard[-4:-1] == lines

    async def test_unknown_events_are_not_iterated_over(self, chat: Chat, peer: Peer) -> None:
        peer.say_bytes(b'{"type":"aurora"}\n')
        peer.say(message("end"))
        async for event in chat:
            assert event is not None
            if isinstance(event, m.Message):
                break

    async def test_iterating_ends_when_the_chat_is_closed(self, chat: Chat, peer: Peer) -> None:
        async def listen() -> int:
            return len([event async for event in chat])

        listening = asyncio.create_task(listen())
        await asyncio.sleep(0)
        await chat.close()
        assert await listening == 2
        with pytest.raises(ChatError):
            await chat.send("general", "late")

    async def test_iterating_raises_what_ended_the_chat(self, chat: Chat, peer: Peer) -> None:
        sending = asyncio.create_task(chat.send("general", "hi"))
        await peer.expect(m.Send)
        peer.say(m.Bye(reason="replaced"))
        with pytest.raises(Ended) as raised:
            async for _ in chat:
                pass
        assert raised.value.reason == "replaced" and chat.failure is raised.value
        with pytest.raises(Ended):
            await sending
        with pytest.raises(Ended):
            await chat.send("general", "again")

    async def test_a_reader_that_is_slow_leaves_the_rest_to_the_node(
        self, chat: Chat, peer: Peer, time: FakeTime
    ) -> None:
        count = 20 * MOST_WAITING
        filler = "x" * 500
        reader = chat.received()
        await anext(reader)

        async def flood() -> None:
            for number in range(count):
                peer.say(message(f"{number} {filler}", f"p{number}"))
                await peer.writer.drain()

        flooding = asyncio.create_task(flood())
        while not chat._incoming.is_full:
            await asyncio.sleep(0)
        assert not flooding.done()
        time.advance(100.0)  # a pause of our own is not the node's silence
        texts = []
        async for received in reader:
            if isinstance(received.event, m.Message):
                texts.append(int(received.event.text.split()[0]))
                if len(texts) == count:
                    break
        assert texts == list(range(count))
        await flooding

    async def test_who_waits_for_an_answer_gets_it_behind_any_number_of_events(
        self, chat: Chat, peer: Peer
    ) -> None:
        await anext(chat.received())
        for number in range(2 * MOST_WAITING):
            peer.say(message("x", f"p{number}"))
        sending = asyncio.create_task(chat.send("general", "hi"))
        await peer.take("q")
        assert (await sending).position == "q"


class TestComingBack:
    """Lost connections."""

    async def test_the_session_goes_on_and_unacknowledged_messages_are_repeated(
        self, chat: Chat, peer: Peer, node: ScriptedNode
    ) -> None:
        peer.say(message("before", "p1"))
        sending = asyncio.create_task(chat.send("general", "hi"))
        first = await peer.expect(m.Send)
        peer.hang_up()
        again = await node.peer()
        hello = await again.greet(resumed=True, node="node-2")
        assert hello.positions == {"general": "p1"} and hello.rooms == ["general"]
        assert await again.take("p2") == first
        assert (await sending).position == "p2"
        assert chat.node == "node-2"

    async def test_the_way_back_is_among_the_events(
        self, chat: Chat, peer: Peer, node: ScriptedNode
    ) -> None:
        peer.hang_up()
        await (await node.peer()).greet(resumed=True)
        kinds = []
        async for event in chat:
            kinds.append(type(event))
            if len(kinds) == 5:
                break
        assert kinds == [m.Welcome, m.Joined, Disconnected, m.Welcome, m.Joined]

    async def test_a_request_is_asked_again(
        self, chat: Chat, peer: Peer, node: ScriptedNode
    ) -> None:
        joining = asyncio.create_task(chat.join("lab"))
        first = await peer.expect(m.Join)
        peer.hang_up()
        again = await node.peer()
        await again.greet(resumed=True)
        assert await again.expect(m.Join) == first
        again.say(joined("lab", ref=first.ref))
        assert (await joining).room == "lab"

    async def test_what_is_posted_meanwhile_waits(
        self, chat: Chat, peer: Peer, node: ScriptedNode
    ) -> None:
        peer.hang_up()
        again = await node.peer()
        assert not chat.is_connected
        answer = chat.post(m.Send(room="general", text="meanwhile"))
        await again.greet(resumed=True)
        assert (await again.take()).text == "meanwhile"
        await answer

    async def test_a_session_with_a_key_is_not_ended_on_leaving(
        self, chat: Chat, peer: Peer
    ) -> None:
        await chat.close()
        assert await peer.get() is None

    async def test_a_node_that_does_not_take_note_of_the_quit_is_not_waited_for(
        self, node: ScriptedNode, time: FakeTime
    ) -> None:
        chat = connect(node.address, nick="ana", runtime=time.runtime())
        chat.start()
        peer = await node.peer()
        await peer.greet()
        await chat.ready()
        closing = asyncio.create_task(chat.close())
        await peer.expect(m.Quit)
        time.advance(2.0)
        await closing

    async def test_patience_ends(self, time: FakeTime) -> None:
        async with scripted_node() as gone:
            address = gone.address
        chat = connect(address, nick="ana", patience=5.0, runtime=time.runtime())
        chat.start()
        for _ in range(100):
            if chat.failure:
                break
            await asyncio.sleep(0.001)
            time.advance(0.5)
        with pytest.raises(Unreachable, match=address):
            await chat.ready()
        await chat.close()

    async def test_a_fault_of_our_own_is_not_taken_for_a_lost_connection(
        self, chat: Chat, peer: Peer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def fail(*arguments: object) -> None:
            raise ZeroDivisionError

        monkeypatch.setattr(chat._session, "take", fail)
        peer.say(message("hi"))
        with pytest.raises(ZeroDivisionError):
            async for _ in chat:
                pass


def test_the_docstring_tells_the_whole_of_it() -> None:
    told = connect.__doc__ or ""
    for name in {name for name in dir(Chat) if not name.startswith("_")}:
        assert re.search(rf"\b{name}\b", told), name
    for name in inspect.signature(connect).parameters:
        assert re.search(rf"\b{name}\b", told) or name == "runtime", name
