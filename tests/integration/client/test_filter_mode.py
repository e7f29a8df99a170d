"""The filter and the listener, against a node that says what the test says."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from client.api.chat import Chat
from client.cli import filter_mode
from client.cli.options import Options, parse_options
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
from wire.codec import encode


@pytest.fixture
async def node() -> AsyncIterator[ScriptedNode]:
    """A node."""
    async with scripted_node() as node:
        yield node


class Outside:
    """What stands around a pipe: standard output, standard error, and the command line."""

    def __init__(self, node: ScriptedNode, *arguments: str) -> None:
        self.options: Options = parse_options([node.address, *arguments])
        self.chat: Chat = filter_mode.open_chat(self.options, "login", lambda: 0.1234)
        self.out = b""
        self.complaints: list[str] = []
        self.is_closed = False
        self.printed = asyncio.Event()

    async def write(self, data: bytes) -> None:
        """Standard output."""
        if self.is_closed:
            raise BrokenPipeError
        self.out += data
        self.printed.set()

    def say(self, *lines: bytes | None) -> asyncio.Task[int]:
        """Run the filter over these lines."""
        return asyncio.create_task(
            filter_mode.send(
                self.chat, self.options, queue(lines), self.write, self.complaints.append
            )
        )

    def listen(self) -> asyncio.Task[int]:
        """Run the listener."""
        return asyncio.create_task(
            filter_mode.listen(self.chat, self.options, self.write, self.complaints.append)
        )


async def queue(lines: tuple[bytes | None, ...]) -> AsyncIterator[bytes | None]:
    """Lines as standard input gives them."""
    for line in lines:
        yield line


async def bid_farewell(peer: Peer) -> None:
    """Let the client quit."""
    await peer.expect(m.Quit)
    peer.say(m.Bye(reason="quit"))


class TestSaying:
    """Each line of standard input is sent to the first room."""

    async def test_it_ends_well_once_all_lines_are_acknowledged(self, node: ScriptedNode) -> None:
        outside = Outside(node, "--room", "lab", "--room", "ops", "--nick", "bot")
        saying = outside.say(b"one", b"", b"  ", "\u00a0".encode(), "zwei \u00e4".encode())
        peer = await node.peer()
        hello = await peer.greet()
        assert (hello.nick, hello.rooms) == ("bot", ["lab", "ops"])
        first, second = await peer.take("p1"), await peer.take("p2")
        assert (first.text, second.text, first.room) == ("one", "zwei \u00e4", "lab")
        assert not saying.done()
        await bid_farewell(peer)
        assert await saying == 0
        assert (outside.out, outside.complaints) == (b"", [])

    async def test_without_any_line_it_ends_well(self, node: ScriptedNode) -> None:
        saying = Outside(node).say()
        peer = await node.peer()
        await peer.greet()
        await bid_farewell(peer)
        assert await saying == 0

    async def test_a_line_no_node_takes_is_named_and_the_others_are_sent(
        self, node: ScriptedNode
    ) -> None:
        outside = Outside(node)
        saying = outside.say(b"one", b"a\x1b[31m", b"\xff", None, b"five")
        peer = await node.peer()
        await peer.greet()
        assert [(await peer.take("p1")).text, (await peer.take("p2")).text] == ["one", "five"]
        await bid_farewell(peer)
        assert await saying == 1
        numbers = [complaint.split(":")[0] for complaint in outside.complaints]
        assert numbers == ["line 2", "line 3", "line 4"]

    async def test_a_line_the_node_refuses_is_named(self, node: ScriptedNode) -> None:
        outside = Outside(node)
        saying = outside.say(b"one", b"two")
        peer = await node.peer()
        await peer.greet()
        first = await peer.expect(m.Send)
        peer.say(refused("not-in-room", id=first.id, room="general"))
        await peer.take("p2")
        await bid_farewell(peer)
        assert await saying == 1
        assert outside.complaints == ["line 1: No: not-in-room."]

    async def test_many_lines_wait_in_order_when_the_node_wants_them_slower(
        self, node: ScriptedNode
    ) -> None:
        count = 3 * filter_mode.MOST_PENDING
        outside = Outside(node)
        saying = outside.say(*(b"%d" % number for number in range(count)))
        peer = await node.peer()
        await peer.greet()
        for number in range(count):
            if number % 50 == 49:
                early = await peer.expect(m.Send)
                peer.say(refused("rate-limited", id=early.id, after=1))
            assert (await peer.take(f"p{number}")).text == str(number)
        await bid_farewell(peer)
        assert await saying == 0

    async def test_input_is_read_only_as_fast_as_it_is_said(self, node: ScriptedNode) -> None:
        read = 0

        async def endless() -> AsyncIterator[bytes | None]:
            nonlocal read
            while True:
                read += 1
                yield b"more"

        outside = Outside(node)
        saying = asyncio.create_task(
            filter_mode.send(
                outside.chat, outside.options, endless(), outside.write, outside.complaints.append
            )
        )
        peer = await node.peer()
        await peer.greet()
        for number in range(5):
            await peer.take(f"p{number}")
        await peer.expect(m.Send)
        assert read <= filter_mode.MOST_PENDING + 6
        saying.cancel()
        await bid_farewell(peer)
        with pytest.raises(asyncio.CancelledError):
            await saying
        assert outside.complaints == ["line 6 and what follows: Interrupted."]

    async def test_a_lost_connection_is_told_and_costs_nothing(self, node: ScriptedNode) -> None:
        outside = Outside(node)
        saying = outside.say(b"one")
        peer = await node.peer()
        await peer.greet()
        sent = await peer.expect(m.Send)
        peer.hang_up()
        again = await node.peer()
        await again.greet(resumed=True, node="node-2")
        assert (await again.take()).id == sent.id
        await bid_farewell(again)
        assert await saying == 0
        assert outside.complaints[0].startswith("No connection")
        assert outside.complaints[1] == "Connected to node-2."

    async def test_an_end_that_is_final_names_the_first_line_that_was_not_said(
        self, node: ScriptedNode
    ) -> None:
        outside = Outside(node)
        saying = outside.say(b"one", b"two", b"three")
        peer = await node.peer()
        await peer.greet()
        await peer.take()
        await peer.expect(m.Send)
        peer.say(m.Bye(reason="kicked"))
        assert await saying == 1
        (complaint,) = outside.complaints
        assert complaint.startswith("line 2 and what follows: ") and "kicked" in complaint

    async def test_a_nick_that_was_chosen_and_is_taken_is_an_error(
        self, node: ScriptedNode
    ) -> None:
        outside = Outside(node, "--nick", "ana")
        saying = outside.say(b"one")
        peer = await node.peer()
        await peer.expect(m.Hello)
        peer.say(refused("nick-taken", ref="hello"))
        assert await saying == 1
        assert outside.complaints == ["No: nick-taken."]

    async def test_a_nick_nobody_chose_gets_a_suffix(self, node: ScriptedNode) -> None:
        saying = Outside(node).say()
        peer = await node.peer()
        hello = await peer.expect(m.Hello)
        assert hello.nick == "login"
        peer.say(refused("nick-taken", ref="hello"))
        again = await node.peer()
        assert (await again.greet()).nick == "login-1234"
        await bid_farewell(again)
        assert await saying == 0

    async def test_who_gave_a_password_means_that_nick(
        self, node: ScriptedNode, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("CHAT_PASSWORD", "sesame")
        outside = Outside(node)
        saying = outside.say(b"one")
        peer = await node.peer()
        assert (await peer.expect(m.Hello)).password == "sesame"
        peer.say(m.Error(ref="hello", code="nick-taken", text="Not the password.", account=True))
        assert await saying == 1
        assert outside.complaints == ["Not the password."]

    async def test_a_nick_of_the_settings_gets_a_suffix(
        self, node: ScriptedNode, settings_path: Path
    ) -> None:
        settings_path.parent.mkdir()
        settings_path.write_text('nick = "ana"\nrooms = ["lab", "ops"]')
        outside = Outside(node)
        saying = outside.say(b"one")
        peer = await node.peer()
        assert (await peer.expect(m.Hello)).nick == "ana"
        peer.say(refused("nick-taken", ref="hello"))
        again = await node.peer()
        hello = await again.greet()
        assert (hello.nick, hello.rooms) == ("ana-1234", ["lab", "ops"])
        assert (await again.take()).room == "lab"
        await bid_farewell(again)
        assert await saying == 0

    async def test_a_nick_of_the_settings_that_no_node_takes_is_an_error(
        self, node: ScriptedNode, settings_path: Path
    ) -> None:
        settings_path.parent.mkdir()
        settings_path.write_text('nick = "no good"')
        outside = Outside(node)
        saying = outside.say(b"one")
        peer = await node.peer()
        await peer.expect(m.Hello)
        peer.say(refused("bad-nick", ref="hello"))
        assert await saying == 1
        assert outside.complaints == ["No: bad-nick."]

    async def test_a_room_that_is_not_possible_is_an_error(self, node: ScriptedNode) -> None:
        outside = Outside(node, "--room", "no good")
        saying = outside.say(b"one")
        peer = await node.peer()
        await peer.expect(m.Hello)
        peer.say(welcome(), refused("bad-room", ref="hello", room="no good"))
        await bid_farewell(peer)
        assert await saying == 1
        assert outside.complaints == ["No: bad-room."]

    async def test_input_that_cannot_be_read_is_an_error(self, node: ScriptedNode) -> None:
        async def broken() -> AsyncIterator[bytes | None]:
            yield b"one"
            raise IsADirectoryError(21, "Is a directory")

        outside = Outside(node)
        saying = asyncio.create_task(
            filter_mode.send(
                outside.chat, outside.options, broken(), outside.write, outside.complaints.append
            )
        )
        peer = await node.peer()
        await peer.greet()
        while not isinstance(await peer.get(), m.Quit):
            pass
        peer.say(m.Bye(reason="quit"))
        assert await saying == 1
        assert "Is a directory" in outside.complaints[0]

    async def test_with_json_the_events_are_printed_as_they_came(self, node: ScriptedNode) -> None:
        outside = Outside(node, "--json")
        saying = outside.say(b"one")
        peer = await node.peer()
        await peer.greet()
        await peer.take()
        await bid_farewell(peer)
        assert await saying == 0
        kinds = [line.split(b'"')[3] for line in outside.out.splitlines()]
        assert kinds == [b"welcome", b"joined", b"message", b"ack", b"bye"]

    async def test_it_goes_on_when_nobody_reads_what_json_prints(self, node: ScriptedNode) -> None:
        outside = Outside(node, "--json")
        outside.is_closed = True
        saying = outside.say(b"one")
        peer = await node.peer()
        await peer.greet()
        await peer.take()
        await bid_farewell(peer)
        assert await saying == 0


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
        assert outside.complaints == []

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

    async def test_a_closed_output_ends_it_quietly(self, node: ScriptedNode) -> None:
        outside = Outside(node, "--listen")
        outside.is_closed = True
        listening = outside.listen()
        peer = await node.peer()
        await peer.greet()
        peer.say(message("hi"))
        await bid_farewell(peer)
        assert await listening == 0
        assert outside.complaints == []

    async def test_who_listens_is_told_what_moderators_say(self, node: ScriptedNode) -> None:
        outside = Outside(node, "--listen", "--nick", "ana")
        listening = outside.listen()
        peer = await node.peer()
        await peer.greet()
        peer.say(m.Announcement(text="back soon", at=1))
        peer.say(m.Left(room="general", nick="ana", reason="kicked", text="too loud"))
        peer.say(message("on"))
        await asyncio.wait_for(outside.printed.wait(), 5)
        assert outside.complaints == [
            "Announcement: back soon",
            "general: ana was kicked (too loud)",
        ]
        listening.cancel()
        await bid_farewell(peer)
        await asyncio.wait([listening])

    async def test_a_gap_is_told_to_who_listens(self, node: ScriptedNode) -> None:
        outside = Outside(node, "--listen")
        listening = outside.listen()
        peer = await node.peer()
        await peer.greet()
        peer.say(m.Gap(room="general", after="a", position="b"), message("hi"))
        await outside.printed.wait()
        assert "no longer available" in outside.complaints[0]
        listening.cancel()
        await bid_farewell(peer)
        await asyncio.wait([listening])

    async def test_a_refused_token_ends_it(self, node: ScriptedNode) -> None:
        outside = Outside(node, "--listen", "--token", "wrong")
        listening = outside.listen()
        peer = await node.peer()
        assert (await peer.expect(m.Hello)).token == "wrong"
        peer.say(refused("bad-token", ref="hello"))
        assert await listening == 1
        assert outside.complaints == ["No: bad-token."]

    async def test_who_listens_never_loses_patience(self) -> None:
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
