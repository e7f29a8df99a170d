"""What screen readers are told by the page, in a real browser."""

import re
from typing import Any

from tests.labs.web.scene import Open, Relays, bo_enters, creates, url_of, with_clock
from tests.support.lab import Lab
from tests.support.node_process import NodeProcess
from tests.support.web_person import WITHIN, Person, api

HEAR = """
  const Known = WebSocket;
  window.WebSocket = class extends Known {
    constructor(...all) {
      super(...all);
      const { dataset } = document.documentElement;
      this.addEventListener("message", ({ data }) => {
        dataset.heard = (dataset.heard ?? "") + data;
      });
    }
  };
"""
"""Notes at the root of the page all that came from the node."""


async def hears(person: Person, text: str) -> None:
    """Wait until a text has come from the node."""
    root = person.page.locator("html")
    await api.expect(root).to_have_attribute("data-heard", re.compile(text), timeout=WITHIN)


def spoken(person: Person) -> Any:
    """What was told, in sentences."""
    return person.page.locator("[aria-live=polite] p")


async def test_the_announcer_tells_what_comes_and_no_more(
    node: NodeProcess, open_page: Open, lab: Lab
) -> None:
    bo = await bo_enters(lab, node, ["before ana came"])
    ana = await with_clock(open_page, url_of(node), HEAR)
    await ana.enter("ana")
    await ana.sees("before ana came")
    await creates(ana, "tea")
    await bo.ask("join", room="tea")
    await ana.stop_clock()
    assert await spoken(ana).count() == 0
    # What comes within two seconds is told together.
    await bo.say("tea", "hi", "1")
    await bo.say("general", "nothing of interest", "2")
    await bo.say("general", "ana: look", "3")
    for text in ("hi", "ana: look"):
        await hears(ana, f'"{text}"')
    await ana.page.clock.run_for(2000)
    told = ["bo: hi", "bo mentioned you in general"]
    await api.expect(spoken(ana)).to_have_text(told, timeout=WITHIN)
    for number in range(7):
        await bo.say("tea", f"line {number}", f"line-{number}")
    await ana.say("my own one")
    await hears(ana, "my own one")
    await ana.page.clock.run_for(2000)
    await api.expect(spoken(ana).last).to_have_text("7 messages in tea", timeout=WITHIN)
    assert await spoken(ana).count() == 3
    assert await ana.log.get_attribute("aria-live") == "off"


async def test_the_settings_choose_of_which_messages_they_are_told(
    node: NodeProcess, open_page: Open, lab: Lab
) -> None:
    bo = await bo_enters(lab, node)
    ana = await with_clock(open_page, url_of(node), HEAR)
    await ana.enter("ana")
    await ana.stop_clock()
    told = []
    choices = {
        "No messages": [],
        "Mentions and private messages": ["bo: ana!", "bo sent you a private message"],
        "Messages of the open room": ["bo: hi", "bo: ana!", "bo sent you a private message"],
    }
    for number, (choice, sentences) in enumerate(choices.items()):
        await ana.page.get_by_role("button", name="Settings").click()
        chosen = ana.page.get_by_role("combobox", name="Screen readers announce")
        label = await chosen.get_by_role("option", name=choice).inner_text()
        await chosen.select_option(label)
        await ana.page.keyboard.press("Escape")
        for text in ("hi", "ana!"):
            await bo.say("general", text, f"{number} {text}")
        bo.send("direct", to="ana", text=f"psst {number}", id=str(number))
        await hears(ana, f'"psst {number}"')
        await ana.page.clock.run_for(2000)
        told += sentences
        await api.expect(spoken(ana)).to_have_text(told[-5:], timeout=WITHIN)


async def test_a_change_of_the_connection_is_told_when_it_lasts(
    node: NodeProcess, relays: Relays, open_page: Open
) -> None:
    relay = await relays(node)
    ana = await open_page(relay.url)
    await ana.enter("ana")
    # The page may be connected again before anybody sees that it was not.
    async with ana.page.expect_event("websocket", timeout=WITHIN):
        relay.cut()
    await ana.connected()
    relay.close()
    away = re.compile(r"^Away for \d+ s, trying again$")
    await api.expect(spoken(ana)).to_have_text([away], timeout=WITHIN)
    await relay.open()
    await api.expect(spoken(ana)).to_have_text([away, "Connected again"], timeout=WITHIN)
