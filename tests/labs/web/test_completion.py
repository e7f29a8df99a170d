"""Completion of nicks and rooms in the box of the page, in a real browser."""

from tests.labs.web.scene import Open, Relays
from tests.support.lab import Lab
from tests.support.node_process import NodeProcess
from tests.support.web_person import Person, api


async def _begin(node: NodeProcess, open_page: Open, lab: Lab) -> Person:
    for nick in ("bo", "bob", "carla"):
        await lab.member(node.address, nick, rooms=["general"])
    ana = await open_page(node)
    await ana.enter("ana")
    await ana.page.get_by_role("button", name="carla").wait_for()
    return ana


async def test_a_nick_is_completed_with_keys(node: NodeProcess, open_page: Open, lab: Lab) -> None:
    ana = await _begin(node, open_page, lab)
    await ana.box.press_sequentially("hi @b")
    options = ana.page.get_by_role("listbox").get_by_role("option")
    await api.expect(options).to_have_count(2)
    await api.expect(options.nth(0)).to_have_attribute("aria-selected", "true")
    await ana.box.press("ArrowDown")
    await api.expect(ana.box).to_have_attribute(
        "aria-activedescendant", await options.nth(1).get_attribute("id") or ""
    )
    await ana.box.press("Tab")
    await api.expect(ana.box).to_be_focused()
    assert await ana.box.input_value() == "hi @bob "
    await api.expect(options).to_have_count(0)
    await ana.box.press("Tab")
    await api.expect(ana.box).not_to_be_focused()


async def test_escape_closes_the_list_and_enter_sends(
    node: NodeProcess, open_page: Open, lab: Lab
) -> None:
    ana = await _begin(node, open_page, lab)
    await ana.box.press_sequentially("@c")
    options = ana.page.get_by_role("listbox").get_by_role("option")
    await api.expect(options).to_have_count(1)
    await ana.box.press("Escape")
    await api.expect(options).to_have_count(0)
    await ana.box.press_sequentially("a")
    await api.expect(options).to_have_count(1)
    await ana.box.press("Enter")
    await ana.kept("@ca")
    await api.expect(options).to_have_count(0)


async def test_rooms_that_one_is_not_in_are_offered_once_they_are_known(
    node: NodeProcess, open_page: Open, lab: Lab
) -> None:
    ana = await _begin(node, open_page, lab)
    await lab.member(node.address, "dan", rooms=["tea", "team"])
    options = ana.page.get_by_role("listbox").get_by_role("option")
    await ana.box.press_sequentially("see #te")
    await api.expect(options).to_have_text(["#tea", "#team"])
    await ana.box.press("Escape")
    await api.expect(options).to_have_count(0)
    await ana.box.press_sequentially("a")
    await api.expect(options).to_have_text(["#tea", "#team"])
    await ana.box.press("ArrowDown")
    await ana.box.press("Enter")
    await api.expect(ana.box).to_have_value("see #team ")
    assert await ana.rooms.get_by_role("button", name="team").count() == 0


async def test_own_rooms_are_offered_without_a_connection(
    node: NodeProcess, relays: Relays, open_page: Open
) -> None:
    relay = await relays(node)
    ana = await open_page(relay.url)
    await ana.enter("ana")
    await ana.box.press_sequentially("@")
    relay.close()
    await ana.connected(False)
    await ana.box.fill("")
    await ana.box.press_sequentially("see #ge")
    await ana.page.get_by_role("option", name="general").wait_for()
    await ana.box.press("Tab")
    await api.expect(ana.box).to_have_value("see #general ")


async def test_a_room_is_completed_by_a_click(node: NodeProcess, open_page: Open, lab: Lab) -> None:
    ana = await _begin(node, open_page, lab)
    await ana.box.press_sequentially("see #gen")
    await ana.page.get_by_role("option", name="general").click()
    await api.expect(ana.box).to_be_focused()
    assert await ana.box.input_value() == "see #general "
