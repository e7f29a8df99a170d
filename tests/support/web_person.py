"""Somebody at a browser that shows the page. It needs the package playwright, and Chromium."""

import os
import re
import shutil
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import pytest

api: Any = import_module("playwright.async_api") if find_spec("playwright") else None
CHROMIUM = os.environ.get("CHAT_CHROMIUM") or shutil.which("chromium")
MISSING = (
    "the page needs playwright, which `make web` installs"
    if api is None
    else "the page needs Chromium: on the PATH, or named by CHAT_CHROMIUM" if not CHROMIUM else ""
)
# CI has both, so there nothing is skipped: `launch_options` fails.
needs_chromium = pytest.mark.skipif(bool(MISSING) and not os.environ.get("CI"), reason=MISSING)
WITHIN = 45_000
"""Milliseconds to wait for what is to come: far above what it takes, for machines that are busy."""
NETWORK = re.compile(r"^WebSocket connection to '[^']*' failed|^Failed to load .*net::ERR_")
WATCH = """
addEventListener("securitypolicyviolation", (event) =>
  console.error(`forbidden by ${event.violatedDirective}: ${event.blockedURI} ${event.sample}`));
"""


def launch_options() -> dict[str, Any]:
    """Return how Chromium is started; without it, fail."""
    if MISSING:
        pytest.fail(f"{MISSING}; .ci/run installs both")
    # Its sandbox refuses to work for root.
    args = ["--no-sandbox"] if os.geteuid() == 0 else []
    return {"executable_path": CHROMIUM, "args": args}


class Person:
    """Somebody at a browser, perhaps one with a touch screen.

    ``faults`` are errors of the page, and what was forbidden to it.
    """

    def __init__(self, page: Any, touches: bool = False) -> None:
        self.page = page
        self.touches = touches
        self.faults: list[str] = []
        page.set_default_timeout(WITHIN)
        page.on("pageerror", lambda error: self.faults.append(str(error)))
        page.on("crash", lambda _: self.faults.append("the page crashed"))
        page.on("dialog", lambda dialog: self.faults.append(f"dialog {dialog.message}"))
        page.on("console", self._said)

    def _said(self, message: Any) -> None:
        # A browser reports by itself that a node cannot be reached, or lets nobody in.
        is_about_the_node = message.location.get("url", "").endswith("/ws")
        is_about_the_network = NETWORK.search(message.text)
        if message.type == "error" and not is_about_the_node and not is_about_the_network:
            self.faults.append(message.text)

    # What is to be seen

    @property
    def log(self) -> Any:
        """The list of messages."""
        return self.page.get_by_role("log")

    @property
    def rooms(self) -> Any:
        """The list of rooms and people."""
        return self.page.get_by_role("navigation", name="Rooms")

    @property
    def status(self) -> Any:
        """The line about the connection."""
        return self.page.get_by_role("status")

    @property
    def box(self) -> Any:
        """The box for messages."""
        return self.page.get_by_role("textbox", name=re.compile("^Message "))

    def own(self, state: str) -> Any:
        """The messages of our own in a state: waiting, kept, refused, unknown."""
        return self.log.locator(f'li[data-state="{state}"]')

    def row(self, text: str) -> Any:
        """The rows of the list with a text."""
        return self.log.locator("li", has_text=text)

    def button(self, name: str | re.Pattern[str]) -> Any:
        """A button, by its whole name."""
        return self.page.get_by_role("button", name=name, exact=True)

    async def texts(self) -> list[str]:
        """Return the texts of the messages in the list."""
        found = self.log.locator("li[data-from] .text")
        return [str(text) for text in await found.all_text_contents()]

    # What a person does

    async def enter(self, nick: str) -> None:
        """Enter the chat."""
        await self.page.get_by_role("textbox", name="Nick").fill(nick)
        await self.button("Enter the chat").click()
        await self.box.wait_for()
        await self.connected()

    async def say(self, text: str) -> None:
        """Send a message."""
        await self.box.fill(text)
        # On a touch screen Enter is a new line.
        await (self.button("Send").click() if self.touches else self.box.press("Enter"))

    async def stop_clock(self) -> None:
        """Let the time of the page stand still, but for what its clock is told to run."""
        now: float = await self.page.evaluate("Date.now() / 1000")
        await self.page.clock.pause_at(now + 0.1)

    # What is waited for

    async def connected(self, connected: bool = True) -> None:
        """Wait until the page says that it is connected, or is not."""
        await api.expect(self.status).to_have_attribute(
            "data-connected", str(connected).lower(), timeout=WITHIN
        )

    async def told(self, words: str | re.Pattern[str]) -> None:
        """Wait until the line about the connection has these words."""
        await api.expect(self.status).to_have_text(words, timeout=WITHIN)

    async def sees(self, text: str) -> None:
        """Wait for a message."""
        row = self.log.locator("li[data-from]", has_text=text).first
        await row.wait_for()

    async def shows(self, texts: list[str]) -> None:
        """Wait until these are the messages in the list."""
        found = self.log.locator("li[data-from] .text")
        await api.expect(found).to_have_text(texts, timeout=WITHIN, use_inner_text=False)

    async def kept(self, text: str) -> None:
        """Wait until a message of our own is kept."""
        await self.own("kept").filter(has_text=text).wait_for()

    async def until(self, condition: str) -> None:
        """Wait until a function in JavaScript returns true.

        Not by ``wait_for_function``: that polls by ``eval``, which the page's policy forbids.
        """
        pause = "await new Promise((resolve) => setTimeout(resolve, 20))"
        await self.page.evaluate(f"async () => {{ while (!(await ({condition})())) {pause}; }}")

    async def counts(self, found: Any, number: int) -> None:
        """Wait until so many elements are there."""
        await api.expect(found).to_have_count(number, timeout=WITHIN)
