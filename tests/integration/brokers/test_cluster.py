"""A broker at a real Redis Cluster: its data are at three masters, and slots move meanwhile."""

import asyncio
import itertools
import re
from collections import Counter
from collections.abc import AsyncIterator, Awaitable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from node.brokers import connect, unused_servers
from node.brokers.slot_map import Address
from node.core.entries import Position
from node.core.model import FencingToken, Stored
from tests.integration.brokers.bench import AT_REST, WITHIN, Node, running, wait
from tests.support.redis_cluster import RedisCluster, ask


def connect_to(address: Address) -> connect.Connect:
    """Return what makes clients of a master."""
    host, port = address
    return connect.redis(f"redis://{host}:{port}/0")


class Town:
    """Two nodes at a cluster."""

    def __init__(self, cluster: RedisCluster, nodes: list[Node]) -> None:
        self.cluster = cluster
        self.nodes = nodes
        self.rooms = [cluster.room(number) for number in range(3)]

    async def fill(self) -> list[FencingToken]:
        """Let a session begin at each node, in a room of each master; both follow all rooms."""
        holds = []
        for number, node in enumerate(self.nodes):
            for room in self.rooms:
                node.broker.watch("r:" + room)
            hold, _ = await node.hello(f"s{number}", f"nick{number}", rooms=self.rooms)
            holds.append(hold)
        for node in self.nodes:
            for room in self.rooms:
                await node.events.hears("confirmed", "r:" + room)
        return holds


@pytest_asyncio.fixture
async def town(tmp_path: Path) -> AsyncIterator[Town]:
    async with AsyncExitStack() as stack:
        cluster = await stack.enter_async_context(RedisCluster(tmp_path))
        nodes = []
        for number, server in enumerate(cluster.servers[1:]):
            topology = connect.Topology(connect.redis(server.url), connect_to)
            nodes.append(Node(f"n{number}0", topology, AT_REST))
            await stack.enter_async_context(running(nodes[-1]))
        yield Town(cluster, nodes)


async def test_messages_reach_rooms_at_all_masters(town: Town) -> None:
    ana, bo = await town.fill()
    here, there = town.nodes
    assert {town.cluster.owner("r:" + room) for room in town.rooms} == {0, 1, 2}
    for room in town.rooms:
        for node, hold in (here, ana), (there, bo):
            assert isinstance(await wait(node.say(hold, room, f"by {hold.session}")), Stored)
        assert await here.texts("r:" + room) == ["by s0", "by s1"]
    bodies = [body for _, body in there.events.entries()]
    assert len([body for body in bodies if "by s0" in body]) == 3
    sent = [await here.direct(ana, "nick1", "psst", "id1") for _ in range(2)]
    first, again = (each.position for each in sent if isinstance(each, Stored))
    assert first == again, "it was stored once"
    members = [await node.ask("members", town.rooms[1], "") for node in town.nodes]
    assert members == [(["nick0", "nick1"], False)] * 2


async def connections(town: Town, number: int) -> int:
    """Return how many connections nodes have to a master."""
    found = bytes(await ask(town.cluster.clients[number], "CLIENT", "LIST"))
    kinds = Counter(re.findall(rb" cmd=(\S+) ", found))
    return sum(
        count for kind, count in kinds.items() if not kind.startswith((b"client|", b"cluster"))
    )


async def test_connections_to_a_master_without_slots_are_closed_until_it_has_some(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(unused_servers, "UNUSED_AFTER", 0.5)
    (ana, bo), cluster = await town.fill(), town.cluster
    left = next(number for number in range(3) if number != cluster.owner("c"))
    room = town.rooms[left]
    assert [len(node.broker.states()) for node in town.nodes] == [3, 3]
    assert await connections(town, left) >= 4
    await cluster.empty(left, cluster.owner("c"))
    async with asyncio.timeout(WITHIN):
        while await connections(town, left):
            await asyncio.sleep(0.05)
    assert [len(node.broker.states()) for node in town.nodes] == [2, 2]
    assert isinstance(await wait(town.nodes[0].say(ana, room, "elsewhere")), Stored)
    await while_they_talk(town, [ana, bo], room, cluster.move("r:" + room, left))
    assert await connections(town, left) >= 4
    assert [len(node.broker.states()) for node in town.nodes] == [3, 3]


async def flow(
    node: Node, hold: FencingToken, room: str, start: int, over: asyncio.Event
) -> tuple[list[str], list[Any]]:
    """Say one thing after another until it is over; return the texts and what became of them."""
    texts, replies = [], []
    for number in itertools.count(start):
        texts.append(f"{hold.session} {number}")
        replies.append(node.say(hold, room, texts[-1], f"id{number}"))
        await asyncio.sleep(0.001)
        if over.is_set():
            break
    return texts, [await wait(reply) for reply in replies]


async def while_they_talk(
    town: Town, holds: list[FencingToken], room: str, moves: Awaitable[None]
) -> None:
    """Let both talk while slots move; all that they say has to come once, and in order."""
    over, before = asyncio.Event(), len(await town.nodes[0].texts("r:" + room))
    pairs = zip(town.nodes, holds, strict=True)
    talks = [asyncio.create_task(flow(node, hold, room, before, over)) for node, hold in pairs]
    async with asyncio.timeout(WITHIN):
        await asyncio.sleep(0.1)
        await moves
        await asyncio.sleep(0.1)
        over.set()
        said = await asyncio.gather(*talks)
    stored = (await town.nodes[0].texts("r:" + room))[before:]
    for hold, (texts, replies) in zip(holds, said, strict=True):
        assert all(isinstance(reply, Stored) for reply in replies), replies
        assert [text for text in stored if text.startswith(hold.session)] == texts
    assert len(stored) == sum(len(texts) for texts, _ in said)
    # And by now both are subscribed where the room is.
    for node in town.nodes:
        await node.events.hears("confirmed", "r:" + room)
    last = f"last{before}"
    await wait(town.nodes[0].say(holds[0], room, last, last))
    for node in town.nodes:
        await node.events.until(lambda: last in str(node.events.entries()[-1:]))


async def test_no_message_is_lost_doubled_or_out_of_order_while_its_room_moves(
    town: Town,
) -> None:
    holds, room = await town.fill(), town.rooms[0]
    for to in (1, 2):
        await while_they_talk(town, holds, room, town.cluster.move("r:" + room, to, pause=0.05))


async def test_sessions_go_on_where_their_slot_has_moved(town: Town) -> None:
    ana, bo = await town.fill()
    here, there = town.nodes
    old = town.cluster.owner("c")
    over = asyncio.Event()

    async def directs() -> list[Any]:
        replies = []
        for number in itertools.count():
            post, reply = here.post(ana, f"t{number}", f"id{number}")
            here.broker.direct(post, "nick1", b'"from":"nick0","to":"', b'","text":"x"}')
            replies.append(reply)
            await asyncio.sleep(0.001)
            if over.is_set():
                return [await wait(reply) for reply in replies]
        raise AssertionError

    talk = asyncio.create_task(directs())
    async with asyncio.timeout(WITHIN):
        await asyncio.sleep(0.05)
        await town.cluster.move("c", (old + 1) % 3)
        await asyncio.sleep(0.05)
        over.set()
        replies = await talk
    assert all(isinstance(reply, Stored) for reply in replies)
    places = [Position.parse(reply.position) for reply in replies]
    assert [place.offset for place in places if place] == list(range(1, len(replies) + 1))
    assert len(await there.log("i:s1")) == len(replies)
    _, claimed = await there.hello("s2", "cy", rooms=town.rooms)
    assert claimed.nick == "cy" and here.broker.unready() is None
