"""Two versions of the page behind one address, and files that are missing."""

import re
import shutil
from pathlib import Path

from tests.labs.web.scene import Open, Relays
from tests.support.lab import Lab
from tests.support.node_process import ROOT, Address

NEWER = ("distributed-chat", "distributed-chat, a newer one")


def newer_code(directory: Path) -> Path:
    """Return where the code of a newer version is: its page has another name."""
    for package in ("node", "wire", "web"):
        shutil.copytree(ROOT / package, directory / package)
    words = directory / "web/words/en.js"
    words.write_text(words.read_text("utf-8").replace(*NEWER), "utf-8")
    return directory


async def test_a_page_loads_and_goes_on_while_two_versions_run(
    lab: Lab, relays: Relays, open_page: Open, tmp_path: Path
) -> None:
    redis = await lab.redis()
    old = await lab.node(redis, "--web-port", "0")
    new = await lab.node(redis, "--web-port", "0", root=newer_code(tmp_path / "newer"))
    relay = await relays(old, new)
    # The first answer, with the names of the files, is of the old version; then the new one is
    # asked for them on each of a browser's first connections.
    answers = iter([old.webs[0], *[new.webs[0]] * 6])

    def choose() -> Address:
        return next(answers, old.webs[0])

    relay.choose = choose
    redirected = []
    ana, bo = await open_page("about:blank"), await open_page(new)
    ana.page.on("response", lambda answer: redirected.append(answer) if answer.status == 307 else 0)
    await ana.page.goto(relay.url)
    await ana.enter("ana")
    await bo.enter("bo")
    assert redirected
    assert await ana.page.get_by_text(NEWER[0], exact=True).count() == 1
    await ana.page.evaluate("navigator.serviceWorker.ready.then(() => 0)")
    await ana.say("from the old page")
    await bo.sees("from the old page")
    await ana.box.fill("half a mess")
    # The old version is gone: the open page goes on, and the next one is new.
    relay.choose = lambda: new.webs[0]
    await old.kill()
    await bo.say("welcome back")
    await ana.connected()
    await ana.sees("welcome back")
    await ana.page.reload()
    await ana.connected()
    await ana.page.get_by_text(NEWER[1]).wait_for()
    assert await ana.box.input_value() == "half a mess"
    await ana.shows(["from the old page", "welcome back"])


async def test_a_page_with_missing_files_reloads_twice_and_then_says_so(
    lab: Lab, open_page: Open
) -> None:
    node = await lab.node(None, "--web-port", "0")
    ana = await open_page("about:blank")
    await ana.page.route(re.compile("/page/main.js"), lambda route: route.fulfill(status=404))
    loads: list[str] = []
    ana.page.on("domcontentloaded", lambda _: loads.append("loaded"))
    host, port = node.webs[0]
    await ana.page.goto(f"http://{host}:{port}/")
    await ana.page.get_by_text("The page could not be loaded completely.").wait_for()
    assert len(loads) == 3
    # The browser and the page have told what was missing, and nothing else.
    assert {re.sub("https?:.*", "", fault) for fault in ana.faults} == {
        "Failed to load resource: the server responded with a status of 404 (Not Found)",
        "TypeError: Failed to fetch dynamically imported module: ",
    }
    ana.faults.clear()
    await ana.page.unroute_all()
    await ana.button("Reload").click()
    await ana.page.get_by_role("textbox", name="Nick").wait_for()
