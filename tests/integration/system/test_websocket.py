"""Clients over WebSocket share rooms with those over TCP, on a running node."""

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from tests.support.lab import Lab, fresh
from tests.support.markdown import blocks
from tests.support.node_process import NodeProcess
from tests.support.web import get, ready

PAGE = Path(__file__).parents[3] / "docs/protocol.md"
WITHIN = 20.0


class WebTalker:
    """A client over WebSocket, written from docs/protocol.md."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection
        self.events: list[dict[str, Any]] = []

    async def send(self, type: str, **fields: Any) -> None:
        await self.connection.send(json.dumps({"type": type, **fields}))

    async def expect(self, type: str, **fields: Any) -> dict[str, Any]:
        """Return the next event of a type with these fields; others are dropped."""
        async with asyncio.timeout(WITHIN):
            while True:
                while self.events:
                    event = self.events.pop(0)
                    if event["type"] == type and fields.items() <= event.items():
                        return event
                frame = str(await self.connection.recv())
                self.events += [json.loads(line) for line in frame.split("\n") if line]


def websocket(node: NodeProcess, number: int = 0, **options: Any) -> connect:
    host, port = node.webs[number]
    return connect(f"ws://{host}:{port}/ws", compression=None, proxy=None, **options)


async def test_both_kinds_of_clients_share_a_room_and_a_session_may_change_between_them(
    lab: Lab,
) -> None:
    node = await lab.node(None, "--nodes", "2", "--web-port", "0")
    room, key = fresh("room"), "k" * 20
    ana = await lab.member(node.address, "ana", rooms=[room])
    async with websocket(node, 1) as connection:
        bo = WebTalker(connection)
        await bo.send("hello", nick="bo", rooms=[room], key=key, attempt=1)
        position = (await bo.expect("joined", room=room))["position"]
        await ana.expect("entered", nick="bo")
        await ana.say(room, "hi", "1")
        assert (await bo.expect("message", room=room))["text"] == "hi"
        await bo.send("send", room=room, text="hé\u2028llo", id="2")
        await bo.expect("ack", id="2")
        await ana.expect("message", text="hé\u2028llo")
    tcp = await lab.connect(node.address)
    tcp.send("hello", nick="bo", key=key, attempt=2, positions={room: position})
    assert (await tcp.expect("welcome"))["resumed"]
    assert [(await tcp.expect("message"))["text"] for _ in "12"] == ["hi", "hé\u2028llo"]


async def test_a_node_that_drains_says_so_in_the_close_frame(lab: Lab) -> None:
    node = await lab.node(None, "--web-port", "0", "--drain", "0.2")
    async with websocket(node) as connection:
        bo = WebTalker(connection)
        await bo.send("hello", nick="bo", key="k" * 20)
        await bo.expect("joined")
        node.terminate()
        await bo.expect("move")
        await bo.expect("bye", reason="draining")
        with pytest.raises(ConnectionClosed) as end:
            await connection.recv()
        assert end.value.rcvd is not None and end.value.rcvd.code == 4000
    assert await node.wait() == 0


async def test_a_page_of_a_sibling_port_may_connect_and_a_strangers_may_not(lab: Lab) -> None:
    node = await lab.node(None, "--nodes", "2", "--web-port", "0")
    host, port = node.webs[1]
    async with websocket(node, origin=f"http://{host}:{port}"):
        pass
    with pytest.raises(Exception, match="403"):
        async with websocket(node, origin="http://evil.example"):
            pass


async def test_health_and_metrics_are_not_on_the_web_port(lab: Lab) -> None:
    node = await lab.node(None, "--web-port", "0", "--http-port", "0", "--web-origins", "any")
    await ready(node.http)
    for path in ("/metrics", "/healthz", "/readyz"):
        assert (await get(node.http, path))[0] == 200
        assert (await get(node.webs[0], path, "Connection: close"))[0] == 404
    async with websocket(node):
        _, metrics = await get(node.http, "/metrics")
    name = next(line for line in metrics.splitlines() if line.startswith("chat_websockets{"))
    assert name.endswith(" 1.0")
    assert 'status="404"} 3.0' in metrics


async def test_the_example_of_the_documentation_works(lab: Lab) -> None:
    node = await lab.node(None, "--web-port", "0")
    (example,) = blocks(PAGE.read_text("utf-8"), "python")
    host, port = node.webs[0]
    ana = await lab.member(node.address, "ana", rooms=["general"])
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", example.replace("localhost:8080", f"{host}:{port}"))
    )
    await ana.expect("message", from_="robot", text="Hello.")
    async with asyncio.timeout(WITHIN):
        assert await process.wait() == 0
