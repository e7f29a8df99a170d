"""Chats of the SDK in a process of Node, which a test tells what to do; see tests/web/driver.js."""

import asyncio
import json
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any, Self

from tests.support.node_js import ROOT, program
from tests.support.node_process import NodeProcess
from tests.support.processes import Process

WITHIN = 30.0
_LINE_MOST = 2**24


class Failed(Exception):
    """A call failed; ``error`` has the fields of the SDK's error."""

    def __init__(self, error: dict[str, Any]) -> None:
        super().__init__(error)
        self.error = error


def addresses(*nodes: NodeProcess) -> list[str]:
    """Return the WebSocket addresses of nodes."""
    return [f"ws://{host}:{port}/ws" for node in nodes for host, port in node.webs]


class WebChats(Process):
    """The process; ``chat`` returns one of its chats."""

    def __init__(self, log: Path) -> None:
        super().__init__(log)
        self._numbers = count(1)
        self._answers: dict[int, asyncio.Future[Any]] = {}
        self._chats: dict[str, WebChat] = {}
        self._listeners: dict[str, Callable[[dict[str, Any]], None]] = {}
        self._reading: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()
        print(self.log)

    async def start(self) -> None:
        """Start it."""
        with self._log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                *(program(), str(ROOT / "tests/web/driver.js")),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=log,
                limit=_LINE_MOST,
            )
        self._reading = asyncio.create_task(self._read())

    async def stop(self) -> None:
        """End it."""
        await self.kill()
        assert self._reading is not None
        await self._reading

    def chat(self, name: str) -> "WebChat":
        """Return a chat of that name; its first call is ``connect``."""
        if name not in self._chats:
            self._chats[name] = WebChat(self, name)
            self.listen(name, self._chats[name].take)
        return self._chats[name]

    def listen(self, name: str, listener: Callable[[dict[str, Any]], None]) -> None:
        """Pass what the driver says of a chat to a function."""
        self._listeners[name] = listener

    def tell(self, chat: str, call: str, *args: Any) -> "asyncio.Future[Any]":
        """Make a call; return a future of its result, which may raise Failed."""
        number = next(self._numbers)
        answer: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        # Who does not wait for it need not hear of its failure.
        answer.add_done_callback(lambda done: done.cancelled() or done.exception())
        self._answers[number] = answer
        assert self.child.stdin is not None
        line = json.dumps({"n": number, "chat": chat, "call": call, "args": args})
        self.child.stdin.write(line.encode() + b"\n")
        return answer

    async def call(self, chat: str, call: str, args: list[Any]) -> Any:
        """Return the result of a call. Raises Failed."""
        async with asyncio.timeout(WITHIN):
            return await self.tell(chat, call, *args)

    async def _read(self) -> None:
        assert self.child.stdout is not None
        while line := await self.child.stdout.readline():
            said = json.loads(line)
            if "chat" in said:
                self._listeners[said["chat"]](said)
            elif not (answer := self._answers.pop(said["n"])).done():
                if "error" in said:
                    answer.set_exception(Failed(said["error"]))
                else:
                    answer.set_result(said["result"])
        for answer in self._answers.values():
            answer.cancel()


class WebChat:
    """One chat, and the events that it got."""

    def __init__(self, process: WebChats, name: str) -> None:
        self._process = process
        self._name = name
        self._news = asyncio.Event()
        self._seen = 0
        self.received: list[dict[str, Any]] = []

    def take(self, said: dict[str, Any]) -> None:
        """Take what the driver said of this chat."""
        self.received.append(said)
        self._news.set()

    @property
    def shown(self) -> list[dict[str, Any]]:
        """The events that a reader sees."""
        return [said["event"] for said in self.received if said.get("show")]

    def texts(self, room: str) -> list[str]:
        """The texts of the messages in a room, in order."""
        return [
            event["text"]
            for event in self.shown
            if event["type"] == "message" and event["room"] == room
        ]

    async def connect(self, to: list[str], **options: Any) -> None:
        """Connect; wait until it is ready. Raises Failed."""
        await self.call("connect", to, options)
        await self.call("ready")

    async def call(self, call: str, *args: Any) -> Any:
        """Return the result of a method. Raises Failed."""
        return await self._process.call(self._name, call, list(args))

    async def expect(self, type: str, **fields: Any) -> dict[str, Any]:
        """Return the next event of a type with these fields."""
        async with asyncio.timeout(WITHIN):
            while True:
                while self._seen < len(self.received):
                    said = self.received[self._seen]
                    self._seen += 1
                    event: dict[str, Any] = said.get("event") or {}
                    if event.get("type") == type and fields.items() <= event.items():
                        return event
                await self._wait()

    async def ended(self) -> dict[str, Any] | None:
        """Wait for the end of the chat; return the error that ended it."""
        async with asyncio.timeout(WITHIN):
            while True:
                for said in self.received:
                    if "ended" in said:
                        error: dict[str, Any] | None = said["ended"]
                        return error
                await self._wait()

    async def _wait(self) -> None:
        self._news.clear()
        await self._news.wait()
