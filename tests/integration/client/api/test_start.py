"""From connect to the first event."""

import asyncio
import inspect
import re

import pytest

from client import Chat, NickRefused, RequestRefused, connect
from tests.support.scripted import ScriptedNode, refused, welcome
from wire import messages as m


class TestEntering:
    """From connect to the first event."""

    async def test_a_chat_is_welcomed_and_quits_at_the_end(self, node: ScriptedNode) -> None:
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

    async def test_rename_is_asked_for_another_nick(self, node: ScriptedNode) -> None:
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

    async def test_invalid_arguments_are_refused_before_anything_is_sent(self) -> None:
        with pytest.raises(RequestRefused):
            connect(nick="\ud800")
        with pytest.raises(RequestRefused):
            connect(nick="ana", rooms=["x" * 20_000])
        with pytest.raises(ValueError):
            connect("no address", nick="ana")


def test_the_docstring_of_connect_is_complete() -> None:
    told = connect.__doc__ or ""
    for name in {name for name in dir(Chat) if not name.startswith("_")}:
        assert re.search(rf"\b{name}\b", told), name
    for name in inspect.signature(connect).parameters:
        assert re.search(rf"\b{name}\b", told) or name == "runtime", name
