"""The whole SDK in Node, with real nodes."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support.lab import Lab, fresh, key
from tests.support.markdown import blocks
from tests.support.node_js import ROOT, SDK, needs_node_js, program
from tests.support.node_process import NodeProcess
from tests.support.redis_server import RedisServer
from tests.support.web_chats import Failed, WebChats, addresses

pytestmark = needs_node_js


@pytest.fixture
async def chats(tmp_path: Path) -> AsyncIterator[WebChats]:
    """A process of Node."""
    async with WebChats(tmp_path / "driver.log") as chats:
        yield chats


@pytest.fixture
async def node(lab: Lab) -> NodeProcess:
    """A node with its own broker."""
    return await lab.node(None, "--web-port", "0")


@pytest.fixture
async def redis(lab: Lab) -> RedisServer:
    """A broker for two nodes."""
    return await lab.redis()


async def test_the_example_of_the_documentation_works(
    lab: Lab, node: NodeProcess, tmp_path: Path
) -> None:
    (example,) = blocks((ROOT / "docs/sdk.md").read_text("utf-8"), "js")
    host, port = node.webs[0]
    bot = tmp_path / "bot.mjs"
    bot.write_text(
        example.replace("localhost:8080", f"{host}:{port}").replace("./sdk", SDK.as_uri())
    )
    ana = await lab.member(node.address, "ana", rooms=["lab"])
    process = await asyncio.create_subprocess_exec(program(), str(bot))
    try:
        await ana.expect("entered", nick="echo")
        await ana.say("lab", "hello there", "1")
        await ana.expect("message", from_="echo", text="hello there")
    finally:
        process.kill()
        await process.wait()


async def test_requests_return_the_nodes_answers(node: NodeProcess, chats: WebChats) -> None:
    ana, room = chats.chat("ana"), fresh("room")
    await ana.connect(addresses(node), nick="ana", rooms=[room])
    ack = await ana.call("send", room, "hi", {"kind": "action"})
    assert ack["type"] == "ack" and ack["room"] == room
    history = await ana.call("history", room, {"limit": 5})
    assert [(past["text"], past["kind"]) for past in history["messages"]] == [("hi", "action")]
    assert (await ana.call("members", room))["members"] == ["ana"]
    assert {"room": room, "members": 1} in (await ana.call("listRooms"))["rooms"]
    assert (await ana.call("create", "tea"))["created"]
    assert (await ana.call("leave", "tea"))["nick"] == "ana"
    assert (await ana.call("join", "tea", {"history": 5}))["messages"] == []
    assert (await ana.call("rename", "anna"))["from"] == "ana"
    assert (await ana.call("direct", "anna", "psst"))["to"] == "anna"
    await ana.expect("direct", text="psst")
    state = await ana.call("state")
    assert (state["nick"], state["rooms"]) == ("anna", [room, "tea"])
    assert set(state["positions"]) == {room, "tea", "@"} and state["isConnected"]
    assert state["waiting"] == []


async def test_a_refused_request_fails_with_its_code(node: NodeProcess, chats: WebChats) -> None:
    ana = chats.chat("ana")
    await ana.connect(addresses(node), nick="ana")
    for code, call, *args in (
        ("no-such-room", "join", "nowhere"),
        ("empty-text", "send", "general", " "),
        ("not-in-room", "send", "nowhere", "hi"),
        ("line-too-long", "join", "x" * 20_000),
        ("bad-request", "join", "\ud800"),
    ):
        with pytest.raises(Failed) as failed:
            await ana.call(call, *args)
        assert (failed.value.error["name"], failed.value.error["code"]) == ("Refused", code)


async def test_a_taken_nick_is_refused_or_changed(node: NodeProcess, chats: WebChats) -> None:
    await chats.chat("first").connect(addresses(node), nick="ana")
    with pytest.raises(Failed) as failed:
        await chats.chat("second").connect(addresses(node), nick="ana")
    assert (failed.value.error["name"], failed.value.error["code"]) == ("NickRefused", "nick-taken")
    assert await chats.chat("second").ended() == failed.value.error
    await chats.chat("third").connect(addresses(node), nick="ana", rename=True)
    assert (await chats.chat("third").call("state"))["nick"].startswith("ana-")


async def test_close_ends_the_session(lab: Lab, node: NodeProcess, chats: WebChats) -> None:
    bo, ana = await lab.member(node.address, "bo"), chats.chat("ana")
    await ana.connect(addresses(node), nick="ana")
    await ana.call("close")
    assert await ana.ended() is None
    await bo.expect("left", nick="ana", reason="quit")
    with pytest.raises(Failed) as failed:
        await ana.call("send", "general", "hi")
    assert failed.value.error["name"] == "ChatError"


async def test_with_a_key_close_keeps_the_session(node: NodeProcess, chats: WebChats) -> None:
    secret, bo, ana = key(), chats.chat("bo"), chats.chat("ana")
    await bo.connect(addresses(node), nick="bo")
    await ana.connect(addresses(node), nick="ana", key=secret)
    positions = (await ana.call("state"))["positions"]
    await ana.call("close")
    await bo.call("send", "general", "are you there?")
    again = chats.chat("again")
    await again.connect(addresses(node), nick="x", key=secret, positions=positions)
    assert (await again.expect("welcome", resumed=True))["nick"] == "ana"
    await again.expect("message", text="are you there?")
    assert not [event for event in bo.shown if event["type"] == "left"]


async def test_an_iterator_gives_each_event_once_and_ends_with_the_chat(
    node: NodeProcess, chats: WebChats
) -> None:
    ana = chats.chat("ana")
    await ana.connect(addresses(node), nick="ana")
    await ana.call("send", "general", "one")
    events = await ana.call("take", 4)
    assert sorted(event["type"] for event in events) == ["ack", "joined", "message", "welcome"]
    await ana.call("close")
    assert [event and event["type"] for event in await ana.call("take", 9)] == ["bye", None]


async def test_a_node_that_ends_the_session_ends_the_chat(
    node: NodeProcess, chats: WebChats
) -> None:
    first, second, secret = chats.chat("first"), chats.chat("second"), key()
    await first.connect(addresses(node), nick="ana", key=secret)
    await second.connect(addresses(node), nick="ana", key=secret)
    error = await first.ended()
    assert error and (error["name"], error["reason"]) == ("Ended", "replaced")
    assert first.received[-2]["end"]


async def test_without_a_node_the_patience_ends(chats: WebChats) -> None:
    with pytest.raises(Failed) as failed:
        await chats.chat("ana").connect(["ws://127.0.0.1:9/ws"], nick="ana", patience=0.5)
    assert failed.value.error["name"] == "Unreachable"
    assert [event["type"] for event in chats.chat("ana").shown] == ["away"]


async def test_a_full_node_says_why_and_when(lab: Lab, chats: WebChats) -> None:
    node = await lab.node(None, "--web-port", "0", "--max-clients", "1")
    host, port = node.webs[0]
    await lab.member(node.address, "bo")
    ana = chats.chat("ana")
    await ana.call("connect", addresses(node), {"nick": "ana", "base": f"http://{host}:{port}/"})
    why = "This node is full; try another node, or try later."
    assert (await ana.expect("away", why=why))["after"] >= 1


@pytest.mark.timeout(180)
async def test_nothing_is_lost_or_doubled_when_a_node_is_killed(
    lab: Lab, redis: RedisServer, chats: WebChats
) -> None:
    nodes = [await lab.node(redis, "--web-port", "0") for _ in "12"]
    room, ana, bo = fresh("room"), chats.chat("ana"), chats.chat("bo")
    await ana.connect(addresses(*nodes), nick="ana", rooms=[room])
    await bo.connect(addresses(*reversed(nodes)), nick="bo", rooms=[room])
    for number in range(40):
        await ana.call("post", {"room": room, "text": str(number)})
        await bo.call("post", {"room": room, "text": str(number)})
        if number == 10:
            await nodes[0].kill()
    await ana.expect("away")
    await ana.expect("welcome", resumed=True)
    acks = asyncio.gather(ana.call("send", room, "end"), bo.call("send", room, "end"))
    await acks
    await ana.call("history", room)  # its answer comes after what was said before it
    await bo.call("history", room)
    assert ana.texts(room) == bo.texts(room)
    for nick in ("ana", "bo"):
        said = [
            event["text"]
            for event in bo.shown
            if event["type"] == "message" and event["from"] == nick
        ]
        assert said == [*map(str, range(40)), "end"]
    assert not [event for event in bo.shown if event["type"] == "away"]


async def test_a_draining_node_hands_its_clients_over(
    lab: Lab, redis: RedisServer, chats: WebChats
) -> None:
    nodes = [await lab.node(redis, "--web-port", "0", "--drain", "3") for _ in "12"]
    room, ana = fresh("room"), chats.chat("ana")
    await ana.connect(addresses(*nodes), nick="ana", rooms=[room])
    first = (await ana.call("state"))["node"]
    nodes[0].terminate()
    await ana.expect("move")
    for number in range(20):
        await ana.call("post", {"room": room, "text": str(number)})
    welcome = await ana.expect("welcome", resumed=True)
    assert welcome["node"] != first
    await ana.call("send", room, "end")
    await ana.call("history", room)
    assert ana.texts(room) == [*map(str, range(20)), "end"]
    assert not [event for event in ana.shown if event["type"] in ("away", "bye")]


async def test_a_node_that_hangs_is_left(lab: Lab, redis: RedisServer, chats: WebChats) -> None:
    nodes = [await lab.node(redis, "--web-port", "0") for _ in "12"]
    ana = chats.chat("ana")
    await ana.connect(addresses(*nodes), nick="ana")
    nodes[0].pause()
    await ana.call("post", {"room": "general", "text": "hello?"})
    await ana.expect("away")
    await ana.expect("welcome", resumed=True)
    await ana.expect("message", text="hello?")
    nodes[0].resume()


@pytest.mark.timeout(180)
async def test_a_store_keeps_the_session_and_the_outbox_over_a_crash(
    node: NodeProcess, chats: WebChats, tmp_path: Path
) -> None:
    room, bo = fresh("room"), chats.chat("bo")
    await bo.connect(addresses(node), nick="bo", rooms=[room])
    options = {"nick": "ana", "rooms": [room], "store": str(tmp_path / "kept.json")}
    async with WebChats(tmp_path / "first.log") as page:
        ana = page.chat("ana")
        await ana.connect(addresses(node), **options)
        await bo.call("send", room, "before")
        await ana.expect("message", text="before")
        node.pause()
        ids = [await ana.call("post", {"room": room, "text": str(number)}) for number in range(3)]
        await page.kill()
    node.resume()
    kept = json.loads((tmp_path / "kept.json").read_text())
    assert [entry["id"] for entry in kept["outbox"]] == ids
    assert [entry["since"] is None for entry in kept["outbox"]] == [False, True, True]
    await bo.call("send", room, "meanwhile")
    async with WebChats(tmp_path / "second.log") as page:
        ana = page.chat("ana")
        await ana.connect(addresses(node), **options)
        await ana.expect("welcome", resumed=True)
        await ana.call("send", room, "end")
        await ana.call("history", room)
        assert sorted(ana.texts(room)) == ["0", "1", "2", "end", "meanwhile"]
        assert [text for text in ana.texts(room) if text != "meanwhile"] == ["0", "1", "2", "end"]
        assert (await ana.call("state"))["waiting"] == []
    kept = json.loads((tmp_path / "kept.json").read_text())
    assert kept["outbox"] == []
    await bo.call("history", room)
    assert len(bo.texts(room)) == len(set(bo.texts(room))) == 6
    assert not [event for event in bo.shown if event["type"] == "left"]
