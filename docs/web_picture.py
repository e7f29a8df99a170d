"""Takes docs/web.png and docs/web-phone.png: a talk in the browser, from a real run of a node.

    .venv/bin/python -m docs.web_picture [FOLDER]

It starts a node, lets the people of TALK say what stands there, and takes pictures of ana's page:
on a screen, and dark on a phone. The times in the pictures are those of the script, not of the
node. It needs playwright (`make web`) and Chromium.
"""

import asyncio
import json
import sys
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tests.support.lab import Lab
from tests.support.talker import Talker
from tests.support.web_person import Person, api, launch_options

ROOT = Path(__file__).parent.parent
TODAY = datetime(2026, 5, 8, 12, 15, tzinfo=UTC)
YESTERDAY = -1140
"""Minutes before ``TODAY``."""
TALK = (
    (
        "general",
        "bo",
        YESTERDAY,
        "The migration went through on all three nodes, no errors so far.",
    ),
    ("general", "carla", YESTERDAY + 2, "Nice. I'll watch the graphs overnight."),
    ("general", "carla", -14, "Night was quiet: p99 stayed below 40 ms."),
    ("general", "bo", -13, "Shall we ship it then?"),
    ("general", "ana", -12, "Yes. Notes are at https://wiki.example.org/release-14"),
    ("general", "dmitri", -11, "@ana I restarted node-2 meanwhile; did you notice anything?"),
    ("general", "ana", -10, "Not at all. Nothing lost, nothing twice."),
    ("ops", "dmitri", -8, "node-2 is back"),
    ("ops", "bo", -7, "@ana could you look at the alerts?"),
    ("design", "eva", -6, "New icons are in the folder"),
    ("@", "eva", -5, "Lunch at one?"),
    ("general", "bo", -3, "Rolling out now."),
    ("general", "bo", -2, "First node is done, its clients moved to the others."),
    ("general", "ana", -1, "Great, I'll write the announcement."),
)
"""Room (or @ for a private message to ana), author, minute before TODAY, text."""
ROOMS = ("general", "design", "ops")
SCREEN: dict[str, Any] = {"viewport": {"width": 1280, "height": 800}, "color_scheme": "light"}
PHONE: dict[str, Any] = {
    "viewport": {"width": 390, "height": 844},
    **{"color_scheme": "dark", "is_mobile": True, "has_touch": True},
}
LOOKS = (("web.png", SCREEN), ("web-phone.png", PHONE))


class Scripted:
    """Gives messages the times of the script, on their way from the node to the page."""

    def __init__(self) -> None:
        self.times = {text: minute for _, _, minute, text in TALK}

    def join(self, socket: Any) -> None:
        """Stand between a page and its node."""
        server = socket.connect_to_server()
        socket.on_message(server.send)
        server.on_message(lambda lines: socket.send(self.retimed(lines)))

    def retimed(self, lines: str) -> str:
        """Return the same lines with other times."""
        events = [json.loads(line) for line in lines.splitlines() if line]
        for event in events:
            for entry in [event, *event.get("messages", [])]:
                if "at" in entry:
                    entry["at"] = self.time_of(entry.get("text", ""))
        return "".join(json.dumps(event, ensure_ascii=False) + "\n" for event in events)

    def time_of(self, text: str) -> int:
        """Return when something was said, in milliseconds."""
        return round((TODAY.timestamp() + 60 * self.times.get(text, -15)) * 1000)


async def play(people: dict[str, Talker], ana: Person) -> None:
    """Let everybody say what stands in the script."""
    for number, (room, nick, _, text) in enumerate(TALK):
        if nick == "ana":
            await ana.say(text)
            await ana.kept(text)
        elif room == "@":
            people[nick].send("direct", to="ana", text=text, id=str(number))
            await people[nick].expect("ack", id=str(number))
        else:
            await people[nick].say(room, text, str(number))
            if room == "general":
                await ana.sees(text)


async def picture(browser: Any, file: Path, look: dict[str, Any]) -> None:
    """Play the talk to a new node, and take a picture of it."""
    async with AsyncExitStack() as ends:
        folder = ends.enter_context(TemporaryDirectory())
        lab = await ends.enter_async_context(Lab(Path(folder)))
        node = await lab.node(None, "--name", "node-1", "--web-port", "0")
        others = sorted({nick for _, nick, _, _ in TALK} - {"ana"})
        people = {nick: await lab.member(node.address, nick, rooms=list(ROOMS)) for nick in others}
        context = await browser.new_context(locale="en-GB", timezone_id="UTC", **look)
        ends.push_async_callback(context.close)
        await context.clock.install(time=TODAY)
        await context.route_web_socket("**/ws", Scripted().join)
        ana = Person(await context.new_page(), touches=look.get("has_touch", False))
        host, port = node.webs[0]
        await ana.page.goto(f"http://{host}:{port}/")
        await ana.enter("ana")
        for room in ROOMS[1:]:
            await ana.say(f"/join {room}")
            await ana.page.get_by_role("textbox", name=f"Message #{room}").wait_for()
        await ana.page.keyboard.press("Alt+ArrowUp")
        await ana.page.get_by_role("textbox", name="Message #general").wait_for()
        await play(people, ana)
        await ana.page.mouse.move(0, 0)
        await ana.page.screenshot(path=file, animations="disabled", caret="hide")
        if ana.faults:
            raise SystemExit(str(ana.faults))


async def take(folder: Path) -> None:
    """Take all pictures."""
    async with api.async_playwright() as playwright:
        browser = await playwright.chromium.launch(**launch_options())
        for name, look in LOOKS:
            await picture(browser, folder / name, look)
        await browser.close()


def main() -> None:
    """Take the pictures."""
    asyncio.run(take(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "docs"))


if __name__ == "__main__":
    main()
