"""Narrow screens, large text, and two panes too many."""

import pytest

from tests.labs.web.scene import OUTSIDE, Open
from tests.support.lab import Lab
from tests.support.node_process import NodeProcess

SMALL = """least => [...document.querySelectorAll("button, input, textarea, select, a[href]")]
  .filter((each) => each.checkVisibility() && !each.closest(".message"))
  .map((each) => [(each.closest(".check") ?? each).getBoundingClientRect(), each.outerHTML])
  .filter(([box]) => box.height < least)
  .map(([box, html]) => `${box.width} x ${box.height}: ${html}`)"""
"""Returns what is lower than a finger needs; within a text it may be."""


@pytest.mark.parametrize("width", [360, 320])
async def test_nothing_is_wider_than_a_phone(
    node: NodeProcess, open_page: Open, lab: Lab, width: int
) -> None:
    viewport = {"width": width, "height": 640}
    ana = await open_page(node, viewport=viewport, is_mobile=True, has_touch=True)
    await ana.page.get_by_role("textbox", name="Nick").wait_for()
    assert await ana.page.evaluate(OUTSIDE) == []
    await ana.enter("ana")
    bo = await lab.member(node.address, "bo" + "o" * 60, rooms=["general"])
    await bo.say("general", "https://example.org/" + "a" * 500, "long")
    await bo.say("general", "a\tb " * 200, "longer")
    await ana.sees("a b")
    await ana.say("W" * 300)
    await ana.kept("WWW")
    steps = ("Show members", "Close", "Back to the rooms", "Settings", "Close")
    for name in (*steps, "Create or join a room", "Close"):
        assert await ana.page.evaluate(OUTSIDE) == []
        assert await ana.page.evaluate(SMALL, 44) == []
        found = ana.button(name).or_(ana.page.get_by_title(name))
        await found.locator("visible=true").first.click()
    await ana.rooms.get_by_role("button", name="general").click()
    await ana.box.wait_for()
    assert await ana.page.evaluate(OUTSIDE) == []
    # Without a zoom of the browser when the box gets the focus.
    assert await ana.box.evaluate("box => getComputedStyle(box).fontSize") == "16px"


async def test_400_percent_zoom_shows_everything(node: NodeProcess, open_page: Open) -> None:
    # 1280 x 1024 at 400 % is the same to a page.
    ana = await open_page(node, viewport={"width": 320, "height": 256}, device_scale_factor=4)
    await ana.enter("ana")
    await ana.say("still readable")
    await ana.kept("still readable")
    assert await ana.page.evaluate(OUTSIDE) == []
    assert await ana.log.evaluate("log => log.clientHeight") > 60
