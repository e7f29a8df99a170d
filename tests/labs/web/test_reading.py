"""Moving through long logs and long messages of the page, in a real browser."""

from typing import Any

import pytest

from tests.labs.web.scene import Open
from tests.support.lab import Lab
from tests.support.node_process import NodeProcess
from tests.support.web_person import Person, api


@pytest.fixture
async def node(lab: Lab) -> NodeProcess:
    """A node that takes many messages at once."""
    return await lab.node(None, "--rate", "0", "--web-port", "0")


def _row(person: Person, text: str) -> Any:
    return person.page.get_by_role("log").locator("li", has_text=text)


async def test_keys_move_through_the_messages(node: NodeProcess, open_page: Open, lab: Lab) -> None:
    bo = await lab.member(node.address, "bo", rooms=["general"])
    for number in range(100, 150):
        await bo.say("general", f"line {number}", str(number))
    ana = await open_page(node)
    await ana.enter("ana")
    await ana.sees("line 149")
    keys = ana.page.keyboard
    await keys.press("Shift+F6")
    await keys.press("Home")
    await api.expect(_row(ana, "line 100")).to_be_focused()
    await api.expect(_row(ana, "line 100")).to_be_in_viewport()
    await keys.press("PageDown")
    await api.expect(_row(ana, "line 100")).not_to_be_in_viewport()
    focused = ana.page.locator("li:focus")
    await api.expect(focused).to_be_in_viewport()
    first = await focused.inner_text()
    await keys.press("ArrowDown")
    await keys.press("ArrowUp")
    assert await focused.inner_text() == first
    await keys.press("PageUp")
    await api.expect(_row(ana, "line 100")).to_be_focused()
    await keys.press("End")
    await api.expect(_row(ana, "line 149")).to_be_focused()
    await api.expect(_row(ana, "line 149")).to_be_in_viewport()


async def test_a_long_paste_is_sent_as_several_messages_and_long_ones_fold(
    node: NodeProcess, open_page: Open
) -> None:
    ana = await open_page(node)
    await ana.enter("ana")
    text = "\n".join(f"line {number:03} of a paste" for number in range(300))
    await ana.box.fill(text)
    await ana.page.get_by_text("5999 of 4096 bytes").wait_for()
    await ana.box.press("Enter")
    assert await ana.box.input_value() == text
    await ana.page.get_by_role("button", name="Send as 2 messages").click()
    await ana.kept("line 299")
    assert "\n".join(await ana.texts()) == text
    folded = _row(ana, "line 299")
    small = (await folded.bounding_box())["height"]
    await folded.get_by_role("button", name="Show all").click()
    assert (await folded.bounding_box())["height"] > 2 * small
