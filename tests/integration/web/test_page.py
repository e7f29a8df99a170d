"""The page in a real browser, with real nodes."""

import re
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest

from tests.support.lab import Lab
from tests.support.node_process import NodeProcess
from tests.support.ports import free_port
from tests.support.web_person import CHROMIUM, WITHIN, Person, api, needs_chromium

pytestmark = needs_chromium

HOSTILE = (
    "<img src=x onerror=alert(1)>",
    "<script>alert(1)</script>",
    "javascript:alert(1) https://example.org/\"onmouseover='alert(1)'",
    "{{constructor.constructor('alert(1)')()}} \u202e live \u200b",
    "a" + "\u0301" * 200,
)
Open = Callable[..., Awaitable[Person]]


@pytest.fixture
async def open_page() -> AsyncIterator[Open]:
    """Open the page in browsers of their own; no error may be left at the end."""
    people: list[Person] = []
    async with api.async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])

        async def opened(node: NodeProcess, **options: Any) -> Person:
            context = await browser.new_context(**options)
            person = Person(await context.new_page())
            people.append(person)
            await person.page.goto(url(node))
            return person

        yield opened
        await browser.close()
    assert [person.faults for person in people] == [[] for _ in people]


def url(node: NodeProcess, number: int = 0) -> str:
    """Return the address of a node's page."""
    host, port = node.webs[number]
    return f"http://{host}:{port}/"


@pytest.fixture
async def node(lab: Lab) -> NodeProcess:
    """Two nodes in one process."""
    return await lab.node(None, "--nodes", "2", "--web-port", "0")


async def test_two_people_talk(node: NodeProcess, open_page: Open) -> None:
    ana, bo = await open_page(node), await open_page(node)
    await bo.page.goto(url(node, 1))
    await ana.enter("ana")
    await bo.enter("bo")
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
    ana, bo = await open_page(node), await open_page(node)
    await ana.enter("ana")
    await bo.enter("bo")
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
    ana, bo = await open_page(node), await open_page(node)
    await ana.enter("ana")
    await bo.enter("bo")
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


async def test_what_is_written_offline_survives_a_reload(
    node: NodeProcess, open_page: Open
) -> None:
    ana, bo = await open_page(node), await open_page(node)
    await ana.enter("ana")
    await bo.enter("bo")
    await ana.page.evaluate("navigator.serviceWorker.ready")
    await ana.page.route_web_socket(re.compile("."), lambda socket: socket.close())
    await ana.page.reload()
    await ana.box.wait_for()
    for number in range(3):
        await ana.say(f"number {number}")
    waiting = ana.page.get_by_role("log").locator('li[data-state="waiting"]')
    await api.expect(waiting).to_have_count(3)
    await ana.page.unroute_all()
    await ana.page.close()
    again = Person(await ana.page.context.new_page())
    await again.page.goto(url(node))
    await again.kept("number 2")
    await bo.sees("number 2")
    assert await bo.texts() == await again.texts() == [f"number {number}" for number in range(3)]
    assert again.faults == []


async def test_unread_messages_count_until_they_are_seen(
    node: NodeProcess, open_page: Open
) -> None:
    ana, bo = await open_page(node), await open_page(node)
    await ana.enter("ana")
    await bo.enter("bo")
    await ana.say("/create tea")
    await ana.page.get_by_role("textbox", name="Message #tea").wait_for()
    await bo.say("ana, look")
    rooms = ana.page.get_by_role("navigation", name="Rooms")
    general = rooms.get_by_role("button", name=re.compile("general 1"))
    await general.click()
    await ana.page.get_by_text("new (1)").wait_for()
    await api.expect(ana.page).to_have_title("chat", timeout=WITHIN)
    await ana.page.get_by_text("new (1)").wait_for()


async def test_a_taken_nick_is_refused_with_another_one(node: NodeProcess, open_page: Open) -> None:
    ana, other = await open_page(node), await open_page(node)
    await ana.enter("ana")
    await other.page.get_by_role("textbox", name="Nick").fill("ana")
    await other.page.get_by_role("button", name="Enter the chat").click()
    await other.page.get_by_role("button", name=re.compile("Take ana-")).click()
    await other.connected()
    await other.say("hello")
    await ana.sees("hello")


