"""People, mentions, searches and logs, on the real screen of a real client."""

import stat
from pathlib import Path

import pytest

from tests.integration.client.seen import Node, begin, count
from tests.support.screen import Screen
from tests.support.scripted import ScriptedNode, message
from wire import messages as m

WAVES = m.Message(room="general", position="p2", at=1, from_="bo", text="waves", kind="action")


def entered(*nicks: str) -> list[m.Event]:
    """People who enter the general room."""
    return [m.Entered(room="general", position=f"e{nick}", at=1, nick=nick) for nick in nicks]


@pytest.mark.parametrize("columns, lines", [(80, 24), (40, 10), (200, 60)])
async def test_fifty_who_enter_are_one_row_on_every_screen(
    listener: ScriptedNode, columns: int, lines: int
) -> None:
    screen = Screen(columns, lines)
    node = await begin(screen, listener)
    node.say(*entered(*(f"n{number}" for number in range(50))))
    await screen.until(lambda lines: "52 people" in lines[-2])
    text = " ".join(" ".join(screen.said).split())
    assert "n0, n1, n2 and 47 others entered" in text.replace("\u2502", "").replace("  ", " ")
    assert count(screen, "entered") == 1
    await screen.end()


async def test_the_people_are_listed_beside_the_text_until_f2(listener: ScriptedNode) -> None:
    screen = Screen(100, 24)
    node = await begin(screen, listener)
    await screen.until(lambda lines: lines[1].endswith("\u2502" + "2 people"))
    assert screen.lines[2].endswith("\u2502ana") and screen.lines[3].endswith("\u2502bo")
    node.say(*entered("cy"))
    await screen.until(lambda lines: lines[4].endswith("\u2502cy"))
    screen.type("\x1bOQ")
    await screen.until(lambda lines: not lines[1].endswith("people"))
    screen.type("\x1bOQ")
    await screen.until(lambda lines: lines[1].endswith("3 people"))
    screen.resize(99, 24)
    await screen.until(lambda lines: not lines[1].endswith("people"))
    screen.type("\x1bOQ")
    await screen.shows("The list of people needs 100 columns")
    screen.resize(100, 24)
    await screen.until(lambda lines: lines[1].endswith("3 people"))
    await screen.end()


async def test_a_mention_in_a_room_outside_the_bar_is_named_and_alt_a_goes_there(
    listener: ScriptedNode,
) -> None:
    screen = Screen(40, 10)
    node = await begin(screen, listener, "general", "a" * 20, "b" * 20, "tea")
    node.say(message("look, ana", "p1", room="tea"))
    await screen.until(lambda lines: "mentions: tea" in lines[-2])
    assert "tea" not in screen.lines[0] and "ana" in screen.lines[-2]
    screen.type("\x1ba")
    await screen.until(lambda lines: lines[-1] == "tea>")
    await screen.until(lambda lines: "mentions" not in lines[-2])
    await screen.end()


async def test_the_title_of_the_window_counts_mentions(screen: Screen, node: Node) -> None:
    node.say(message("look, ana", "p1"), message("ana?", "p2"))
    await screen.shows("ana?")
    await screen.until(lambda _: screen.display.title == "(2) chat")
    screen.type("x")
    await screen.until(lambda _: screen.display.title == "chat")


async def test_f3_f4_and_control_g_go_through_the_matches_of_a_search(
    screen: Screen, listener: ScriptedNode
) -> None:
    node = await begin(screen, listener, past=30)
    screen.type("/search old 1\r")
    await screen.until(lambda lines: "old 1: 1 of 11" in lines[-2])
    node.history = []
    for key, place in (("OR", "2 of 11"), ("OR", "3 of 11"), ("OS", "2 of 11")):
        screen.type(f"\x1b{key}")
        await screen.until(lambda lines: place in lines[-2])
    screen.type("\x07")
    await screen.until(lambda lines: " of 11" not in lines[-2] and "below" not in lines[-2])


async def test_the_settings_of_words_ignored_people_presence_and_notifications_are_heeded(
    screen: Screen, listener: ScriptedNode, settings_path: Path
) -> None:
    settings_path.parent.mkdir()
    lines = [
        'mentions = ["release"]',
        'ignore = ["eve"]',
        "presence = false",
        'notify = "osc9"',
    ]
    settings_path.write_text("\n".join(lines))
    node = await begin(screen, listener, variables={"CHAT_SETTINGS": str(settings_path)})
    node.say(*entered("cy"), message("buy now", "p1", from_="eve"))
    node.say(message("the release is out", "p2"))
    await screen.shows("the release is out")
    assert b"\x1b]9;bo in general: the release is out\x1b\\" in screen.raw
    assert count(screen, "entered") == 0 and count(screen, "buy now") == 0


async def test_rooms_are_logged_if_the_settings_say_so_and_no_token_is(
    screen: Screen, listener: ScriptedNode, settings_path: Path, tmp_path: Path
) -> None:
    settings_path.parent.mkdir()
    settings_path.write_text("log = true")
    variables = {
        "CHAT_SETTINGS": str(settings_path),
        "CHAT_TOKEN": "secret",
        "XDG_STATE_HOME": str(tmp_path / "state"),
    }
    node = await begin(screen, listener, variables=variables)
    node.say(message("hi there", "p1"), WAVES)
    await screen.shows("* bo waves")
    screen.type("/quit\r")
    await node.expect(m.Quit)
    node.say(m.Bye(reason="quit"))
    assert await screen.process.wait() == 0
    (path,) = (tmp_path / "state").rglob("*.log")
    first, second = path.read_text().splitlines()
    assert path.name == "general.log" and stat.S_IMODE(path.stat().st_mode) == 0o600
    assert first.endswith(" general <bo> hi there") and second.endswith(" general * bo waves")
    assert "secret" not in path.read_text()
