"""The page on a phone, in a real browser."""

import re
from typing import Any

import pytest

from tests.labs.web.scene import Open, reads
from tests.support.lab import Lab
from tests.support.node_process import NodeProcess
from tests.support.web_person import Person, api

SMALL = """() => {
  const targets = "button, input, select, textarea, [role=option], [role=menuitem]";
  const open = document.querySelector("dialog[open]") ?? document;
  return [...open.querySelectorAll(targets)].filter((each) => {
    const { width, height } = each.getBoundingClientRect();
    const isTarget = width && getComputedStyle(each).pointerEvents !== "none";
    // The label of a box to tick is part of its target.
    return isTarget && each.type !== "checkbox" && (width < 44 || height < 44);
  }).map((each) => each.outerHTML.slice(0, 100));
}"""
WIDTH = "document.documentElement.scrollWidth"
KEYBOARD = """(height) => {
  Object.defineProperty(visualViewport, "height", { value: height, configurable: true });
  visualViewport.dispatchEvent(new Event("resize"));
}"""


async def _begin(node: NodeProcess, open_page: Open, lab: Lab, width: int) -> Person:
    """Let bo say something long, and ana read it on a phone."""
    texts = ["pear " + "a" * 300 + " https://example.org/" + "b" * 100, "pear\n" * 30]
    phone = {"viewport": {"width": width, "height": 640}, "is_mobile": True, "has_touch": True}
    ana, _ = await reads(lab, open_page, node, texts, **phone)
    await ana.box.fill("hello")
    await ana.page.get_by_role("button", name="Send").tap()
    await ana.kept("hello")
    return ana


async def _search(page: Any) -> None:
    await page.get_by_role("button", name="Search").tap()
    await page.get_by_role("searchbox").fill("pear")
    await page.get_by_role("search").get_by_role("listitem").first.wait_for()


async def _menu(page: Any) -> None:
    await page.get_by_role("button", name="More about general").tap()
    await page.get_by_role("menu").wait_for()


async def _offers(page: Any) -> None:
    await page.get_by_role("textbox", name=re.compile("^Message ")).press_sequentially("@")
    await page.get_by_role("option", name="bo").wait_for()


async def _members(page: Any) -> None:
    await page.get_by_role("button", name=re.compile("here$")).tap()
    await page.get_by_role("complementary", name="Members").wait_for()


async def _rooms(page: Any) -> None:
    await page.get_by_role("button", name="Back to the rooms").tap()


async def _go_to(page: Any) -> None:
    await page.keyboard.press("Control+K")
    await page.get_by_role("option").first.wait_for()


async def _settings(page: Any) -> None:
    await _rooms(page)
    await page.get_by_role("button", name="Settings").tap()


@pytest.mark.parametrize("width", [390, 320])
async def test_all_fits_and_every_target_is_44_pixels_large(
    node: NodeProcess, open_page: Open, lab: Lab, width: int
) -> None:
    ana = await _begin(node, open_page, lab, width)
    for show in (_search, _menu, _offers, _members, _go_to, _rooms, _settings):
        await show(ana.page)
        assert await ana.page.evaluate(WIDTH) <= width, show.__name__
        assert await ana.page.evaluate(SMALL) == [], show.__name__
        await ana.page.keyboard.press("Escape")
        if await ana.page.get_by_role("navigation", name="Rooms").is_visible():
            await ana.page.get_by_role("button", name="general").tap()
        elif await ana.page.get_by_role("complementary", name="Members").is_visible():
            await ana.page.get_by_role("button", name="Close").tap()


async def test_the_box_stays_above_a_keyboard_that_covers_the_window(
    node: NodeProcess, open_page: Open, lab: Lab
) -> None:
    ana = await _begin(node, open_page, lab, 390)
    await ana.page.evaluate(KEYBOARD, 340)
    await api.expect(ana.page.locator("#app")).to_have_css("height", "340px")
    box = await ana.box.bounding_box()
    assert box is not None and box["y"] + box["height"] <= 340
    title = ana.page.get_by_role("heading", level=1)
    await api.expect(title).to_be_in_viewport()
    await ana.sees("hello")
    await ana.page.evaluate(KEYBOARD, 640)
    await api.expect(ana.page.locator("#app")).to_have_css("height", "640px")
