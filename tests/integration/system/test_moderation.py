"""Moderators reach everybody, whichever node they are at, and no node is restarted for it."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import NamedTuple

import pytest_asyncio

from tests.integration.system.steps import mark
from tests.support.lab import Lab, fresh, key
from tests.support.node_process import ROOT, Address, NodeProcess, environment
from tests.support.redis_server import RedisServer

WITHIN = 30.0


class Ended(NamedTuple):
    """How a command ended."""

    status: int
    out: str
    err: str


class Three:
    """Three node processes over a Redis, and a moderator's terminal."""

    def __init__(self, lab: Lab, redis: RedisServer, nodes: list[NodeProcess]) -> None:
        self.lab = lab
        self.redis = redis
        self.nodes = nodes
        self.a, self.b, self.c = (node.address for node in nodes)

    async def run(self, *words: str) -> Ended:
        """Run a command of chat-node, and return how it ended."""
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "node", *words),
            cwd=ROOT,
            env=environment(CHAT_REDIS_URL=self.redis.url),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        async with asyncio.timeout(WITHIN):
            out, err = await process.communicate()
        assert process.returncode is not None
        return Ended(process.returncode, out.decode(), err.decode())

    async def admin(self, *words: str) -> str:
        """Let the moderator do something that succeeds, and return what is said to it."""
        ended = await self.run("admin", *words)
        assert ended.status == 0, ended
        return ended.out


@pytest_asyncio.fixture
async def three(tmp_path: Path) -> AsyncIterator[Three]:
    """Three nodes."""
    async with Lab(tmp_path) as lab:
        redis = await lab.redis()
        nodes = [await lab.node(redis, "--rate", "0", "--name", f"node-{n}") for n in "abc"]
        yield Three(lab, redis, nodes)


async def test_a_kick_is_told_on_every_node_and_the_key_stays_out(three: Three) -> None:
    secret, room = key(), fresh("room")
    ana = await three.lab.member(three.a, "ana", rooms=[room])
    bo = await three.lab.member(three.b, "bo", key=secret, rooms=[room])
    await mark(room, ana, bo)
    assert await three.admin("kick", "BO", "--reason", "be nice") == "bo was kicked.\n"
    bye = await bo.expect("bye", reason="kicked", text="be nice")
    assert "retry_after_ms" not in bye
    await bo.closed()
    await ana.expect("left", nick="bo", reason="kicked", text="be nice", room=room)
    back = await three.lab.connect(three.c)
    back.send("hello", nick="bo", key=secret)
    await back.expect("bye", reason="kicked", text="be nice")
    await three.lab.member(three.c, "bo", key=key())
    ended = await three.run("admin", "kick", "nobody")
    assert (ended.status, ended.err) == (1, "chat-node: there is no session with the nick nobody\n")


async def test_a_kick_reaches_who_has_no_connection_just_now(three: Three) -> None:
    secret, room = key(), fresh("room")
    ana = await three.lab.member(three.a, "ana", rooms=[room])
    bo = await three.lab.member(three.b, "bo", key=secret, rooms=[room])
    await mark(room, ana, bo)
    bo.abort()
    await bo.closed()
    await three.admin("kick", "bo")
    await ana.expect("left", nick="bo", reason="kicked")
    back = await three.lab.connect(three.c)
    back.send("hello", key=secret, nick="bo")
    await back.expect("bye", reason="kicked")


async def test_a_ban_holds_on_every_node_until_it_is_taken_back(three: Three) -> None:
    ana = await three.lab.member(three.a, "ana", key=key())
    said = await three.admin("ban", "Ana", "--for", "1h", "--reason", "spam")
    assert said == "The nick Ana is banned for 1h, and ana was kicked.\n"
    await ana.expect("bye", reason="kicked", text="spam")
    for node in (three.a, three.b, three.c):
        other = await three.lab.connect(node)
        error = await other.refused("hello", "bad-nick", nick="ana")
        assert "banned" in error["text"]
        await other.expect("bye", reason="kicked")
        await other.closed()
    assert "ana" in await three.admin("bans")
    assert await three.admin("unban", "ana") == "ana is not banned any more.\n"
    await three.lab.member(three.b, "ana")
    assert (await three.run("admin", "unban", "ana")).status == 1


async def test_a_ban_that_is_set_again_keeps_its_reason_unless_another_is_given(
    three: Three,
) -> None:
    await three.admin("ban", "lee2", "--reason", "spam", "--for", "1h")
    said = await three.admin("ban", "Lee2", "--for", "2h")
    assert said == (
        "The nick Lee2 is banned for 2h; no session uses it now. Its reason is still: spam\n"
    )
    await three.admin("ban", "--address", "192.0.2.0/24", "--reason", "flood")
    assert "still: flood" in await three.admin("ban", "--address", "192.0.2.0/24", "--for", "1h")
    shown = json.loads(await three.admin("bans", "--json"))
    assert [ban["reason"] for ban in shown] == ["flood", "spam"]
    said = await three.admin("ban", "lee2", "--reason", "")
    assert said == "The nick lee2 is banned until lifted; no session uses it now.\n"
    assert json.loads(await three.admin("bans", "--json"))[1]["reason"] == ""


