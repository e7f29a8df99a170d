"""Messages and requests, and their answers."""

import asyncio

import pytest

from client import Chat, ChatError, RequestRefused
from tests.support.scripted import FakeTime, Peer, joined, refused
from wire import messages as m


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
