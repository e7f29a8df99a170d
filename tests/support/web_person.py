"""Somebody at a browser that shows the page. It needs the package playwright, and Chromium."""

import os
import re
import shutil
from typing import Any

import pytest

api = pytest.importorskip("playwright.async_api", reason="`make web` installs playwright")
CHROMIUM = os.environ.get("CHAT_CHROMIUM") or shutil.which("chromium")
needs_chromium = pytest.mark.skipif(
    CHROMIUM is None, reason="the page needs Chromium: on the PATH, or named by CHAT_CHROMIUM"
)
WITHIN = 20_000


class Person:
    """Somebody at a browser. ``faults`` are errors of the page, and what was forbidden to it."""

    def __init__(self, page: Any) -> None:
        self.page = page
        self.faults: list[str] = []
        page.set_default_timeout(WITHIN)
        page.on("pageerror", lambda error: self.faults.append(str(error)))
        page.on("dialog", lambda dialog: self.faults.append(f"dialog {dialog.message}"))
        page.on("console", self._said)

    def _said(self, message: Any) -> None:
        # A browser reports by itself that a node does not answer, or lets nobody in.
        is_about_the_node = message.location.get("url", "").endswith("/ws")
        refused = "ERR_CONNECTION_REFUSED" in message.text
        if message.type == "error" and not is_about_the_node and not refused:
            self.faults.append(message.text)

    async def enter(self, nick: str) -> None:
        """Enter the chat."""
        await self.page.get_by_role("textbox", name="Nick").fill(nick)
        await self.page.get_by_role("button", name="Enter the chat").click()
        await self.box.wait_for()
        await self.connected()

    async def connected(self, connected: bool = True) -> None:
        """Wait until the page says that it is connected, or is not."""
        status = self.page.get_by_role("status")
        await api.expect(status).to_have_attribute(
            "data-connected", str(connected).lower(), timeout=WITHIN
        )

    @property
    def box(self) -> Any:
        """The box for messages."""
        return self.page.get_by_role("textbox", name=re.compile("^Message "))

    async def say(self, text: str) -> None:
        """Send a message."""
        await self.box.fill(text)
        await self.box.press("Enter")

    async def sees(self, text: str) -> None:
        """Wait for a message."""
        row = self.page.get_by_role("log").locator("li[data-from]", has_text=text).first
        await row.wait_for()

    async def texts(self) -> list[str]:
        """Return the texts of the messages in the list."""
        found = self.page.get_by_role("log").locator("li[data-from] .text")
        return [str(text) for text in await found.all_text_contents()]

    async def kept(self, text: str) -> None:
        """Wait until a message of our own is kept."""
        row = self.page.get_by_role("log").locator('li[data-state="kept"]', has_text=text)
        await row.wait_for()
