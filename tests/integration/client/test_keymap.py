"""Typing into the real client, in a pseudo-terminal."""

from tests.integration.client.seen import Node
from tests.support.screen import Screen
from tests.support.scripted import message


async def test_tab_completes_commands_rooms_and_nicks(screen: Screen, node: Node) -> None:
    node.say(message("hi", "p1", from_="Xavier"))
    await screen.shows("Xavier")
    screen.type("/jo\t")
    await screen.until(lambda lines: lines[-1] == "general> /join")
    screen.type("GEN\t")
    await screen.until(lambda lines: lines[-1] == "general> /join general")
    screen.type("\x15xa\t")
    await screen.until(lambda lines: lines[-1] == "general> Xavier:")
    screen.type("hi b\t!\r")
    assert (await node.take()).text == "Xavier: hi bo !"


async def test_one_of_several_completions_can_be_selected(screen: Screen, node: Node) -> None:
    screen.type("/m\t")
    await screen.until(lambda lines: " /me " in lines[-2])
    screen.type("\t\t")
    await screen.until(lambda lines: lines[-1] == "general> /me")
    screen.type("\r")
    await screen.until(lambda lines: " /me " not in lines[-2])
    screen.type("waves\r")
    assert (await node.take()).kind == "action"


async def test_a_paste_of_fifty_lines_is_one_message(screen: Screen, node: Node) -> None:
    text = "\n".join(f"line {number}" for number in range(50))
    screen.paste(text + "\n")
    await screen.until(lambda lines: "line 49" in "".join(lines[-3:]))
    assert "ana \u00b7 node-1" in screen.lines[-7]
    screen.type("\r")
    assert (await node.take()).text == text
    await screen.until(lambda lines: "\u2502 line 49" in lines[-3] and lines[-1] == "general>")


async def test_invisible_characters_in_a_paste_are_shown(screen: Screen, node: Node) -> None:
    screen.paste("a\x1bb\u202ec")
    await screen.shows("general> a\u241bb\ufffdc")


async def test_emacs_keys_and_history_work(screen: Screen, node: Node) -> None:
    screen.type("one three\x1bbtwo \x01zero \r")
    assert (await node.take("p1")).text == "zero one two three"
    await screen.until(lambda lines: lines[-1] == "general>")
    screen.type("\x1b[A")
    await screen.until(lambda lines: lines[-1] == "general> zero one two three")
    screen.type("\x1b\rnext\r")
    assert (await node.take("p2")).text == "zero one two three\nnext"


async def test_control_c_throws_a_typed_line_away_first(screen: Screen, node: Node) -> None:
    screen.type("never mind")
    await screen.shows("general> never mind")
    screen.type("\x03")
    await screen.lacks("never mind")
    screen.type("hi\r")
    assert (await node.take()).text == "hi"
