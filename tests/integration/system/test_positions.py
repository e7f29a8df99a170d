"""Where delivery goes on: nothing is missing silently, and a gap is told only where one is."""

import asyncio
from typing import Any

import pytest

from tests.integration.system.conftest import System
from tests.integration.system.steps import ALL_DELIVERED, fill, mark, said
from tests.support.lab import Lab, fresh, key
from tests.support.node_process import Address
from tests.support.talker import Talker

KEPT = 10
"""Entries that the nodes of ``small`` keep of a room; at most a tenth more."""


async def elsewhere(lab: Lab, system: System) -> str:
    """Return a position that no room of the systems under test has ever had."""
    talker = await lab.member(system.node, fresh("foreigner"), rooms=[fresh("abroad")])
    return str((await talker.expect("joined"))["position"])


async def healed(lab: Lab, address: Address, **fields: Any) -> Talker:
    """Say hello until the node is sure that nobody else remembers what it does not know."""
    while True:
        talker = await lab.connect(address)
        answer = await talker.ask("hello", "welcome", "error", **fields)
        if answer["type"] == "welcome":
            return talker
        assert answer["code"] == "unavailable", answer
        await asyncio.sleep(answer["retry_after_ms"] / 1000)


async def test_what_is_no_longer_kept_is_a_gap(lab: Lab, small: System) -> None:
    room, secret = fresh("room"), key()
    first = await lab.member(small.node, fresh("ana"), rooms=[room], key=secret)
    joined = await first.expect("joined", room=room)
    messages = await fill(first, room, 40)
    again = await lab.member(small.other, "", key=secret, positions={room: joined["position"]})
    assert (await again.expect("joined"))["position"] == joined["position"]
    await again.expect("message", text="39")
    kept = said(again, room)
    assert KEPT <= len(kept) <= KEPT + 1 and kept == [str(n) for n in range(40)][-len(kept) :]
    gaps = again.seen("gap")
    assert gaps == [
        {
            **{"type": "gap", "room": room, "after": joined["position"]},
            "position": messages[-len(kept)]["position"],
        }
    ]
    assert [event["type"] for event in again.seen("joined", "gap", "message")][:3] == [
        *("joined", "gap", "message"),
    ]


async def test_a_gap_is_not_told_where_everything_after_the_position_is_kept(
    lab: Lab, small: System
) -> None:
    room, secret = fresh("room"), key()
    first = await lab.member(small.node, fresh("ana"), rooms=[room], key=secret)
    messages = await fill(first, room, 40)
    kept = (await first.ask("history", room=room, limit=200))["messages"]
    # The newest entry that is no longer kept: nothing is missing after it.
    position = messages[-len(kept) - 1]["position"]
    again = await lab.member(small.other, "", key=secret, positions={room: position})
    await again.expect("message", text="39")
    assert said(again, room) == [message["text"] for message in kept]
    assert not again.seen("gap")


@pytest.mark.parametrize("new", [True, False], ids=["new session", "continued session"])
async def test_after_an_unknown_position_comes_a_gap_and_everything_that_is_kept(
    lab: Lab, pair: System, small: System, new: bool
) -> None:
    room, secret = fresh("room"), key()
    other = await lab.member(pair.node, fresh("other"), rooms=[room])
    first = await lab.member(pair.node, fresh("ana"), rooms=[room], key=secret)
    await other.expect("entered", room=room)
    messages = await fill(other, room, 3)
    unknown = await elsewhere(lab, small)
    fields = {"key": key(), "nick": fresh("bo")} if new else {"key": secret}
    talker = await healed(lab, pair.other, **fields, rooms=[room], positions={room: unknown})
    assert (await talker.expect("joined", room=room))["position"] == unknown
    await mark(room, other, talker)
    gap = talker.seen("gap")
    assert [(event["room"], event["after"]) for event in gap] == [(room, unknown)]
    given = [event for event in talker.seen(room=room) if event["type"] not in ("joined", "gap")]
    assert gap[0]["position"] == given[0]["position"]
    assert said(talker, room) == ["0", "1", "2"]
    assert [event for event in given if event in messages] == messages
    await first.settled() if new else await first.expect("bye", reason="replaced")


