"""What a program notices of lost connections."""

import asyncio

import pytest

from client import Chat, Disconnected, RequestRefused, Unreachable, connect
from tests.support.scripted import FakeTime, Peer, ScriptedNode, joined, message, scripted_node
from wire import messages as m


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

    async def test_a_message_posted_without_a_connection_waits(
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

    async def test_a_session_with_a_key_is_ended_where_that_was_asked_for(
        self, node: ScriptedNode, time: FakeTime
    ) -> None:
        runtime = time.runtime()
        chat = connect(node.address, nick="ana", key="k" * 32, stays=False, runtime=runtime)
        chat.start()
        peer = await node.peer()
        await peer.greet()
        await chat.ready()
        closing = asyncio.create_task(chat.close())
        await peer.expect(m.Quit)
        peer.say(m.Bye(reason="quit"))
        await closing

    async def test_a_later_chat_repeats_what_an_earlier_one_could_not_deliver(
        self, node: ScriptedNode, chat: Chat, peer: Peer, time: FakeTime
    ) -> None:
        for text in ("doubtful", "waiting"):
            chat.post(m.Send(room="general", text=text))
        sent = await peer.expect(m.Send)
        time.advance(1.5)
        unsent = chat.unacknowledged()
        told = [(message.text, written) for message, written in unsent]
        assert told == [("doubtful", 1_000_000), ("waiting", None)]
        later = connect(node.address, nick="ana", key="k" * 32, runtime=time.runtime())
        later.start()
        answers = [later.post_again(message, written) for message, written in unsent]
        again = await node.peer()
        await again.greet(resumed=True)
        repeated = [await again.take(f"p{number}") for number in range(2)]
        assert [each.text for each in repeated] == ["doubtful", "waiting"]
        assert repeated[0].id == sent.id
        await asyncio.gather(*answers)
        await later.close()

    async def test_what_was_written_minutes_ago_by_an_earlier_chat_is_not_repeated(
        self, node: ScriptedNode, time: FakeTime
    ) -> None:
        chat = connect(node.address, nick="ana", key="k" * 32, runtime=time.runtime())
        chat.start()
        minutes_ago = int(time.now * 1000) - 300_000
        answer = chat.post_again(m.Send(room="general", text="hi", id="1"), minutes_ago)
        peer = await node.peer()
        await peer.greet()
        with pytest.raises(RequestRefused, match="It is not known whether the message arrived"):
            await answer
        await chat.close()

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
