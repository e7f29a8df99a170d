"""SIGTERM, with and without clients, with and without a broker."""

import asyncio

import pytest

from tests.support import web
from tests.support.lab import Lab, key
from tests.support.talker import Talker

FLAGS = ("--rate", "0", "--http-port", "0")


@pytest.mark.parametrize("broker", ["memory", "redis", "none"])
async def test_a_node_without_sessions_ends_in_time_whatever_the_broker(
    lab: Lab, broker: str
) -> None:
    redis = None
    if broker == "redis":
        redis = await lab.redis()
    elif broker == "none":
        redis = lab.unstarted_redis()
    node = await lab.node(redis, *FLAGS, "--drain", "0.5")
    talker = await lab.connect(node.address)
    assert (await talker.ask("ping"))["type"] == "pong"
    node.terminate()
    assert await node.wait(0.5 + 5) == 0
    await talker.closed()
    assert await node.rest_of_output() == ""
    assert "Traceback" not in node.log


async def test_while_a_node_drains_it_takes_nobody_in_and_is_not_ready(lab: Lab) -> None:
    node = await lab.node(None, *FLAGS, "--drain", "2")
    await web.ready(node.http)
    talkers = [await lab.member(node.address, f"t{number}") for number in range(4)]
    for talker in talkers:
        await talker.expect("joined", room="general")
    node.terminate()
    first = await _first_bye(talkers)
    assert not all(talker.seen("bye") for talker in talkers), "good-byes are spread"
    with pytest.raises(OSError):
        await Talker.connect(node.address)
    status, reason = await web.get(node.http, "/readyz")
    assert status == 503 and "draining" in reason and reason.count("\n") == 1
    assert (await web.get(node.http, "/healthz"))[0] == 200
    assert await node.wait(2 + 5) == 0
    for talker in talkers:
        await talker.closed()
        byes = talker.seen("bye")
        assert [bye["reason"] for bye in byes] == ["draining"]
        assert byes[0]["retry_after_ms"] >= 0
    assert first.seen("bye")


async def test_who_can_be_continued_is_told_to_move_in_time_before_the_goodbye(lab: Lab) -> None:
    node = await lab.node(None, *FLAGS, "--drain", "1")
    keyed = await lab.member(node.address, "keyed", key=key())
    keyless = await lab.member(node.address, "keyless")
    node.terminate()
    move = await keyed.expect("move")
    assert 0 < move["within_ms"] <= 500 and not keyed.seen("bye")
    await keyed.expect("bye", reason="draining")
    await keyless.expect("bye", reason="draining")
    assert not keyless.seen("move")
    assert await node.wait(1 + 5) == 0


async def test_a_node_ends_as_soon_as_everybody_has_gone_over(lab: Lab) -> None:
    redis = await lab.redis()
    old, new = [await lab.node(redis, "--rate", "0", "--drain", "60") for _ in range(2)]
    keys = [key() for _ in range(3)]
    before = [await lab.member(old.address, f"t{n}", key=k) for n, k in enumerate(keys)]
    old.terminate()
    for talker, secret in zip(before, keys, strict=True):
        await talker.expect("move")  # a client that leaves earlier is not counted as moved
        await lab.member(new.address, "", key=secret)
        await talker.expect("bye", reason="replaced")
    assert await old.wait(10) == 0
    assert "moved=3 told=0" in old.log


async def _first_bye(talkers: list[Talker]) -> Talker:
    waiting = {asyncio.create_task(talker.expect("bye")): talker for talker in talkers}
    done, others = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
    for task in others:
        task.cancel()
    return waiting[done.pop()]


async def test_clients_of_a_drained_node_go_on_elsewhere_and_lose_nothing(lab: Lab) -> None:
    redis = await lab.redis()
    old, new = [await lab.node(redis, "--rate", "0", "--drain", "1") for _ in range(2)]
    watcher = await lab.member(new.address, "watcher")
    keys = [key() for _ in range(3)]
    before = [await lab.member(old.address, f"t{n}", key=k) for n, k in enumerate(keys)]
    for number in range(3):
        await watcher.expect("entered", nick=f"t{number}")
    for number in range(300):
        author = before[number % 3]
        author.send("send", room="general", text=str(number), id=str(number))
    await before[0].expect("ack", id="0")
    old.terminate()
    after = []
    for talker, secret in zip(before, keys, strict=True):
        await talker.expect("bye", reason="draining")
        await talker.closed()
        last = talker.seen("message")[-1:]
        positions = {"general": last[0]["position"]} if last else {}
        after.append(await lab.member(new.address, "", key=secret, positions=positions))
    for number in range(300):
        after[number % 3].send("send", room="general", text=str(number), id=str(number))
    for number in range(300):
        await after[number % 3].expect("ack", id=str(number))
        await watcher.expect("message", id=str(number))
    assert await old.wait(1 + 5) == 0
    heard = [(event["position"], event["id"]) for event in watcher.seen("message")]
    assert len(heard) == 300 and not watcher.seen("left", "gap")
    for first, second in zip(before, after, strict=True):
        if first.seen("message")[-1]["id"] != heard[-1][1]:
            await second.expect("message", id=heard[-1][1])
        seen = [(e["position"], e["id"]) for t in (first, second) for e in t.seen("message")]
        assert seen == heard
        for ack in first.seen("ack"):
            assert (ack["position"], ack["id"]) in heard
