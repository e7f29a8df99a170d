"""What a person sees, on the real screen of a real client in a pseudo-terminal."""

import pytest

from tests.integration.client.seen import Node, begin, count
from tests.support.screen import Screen
from tests.support.scripted import ScriptedNode, joined, message, refused
from wire import messages as m

FAMILY = "\U0001f468\u200d\U0001f469\u200d\U0001f467"
ARABIC = "\u0645\u0631\u062d\u0628\u0627"


async def test_the_screen_is_the_bar_the_rows_the_status_and_the_input_line(
    screen: Screen, node: Node
) -> None:
    lines = screen.lines
    assert lines[0] == "  1:general"
    assert "You are in general, alone." in lines[-3]
    assert lines[-2].startswith(" ana \u00b7 node-1 \u00b7 ") and lines[-2].endswith(
        " ms \u00b7 2 people"
    )
    assert lines[-1] == "general>"


async def test_messages_appear_above_the_input_line(screen: Screen, node: Node) -> None:
    screen.type("half a li")
    await screen.shows("general> half a li")
    node.say(message("hello ana", "p1"))
    await screen.shows("bo \u2502 hello ana")
    assert screen.lines[-1] == "general> half a li"
    screen.type("ne\r")
    assert (await node.take("p2")).text == "half a line"
    await screen.shows("ana \u2502 half a line")
    assert count(screen, "half a line") == 1


async def test_a_hostile_text_does_nothing_to_the_screen(screen: Screen, node: Node) -> None:
    node.say(message("\x1b[2J\x1b[31m\x07gone?\r\u202e", "p1", from_="b\u202e\x1bo"))
    await screen.shows("b\\u202e\u241bo \u2502 \u241b[2J\u241b[31m\u2407gone?\u240d\\u202e")
    assert screen.lines[-1] == "general>" and b"\x07" not in screen.raw


async def test_texts_of_wide_joined_and_right_to_left_nicks_begin_in_one_column(
    screen: Screen, node: Node
) -> None:
    nicks = ["bo", "\u4f60\u597d", ARABIC, "e\u0301va", "n" * 64]
    texts = ["plain", "\u4f60\u597d\u4e16\u754c", ARABIC, f"{FAMILY}\u2764\ufe0f!", "e\u0301" * 9]
    for number, (nick, text) in enumerate(zip(nicks, texts, strict=True)):
        node.say(message(f"{text} x{number}", f"p{number}", from_=nick))
    await screen.shows("x4")
    for number in range(5):
        line = next(n for n, line in enumerate(screen.lines) if f"x{number}" in line)
        assert screen.column(line, "\u2502") == 19
        assert screen.column(line, "x") > 19


@pytest.mark.parametrize("columns, lines", [(80, 24), (40, 10), (200, 60)])
async def test_every_size_shows_bars_text_and_the_line(
    listener: ScriptedNode, columns: int, lines: int
) -> None:
    screen = Screen(columns, lines)
    node = await begin(screen, listener, "general", "r" * 60)
    node.say(message("word " * 30 + "end", "p1", from_="n" * 64))
    await screen.shows("end")
    assert "1:general" in screen.lines[0] and "2:r" in screen.lines[0]
    assert "node-1" in screen.lines[-2] and "ms" in screen.lines[-2]
    assert "> " in f"{screen.lines[-1]} "
    gutters = {screen.column(n, "\u2502") for n, line in enumerate(screen.lines) if "word" in line}
    assert len(gutters) == 1
    await screen.end()


async def test_resizing_wraps_again_and_keeps_all_rows(screen: Screen, node: Node) -> None:
    text = " ".join(f"w{number}" for number in range(40))
    node.say(message(text, "p1"))
    await screen.shows("w39")
    screen.type("typed")
    for columns, lines in ((40, 10), (1, 1), (200, 60), (80, 24)):
        screen.resize(columns, lines)
        if columns > 1:
            await screen.until(lambda lines: lines[-1].endswith("> typed"))
            await screen.shows("w39")
    await screen.until(
        lambda lines: text == " ".join(line[21:] for line in lines if "\u2502" in line)
    )


async def test_missing_values_are_no_error(screen: Screen, node: Node) -> None:
    node.peer.say_bytes(b'{"type":"surprise","room":"general"}\n{"type":"message","room":1}\n')
    node.say(message("hi", "p1"))
    await screen.shows("bo \u2502 hi")


async def test_the_bell_rings_for_a_mention(screen: Screen, node: Node) -> None:
    node.say(message("nothing", "p1"), message("look, Ana", "p2"), message("banana", "p3"))
    await screen.shows("banana")
    assert screen.raw.count(b"\x07") == 1


@pytest.mark.parametrize("variable", [{}, {"NO_COLOR": "1"}, {"COLORTERM": "truecolor"}])
async def test_colours_can_be_turned_off(
    screen: Screen, listener: ScriptedNode, variable: dict[str, str]
) -> None:
    node = await begin(screen, listener, variables=variable)
    node.say(message("hi", "p1"))
    await screen.shows("bo \u2502 hi")
    assert (b"38;5;" in screen.raw) == (not variable)
    assert (b"38;2;" in screen.raw) == ("COLORTERM" in variable)


