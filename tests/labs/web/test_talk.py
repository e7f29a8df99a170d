"""People talk, in rooms and in private, and what the page keeps of it."""

import re

from tests.labs.web.scene import Open, creates, reads, two, url_of
from tests.support.lab import Lab
from tests.support.node_process import NodeProcess
from tests.support.web_person import WITHIN, api


async def test_two_people_talk(node: NodeProcess, open_page: Open) -> None:
    ana, bo = await two(open_page, node, url_of(node, 1))
    await ana.say("shall we ship it?")
    await bo.sees("shall we ship it?")
    await bo.say("@ana yes\nwe should")
    await ana.sees("we should")
    await ana.kept("shall we ship it?")
    row = ana.page.get_by_role("log").locator('li[data-from="bo"]')
    assert await row.get_attribute("data-position")
    assert await ana.page.get_by_role("heading", level=1).inner_text() == "general"
    members = ana.page.get_by_role("complementary", name="Members")
    await members.get_by_role("button", name="bo").click()
    await ana.say("just between us")
    rooms = bo.page.get_by_role("navigation", name="Rooms")
    await rooms.get_by_role("button", name=re.compile("ana 1")).click()
    await bo.sees("just between us")


async def test_rooms_are_created_joined_and_left(node: NodeProcess, open_page: Open) -> None:
    ana, bo = await two(open_page, node)
    for person, option in ((ana, "Create the room tea"), (bo, re.compile("tea"))):
        await person.page.get_by_role("button", name="Create or join a room").click()
        await person.page.get_by_role("combobox").fill("tea")
        await person.page.get_by_role("option", name=option).click()
        await person.page.get_by_role("textbox", name="Message #tea").wait_for()
    await ana.say("welcome")
    await bo.sees("welcome")
    await bo.page.get_by_role("button", name="Leave #tea").click()
    await bo.page.get_by_role("textbox", name="Message #general").wait_for()
    rooms = bo.page.get_by_role("navigation", name="Rooms")
    assert await rooms.get_by_role("button", name="tea").count() == 0


async def test_a_reload_keeps_the_session(node: NodeProcess, open_page: Open) -> None:
    ana, bo = await two(open_page, node)
    await ana.say("before")
    await bo.sees("before")
    await ana.box.fill("a draft")
    await ana.page.reload()
    await ana.connected()
    await bo.say("after")
    await ana.sees("after")
    assert await ana.box.input_value() == "a draft"
    assert await ana.texts() == ["before", "after"]
    assert "joined" not in await bo.page.get_by_role("log").inner_text()


async def test_unread_messages_count_until_they_are_seen(
    node: NodeProcess, open_page: Open
) -> None:
    ana, bo = await two(open_page, node)
    await creates(ana, "tea")
    await bo.say("ana, look")
    rooms = ana.page.get_by_role("navigation", name="Rooms")
    general = rooms.get_by_role("button", name=re.compile("general 1"))
    await general.click()
    await ana.page.get_by_text("new (1)").wait_for()
    await api.expect(ana.page).to_have_title("chat", timeout=WITHIN)
    await ana.page.get_by_text("new (1)").wait_for()


async def test_the_list_stays_where_the_reader_is(
    node: NodeProcess, open_page: Open, lab: Lab
) -> None:
    ana, bo = await reads(lab, open_page, node, [f"line {number}" for number in range(70)])
    log = ana.page.get_by_role("log")
    await log.evaluate("log => { log.scrollTop = 300 }")
    await ana.page.get_by_text("The oldest message that is kept").wait_for(state="attached")
    row = log.locator("li", has_text="line 30")
    before = (await row.bounding_box())["y"]
    await bo.say("general", "one more", "1")
    await ana.page.get_by_role("button", name="↓ 1 new").wait_for()
    assert abs((await row.bounding_box())["y"] - before) <= 1
    assert [text for text in await ana.texts()] == [f"line {n}" for n in range(70)] + ["one more"]
