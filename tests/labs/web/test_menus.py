"""The menus of the page, in a real browser, with keys and with fingers."""

from typing import Any

from tests.labs.web.scene import Open, reads
from tests.support.lab import Lab
from tests.support.node_process import NodeProcess
from tests.support.web_person import Person, api


async def _begin(node: NodeProcess, open_page: Open, lab: Lab, **options: Any) -> Person:
    """Let bo say three lines, and ana read them."""
    options["permissions"] = ["clipboard-read", "clipboard-write"]
    ana, _ = await reads(lab, open_page, node, ["first", "second", "third"], **options)
    return ana


async def test_a_message_is_copied_and_answered_with_keys_alone(
    node: NodeProcess, open_page: Open, lab: Lab
) -> None:
    ana = await _begin(node, open_page, lab)
    keys = ana.page.keyboard
    await keys.press("Shift+F6")
    await keys.press("ArrowUp")
    await keys.press("ArrowUp")
    await api.expect(ana.row("second")).to_be_focused()
    await keys.press("Enter")
    items = ana.page.get_by_role("menu", name="Message of bo").get_by_role("menuitem")
    labels = ["Copy text", "Reply", "Mark unread from here", "About bo"]
    await api.expect(items).to_have_text(labels)
    for key, label in (("ArrowUp", "About bo"), ("Home", "Copy text"), ("r", "Reply")):
        await keys.press(key)
        await api.expect(items.get_by_text(label)).to_be_focused()
    await keys.press("Escape")
    await api.expect(ana.row("second")).to_be_focused()
    await keys.press("Enter")
    await keys.press("Enter")
    await api.expect(ana.row("second")).to_be_focused()
    assert await ana.page.evaluate("navigator.clipboard.readText()") == "second"
    await keys.press("Enter")
    await keys.press("r")
    await keys.press("Enter")
    await api.expect(ana.box).to_be_focused()
    assert await ana.box.input_value() == "@bo "


async def test_what_is_marked_as_unread_stays_so_in_view(
    node: NodeProcess, open_page: Open, lab: Lab
) -> None:
    ana = await _begin(node, open_page, lab)
    await ana.page.clock.install()
    await ana.row("second").hover()
    await ana.row("second").get_by_role("button", name="Actions").click()
    await ana.page.get_by_role("menuitem", name="Mark unread from here").click()
    await ana.page.get_by_text("new (2)").wait_for()
    await ana.page.clock.run_for(5000)
    await api.expect(ana.page).to_have_title("(2) chat")
    await ana.page.reload()
    await api.expect(ana.page).to_have_title("(2) chat")
    await ana.page.get_by_text("new (2)").wait_for()


async def test_the_author_has_a_card(node: NodeProcess, open_page: Open, lab: Lab) -> None:
    ana = await _begin(node, open_page, lab)
    await ana.row("third").focus()
    await ana.page.keyboard.press("Enter")
    await ana.page.get_by_role("menuitem", name="About bo").click()
    card = ana.page.get_by_role("dialog", name="bo")
    await card.get_by_text("In general now").wait_for()
    await ana.page.keyboard.press("Escape")
    await api.expect(ana.row("third")).to_be_focused()
    await ana.page.keyboard.press("Enter")
    await ana.page.keyboard.press("End")
    await ana.page.keyboard.press("Enter")
    await card.get_by_role("button", name="Message bo").press("Enter")
    await api.expect(ana.page.get_by_role("textbox", name="Message bo")).to_be_focused()


async def test_a_long_press_opens_the_menu(node: NodeProcess, open_page: Open, lab: Lab) -> None:
    ana = await _begin(
        node, open_page, lab, viewport={"width": 320, "height": 640}, is_mobile=True, has_touch=True
    )
    touch = {"pointerType": "touch", "bubbles": True, "clientX": 50, "clientY": 50}
    await ana.row("second").dispatch_event("pointerdown", touch)
    menu = ana.page.get_by_role("menu", name="Message of bo")
    await menu.wait_for()
    await menu.get_by_role("menuitem", name="Reply").tap()
    assert await ana.box.input_value() == "@bo "
