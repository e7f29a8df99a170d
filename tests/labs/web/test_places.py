"""Where a reader was is where the page opens after a reload, in a real browser."""

from typing import Any

import pytest

from tests.labs.web.scene import Open, creates, reads, url_of
from tests.support.lab import Lab
from tests.support.node_process import NodeProcess
from tests.support.talker import Talker
from tests.support.web_person import WITHIN, Person, api

TOP = """log => {
  const top = log.getBoundingClientRect().top;
  const row = [...log.querySelectorAll("li[data-position]")].find(
    (row) => row.getBoundingClientRect().bottom > top);
  return [row.dataset.position, row.getBoundingClientRect().top - top];
}"""
"""Returns which message is at the top of the view, and how far from its edge."""
LEFT = "log => log.scrollHeight - log.clientHeight - log.scrollTop"


async def _begin(
    node: NodeProcess, open_page: Open, lab: Lab, **options: Any
) -> tuple[Person, Talker]:
    """Let bo say 400 lines, and ana read them."""
    texts = [f"line {number}" for number in range(400)]
    return await reads(lab, open_page, node, texts, **options)


async def _stays(ana: Person) -> None:
    """Reload the page; the message at the top of the view is where it was."""
    await _comes_back(ana, *await ana.log.evaluate(TOP))


async def _comes_back(ana: Person, position: str, top: float) -> None:
    """Reload the page; this message is at this place of the view then."""
    await ana.page.reload()
    await ana.connected()
    again = await ana.log.evaluate(TOP)
    assert again[0] == position and abs(again[1] - top) <= 1


async def _up_to(ana: Person, text: str) -> Any:
    """Scroll up until a message is loaded, and return its row."""
    row, first = ana.row(text), ana.log.locator("li[data-position]").first
    while True:
        oldest = await first.get_attribute("data-position")
        if await row.count():
            return row
        await ana.log.evaluate("log => { log.scrollTop = 0 }")
        await api.expect(first).not_to_have_attribute("data-position", oldest, timeout=WITHIN)


async def test_a_place_among_older_messages_survives_a_reload(
    node: NodeProcess, open_page: Open, lab: Lab
) -> None:
    ana, bo = await _begin(node, open_page, lab)
    # More than what a page loads at once when it starts.
    row = await _up_to(ana, "line 120")
    await row.evaluate("row => row.scrollIntoView()")
    await ana.log.evaluate("log => { log.scrollTop -= 7 }")
    await _stays(ana)
    await bo.say("general", "one more", "more")
    await ana.button("↓ 1 new").wait_for()
    await _stays(ana)
    # The beginning, with the sentence above it, is such a place, too.
    await _up_to(ana, "line 0")
    await ana.page.get_by_text("The oldest message that is kept").wait_for(state="attached")
    await ana.log.evaluate("log => { log.scrollTop = 0 }")
    await _stays(ana)
    assert await ana.log.evaluate("log => log.scrollTop") == 0


async def test_the_end_survives_a_reload_also_with_unread_messages(
    node: NodeProcess, open_page: Open, lab: Lab
) -> None:
    ana, bo = await _begin(node, open_page, lab)
    await ana.page.evaluate("document.hasFocus = () => false")
    await ana.page.evaluate("window.dispatchEvent(new Event('focus'))")
    for number in range(400, 450):
        await bo.say("general", f"line {number}", str(number))
    await ana.sees("line 449")
    await api.expect(ana.page).to_have_title("(50) chat")
    await ana.page.reload()
    await ana.connected()
    await api.expect(ana.row("line 449")).to_be_in_viewport()
    assert await ana.log.evaluate(LEFT) <= 1
    await bo.say("general", "one more", "more")
    await api.expect(ana.row("one more")).to_be_in_viewport()


async def test_a_place_survives_a_reload_beside_the_list_of_rooms(
    node: NodeProcess, open_page: Open, lab: Lab
) -> None:
    phone = {"viewport": {"width": 360, "height": 640}, "is_mobile": True, "has_touch": True}
    ana, _ = await _begin(node, open_page, lab, **phone)
    await ana.log.evaluate("log => { log.scrollTop -= 500 }")
    await ana.button("↓ To the end").wait_for()
    before = await ana.log.evaluate(TOP)
    await ana.button("Back to the rooms").tap()
    await ana.log.wait_for(state="hidden")
    await _comes_back(ana, *before)


async def test_a_tab_that_was_not_there_opens_where_unread_messages_begin(
    node: NodeProcess, open_page: Open, lab: Lab
) -> None:
    ana, bo = await _begin(node, open_page, lab)
    await creates(ana, "tea")
    await ana.page.close()
    for number in range(400, 450):
        await bo.say("general", f"line {number}", str(number))
    ana.page = await ana.page.context.new_page()
    await ana.page.goto(url_of(node))
    await ana.connected()
    await ana.rooms.get_by_role("button", name="general").click()
    await api.expect(ana.page.get_by_text("new (50)")).to_be_in_viewport()


async def test_nothing_of_the_places_is_left_in_a_chat_that_was_left(
    node: NodeProcess, open_page: Open, lab: Lab
) -> None:
    ana, _ = await _begin(node, open_page, lab)
    await ana.page.reload()
    assert "#general" in await ana.page.evaluate("sessionStorage.places")
    await ana.say("/quit")
    await ana.page.get_by_role("textbox", name="Nick").wait_for()
    assert await ana.page.evaluate("sessionStorage.places ?? null") is None


@pytest.mark.parametrize("other", [False, True])
async def test_on_a_phone_a_room_opens_where_unread_messages_begin(
    node: NodeProcess, open_page: Open, lab: Lab, other: bool
) -> None:
    phone = {"viewport": {"width": 360, "height": 640}, "is_mobile": True, "has_touch": True}
    ana, bo = await _begin(node, open_page, lab, **phone)
    if other:
        await creates(ana, "tea")
    await ana.button("Back to the rooms").tap()
    for number in range(400, 450):
        await bo.say("general", f"line {number}", str(number))
    await api.expect(ana.page).to_have_title("(50) chat")
    await ana.rooms.get_by_role("button", name="general").tap()
    await api.expect(ana.page.get_by_text("new (50)")).to_be_in_viewport()
