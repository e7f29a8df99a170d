"""Sessions: begun, continued on any node, taken over, ended."""

from tests.integration.system.conftest import System
from tests.integration.system.steps import fill, mark, said
from tests.support.lab import Lab, fresh, key

LIMITS = {
    **{"line": 16384, "text": 4096, "nick": 64, "room": 64, "id": 64, "ref": 64},
    **{"rooms": 50, "history": 200},
}


async def test_a_new_session_is_welcomed_into_general(lab: Lab, pair: System) -> None:
    talker, nick = await lab.connect(pair.node), fresh("new")
    talker.send("hello", nick=nick, ref="7")
    joined = await talker.expect("joined", room="general")
    assert talker.events[0] == {
        **{"type": "welcome", "ref": "7", "nick": nick, "node": "a", "protocol": 1},
        **{"resumed": False, "limits": LIMITS},
    }
    assert set(joined) == {
        *("type", "room", "position", "members", "created", "quiet", "messages"),
    }
    assert (joined["created"], joined["messages"]) == (False, [])


async def test_a_failed_hello_leaves_the_connection_open_and_a_second_one_is_refused(
    lab: Lab, pair: System
) -> None:
    nick = fresh("taken")
    await lab.member(pair.node, nick)
    talker = await lab.connect(pair.other)
    await talker.refused("hello", "bad-request")
    await talker.refused("hello", "nick-taken", nick=nick.upper())
    await talker.hello(fresh("free"))
    await talker.refused("hello", "bad-request", nick=fresh("other"))
    assert (await talker.ask("members", room="general"))["type"] == "members"


async def test_a_session_goes_on_at_another_node_and_nobody_notices(lab: Lab, pair: System) -> None:
    room, other, nick, secret = fresh("room"), fresh("other"), fresh("Ana"), key()
    watcher = await lab.member(pair.node, fresh("watcher"), rooms=[room, other])
    elsewhere = (await fill(watcher, other, 1))[0]["position"]
    first = await lab.member(pair.node, nick, key=secret, rooms=[room], attempt=1)
    await watcher.expect("entered", room=room, nick=nick)
    position = (await fill(watcher, room, 3))[1]["position"]
    first.abort()
    again = await lab.connect(pair.other)
    positions = {room: position, other: elsewhere}
    again.send("hello", key=secret, attempt=2, positions=positions, ref="7")
    welcome = await again.expect("welcome", ref="7")
    assert (welcome["resumed"], welcome["nick"], welcome["node"]) == (True, nick, "b")
    joined = await again.expect("joined")
    assert (joined["room"], joined["position"]) == (room, position)
    assert (joined["members"], joined["created"]) == (2, False)
    await mark(room, watcher, again)
    assert said(again, room) == ["2"]
    # The default rooms are for new sessions, and positions of other rooms are ignored.
    assert len(again.seen("joined")) == 1 and not again.seen("gap")
    assert len(watcher.seen("entered", "left", room=room)) == 1


async def test_own_messages_are_given_again_like_all_others(lab: Lab, pair: System) -> None:
    room, secret = fresh("room"), key()
    first = await lab.member(pair.node, fresh("ana"), key=secret, rooms=[room])
    position = (await first.expect("joined"))["position"]
    live = await fill(first, room, 3)
    again = await lab.member(pair.other, "", key=secret, positions={room: position})
    given = [await again.expect("message", room=room) for _ in live]
    assert given == live
    assert (await first.expect("bye"))["reason"] == "replaced"


async def test_a_room_without_a_position_goes_on_after_one_joined_it(
    lab: Lab, pair: System
) -> None:
    old, new, secret = fresh("old"), fresh("new"), key()
    other = await lab.member(pair.node, fresh("other"), rooms=[old, new])
    await fill(other, new, 2)
    first = await lab.member(pair.node, fresh("ana"), key=secret, rooms=[old])
    await first.ask("join", room=new)
    await fill(other, new, 4)
    later = (await fill(other, old, 2))[-1]["position"]
    first.abort()
    again = await lab.member(pair.other, "", key=secret, positions={old: later})
    await mark(new, other, again)
    assert said(again, new) == ["0", "1", "2", "3"]


async def test_who_is_continued_gets_rooms_on_top_of_their_own(lab: Lab, pair: System) -> None:
    mine, more, secret = fresh("mine"), fresh("More"), key()
    first = await lab.member(pair.node, fresh("ana"), key=secret, rooms=[mine])
    await first.expect("joined", room=mine)
    again = await lab.connect(pair.other)
    again.send("hello", key=secret, rooms=[more, "not a room", mine], ref="7")
    assert (await again.expect("joined", room=mine))["created"] is False
    assert (await again.expect("joined", room=more.lower()))["created"] is True
    error = await again.expect("error", ref="7")
    assert (error["code"], error["room"]) == ("bad-room", "not a room")
    await again.settled()
    assert len(again.seen("joined")) == 2