async def test_a_new_session_goes_on_after_its_positions_too(lab: Lab, pair: System) -> None:
    room = fresh("room")
    other = await lab.member(pair.node, fresh("other"), rooms=[room])
    messages = await fill(other, room, 4)
    new = await lab.connect(pair.other)
    position = messages[1]["position"]
    assert not (await new.hello(fresh("new"), rooms=[room], positions={room: position}))["resumed"]
    assert (await new.expect("joined", room=room))["position"] == position
    await mark(room, other, new)
    assert said(new, room) == ["2", "3"]
    # One's own `entered` is an entry after the position, like all others.
    assert len(new.seen("entered", room=room)) == 1


async def test_any_entrys_position_will_do(lab: Lab, pair: System) -> None:
    room, secret = fresh("room"), key()
    ana = await lab.member(pair.node, fresh("ana"), rooms=[room], key=secret)
    bo = await lab.member(pair.node, fresh("bo"), rooms=[room])
    entered = await ana.expect("entered", room=room)
    ack = await bo.say(room, "acknowledged", "1")
    await bo.ask("leave", room=room)
    left = await ana.expect("left", room=room)
    for position, after in (
        (entered["position"], ["message", "left"]),
        (ack["position"], ["left"]),
        (left["position"], []),
    ):
        again = await lab.member(pair.other, "", key=secret, positions={room: position})
        await mark(room, again)
        given = again.seen("entered", "message", "left", room=room)
        marks = {ALL_DELIVERED}
        assert [event["type"] for event in given if event.get("text") not in marks] == after
        assert not again.seen("gap")


async def test_equal_positions_mean_the_same_entry_for_everybody(lab: Lab, pair: System) -> None:
    room = fresh("room")
    talkers = [
        await lab.member(pair.nodes[number % 2], fresh("t"), rooms=[room]) for number in range(4)
    ]
    await talkers[0].expect("entered", room=room, nick=(await _nick(talkers[3])))
    for number, talker in enumerate(talkers * 5):
        await talker.say(room, f"{number}", f"{number}")
    await mark(room, talkers[0], *talkers[1:])
    seen = [
        {event["position"]: event for event in talker.seen("message", room=room)}
        for talker in talkers
    ]
    assert len(seen[0]) == 21 and all(entries == seen[0] for entries in seen)
    assert all(list(entries) == list(seen[0]) for entries in seen)


async def _nick(talker: Talker) -> str:
    return str(talker.seen("welcome")[0]["nick"])


async def test_joining_a_room_one_is_in_tells_where_delivery_is_and_disturbs_nobody(
    lab: Lab, pair: System
) -> None:
    room = fresh("room")
    watcher = await lab.member(pair.other, fresh("watcher"), rooms=[room])
    talker = await lab.member(pair.node, fresh("ana"), rooms=[room])
    await watcher.expect("entered", room=room)
    last = (await fill(talker, room, 3))[-1]
    joined = await talker.ask("join", room=room.upper(), history=2)
    assert (joined["room"], joined["created"], joined["members"]) == (room, False, 2)
    assert joined["position"] == last["position"]
    assert [message["text"] for message in joined["messages"]] == ["1", "2"]
    await talker.refused("create", "room-exists", room=room)
    await mark(room, talker, watcher)
    assert len(watcher.seen("entered", "left", room=room)) == 1
    assert said(talker, room) == ["0", "1", "2"]


async def test_ones_own_entering_counts_as_delivered(lab: Lab, pair: System) -> None:
    room, nick = fresh("room"), fresh("ana")
    watcher = await lab.member(pair.other, fresh("watcher"), rooms=[room])
    talker = await lab.member(pair.node, nick, rooms=[])
    joined = await talker.ask("join", room=room)
    entered = await watcher.expect("entered", room=room, nick=nick)
    assert joined["position"] == entered["position"]
    await mark(room, watcher, talker)
    assert not talker.seen("entered")


async def test_past_messages_come_with_the_answer_to_join(lab: Lab, pair: System) -> None:
    room = fresh("room")
    other = await lab.member(pair.node, fresh("other"), rooms=[room])
    messages = await fill(other, room, 5)
    talker = await lab.member(pair.other, fresh("late"), rooms=[])
    joined = await talker.ask("join", room=room, history=3)
    expected = [{k: v for k, v in message.items() if k != "type"} for message in messages[2:]]
    assert joined["messages"] == expected
    await mark(room, other, talker)
    assert said(talker, room) == []