async def test_a_ban_of_a_network_reaches_who_is_there_and_who_comes(three: Three) -> None:
    room = fresh("room")
    ana = await three.lab.member(three.a, "ana", rooms=[room])
    bo = await three.lab.member(three.b, "bo", key=key(), rooms=[room])
    await mark(room, ana, bo)
    await three.admin("ban", "--address", "127.0.0.0/8")
    for one in (ana, bo):
        await one.expect("bye", reason="kicked")
    for node in (three.a, three.b, three.c):
        late = await three.lab.connect(node)
        await late.expect("bye", reason="kicked")
    await three.redis.restart()  # and forgets everything
    async with asyncio.timeout(WITHIN):
        while "127.0.0.0/8" not in (await three.run("admin", "bans")).out:
            pass
    await three.admin("unban", "--address", "127.0.0.0/8")
    async with asyncio.timeout(WITHIN):
        while not await is_let_in(three):
            pass


async def is_let_in(three: Three) -> bool:
    """Say whether somebody who says hello is welcomed."""
    one = await three.lab.connect(three.b)
    one.send("hello", nick=fresh("nick"))
    return bool((await one.expect_any("welcome", "bye"))["type"] == "welcome")


async def test_a_ban_holds_for_the_address_that_a_proxy_tells(three: Three) -> None:
    redis = three.redis
    node = await three.lab.node(redis, "--proxy-protocol", "1", "--rate", "0")
    header = b"PROXY TCP4 203.0.113.%d 127.0.0.1 1000 9999\r\n"
    bo = await three.lab.connect(node.address, opening=header % 7)
    await bo.hello("bo")
    ana = await three.lab.connect(node.address, opening=header % 8)
    await ana.hello("ana")
    assert "203.0.113.7" in await three.admin("sessions")
    await three.admin("ban", "--address", "203.0.113.7")
    await bo.expect("bye", reason="kicked")
    again = await three.lab.connect(node.address, opening=header % 7)
    again.send("hello", nick="bo")
    await again.expect("bye", reason="kicked")
    assert not again.seen("welcome", "error")
    await ana.settled()


async def test_a_closed_room_is_gone_from_all_nodes(three: Three) -> None:
    room = fresh("room")
    ana = await three.lab.member(three.a, "ana", rooms=["general", room])
    bo = await three.lab.member(three.b, "bo", rooms=["general", room])
    await mark(room, ana, bo)
    assert await three.admin("close-room", room, "--reason", "off topic") == (
        f"{room} is closed; 2 members had to leave.\n"
    )
    for one, nick in ((ana, "ana"), (bo, "bo")):
        left = await one.expect("left", room=room, nick=nick, reason="kicked", text="off topic")
        assert "position" not in left
        await one.refused("send", "not-in-room", room=room, text="hm")
        await one.refused("join", "no-such-room", room=room)
    await mark("general", ana, bo)
    # Their memory of it does not bring it back while they carry out what is ordered later.
    await asyncio.gather(*(later_order(three, one) for one in (three.a, three.b)))
    listed = await ana.ask("rooms")
    assert [row["room"] for row in listed["rooms"]] == ["general"]
    made = await bo.ask("create", "joined", room=room)
    assert made["created"] and made["members"] == 1
    ended = await three.run("admin", "close-room", "general")
    assert ended.status == 1 and "always exists" in ended.err
    assert (await three.run("admin", "close-room", fresh("none"))).status == 1


async def later_order(three: Three, address: Address) -> None:
    """Wait until a node has carried out another order."""
    one = await three.lab.member(address, fresh("nick"), key=key())
    await three.admin("kick", one.seen("welcome")[0]["nick"])
    await one.expect("bye", reason="kicked")


async def test_an_announcement_is_heard_on_every_node(three: Three) -> None:
    room = fresh("room")
    ana = await three.lab.member(three.a, "ana", rooms=["general"])
    bo = await three.lab.member(three.b, "bo", rooms=["general", room])
    cy = await three.lab.member(three.c, "cy", rooms=["general"])
    await mark("general", ana, bo, cy)
    assert await three.admin("announce", "back in ten minutes") == "Announced by 3 nodes.\n"
    for one in (ana, bo, cy):
        await one.expect("announcement", text="back in ten minutes")
    await three.admin("announce", "tidy up", "--room", room)
    await bo.expect("announcement", text="tidy up", room=room)
    await mark("general", bo, ana, cy)
    assert not ana.seen("announcement", room=room)


async def test_the_whole_system_is_shown(three: Three) -> None:
    secret, room = key(), fresh("room")
    await three.lab.member(three.a, "ana", rooms=["general", room])
    await three.lab.member(three.b, "bo", key=secret, rooms=["general"])
    told = json.loads(await three.admin("sessions", "--json"))
    assert [(row["nick"], row["node"], row["rooms"]) for row in told] == [
        ("ana", "node-a", ["general", room]),
        ("bo", "node-b", ["general"]),
    ]
    shown = await three.admin("sessions", "--room", room)
    assert "ana" in shown and "bo" not in shown
    # A node writes its facts once a second; its lag is among them from the second time on.
    async with asyncio.timeout(WITHIN):
        while True:
            ended = await three.run("status", "--json")
            assert ended.status == 0, ended
            found = json.loads(ended.out)
            if [node["clients"] for node in found["nodes"]] == [1, 1, 0]:
                if all(node["lag_ms"] is not None for node in found["nodes"]):
                    break
    assert [node["name"] for node in found["nodes"]] == ["node-a", "node-b", "node-c"]
    assert all(node["version"] for node in found["nodes"])
    assert (found["clients"], found["sessions"], found["rooms"]) == (2, 2, 2)
    table = (await three.run("status")).out
    assert table.splitlines()[0].split() == "NODE VERSION CLIENTS SESSIONS ROOMS LAG UP".split()
    assert "3 nodes of 1 version, 2 clients, 2 sessions" in table
