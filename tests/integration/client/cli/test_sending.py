"""The filter that sends lines."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from client.cli import filter_mode, line_sender
from tests.integration.client.cli.pipes import Outside, bid_farewell
from tests.support.scripted import ScriptedNode, refused, welcome
from wire import messages as m


class TestSending:
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
        assert (outside.out, outside.errors) == (b"", [])

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
        saying = outside.say(b"one", b"\xff", None, b"x" * 5000, b"five")
        peer = await node.peer()
        await peer.greet()
        assert [(await peer.take("p1")).text, (await peer.take("p2")).text] == ["one", "five"]
        await bid_farewell(peer)
        assert await saying == 1
        numbers = [error.split(":")[0] for error in outside.errors]
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
        assert outside.errors == ["line 1: No: not-in-room."]

    async def test_many_lines_wait_in_order_when_the_node_wants_them_slower(
        self, node: ScriptedNode
    ) -> None:
        count = 3 * line_sender.MOST_PENDING
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

    async def test_input_is_read_only_as_fast_as_it_is_sent(self, node: ScriptedNode) -> None:
        read = 0

        async def endless() -> AsyncIterator[bytes | None]:
            nonlocal read
            while True:
                read += 1
                yield b"more"

        outside = Outside(node)
        saying = asyncio.create_task(
            filter_mode.send(
                outside.chat, outside.options, endless(), outside.write, outside.errors.append
            )
        )
        peer = await node.peer()
        await peer.greet()
        for number in range(5):
            await peer.take(f"p{number}")
        await peer.expect(m.Send)
        assert read <= line_sender.MOST_PENDING + 6
        saying.cancel()
        await bid_farewell(peer)
        with pytest.raises(asyncio.CancelledError):
            await saying
        assert outside.errors == ["line 6 and what follows: Interrupted."]

    async def test_a_lost_connection_is_reported_and_loses_nothing(
        self, node: ScriptedNode
    ) -> None:
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
        assert outside.errors[0].startswith("No connection")
        assert outside.errors[1] == "Connected to node-2."

    async def test_a_final_end_names_the_first_line_that_was_not_sent(
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
        (error,) = outside.errors
        assert error.startswith("line 2 and what follows: ") and "kicked" in error

    async def test_a_nick_that_was_chosen_and_is_taken_is_an_error(
        self, node: ScriptedNode
    ) -> None:
        outside = Outside(node, "--nick", "ana")
        saying = outside.say(b"one")
        peer = await node.peer()
        await peer.expect(m.Hello)
        peer.say(refused("nick-taken", ref="hello"))
        assert await saying == 1
        assert outside.errors == ["No: nick-taken."]

    async def test_a_default_nick_gets_a_suffix_if_it_is_taken(self, node: ScriptedNode) -> None:
        saying = Outside(node).say()
        peer = await node.peer()
        hello = await peer.expect(m.Hello)
        assert hello.nick == "login"
        peer.say(refused("nick-taken", ref="hello"))
        again = await node.peer()
        assert (await again.greet()).nick == "login-1234"
        await bid_farewell(again)
        assert await saying == 0

    async def test_a_password_keeps_the_nick(
        self, node: ScriptedNode, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("CHAT_PASSWORD", "sesame")
        outside = Outside(node)
        saying = outside.say(b"one")
        peer = await node.peer()
        assert (await peer.expect(m.Hello)).password == "sesame"
        peer.say(m.Error(ref="hello", code="nick-taken", text="Not the password.", account=True))
        assert await saying == 1
        assert outside.errors == ["Not the password."]

    async def test_without_a_password_the_error_says_where_to_give_it(
        self, node: ScriptedNode
    ) -> None:
        outside = Outside(node, "--nick", "ana")
        saying = outside.say(b"one")
        peer = await node.peer()
        await peer.expect(m.Hello)
        peer.say(m.Error(ref="hello", code="nick-taken", text="An account's.", account=True))
        assert await saying == 1
        (why,) = outside.errors
        assert why.startswith("An account's. ") and "CHAT_PASSWORD" in why

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

    async def test_input_that_cannot_be_read_is_an_error(self, node: ScriptedNode) -> None:
        async def broken() -> AsyncIterator[bytes | None]:
            yield b"one"
            raise IsADirectoryError(21, "Is a directory")

        outside = Outside(node)
        saying = asyncio.create_task(
            filter_mode.send(
                outside.chat, outside.options, broken(), outside.write, outside.errors.append
            )
        )
        peer = await node.peer()
        await peer.greet()
        while not isinstance(await peer.get(), m.Quit):
            pass
        peer.say(m.Bye(reason="quit"))
        assert await saying == 1
        assert "Is a directory" in outside.errors[0]

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

    async def test_it_goes_on_when_the_reader_of_json_is_gone(self, node: ScriptedNode) -> None:
        outside = Outside(node, "--json")
        outside.is_closed = True
        saying = outside.say(b"one")
        peer = await node.peer()
        await peer.greet()
        await peer.take()
        await bid_farewell(peer)
        assert await saying == 0


async def test_colours_and_control_characters_are_cleaned_and_sent(node: ScriptedNode) -> None:
    outside = Outside(node)
    saying = outside.say(b"\x1b[31mred\x1b[0m", b"10%\r50%")
    peer = await node.peer()
    await peer.greet()
    assert (await peer.take("p1")).text == "red"
    assert (await peer.take("p2")).text == "10%\n50%"
    await bid_farewell(peer)
    assert await saying == 0, "cleaned is not failed"
    assert outside.errors == ["line 1: removed 2 escape sequences; likewise in all other lines."]


class TestWrongConfiguration:
    """Names that no node takes are a wrong configuration: the exit status is 2."""

    async def test_a_nick_of_the_settings(self, node: ScriptedNode, settings_path: Path) -> None:
        settings_path.parent.mkdir()
        settings_path.write_text('nick = "no\u00d7good"')
        outside = Outside(node)
        saying = outside.say(b"one")
        peer = await node.peer()
        await peer.expect(m.Hello)
        peer.say(refused("bad-nick", ref="hello"))
        assert await saying == 2
        assert outside.errors == [f"No: bad-nick. The nick stands in {settings_path}."]

    @pytest.mark.parametrize("is_flag", [True, False])
    async def test_a_room_of_the_settings_or_a_flag(
        self, node: ScriptedNode, settings_path: Path, is_flag: bool
    ) -> None:
        settings_path.parent.mkdir()
        settings_path.write_text('rooms = ["no\u00d7good"]')
        outside = Outside(node, *(("--room", "no\u00d7good") if is_flag else ()))
        saying = outside.say(b"one")
        peer = await node.peer()
        await peer.expect(m.Hello)
        peer.say(welcome(), refused("bad-room", ref="hello", room="no\u00d7good"))
        await bid_farewell(peer)
        assert await saying == 2
        place = "" if is_flag else f" The room stands in {settings_path}."
        assert outside.errors == [f"No: bad-room.{place}"]
