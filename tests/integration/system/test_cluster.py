"""Three node processes over a real Redis: what holds while they live, and when one does not."""

import asyncio
import signal

import pytest

from tests.support.lab import Lab, fresh, key
from tests.support.node_process import NodeProcess
from tests.support.talker import Event, Talker

NODES, CLIENTS, MESSAGES = 3, 20, 2000
ROOMS = ("red", "green", "blue", "grey")


async def cluster(lab: Lab, *flags: str) -> list[NodeProcess]:
    redis = await lab.redis(appendonly="yes", appendfsync="always")
    return [await lab.node(redis, "--rate", "0", *flags) for _ in range(NODES)]


async def talk(talker: Talker, room: str, name: str, count: int) -> None:
    for number in range(count):
        await talker.say(room, f"{name} {number}", f"{name}-{number}")


async def heard(talker: Talker, room: str, count: int) -> list[str]:
    """Return the positions of a room's messages, once there are so many."""
    async with asyncio.timeout(60):
        while len(talker.seen("message", room=room)) < count:
            await talker.expect("message", room=room, within=60)
    return [event["position"] for event in talker.seen("message", room=room)]


async def test_every_member_gets_every_message_once_and_in_one_order(lab: Lab) -> None:
    nodes = await cluster(lab)
    talkers = []
    for number in range(CLIENTS):
        room = ROOMS[number % len(ROOMS)]
        talker = await lab.member(nodes[number % NODES].address, f"t{number}", rooms=[room])
        await talker.expect("joined", room=room)
        talkers.append((talker, room))
    each = MESSAGES // CLIENTS
    async with asyncio.TaskGroup() as tasks:
        for number, (talker, room) in enumerate(talkers):
            tasks.create_task(talk(talker, room, f"t{number}", each))
    in_room = MESSAGES // len(ROOMS)
    orders: dict[str, list[list[str]]] = {room: [] for room in ROOMS}
    for talker, room in talkers:
        orders[room].append(await heard(talker, room, in_room))
    for found in orders.values():
        assert len(found[0]) == len(set(found[0])) == in_room
        assert all(order == found[0] for order in found)
    ids = {event["id"] for talker, _ in talkers for event in talker.seen("message")}
    assert len(ids) == MESSAGES


async def test_a_dropped_client_goes_on_at_another_node_with_nothing_missing(lab: Lab) -> None:
    nodes = await cluster(lab)
    secret = key()
    first = await lab.member(nodes[0].address, "ana", key=secret, attempt=1)
    await first.expect("joined")
    other = await lab.member(nodes[1].address, "bo")
    await other.expect("joined")
    await first.expect("entered", nick="bo")
    await other.say("general", "before", "1")
    position = (await first.expect("message", text="before"))["position"]
    first.abort()
    for number in range(50):
        await other.say("general", f"meanwhile {number}", f"m{number}")
    again = await lab.connect(nodes[2].address)
    welcome = await again.hello("x", key=secret, attempt=2, positions={"general": position})
    assert welcome["resumed"] and welcome["nick"] == "ana"
    await other.say("general", "after", "2")
    await again.expect("message", text="after")
    texts = [event["text"] for event in again.seen("message")]
    assert texts == [f"meanwhile {number}" for number in range(50)] + ["after"]
    assert not other.seen("left", "entered")
    assert not again.seen("gap")


async def test_when_a_node_is_killed_its_clients_go_on_or_are_announced_lost_once(
    lab: Lab,
) -> None:
    nodes = await cluster(lab, "--grace", "1")
    secret = key()
    goes_on = await lab.member(nodes[0].address, "stays", key=secret, attempt=1)
    await goes_on.expect("joined")
    gone = await lab.member(nodes[0].address, "goes", key=key(), attempt=1)
    await gone.expect("joined")
    watcher = await lab.member(nodes[1].address, "watcher")
    await watcher.expect("joined")
    await nodes[0].kill()
    again = await lab.connect(nodes[2].address)
    assert (await again.hello("x", key=secret, attempt=2))["resumed"]
    # The lease, the grace period and 5 s.
    left = await watcher.expect("left", within=10 + 1 + 5)
    assert (left["nick"], left["reason"]) == ("goes", "lost")
    assert (await watcher.ask("nick", nick="goes"))["type"] == "renamed"
    members = await watcher.ask("members", room="general")
    assert members["members"] == ["goes", "stays"]
    assert len(watcher.seen("left")) == 1


