"""Moving through long logs and long messages of the page, in a real browser."""

import re

from tests.labs.web.scene import Open, bo_enters, reads
from tests.support.lab import Lab
from tests.support.node_process import NodeProcess
from tests.support.web_person import api


async def test_keys_move_through_the_messages(node: NodeProcess, open_page: Open, lab: Lab) -> None:
    ana, _ = await reads(lab, open_page, node, [f"line {n}" for n in range(100, 150)])
    keys = ana.page.keyboard
    await keys.press("Shift+F6")
    await keys.press("Home")
    await api.expect(ana.row("line 100")).to_be_focused()
    await api.expect(ana.row("line 100")).to_be_in_viewport()
    await keys.press("PageDown")
    await api.expect(ana.row("line 100")).not_to_be_in_viewport()
    focused = ana.page.locator("li:focus")
    await api.expect(focused).to_be_in_viewport()
    first = await focused.inner_text()
    await keys.press("ArrowDown")
    await keys.press("ArrowUp")
    assert await focused.inner_text() == first
    await keys.press("PageUp")
    await api.expect(ana.row("line 100")).to_be_focused()
    await keys.press("End")
    await api.expect(ana.row("line 149")).to_be_focused()
    await api.expect(ana.row("line 149")).to_be_in_viewport()


async def test_the_row_with_the_focus_stays(node: NodeProcess, open_page: Open, lab: Lab) -> None:
    ana = await open_page(node)
    await ana.enter("ana")
    bo = await bo_enters(lab, node)
    for number in range(100, 800):
        await bo.say("general", f"line {number}", str(number))
    await ana.sees("line 799")
    row = ana.row("line 790")
    await row.focus()
    log = ana.page.get_by_role("log")
    while not await ana.row("line 100").count():
        await log.evaluate("log => { log.scrollTop = 0 }")
        await log.evaluate("() => new Promise((drawn) => requestAnimationFrame(drawn))")
    assert await log.locator("li").count() <= 401
    below = ana.page.get_by_role("button", name="new")
    [unread] = re.findall(r"\d+", await below.inner_text())
    for number in range(1, 6):
        await bo.say("general", f"more {number}", f"more {number}")
        await api.expect(below).to_contain_text(str(int(unread) + number))
    assert await log.locator("li").count() <= 401
    await api.expect(row).to_be_focused()
    await ana.page.keyboard.press("ArrowUp")
    await api.expect(ana.row("line 789")).to_be_focused()
    await api.expect(ana.row("line 789")).to_be_in_viewport()


async def test_long_messages_fold(node: NodeProcess, open_page: Open) -> None:
    ana = await open_page(node)
    await ana.enter("ana")
    await ana.say("\n".join(f"line {number:03}" for number in range(100)))
    await ana.kept("line 099")
    folded = ana.row("line 099")
    small = (await folded.bounding_box())["height"]
    await folded.get_by_role("button", name="Show all").click()
    assert (await folded.bounding_box())["height"] > 2 * small


async def test_older_messages_above_a_long_list_move_nothing(
    node: NodeProcess, open_page: Open, lab: Lab
) -> None:
    ana, bo = await reads(lab, open_page, node, [f"line {n}" for n in range(100, 400)])
    for number in range(400, 900):
        await bo.say("general", f"line {number}", str(number))
    await ana.sees("line 899")
    await ana.page.keyboard.press("Shift+F6")
    await ana.page.keyboard.press("Home")
    oldest = ana.page.locator("li:focus")
    [number] = re.findall(r"line (\d+)", await oldest.inner_text())
    await api.expect(ana.row(f"line {int(number) - 1}")).to_be_attached()
    await api.expect(oldest).to_be_in_viewport()
