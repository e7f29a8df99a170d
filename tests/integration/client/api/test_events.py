"""The events that a program reads."""

import asyncio

import pytest

from client import Chat, ChatError, Ended
from client.transport.event_queue import MOST_WAITING
from tests.support.scripted import FakeTime, Peer, message
from wire import messages as m


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

    async def test_an_answer_arrives_behind_any_number_of_events(
        self, chat: Chat, peer: Peer
    ) -> None:
        await anext(chat.received())
        for number in range(2 * MOST_WAITING):
            peer.say(message("x", f"p{number}"))
        sending = asyncio.create_task(chat.send("general", "hi"))
        await peer.take("q")
        assert (await sending).position == "q"
