"""A node that hangs, and comes back when the world has gone on without it."""

from tests.integration.system.steps import mark
from tests.support.lab import Lab, key


async def test_a_node_that_hung_takes_nothing_back(lab: Lab) -> None:
    redis = await lab.redis()
    hung, alive = [await lab.node(redis, "--rate", "0", "--grace", "1") for _ in range(2)]
    watcher = await lab.member(alive.address, "watcher")
    moved_key, lost_key = key(), key()
    moves = await lab.member(hung.address, "moves", key=moved_key, attempt=1)
    lost = await lab.member(hung.address, "is-lost", key=lost_key, attempt=1)
    keyless = await lab.member(hung.address, "keyless")
    for nick in ("moves", "is-lost", "keyless"):
        await watcher.expect("entered", nick=nick)
    hung.pause()
    moved = await lab.connect(alive.address)
    assert (await moved.hello("", key=moved_key, attempt=2))["resumed"]
    # What the hung node finds when it wakes up must neither be done nor be believed.
    moves.send("send", room="general", text="of long ago", id="1")
    moves.send("nick", nick="stolen")
    await (await lab.connect(alive.address)).refused("hello", "nick-taken", nick="is-lost")
    # The lease, the grace period and 5 s.
    left = [await watcher.expect("left", within=10 + 1 + 5 + 5) for _ in range(2)]
    assert {event["nick"] for event in left} == {"is-lost", "keyless"}
    assert {event["reason"] for event in left} == {"lost"}
    heir = await lab.member(alive.address, "is-lost")
    hung.resume()
    assert "retry_after_ms" not in await moves.expect("bye", reason="replaced")
    assert not moves.seen("ack", "renamed")
    for talker in (lost, keyless):
        bye = await talker.expect("bye")
        assert bye["reason"] == "cut-off" and bye["retry_after_ms"] >= 0
    await moved.say("general", "here", "2")
    again = await lab.connect(hung.address)
    await again.refused("hello", "nick-taken", nick="is-lost", key=lost_key, attempt=2)
    assert not (await again.hello("another", key=lost_key, attempt=3))["resumed"]
    await mark("general", watcher, moved, heir, again)
    assert len(watcher.seen("left")) == 2 and not watcher.seen("message", text="of long ago")
    assert not moved.seen("bye") and not heir.seen("bye")