async def test_more_rooms_than_allowed_are_refused_one_by_one(lab: Lab, pair: System) -> None:
    stem = fresh("many")
    rooms = [f"{stem}-{number:02}" for number in range(52)]
    talker = await lab.connect(pair.node)
    await talker.hello(fresh("everywhere"), rooms=rooms)
    await talker.settled()
    joined = {event["room"] for event in talker.seen("joined")}
    refused = {event["room"] for event in talker.seen("error", code="too-many-rooms")}
    assert (len(joined), len(refused)) == (50, 2) and joined | refused == set(rooms)


async def test_an_empty_list_of_rooms_is_no_room(lab: Lab, pair: System) -> None:
    talker = await lab.member(pair.node, fresh("hermit"), rooms=[])
    await talker.refused("send", "not-in-room", room="general", text="hi")
    assert not talker.seen("joined")


async def test_a_new_hello_of_a_key_replaces_the_older_connection(lab: Lab, pair: System) -> None:
    nick, secret = fresh("ana"), key()
    for address in (pair.node, pair.other):
        first = await lab.member(pair.node, nick, key=secret)
        again = await lab.connect(address)
        assert (await again.hello(nick, key=secret))["resumed"]
        assert "retry_after_ms" not in await first.expect("bye", reason="replaced")
        await first.closed()
        assert (await again.ask("members", room="general"))["type"] == "members"


async def test_a_hello_that_is_not_newer_is_turned_away(lab: Lab, pair: System) -> None:
    secret = key()
    holder = await lab.member(pair.node, fresh("ana"), key=secret, attempt=5)
    for address in (pair.node, pair.other):
        for attempt in (5, 4, -5):
            late = await lab.connect(address)
            late.send("hello", key=secret, attempt=attempt)
            assert "retry_after_ms" not in await late.expect("bye", reason="replaced")
            await late.closed()
            assert not late.seen("welcome")
    assert (await holder.ask("members", room="general"))["type"] == "members"
    newer = await lab.connect(pair.other)
    assert (await newer.hello("", key=secret, attempt=6))["resumed"]
    await holder.expect("bye", reason="replaced")
    without = await lab.connect(pair.node)
    assert (await without.hello("", key=secret))["resumed"]
    await newer.expect("bye", reason="replaced")


async def test_an_attempt_is_remembered_while_the_session_has_no_connection(
    lab: Lab, pair: System
) -> None:
    secret = key()
    first = await lab.member(pair.node, fresh("ana"), key=secret, attempt=2**52)
    first.abort()
    late = await lab.connect(pair.other)
    late.send("hello", key=secret, attempt=2**52)
    await late.expect("bye", reason="replaced")
    again = await lab.connect(pair.other)
    assert (await again.hello("", key=secret, attempt=2**53 - 1))["resumed"]


async def test_a_session_without_a_key_ends_with_its_connection(lab: Lab, pair: System) -> None:
    room, nick = fresh("room"), fresh("bo")
    watcher = await lab.member(pair.node, fresh("watcher"), rooms=[room])
    keyless = await lab.member(pair.other, nick, rooms=[room])
    await keyless.expect("joined", room=room)
    keyless.abort()
    assert (await watcher.expect("left", room=room))["reason"] == "lost"
    assert (await watcher.ask("nick", nick=nick))["type"] == "renamed"


async def test_who_does_not_come_back_is_lost_once_after_the_grace_period(
    lab: Lab, small: System
) -> None:
    room, nick, secret = fresh("room"), fresh("bo"), key()
    watcher = await lab.member(small.node, fresh("watcher"), rooms=[room])
    first = await lab.member(small.other, nick, rooms=[room], key=secret)
    await watcher.expect("entered", room=room)
    first.abort()
    await first.closed()
    # Still in its grace period, which it may or may not still be when this arrives.
    members = await watcher.ask("members", room=room)
    left = await watcher.expect("left", room=room)
    assert (left["nick"], left["reason"]) == (nick, "lost")
    assert nick in members["members"] or watcher.events.index(left) < watcher.events.index(members)
    again = await lab.connect(small.other)
    assert not (await again.hello(nick, rooms=[room], key=secret))["resumed"]
    await watcher.expect("entered", room=room, nick=nick)
    await mark(room, watcher, again)
    assert len(watcher.seen("left", room=room)) == 1


async def test_a_nick_is_held_during_the_grace_period(lab: Lab, pair: System) -> None:
    nick = fresh("ana")
    first = await lab.member(pair.node, nick, key=key())
    first.abort()
    other = await lab.connect(pair.other)
    await other.refused("hello", "nick-taken", nick=nick)
    watcher = await lab.member(pair.other, fresh("watcher"))
    assert nick in (await watcher.ask("members", room="general"))["members"]


async def test_a_hello_of_a_closed_connection_does_nothing(lab: Lab, pair: System) -> None:
    secret = key()
    holder = await lab.member(pair.node, fresh("ana"), key=secret)
    pair.processes[1].pause()
    try:
        late = await lab.connect(pair.other)
        late.send("hello", key=secret)
        await late.drained()
        late.abort()
        await late.closed()
    finally:
        pair.processes[1].resume()
    assert (await holder.ask("members", room="general"))["type"] == "members"
    proof = await lab.member(pair.other, fresh("proof"))
    await proof.settled()
    assert (await holder.ask("ping"))["type"] == "pong" and not holder.seen("bye")
