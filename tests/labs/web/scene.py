"""What the tests of the page have in common."""

import asyncio
import sys
from collections.abc import Awaitable, Callable, Iterable
from typing import Any

from tests.labs.web.relay import Relay
from tests.support.lab import Lab
from tests.support.node_process import ROOT, NodeProcess, environment
from tests.support.talker import Talker
from tests.support.web_person import Person

Open = Callable[..., Awaitable[Person]]
"""Opens the page of a node, or at an address; or another tab of a person."""
Relays = Callable[..., Awaitable[Relay]]
"""Opens a relay to nodes."""
OUTSIDE = """[...document.querySelectorAll("body *")]
  .filter((each) => each.checkVisibility())
  .map((each) => [each.getBoundingClientRect(), each])
  .filter(([box]) => box.left < -1 || box.right > innerWidth + 1)
  .map(([box, each]) => `${box.left} to ${box.right}: ${each.outerHTML.slice(0, 80)}`)"""
"""Returns what is not wholly between the left and the right edge of the window."""


def url_of(node: NodeProcess, number: int = 0) -> str:
    """Return the address of a node's page."""
    host, port = node.webs[number]
    return f"http://{host}:{port}/"


async def with_clock(open_page: Open, url: str, script: str = "") -> Person:
    """Open a page whose clock the test can move; ``script`` runs before those of the page."""
    person = await open_page("about:blank")
    await person.page.clock.install()
    if script:
        await person.page.add_init_script(script)
    await person.page.goto(url)
    return person


async def two(open_page: Open, *places: str | NodeProcess | Person) -> tuple[Person, Person]:
    """Let ana and bo enter, each at a place of their own, or both at the same one.

    A place is a node, the address of a page, or an open page.
    """
    ana, bo = [
        place if isinstance(place, Person) else await open_page(place)
        for place in (places[0], places[-1])
    ]
    await ana.enter("ana")
    await bo.enter("bo")
    return ana, bo


async def bo_enters(lab: Lab, node: NodeProcess, says: Iterable[str] = ()) -> Talker:
    """Let bo, who has no browser, enter the room general and say something there."""
    bo = await lab.member(node.address, "bo", rooms=["general"])
    for number, text in enumerate(says):
        await bo.say("general", text, f"before {number}")
    return bo


async def reads(
    lab: Lab, open_page: Open, node: NodeProcess, texts: Iterable[str], **options: Any
) -> tuple[Person, Talker]:
    """Let bo say something, and ana enter then and see the last of it."""
    texts = list(texts)
    bo = await bo_enters(lab, node, texts)
    ana = await open_page(node, **options)
    await ana.enter("ana")
    await ana.sees(texts[-1].split("\n")[0])
    return ana, bo


async def creates(person: Person, room: str) -> None:
    """Let somebody create a room, and be in it."""
    await person.say(f"/create {room}")
    await person.page.get_by_role("textbox", name=f"Message #{room}").wait_for()


async def command(*words: str, typed: str = "", **variables: str) -> None:
    """Run a command of chat-node that succeeds."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "node", *words),
        cwd=ROOT,
        env=environment(**variables),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await process.communicate(typed.encode())
    assert process.returncode == 0, output
