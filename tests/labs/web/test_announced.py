"""The page while nodes of another version run, in a real browser."""

import re
from typing import Any

from tests.labs.web.scene import Open
from tests.support.node_process import NodeProcess
from tests.support.web_person import api


async def _other_version(route: Any) -> None:
    """Answer with the start page of another version, but for a reload."""
    if route.request.is_navigation_request():
        await route.continue_()
    else:
        await route.fulfill(body='<script type="module" src="/a/0123456789abcdef/boot.js">')


async def test_an_open_page_is_told_of_a_new_version_and_loses_nothing(
    node: NodeProcess, open_page: Open
) -> None:
    ana = await open_page(node, service_workers="block")
    await ana.enter("ana")
    await ana.say("kept")
    await ana.kept("kept")
    await ana.box.fill("a draft")
    await ana.page.route(re.compile("/$"), _other_version)
    told = ana.page.get_by_role("alert").filter(has_text="A new version is there")
    assert await told.count() == 0
    await ana.page.reload()
    await told.wait_for()
    await ana.page.unroute_all()
    await told.get_by_role("button", name="Reload").click()
    await ana.connected()
    await api.expect(told).to_be_hidden()
    assert await ana.box.input_value() == "a draft"
    await ana.sees("kept")
