"""The filter that prints messages."""

import asyncio
from datetime import datetime

import pytest

from tests.integration.client.cli.pipes import Outside, bid_farewell
from tests.support.scripted import (
    FakeTime,
    ScriptedNode,
    joined,
    message,
    refused,
    scripted_node,
    welcome,
)
from wire import messages as m
from wire.codec import encode


class TestListening:
    """What is said is printed, until interrupted."""

    async def test_messages_are_printed_and_nothing_else(self, node: ScriptedNode) -> None:
        outside = Outside(node, "--listen")
        listening = outside.listen()
        peer = await node.peer()
        await peer.greet()
        peer.say(m.Entered(room="general", position="p1", at=1, nick="bo"))
        peer.say(message("two\nlines \x1b[31m", "p2"))
        await outside.printed.wait()
        first, second = outside.out.decode().splitlines()
        assert first.endswith(" general <bo> two") and second == "    lines \u241b[31m"
        listening.cancel()
        await bid_farewell(peer)
        await asyncio.wait([listening])
        assert outside.errors == []

    async def test_with_json_every_line_is_printed_unchanged_but_keep_alives(
        self, node: ScriptedNode
    ) -> None:
        outside = Outside(node, "--listen", "--json")
        listening = outside.listen()
        peer = await node.peer()
        await peer.expect(m.Hello)
        odd = b'{"type":"aurora", "x":"\\u0041\xc3\xa4"}\n'
        lines = encode(welcome()) + encode(joined()) + odd + encode(message("hi"))
        peer.say(m.PingEvent(ref="1"))
        peer.say_bytes(lines)
        await peer.expect(m.Pong)
        while not outside.out.endswith(encode(message("hi"))):
            outside.printed.clear()
            await outside.printed.wait()
        assert outside.out == lines
        listening.cancel()
        await bid_farewell(peer)
        await asyncio.wait([listening])

    async def test_the_last_messages_of_each_room_come_first(self, node: ScriptedNode) -> None:
        outside = Outside(node, "--listen", "--last", "2")
        listening = outside.listen()
        peer = await node.peer()
        await peer.greet()
        request = await peer.expect(m.GetHistory)
        assert (request.room, request.limit) == ("general", 2)
        peer.say(message("three", "p3"))
        past = [
            m.Past(room="general", position=f"p{number}", at=1, from_="bo", text=text)
            for number, text in ((2, "two"), (3, "three"))
        ]
        peer.say(m.History(ref=request.ref, room="general", messages=past, more=True))
        peer.say(message("four", "p4"))
        while b"four" not in outside.out:
            outside.printed.clear()
            await outside.printed.wait()
        lines = outside.out.decode().splitlines()
        assert [line.split()[-1] for line in lines] == ["two", "three", "four"]
        assert all(datetime.fromisoformat(line.split()[0]).tzinfo for line in lines)
        listening.cancel()
        await bid_farewell(peer)
        await asyncio.wait([listening])

    async def test_a_closed_output_ends_it_quietly(self, node: ScriptedNode) -> None:
        outside = Outside(node, "--listen")
        outside.is_closed = True
        listening = outside.listen()
        peer = await node.peer()
        await peer.greet()
        peer.say(message("hi"))
        await bid_farewell(peer)
        assert await listening == 0
        assert outside.errors == []

    async def test_a_listener_reports_moderation(self, node: ScriptedNode) -> None:
        outside = Outside(node, "--listen", "--nick", "ana", "--room", "general", "--room", "lab")
        listening = outside.listen()
        peer = await node.peer()
        await peer.greet()
        peer.say(m.Announcement(text="back soon", at=1))
        peer.say(m.Left(room="general", nick="ana", reason="kicked", text="too loud"))
        peer.say(message("on", room="lab"))
        await asyncio.wait_for(outside.printed.wait(), 5)
        assert outside.errors == [
            "Announcement: back soon",
            "A moderator has closed general: too loud",
        ]
        listening.cancel()
        await bid_farewell(peer)
        await asyncio.wait([listening])

    async def test_a_listener_reports_a_gap(self, node: ScriptedNode) -> None:
        outside = Outside(node, "--listen")
        listening = outside.listen()
        peer = await node.peer()
        await peer.greet()
        peer.say(m.Gap(room="general", after="a", position="b"), message("hi"))
        await outside.printed.wait()
        assert "no longer available" in outside.errors[0]
        listening.cancel()
        await bid_farewell(peer)
        await asyncio.wait([listening])

    @pytest.mark.parametrize(
        "flags, why",
        [
            (["--token", "wrong"], "The nodes do not accept this token; --token, CHAT_TOKEN or "),
            ([], "The nodes require a token; --token, CHAT_TOKEN or the settings file names it."),
        ],
    )
    async def test_a_missing_or_wrong_token_ends_it_with_one_line(
        self, node: ScriptedNode, flags: list[str], why: str
    ) -> None:
        outside = Outside(node, "--listen", *flags)
        listening = outside.listen()
        peer = await node.peer()
        assert (await peer.expect(m.Hello)).token == (flags[1] if flags else None)
        peer.say(refused("bad-token", ref="hello"))
        assert await listening == 1
        (error,) = outside.errors
        assert error.startswith(why)

    async def test_the_reason_of_a_hostile_node_is_escaped(self, node: ScriptedNode) -> None:
        outside = Outside(node, "--listen")
        listening = outside.listen()
        peer = await node.peer()
        await peer.expect(m.Hello)
        peer.say(m.Error(ref="hello", code="no-idea", text="\x1b[31mred"))
        assert await listening == 1
        assert outside.errors == ["\u241b[31mred"]

    async def test_a_listener_never_gives_up(self) -> None:
        time = FakeTime()
        async with scripted_node() as gone:
            outside = Outside(gone, "--listen")
        outside.chat._link._runtime = time.runtime()
        listening = outside.listen()
        for _ in range(50):
            await asyncio.sleep(0)
            time.advance(100.0)
        assert not listening.done()
        listening.cancel()
        await asyncio.wait([listening])