async def test_one_tab_is_live(node: NodeProcess, open_page: Open) -> None:
    ana = await open_page(node)
    await ana.enter("ana")
    second = Person(await ana.page.context.new_page())
    await second.page.goto(url(node))
    await second.page.get_by_role("button", name="Use it here").click()
    await second.connected()
    await ana.page.get_by_role("button", name="Use it here").wait_for()
    await second.say("from the second tab")
    await second.kept("from the second tab")
    assert second.faults == []


async def test_hostile_texts_do_nothing(node: NodeProcess, open_page: Open, lab: Lab) -> None:
    ana = await open_page(node)
    await ana.enter("ana")
    bo = await lab.member(node.address, "bo", rooms=["general"])
    for number, text in enumerate(HOSTILE):
        await bo.say("general", text, str(number))
    await bo.say("general", "the end", "end")
    await ana.sees("the end")
    log = ana.page.get_by_role("log")
    assert await log.locator("img, script").count() == 0
    assert "\u202e" not in await log.inner_text()
    assert (await ana.texts())[4] == "a" + "\u0301" * 8
    links = await log.locator("a").evaluate_all("all => all.map((each) => each.protocol)")
    assert links == ["https:"]


async def test_a_killed_node_loses_and_doubles_nothing(lab: Lab, open_page: Open) -> None:
    redis = await lab.redis()
    ports = [free_port(), free_port()]
    sockets = ",".join(f"ws://127.0.0.1:{port}/ws" for port in ports)
    origins = ",".join(f"http://127.0.0.1:{port}" for port in ports)
    flags = ("--web-nodes", sockets, "--web-origins", origins)
    first, second = [await lab.node(redis, "--web-port", str(port), *flags) for port in ports]
    ana, bo = await open_page(first), await open_page(second)
    await ana.enter("ana")
    await bo.enter("bo")
    said = []
    for number in range(20):
        if number == 10:
            await first.kill()
        for person in (ana, bo):
            said.append(f"{person is ana and 'ana' or 'bo'} says {number:02}")
            await person.say(said[-1])
    for person in (ana, bo):
        await person.connected()
        for text in said[-2:]:
            await person.sees(text)
        await api.expect(
            person.page.get_by_role("log").locator('li[data-state="waiting"]')
        ).to_have_count(0, timeout=WITHIN)
    assert await ana.texts() == await bo.texts()
    assert sorted(await ana.texts()) == sorted(said)
    for nick in ("ana", "bo"):
        own = [text for text in await bo.texts() if text.startswith(nick)]
        assert own == sorted(own)


@pytest.mark.parametrize("width", [360, 320])
async def test_a_phone_shows_one_pane_at_a_time(
    node: NodeProcess, open_page: Open, width: int
) -> None:
    ana = await open_page(
        node, viewport={"width": width, "height": 640}, is_mobile=True, has_touch=True
    )
    await ana.enter("ana")
    await ana.say("a" * 300)
    for name in ("Back to the rooms", "Settings"):
        await ana.page.get_by_role("button", name=name).click()
        wide = await ana.page.evaluate("document.documentElement.scrollWidth")
        assert wide <= width


async def test_the_list_stays_where_the_reader_is(node: NodeProcess, open_page: Open) -> None:
    ana, bo = await open_page(node), await open_page(node)
    await bo.enter("bo")
    for number in range(70):
        await bo.say(f"line {number}")
    await bo.kept("line 69")
    await ana.enter("ana")
    await ana.sees("line 69")
    log = ana.page.get_by_role("log")
    await log.evaluate("log => { log.scrollTop = 300 }")
    await ana.page.get_by_text("The oldest message that is kept").wait_for(state="attached")
    row = log.locator("li", has_text="line 30")
    before = (await row.bounding_box())["y"]
    await bo.say("one more")
    await ana.page.get_by_role("button", name="↓ 1 new").wait_for()
    assert abs((await row.bounding_box())["y"] - before) <= 1
    assert [text for text in await ana.texts()] == [f"line {n}" for n in range(70)] + ["one more"]
