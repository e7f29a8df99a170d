"""Chats of the SDK in a process of Node, which a test tells what to do; see tests/web/driver.js."""

import asyncio
import json
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
        self._reading: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        with self._log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                *(program(), str(ROOT / "tests/web/driver.js")),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=log,
                limit=_LINE_MOST,
            )
        self._reading = asyncio.create_task(self._read())
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.kill()
        assert self._reading is not None
        await self._reading
        print(self.log)

    def chat(self, name: str) -> "WebChat":
        """Return a chat of that name; its first call is ``connect``."""
        return self._chats.setdefault(name, WebChat(self, name))

    async def call(self, chat: str, call: str, args: list[Any]) -> Any:
        """Return the result of a call. Raises Failed."""
        number = next(self._numbers)
        answer: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._answers[number] = answer
        assert self.child.stdin is not None
        line = json.dumps({"n": number, "chat": chat, "call": call, "args": args})
        self.child.stdin.write(line.encode() + b"\n")
        async with asyncio.timeout(WITHIN):
            return await answer

    async def _read(self) -> None:
        assert self.child.stdout is not None
        while line := await self.child.stdout.readline():
            said = json.loads(line)
            if "chat" in said:
                self._chats[said["chat"]].take(said)
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
