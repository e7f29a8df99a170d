"""Notifications of the page, in a real browser."""

import json

from tests.labs.web.scene import Open, bo_enters
from tests.support.lab import Lab
from tests.support.node_process import NodeProcess
from tests.support.web_person import Person, api

RECORDER = """
window.shown = {};
window.Notification = class {
  static permission = "granted";
  static requestPermission = async () => "granted";
  constructor(title, { tag, body }) { shown[tag] = `${title}: ${body}`; this.tag = tag; note(); }
  close() { delete shown[this.tag]; note(); }
};
function note() { document.documentElement.dataset.shown = JSON.stringify(shown); }
"""
"""Takes the place of the browser's notifications; an attribute holds what is shown, by its tag."""


async def _begin(node: NodeProcess, open_page: Open) -> Person:
    """Let ana enter, and ask for notifications in the settings."""
    ana = await open_page(node)
    await ana.page.add_init_script(RECORDER)
    await ana.page.reload()
    await ana.enter("ana")
    await ana.page.get_by_role("button", name="Settings").click()
    await ana.page.get_by_label("Show notifications").check()
    await ana.page.keyboard.press("Escape")
    return ana


async def _look(ana: Person, looks: bool) -> None:
    """Let ana look at the window, or away from it."""
    await ana.page.evaluate(f"document.hasFocus = () => {str(looks).lower()}")
    await ana.page.evaluate("window.dispatchEvent(new Event('focus'))")


async def _shows(ana: Person, **texts: str) -> None:
    """Wait until these notifications are shown, by their room."""
    shown = json.dumps({f"#{room}": text for room, text in texts.items()}, separators=(",", ":"))
    await api.expect(ana.page.locator("html")).to_have_attribute("data-shown", shown)


async def test_a_mention_is_shown_until_it_was_read(
    node: NodeProcess, open_page: Open, lab: Lab
) -> None:
    ana = await _begin(node, open_page)
    bo = await bo_enters(lab, node)
    await bo.say("general", "ana, in focus", "1")
    await ana.sees("in focus")
    await api.expect(ana.page).to_have_title("chat")
    await _look(ana, False)
    await bo.say("general", "for nobody", "2")
    await bo.say("general", "ana: look", "3")
    await _shows(ana, general="bo (#general): ana: look")
    await api.expect(ana.page).to_have_title("(2) chat")
    icon = ana.page.locator('link[rel="icon"]')
    await api.expect(icon).to_have_attribute("href", "/icons/icon-unread.svg")
    await _look(ana, True)
    await _shows(ana)
    await api.expect(ana.page).to_have_title("chat")
    await api.expect(icon).to_have_attribute("href", "/icons/icon.svg")


async def test_the_menu_of_a_room_chooses_what_is_shown(
    node: NodeProcess, open_page: Open, lab: Lab
) -> None:
    ana = await _begin(node, open_page)
    bo = await bo_enters(lab, node)
    more = ana.page.get_by_role("button", name="More about general")
    for choice in ("all messages", "nothing"):
        await more.click()
        await ana.page.get_by_role("menuitemradio", name=f"Notify of {choice}").click()
        await api.expect(more).to_be_focused()
        await _look(ana, False)
        await bo.say("general", f"hello, {choice}", choice[:3])
        await ana.sees(f"hello, {choice}")
        assert await ana.page.evaluate("'#general' in shown") is (choice == "all messages")
        await _look(ana, True)
        await _shows(ana)
    await ana.page.reload()
    await more.click()
    chosen = ana.page.get_by_role("menuitemradio", name="Notify of nothing")
    await api.expect(chosen).to_be_checked()
