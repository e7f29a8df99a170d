"""Typing into the real client, in a pseudo-terminal."""

from tests.integration.client.seen import Node, begin
from tests.support.screen import Screen
from tests.support.scripted import ScriptedNode, message
from wire import messages as m


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


async def test_a_room_that_was_listed_is_completed(screen: Screen, node: Node) -> None:
    screen.type("/rooms\r")
    request = await node.expect(m.ListRooms)
    rooms = [m.RoomRow(room=room, members=1) for room in ("general", "tea")]
    node.say(m.Rooms(ref=request.ref, rooms=rooms, more=False))
    await screen.shows("tea")
    screen.type("/join te\t")
    await screen.until(lambda lines: lines[-1] == "general> /join tea")


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
    screen.paste("a\u202ec")
    await screen.shows("general> a\ufffdc")


async def test_colours_and_control_characters_are_taken_out_of_a_paste(
    screen: Screen, node: Node
) -> None:
    screen.paste("\x1b[31mred\x1b[0m\r\nand\x07\x00 blue")
    await screen.shows("Removed from the pasted text: 2 escape sequences, 2 control characters.")
    await screen.until(lambda lines: lines[-2:] == ["general> red", "and blue"])
    screen.type("\r")
    assert (await node.take()).text == "red\nand blue"


async def test_a_typed_control_character_is_not_refused(screen: Screen, node: Node) -> None:
    screen.type("a\x11\x07b\r")  # Ctrl-Q inserts the next key as it is
    assert (await node.take()).text == "ab"


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


LOG = [f"line {number} of a log that is pasted" for number in range(300)]


async def test_a_paste_that_is_too_long_stays_and_can_be_sent_as_several(
    screen: Screen, node: Node
) -> None:
    screen.paste("\r".join(LOG))
    await screen.until(lambda lines: "10 kB of 4" in lines[-7])
    screen.type("\r")
    await screen.shows("Enter sends it as 3 messages")
    await screen.shows("line 299 of a log")
    screen.type("\r")
    texts = [(await node.take(f"p{number}")).text for number in range(3)]
    assert "\n".join(texts).splitlines() == LOG
    await screen.until(lambda lines: lines[-1] == "general>" and "kB" not in lines[-2])


async def test_a_paste_without_brackets_is_held_and_nothing_of_it_is_sent(
    screen: Screen, node: Node
) -> None:
    for start in range(0, len(LOG), 50):  # a pseudo-terminal takes 4 kB at a time
        screen.type("".join(f"{line}\r" for line in LOG[start : start + 50]))
        await screen.shows(LOG[start + 49])
    await screen.shows("More than 5 messages at once were not sent")
    await screen.until(lambda lines: "10 kB of 4" in lines[-7])
    screen.type("\x03")
    await screen.lacks(LOG[-1])
    screen.type("hi\r")
    assert (await node.take()).text == "hi"


async def test_end_returns_from_a_long_answer_but_stays_the_end_of_a_text(
    screen: Screen, node: Node
) -> None:
    screen.resize(40, 10)
    await screen.until(lambda lines: "1:general" in lines[0] and lines[-1] == "general>")
    screen.type("/help\r")
    await screen.until(lambda lines: "/create ROOM" in lines[1])
    screen.type("ab\x1b[H!\x1b[F!")
    await screen.until(lambda lines: lines[-1] == "general> !ab!" and "/create" in lines[1])
    screen.type("\x15\x1b[F")
    await screen.until(lambda lines: "//TEXT" in "".join(lines) and "below" not in lines[-2])


async def test_each_window_has_its_own_draft(screen: Screen, listener: ScriptedNode) -> None:
    await begin(screen, listener, "general", "tea")
    screen.type("\x1b1for general")
    await screen.until(lambda lines: lines[-1] == "general> for general")
    screen.type("\x1b2")
    await screen.until(lambda lines: lines[-1] == "tea>")
    screen.type("for tea\x1b1")
    await screen.until(lambda lines: lines[-1] == "general> for general")
    screen.type("\x1b2")
    await screen.until(lambda lines: lines[-1] == "tea> for tea")
