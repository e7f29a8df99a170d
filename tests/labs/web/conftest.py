"""One browser for all tests of the page; each person in it has storage of their own."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from tests.labs.web.relay import Relay
from tests.labs.web.scene import Open, Relays, url_of
from tests.support.lab import Lab
from tests.support.node_process import NodeProcess
from tests.support.web_person import WATCH, Person, api, launch_options, needs_chromium

HERE = Path(__file__).parent
SESSION = pytest_asyncio.fixture(loop_scope="session")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Called by pytest: run all tests of this folder in one event loop, that of the browser."""
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)
            item.add_marker(pytest.mark.timeout(300))
            item.add_marker(needs_chromium)


@pytest_asyncio.fixture(loop_scope="session", scope="session")
async def browser() -> AsyncIterator[Any]:
    """A Chromium without a window."""
    options = launch_options()
    async with api.async_playwright() as playwright:
        browser = await playwright.chromium.launch(**options)
        yield browser
        await browser.close()


@SESSION
async def lab(tmp_path: Path) -> AsyncIterator[Lab]:
    """Starts real processes, and ends them after the test."""
    async with Lab(tmp_path) as lab:
        yield lab


@SESSION
async def open_page(browser: Any) -> AsyncIterator[Open]:
    """Opens the page for people; any error that it reports fails the test."""
    people: list[Person] = []
    contexts: list[Any] = []

    async def opened(place: str | NodeProcess | Any, **options: Any) -> Person:
        """Open the page of a node, or one at an address, or another tab of a person."""
        if isinstance(place, Person):
            context, url = place.page.context, place.page.url
        else:
            context = await browser.new_context(**{"locale": "en-GB", **options})
            contexts.append(context)
            await context.add_init_script(WATCH)
            url = place if isinstance(place, str) else url_of(place)
        person = Person(await context.new_page(), touches=options.get("has_touch", False))
        people.append(person)
        if url:
            await person.page.goto(url)
        return person

    yield opened
    for context in contexts:
        await context.close()
    assert [person.faults for person in people] == [[] for _ in people]


@SESSION
async def node(lab: Lab) -> NodeProcess:
    """Two nodes in one process; they take many messages at once."""
    return await lab.node(None, "--nodes", "2", "--web-port", "0", "--rate", "0")


@SESSION
async def relays() -> AsyncIterator[Relays]:
    """Opens relays to nodes."""
    async with AsyncExitStack() as ends:

        async def relay(*nodes: NodeProcess) -> Relay:
            relay = Relay(*(node.webs[0] for node in nodes))
            ends.callback(relay.close)
            await relay.open()
            return relay

        yield relay