async def acknowledged(talker: Talker, id: str) -> Event:
    """Send a message again and again, as a client does, until it is acknowledged."""
    async with asyncio.timeout(60):
        while True:
            talker.send("send", room="general", text=id, id=id)
            answer = await talker.expect_any("ack", "error", within=6, id=id)
            if answer["type"] == "ack":
                return answer
            assert answer["code"] == "unavailable", answer
            await asyncio.sleep(answer["retry_after_ms"] / 1000)


async def test_nodes_and_clients_wait_for_redis_and_go_on_by_themselves(lab: Lab) -> None:
    redis = lab.unstarted_redis(appendonly="yes", appendfsync="always")
    nodes = [await lab.node(redis, "--rate", "0") for _ in range(2)]
    early = await lab.connect(nodes[0].address)
    error = await early.refused("hello", "unavailable", nick="early")
    assert error["retry_after_ms"] > 0
    await redis.start()
    talkers = []
    for node, nick in zip(nodes, ("ana", "bo"), strict=True):
        talker = await lab.connect(node.address)
        async with asyncio.timeout(30):
            while (answer := await talker.ask("hello", nick=nick, key=key()))["type"] == "error":
                await asyncio.sleep(answer["retry_after_ms"] / 1000)
        talkers.append(talker)
    ana, bo = talkers
    await acknowledged(ana, "1")
    await bo.expect("message", text="1")
    await redis.kill()
    ana.send("send", room="general", text="2", id="2")
    answer = await ana.expect_any("ack", "error", within=6, id="2")
    assert answer["code"] == "unavailable"
    await redis.start()
    await acknowledged(ana, "2")
    await acknowledged(bo, "3")
    await bo.expect("message", text="2")
    for talker in talkers:
        await talker.expect("message", text="3")
    for talker in talkers:
        assert [event["text"] for event in talker.seen("message")] == ["1", "2", "3"]
        assert not talker.seen("left", "bye", "gap")


@pytest.mark.parametrize("broker_away", [False, True])
async def test_a_drained_node_tells_its_clients_and_ends_in_time(
    lab: Lab, broker_away: bool
) -> None:
    redis = await lab.redis()
    nodes = [await lab.node(redis, "--rate", "0", "--drain", "1") for _ in range(2)]
    secret = key()
    talker = await lab.member(nodes[0].address, "ana", key=secret, attempt=1)
    await talker.expect("joined")
    if broker_away:
        await redis.kill()
    else:
        for number in range(100):
            talker.send("send", room="general", text="text", id=str(number))
        await talker.expect("ack", id="0")
    nodes[0].terminate()
    bye = await talker.expect("bye")
    assert bye["reason"] == "draining" and bye["retry_after_ms"] >= 0
    assert await nodes[0].wait(1 + 5) == 0
    if broker_away:
        return
    sure = {event["id"] for event in talker.seen("ack")}
    again = await lab.connect(nodes[1].address)
    assert (await again.hello("x", key=secret, attempt=2))["resumed"]
    page = await again.ask("history", room="general", limit=200)
    kept = [message["id"] for message in page["messages"]]
    assert sure <= set(kept) and len(kept) == len(set(kept))


@pytest.mark.parametrize(
    ("number", "status"), [(signal.SIGTERM, 128 + 15), (signal.SIGINT, 128 + 2)]
)
async def test_a_second_signal_ends_a_node_at_once(lab: Lab, number: int, status: int) -> None:
    node = await lab.node(None, "--drain", "30")
    talker = await lab.member(node.address, fresh("slow"))
    await talker.expect("joined")
    await lab.member(node.address, fresh("slow"))
    node.signal(number)
    await talker.expect("bye")
    node.signal(number)
    assert await node.wait() == status
