"""The filter of a test: its input, its output and its errors."""

import asyncio
from collections.abc import AsyncIterator

from client.api.chat import Chat
from client.cli import filter_mode
from client.cli.options import Options, parse_options
from tests.support.scripted import Peer, ScriptedNode
from wire import messages as m


class Outside:
    """What stands around a pipe: standard output, standard error, and the command line."""

    def __init__(self, node: ScriptedNode, *arguments: str) -> None:
        self.options: Options = parse_options([node.address, *arguments])
        self.chat: Chat = filter_mode.open_chat(self.options, "login", lambda: 0.1234)
        self.out = b""
        self.errors: list[str] = []
        self.is_closed = False
        self.printed = asyncio.Event()

    async def write(self, data: bytes) -> None:
        """Standard output."""
        if self.is_closed:
            raise BrokenPipeError
        self.out += data
        self.printed.set()

    def say(self, *lines: bytes | None) -> asyncio.Task[int]:
        """Run the filter over these lines."""
        return asyncio.create_task(
            filter_mode.send(self.chat, self.options, queue(lines), self.write, self.errors.append)
        )

    def listen(self) -> asyncio.Task[int]:
        """Run the listener."""
        return asyncio.create_task(
            filter_mode.listen(self.chat, self.options, self.write, self.errors.append)
        )


async def queue(lines: tuple[bytes | None, ...]) -> AsyncIterator[bytes | None]:
    """Lines as standard input gives them."""
    for line in lines:
        yield line


async def bid_farewell(peer: Peer) -> None:
    """Let the client quit."""
    await peer.expect(m.Quit)
    peer.say(m.Bye(reason="quit"))
