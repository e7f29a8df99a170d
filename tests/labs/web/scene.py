"""What the tests of the page have in common."""

import asyncio
import sys
from collections.abc import Awaitable, Callable

from tests.labs.web.relay import Relay
from tests.support.node_process import ROOT, NodeProcess, environment
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
