"""The owner of an account, who logs in while others guess the password."""

import asyncio
import contextlib
import json
import sys
from pathlib import Path

from tests.labs.abuse.costly import OWNER, PASSWORD
from tests.support.node_process import ROOT, environment

EVERY = 1.0
"""Seconds between two times that the owner logs in."""
WITHIN = 5.0


async def make_account(accounts: Path, root: Path = ROOT) -> None:
    """Write the owner's account into a file."""
    words = ("-m", "node", "account", "add", OWNER, "--accounts", str(accounts))
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, *words),
        cwd=root,
        env=environment(),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.DEVNULL,
    )
    await process.communicate(PASSWORD.encode() + b"\n")
    assert await process.wait() == 0, "no account could be made"


async def logs_in(address: tuple[str, int], source: str) -> str:
    """Log in with the right password, and quit; return the type or the code of the answer."""
    with contextlib.suppress(OSError, TimeoutError):
        async with asyncio.timeout(WITHIN):
            reader, writer = await asyncio.open_connection(*address, local_addr=(source, 0))
            try:
                hello = {"type": "hello", "nick": OWNER, "password": PASSWORD, "rooms": []}
                writer.write(json.dumps(hello).encode() + b"\n")
                event = json.loads(await reader.readline() or b'{"type":"closed"}')
                writer.write(b'{"type":"quit"}\n')
                await reader.read()
                return str(event.get("code", event["type"]))
            finally:
                writer.transport.abort()
    return "no answer"
