"""The search of the page, in a real browser."""

from typing import Any

from tests.labs.web.scene import Open, reads
from tests.support.lab import Lab
from tests.support.node_process import NodeProcess
from tests.support.web_person import Person, api


def _hits(person: Person) -> Any:
    return person.page.get_by_role("search").get_by_role("listitem")


async def _begin(lab: Lab, open_page: Open, node: NodeProcess, count: int) -> Person:
    """Let ana see so many lines, of which the tenth names a pear."""
    fruits = ["a pear" if number == 10 else "an apple" for number in range(count)]
    texts = [f"line {number}: {fruit}" for number, fruit in enumerate(fruits)]
    ana, _ = await reads(lab, open_page, node, texts)
    return ana


async def test_a_hit_of_long_ago_opens_in_place(
    node: NodeProcess, open_page: Open, lab: Lab
) -> None:
    ana = await _begin(lab, open_page, node, 300)
    await ana.page.keyboard.press("Control+Shift+F")
    box = ana.page.get_by_role("searchbox", name="Search in #general")
    await api.expect(box).to_be_focused()
    await box.fill("PEAR")
    await ana.page.get_by_text("0 found on this device").wait_for()
    await ana.page.get_by_role("button", name="Search all that is kept").click()
    await ana.page.get_by_text("1 found in all 300 messages that are kept").wait_for()
    await box.press("ArrowDown")
    await ana.page.keyboard.press("Enter")
    row = ana.page.get_by_role("log").locator("li", has_text="line 10: a pear")
    await api.expect(row).to_be_focused()
    await api.expect(row).to_be_in_viewport()
    before = (await row.bounding_box())["y"]
    await ana.page.get_by_text("The oldest message that is kept").wait_for(state="attached")
    assert abs((await row.bounding_box())["y"] - before) <= 1
    texts = await ana.texts()
    start = texts.index("line 10: a pear")
    assert texts[start + 1 : start + 100] == [f"line {n}: an apple" for n in range(11, 110)]
    await ana.page.keyboard.press("Escape")
    await api.expect(ana.box).to_be_focused()
    assert await box.count() == 0


async def test_what_is_on_this_device_is_found_as_one_types(
    node: NodeProcess, open_page: Open, lab: Lab
) -> None:
    ana = await _begin(lab, open_page, node, 30)
    await ana.page.get_by_role("button", name="Search").click()
    await ana.page.get_by_role("searchbox").type("apple")
    await ana.page.get_by_text("29 found on this device").wait_for()
    await api.expect(_hits(ana)).to_have_count(29)
    assert "line 29" in await _hits(ana).first.inner_text()
    await ana.page.get_by_role("searchbox").fill("pear")
    await api.expect(_hits(ana)).to_have_count(1)
    assert await _hits(ana).locator("mark").inner_text() == "pear"
    await ana.page.keyboard.press("Enter")
    await api.expect(
        ana.page.get_by_role("log").locator("li", has_text="line 10: a pear")
    ).to_be_focused()
