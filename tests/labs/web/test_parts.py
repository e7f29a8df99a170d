"""Parts of the page that are loaded when they are first wanted, in a real browser."""

import asyncio
import re
from typing import Any

from tests.labs.web.scene import Open, url_of
from tests.support.node_process import NodeProcess
from tests.support.web_person import api


async def test_a_part_that_is_wanted_twice_while_it_loads_opens_once(
    node: NodeProcess, open_page: Open
) -> None:
    ana = await open_page("about:blank", service_workers="block")
    asked, served = asyncio.Event(), asyncio.Event()

    async def hold(route: Any) -> None:
        asked.set()
        await served.wait()
        await route.continue_()

    await ana.page.route(re.compile("/views/picker.js"), hold)
    await ana.page.goto(url_of(node))
    await ana.enter("ana")
    await ana.page.keyboard.press("Control+k")
    await asked.wait()
    await ana.page.keyboard.press("Control+k")
    served.set()
    await api.expect(ana.page.get_by_role("combobox")).to_be_focused()
    await api.expect(ana.page.locator("dialog.picker")).to_have_count(1)
    await ana.page.keyboard.press("Escape")
    await api.expect(ana.box).to_be_focused()
    await ana.page.keyboard.press("Control+k")
    await api.expect(ana.page.locator("dialog.picker")).to_have_count(1)
