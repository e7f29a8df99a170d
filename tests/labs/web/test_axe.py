"""axe-core finds nothing on any view, in both themes, on a wide screen and on a phone."""

import json
from importlib import import_module
from typing import Any

import pytest

from tests.labs.web.scene import Open, Relays, bo_enters, command
from tests.support.lab import Lab
from tests.support.web_person import Person

TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22a", "wcag22aa", "best-practice"]
OPTIONS = {"resultTypes": ["violations"], "runOnly": TAGS}
LOOKS = [(theme, width) for theme in ("light", "dark") for width in (1280, 360)]


class Checker:
    """Looks at one view after the other, and remembers what is wrong with them."""

    def __init__(self, person: Person) -> None:
        self.person = person
        self.axe = import_module("axe_playwright_python.async_playwright").Axe()
        self.found: list[str] = []
        self.looked = 0

    async def look(self, view: str) -> None:
        """Look at what is shown."""
        results = await self.axe.run(self.person.page, options=OPTIONS)
        for violation in results.response["violations"]:
            places = [json.dumps(node["html"])[:120] for node in violation["nodes"][:3]]
            self.found.append(f"{view}: {violation['id']}: {violation['help']}: {places}")
        self.looked += 1


@pytest.mark.parametrize(("theme", "width"), LOOKS, ids=lambda each: str(each))
async def test_axe_finds_nothing(
    lab: Lab, relays: Relays, open_page: Open, tmp_path: Any, theme: str, width: int
) -> None:
    accounts = tmp_path / "accounts"
    await command("account", "add", "owner", "--accounts", str(accounts), typed="open sesame\n")
    node = await lab.node(None, "--web-port", "0", "--accounts", str(accounts), "--rate", "4/40")
    relay = await relays(node)
    # Colours are judged at rest.
    how: dict[str, Any] = {"color_scheme": theme, "reduced_motion": "reduce"}
    how |= {"viewport": {"width": width, "height": 740}}
    if width < 900:
        how |= {"is_mobile": True, "has_touch": True}
    ana = await open_page(relay.url, **how)
    checker = Checker(ana)
    await entrance(ana, checker)
    bo = await bo_enters(lab, node)
    await lab.member(node.address, "owner", rooms=["general"], password="open sesame")
    await conversation(ana, checker, bo)
    await parts(ana, checker)
    await failures(ana, checker, relay)
    await dialogs(ana, checker, width)
    assert not checker.found, "\n".join(checker.found)
    assert checker.looked >= 10


async def entrance(ana: Person, checker: Checker) -> None:
    """The card, as it is at first, and with everything that it may ask for."""
    await ana.page.get_by_role("textbox", name="Nick").wait_for()
    await checker.look("entrance")
    await ana.page.get_by_role("textbox", name="Nick").fill("owner")
    await ana.button("Enter the chat").click()
    await ana.page.get_by_role("textbox", name="Password").wait_for()
    await ana.page.get_by_role("alert").filter(has_text="account").wait_for()
    await checker.look("entrance with a password")
    await ana.enter("ana")


async def conversation(ana: Person, checker: Checker, bo: Any) -> None:
    """A room with rows of all kinds, an empty room, and a private talk."""
    await checker.look("an empty room")
    await bo.say("general", "hello https://example.org/ there", "1")
    await bo.say("general", "@ana look", "2")
    await bo.say("general", "waves", "3", kind="action")
    await bo.say("general", "long\n" * 40, "4")
    await ana.say("mine")
    await ana.kept("mine")
    await ana.log.get_by_role("button", name="Show all").wait_for()
    await checker.look("a room")
    await ana.say("/help")
    await ana.page.get_by_text("/create ROOM").first.wait_for()
    await checker.look("a notice")
    await ana.say("/msg bo psst")
    await ana.page.get_by_role("textbox", name="Message bo").wait_for()
    await ana.kept("psst")
    await checker.look("a person")
    bo.send("direct", to="ana", text="psst yourself", id="5")
    await ana.sees("psst yourself")


async def parts(ana: Person, checker: Checker) -> None:
    """What opens beside the messages: the search, the menus, a card, and names to choose from."""
    await ana.button("Search").click()
    await ana.page.get_by_role("searchbox").fill("psst")
    await ana.page.get_by_role("search").get_by_role("listitem").first.wait_for()
    await checker.look("search")
    await ana.page.keyboard.press("Escape")
    await ana.button("More about bo").click()
    await ana.page.get_by_role("menu").wait_for()
    await checker.look("the menu of a person")
    await ana.page.keyboard.press("Escape")
    await ana.log.locator("li", has_text="psst yourself").focus()
    await ana.page.keyboard.press("Enter")
    await ana.page.get_by_role("menuitem", name="About bo").wait_for()
    await checker.look("the menu of a message")
    await ana.page.get_by_role("menuitem", name="About bo").click()
    await ana.page.get_by_role("dialog", name="bo").wait_for()
    await checker.look("a card")
    await ana.page.keyboard.press("Escape")
    await ana.box.press_sequentially("@b")
    await ana.page.get_by_role("option", name="bo").wait_for()
    await checker.look("names to choose from")
    await ana.box.fill("")


async def failures(ana: Person, checker: Checker, relay: Any) -> None:
    """Messages that wait, or were refused; a text that is too long; and no connection."""
    await ana.say("/msg nobody-here hello")
    await ana.page.get_by_role("textbox", name="Message nobody-here").wait_for()
    await ana.counts(ana.own("refused"), 1)
    await checker.look("a refused message")
    relay.close()
    await ana.connected(False)
    await ana.say("waiting")
    await ana.log.get_by_text("◌ waiting").wait_for()
    await ana.box.fill("too long " * 500)
    await ana.button("Send as 2 messages").wait_for()
    await checker.look("away")
    await ana.box.fill("")
    await relay.open()
    await ana.connected()


async def dialogs(ana: Person, checker: Checker, width: int) -> None:
    """The other panes of a phone, and the dialogs."""
    if width < 900:
        await ana.button("Back to the rooms").click()
        await checker.look("rooms")
    await ana.button("Settings").click()
    await checker.look("settings")
    await ana.page.get_by_role("dialog").get_by_role("button", name="Close").click()
    await ana.button("Create or join a room").click()
    await ana.page.get_by_role("combobox").fill("ge")
    await ana.page.get_by_role("option", name="general").first.wait_for()
    await checker.look("go to")
    await ana.page.get_by_role("dialog").get_by_role("button", name="Close").click()
    await ana.rooms.get_by_role("button", name="general").click()
    if width < 900:
        await ana.page.get_by_title("Show members").click()
    await ana.page.get_by_role("complementary", name="Members").wait_for()
    await checker.look("members")
