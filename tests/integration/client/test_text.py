"""Clusters and links on the real screen of a real client."""

from base64 import b64encode

import pytest

from tests.integration.client.seen import Node, begin
from tests.support.screen import Screen
from tests.support.scripted import ScriptedNode, message, refused
from wire import messages as m

FAMILY = "\U0001f468\u200d\U0001f469\u200d\U0001f467"
FLAG = "\U0001f1e9\U0001f1ea"
KEYCAP = "1\ufe0f\u20e3"
PROMPT = len("general> ")
JOINED = "\x1b[1;3R" * 3
"""What a terminal answers that draws joined emoji as one."""


async def test_the_cursor_stays_with_the_text_among_clusters(screen: Screen, node: Node) -> None:
    screen.paste(f"{KEYCAP}\u4f60e\u0301x")
    await screen.shows("x")
    assert screen.display.cursor.x == PROMPT + 6
    for column in (5, 4, 2, 0):
        screen.type("\x1b[D")
        await screen.until(lambda lines: screen.display.cursor.x == PROMPT + column)
    screen.type("\x1b[C\x7f")  # over the keycap, and away with it
    await screen.until(lambda lines: lines[-1].startswith("general> \u4f60"))
    screen.type("\r")
    assert (await node.take()).text == "\u4f60e\u0301x"


async def test_joined_emoji_stand_side_by_side_where_the_terminal_says_so(
    screen: Screen, node: Node
) -> None:
    node.say(message(f"{FAMILY}{FLAG}.", "p1"))
    await screen.shows("DE.")
    assert FAMILY not in screen.raw.decode() and FAMILY.replace("\u200d", "") in screen.said[-1]


async def test_joined_emoji_are_sent_whole_to_a_terminal_that_joins_them(
    screen: Screen, listener: ScriptedNode, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = iter(JOINED.split("R")[:-1])
    monkeypatch.setattr(
        screen.display, "write_process_input", lambda data: screen.type(next(answers) + "R")
    )
    node = await begin(screen, listener)
    node.say(message(f"{FAMILY}{FLAG}.", "p1"))
    await screen.until(lambda lines: "bo \u2502" in "".join(lines))
    assert FAMILY in screen.raw.decode()


LINK = f"https://a.example/{'x' * 70}"


async def test_every_piece_of_a_long_link_leads_to_all_of_it(screen: Screen, node: Node) -> None:
    node.say(message(f"see {LINK} now", "p1"))
    await screen.shows("now")
    first, second = (line.split("\u2502 ")[1] for line in screen.said if "xx" in line)
    assert f"see {LINK} now" == first + second
    raw = screen.raw.decode()
    assert raw.count(f";{LINK}\x1b\\") == raw.count("\x1b]8;;\x1b\\") >= 2


@pytest.mark.parametrize("variable", [{"NO_COLOR": "1"}, {"TERM": "linux"}])
async def test_links_are_plain_text_where_they_are_not_wanted(
    screen: Screen, listener: ScriptedNode, variable: dict[str, str]
) -> None:
    node = await begin(screen, listener, variables=variable)
    node.say(message(f"see {LINK} now", "p1"))
    await screen.shows("now")
    assert b"\x1b]8" not in screen.raw


async def test_a_link_is_copied_to_the_clipboard_of_the_terminal(
    screen: Screen, node: Node
) -> None:
    node.say(message(f"see {LINK} now", "p1"))
    await screen.shows("now")
    screen.type("/url\r")
    await screen.shows("Links, newest first")
    screen.type("/url 1\r")
    await screen.shows("Copied, if your terminal allows it")
    assert b"\x1b]52;c;" + b64encode(LINK.encode()) + b"\x07" in screen.raw


async def test_a_terminal_that_never_answers_does_not_keep_the_client(
    screen: Screen, listener: ScriptedNode, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(screen.display, "write_process_input", lambda data: None)
    await screen.start(listener.address, "--nick", "ana")
    peer = await listener.peer()
    await peer.expect(m.Hello)
    peer.say(refused("bad-request", ref="hello"))
    assert await screen.process.wait() == 1
