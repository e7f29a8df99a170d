"""Everything is done by keys alone, in a real browser."""

from typing import Any

from tests.labs.web.scene import Open, bo_enters
from tests.support.lab import Lab
from tests.support.node_process import NodeProcess
from tests.support.web_person import WITHIN, Person, api

FOCUSED = "document.activeElement.getAttribute('aria-label') ?? document.activeElement.textContent"


async def press(person: Person, *keys: str) -> None:
    """Press keys, one after the other."""
    for key in keys:
        await person.page.keyboard.press(key)


async def focused(person: Person) -> Any:
    """Return the name of what has the focus."""
    return await person.page.evaluate(FOCUSED)


async def test_a_whole_talk_is_had_by_keys(node: NodeProcess, open_page: Open, lab: Lab) -> None:
    bo = await bo_enters(lab, node)
    ana = await open_page(node)
    keyboard = ana.page.keyboard
    await api.expect(ana.page.get_by_role("textbox", name="Nick")).to_be_focused(timeout=WITHIN)
    await keyboard.type("ana")
    await press(ana, "Tab", "Enter")
    await ana.connected()
    await api.expect(ana.box).to_be_focused()
    await keyboard.type("hello")
    await press(ana, "Enter")
    await bo.expect("message", text="hello")
    # A new room, and back.
    await press(ana, "Control+k")
    await api.expect(ana.page.get_by_role("combobox")).to_be_focused(timeout=WITHIN)
    await keyboard.type("tea")
    await ana.page.get_by_role("option", name="Create the room tea").wait_for()
    await press(ana, "Enter")
    await ana.page.get_by_role("textbox", name="Message #tea").wait_for()
    await keyboard.type("alone here")
    await press(ana, "Enter")
    await ana.kept("alone here")
    await press(ana, "Alt+ArrowUp")
    await ana.page.get_by_role("textbox", name="Message #general").wait_for()
    # The next one with unread messages.
    await bo.ask("join", room="tea")
    await bo.say("tea", "not any more", "1")
    await ana.rooms.get_by_role("button", name="tea 1").wait_for()
    await press(ana, "Alt+Shift+ArrowDown")
    await ana.sees("not any more")
    # A private talk.
    await press(ana, "Control+k")
    await press(ana, "Escape")
    assert await focused(ana) == "Message #tea"
    await keyboard.type("/msg bo psst")
    await press(ana, "Enter")
    await bo.expect("direct", text="psst")
    await ana.page.get_by_role("textbox", name="Message bo").wait_for()
    assert await focused(ana) == "Message bo"


async def test_f6_goes_through_the_panes_and_arrows_through_the_rows(
    node: NodeProcess, open_page: Open
) -> None:
    ana = await open_page(node)
    await ana.enter("ana")
    for number in range(3):
        await ana.say(f"line {number}")
    await ana.kept("line 2")
    await press(ana, "F6", "F6", "F6")
    assert "Messages in general" in await focused(ana)
    await press(ana, "ArrowUp", "ArrowUp")
    assert "line 1" in await focused(ana)
    await press(ana, "ArrowDown")
    assert "line 2" in await focused(ana)
    await press(ana, "F6")
    assert await focused(ana) == "Message #general"
    await press(ana, "Shift+F6", "Shift+F6")
    inside = "document.querySelector('nav').contains(document.activeElement)"
    assert await ana.page.evaluate(inside)