async def test_a_dumb_terminal_is_refused_with_an_error(screen: Screen) -> None:
    await screen.start("127.0.0.1:1", TERM="dumb")
    assert await screen.process.wait() == 2
    await screen.shows("chat: TERM=dumb")


# Rooms


async def test_rooms_are_entered_and_left_by_command(screen: Screen, node: Node) -> None:
    screen.type("/join lab\r")
    request = await node.expect(m.Join)
    node.say(joined("lab", "l0", ref=request.ref))
    await screen.until(lambda lines: lines[-1] == "lab>")
    assert screen.lines[0] == "  1:general  2:lab"
    screen.type("/nonsense\r")
    await screen.shows("! There is no command /nonsense")
    screen.type("/help\r")
    await screen.shows("/history [N]")
    screen.type("/leave\r")
    leave = await node.expect(m.Leave)
    node.say(m.Left(ref=leave.ref, room="lab", nick="ana", reason="left"))
    await screen.until(lambda lines: lines[-1] == "general>" and lines[0] == "  1:general")


async def test_a_line_typed_behind_join_goes_to_no_other_room(screen: Screen, node: Node) -> None:
    screen.type("/join lab\rfor the lab\r")
    request = await node.expect(m.Join)
    await screen.shows("Not sent yet: the answer to your request to enter lab")
    node.say(joined("lab", "l0", ref=request.ref))
    await screen.until(lambda lines: lines[-1] == "lab> for the lab")
    screen.type("\r")
    sent = await node.expect(m.Send)
    assert (sent.room, sent.text) == ("lab", "for the lab")


async def test_keys_switch_rooms_and_unread_rows_are_counted(
    screen: Screen, listener: ScriptedNode
) -> None:
    node = await begin(screen, listener, "general", "lab", "ops")
    node.say(message("read", "p0"), message("x", "l1", room="lab"))
    await screen.shows("2:lab(1)")
    node.say(message("ana?", "l2", room="lab"))
    await screen.shows("2:lab(2!)")
    screen.type("\x1b2")
    await screen.until(lambda lines: lines[-1] == "lab>" and "2:lab " in lines[0])
    node.say(message("unread", "p1"))
    await screen.shows("1:general(1)")
    for key, room in (("\x0e", "ops"), ("\x0e", "general"), ("\x10", "ops"), ("\x1b1", "general")):
        screen.type(key)
        await screen.shows(f"{room}>")
    screen.type("\x1b2\x1b1")
    await screen.until(lambda lines: lines[-1] == "general>" and "read" in "".join(lines))


async def test_a_line_marks_the_first_unread_row(screen: Screen, listener: ScriptedNode) -> None:
    node = await begin(screen, listener, "general", "lab")
    node.say(message("read", "p0"))
    await screen.shows("bo \u2502 read")
    screen.type("\x1b2")
    await screen.until(lambda lines: lines[-1] == "lab>")
    node.say(message("unread", "p1"))
    await screen.shows("1:general(1)")
    screen.type("\x1b1")
    await screen.shows("bo \u2502 unread")
    above, unread = screen.said[-2:]
    assert above.startswith("\u2500\u2500 new \u2500") and "unread" in unread


async def test_a_room_that_is_refused_at_the_start_is_shown(
    screen: Screen, listener: ScriptedNode
) -> None:
    await screen.start(listener.address, "--nick", "ana", "--room", "a b")
    peer = await listener.peer()
    await peer.expect(m.Hello)
    peer.say(m.Welcome("ana", "node-1", 1, False, m.Limits(), ref="hello"))
    peer.say(refused("bad-room", room="a b", ref="hello"))
    await screen.shows("! No: bad-room.")


async def test_nothing_a_hostile_node_says_reaches_the_terminal_as_it_is(
    screen: Screen, node: Node
) -> None:
    bad = "x\x1b]0;title\x07\x9b31m\u202e\u2066\u200b\u200f\ufeff\u2028y"
    node.say(
        joined(bad, "l0"),
        message(bad, "p1", from_=bad),
        message(bad, "l1", room=bad),
        m.Direct(position="d1", at=1, from_=bad, to="ana", text=bad),
        m.Entered(room="general", position="p2", at=1, nick=bad),
        m.Renamed(room="general", position="p3", at=1, nick=bad + "z", from_=bad),
        m.Left(room="general", position="p4", at=1, nick=bad + "z", reason=bad),
        m.Rooms(rooms=[m.RoomRow(room=bad, members=1)], more=False),
        m.Error(code=bad, text=bad),
        m.Gap(room=bad, after="l1", position="l2"),
        message("the end", "p5"),
    )
    await screen.shows("the end")
    screen.type("x\t\t")
    screen.type("\x15/join x\t\t\x15done")
    await screen.until(lambda lines: lines[-1] == "general> done")
    shown = screen.raw.decode()
    assert not set(shown) & set("\x9b\u202e\u2066\u200b\u200f\ufeff\u2028")
    assert "\x1b]0;title" not in shown
