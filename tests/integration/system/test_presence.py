"""Who is here: entered, left, renamed; and rooms that are too big to tell."""

from tests.integration.system.conftest import System
from tests.integration.system.steps import fill, mark, said
from tests.support.lab import Lab, fresh, key
from tests.support.talker import Event


async def test_who_comes_and_goes_is_told_once_to_the_others(lab: Lab, pair: System) -> None:
    room, nick = fresh("room"), fresh("bo")
    watcher = await lab.member(pair.node, fresh("watcher"), rooms=[room])
    guest = await lab.member(pair.other, nick, rooms=[])
    joined = await guest.ask("join", room=room)
    assert (joined["members"], joined["quiet"], joined["created"]) == (2, False, False)
    left = await guest.ask("leave", room=room.upper())
    assert (left["room"], left["nick"], left["reason"]) == (room, nick, "left")
    await guest.refused("send", "not-in-room", room=room, text="hi")
    await guest.refused("leave", "not-in-room", room=room)
    await mark(room, watcher)
    entered, seen = watcher.seen("entered", "left", room=room)
    assert (entered["type"], entered["position"]) == ("entered", joined["position"])
    assert set(entered) == {"type", "room", "position", "at", "nick"}
    assert seen == {name: value for name, value in left.items() if name != "ref"}
    assert not guest.seen("message", room=room)


async def test_who_leaves_has_got_all_that_came_before(lab: Lab, pair: System) -> None:
    room = fresh("room")
    author = await lab.member(pair.node, fresh("author"), rooms=[room])
    guest = await lab.member(pair.other, fresh("guest"), rooms=[room])
    await author.expect("entered", room=room)
    last = (await fill(author, room, 50))[-1]
    left = await guest.ask("leave", room=room)
    assert said(guest, room) == [str(number) for number in range(50)]
    assert guest.seen("message", room=room)[-1] == last and guest.events[-1] == left


async def test_quitting_ends_the_session_at_once(lab: Lab, pair: System) -> None:
    room, nick, secret = fresh("room"), fresh("bo"), key()
    watcher = await lab.member(pair.other, fresh("watcher"), rooms=[room])
    guest = await lab.member(pair.node, nick, rooms=[room], key=secret)
    await watcher.expect("entered", room=room)
    guest.send("send", room=room, text="last words", id="1")
    guest.send("quit", ref="7")
    assert "retry_after_ms" not in await guest.expect("bye", reason="quit", ref="7")
    await guest.closed()
    assert guest.seen("ack", id="1"), "requests are done in order"
    # Nothing has to be waited for.
    assert (await watcher.ask("nick", nick=nick))["type"] == "renamed"
    left = await watcher.expect("left", room=room)
    assert (left["nick"], left["reason"]) == (nick, "quit")
    assert (await watcher.ask("members", room=room))["members"] == [nick]
    again = await lab.connect(pair.node)
    assert not (await again.hello(fresh("bo"), key=secret, rooms=[]))["resumed"]


async def test_a_new_nick_is_told_in_every_room_oneself_included(lab: Lab, pair: System) -> None:
    first, second, old, new = fresh("one"), fresh("two"), fresh("old"), fresh("New")
    watcher = await lab.member(pair.other, fresh("watcher"), rooms=[first])
    talker = await lab.member(pair.node, old, rooms=[first, second])
    await watcher.expect("entered", room=first)
    answer = await talker.ask("nick", nick=new)
    assert set(answer) == {"type", "ref", "nick", "from", "at"}
    assert (answer["type"], answer["nick"], answer["from"]) == ("renamed", new, old)
    for room in (first, second):
        entry = await talker.expect("renamed", room=room)
        assert (entry["nick"], entry["from"]) == (new, old) and "position" in entry
    assert (await watcher.expect("renamed", room=first))["from"] == old
    await talker.say(first, "hi", "1")
    assert (await watcher.expect("message", room=first))["from"] == new
    assert new in (await watcher.ask("members", room=first))["members"]
    assert (await watcher.ask("nick", nick=old))["type"] == "renamed"


async def test_the_nick_one_has_already_is_no_news(lab: Lab, pair: System) -> None:
    room, nick = fresh("room"), fresh("ana")
    watcher = await lab.member(pair.other, fresh("watcher"), rooms=[room])
    talker = await lab.member(pair.node, nick, rooms=[room])
    await watcher.expect("entered", room=room)
    answer = await talker.ask("nick", nick=nick)
    assert (answer["type"], answer["nick"], answer["from"]) == ("renamed", nick, nick)
    await mark(room, talker, watcher)
    assert not watcher.seen("renamed") and len(talker.seen("renamed")) == 1
    # In other letters it is the same to compare, and not the same to read.
    assert (await talker.ask("nick", nick=nick.upper()))["nick"] == nick.upper()
    assert (await watcher.expect("renamed", room=room))["nick"] == nick.upper()


async def test_a_continued_session_keeps_its_new_nick(lab: Lab, pair: System) -> None:
    old, new, secret = fresh("old"), fresh("new"), key()
    first = await lab.member(pair.node, old, key=secret)
    await first.ask("nick", nick=new)
    first.abort()
    again = await lab.connect(pair.other)
    assert (await again.hello(old, key=secret))["nick"] == new


async def test_a_room_with_too_many_members_does_not_tell(lab: Lab, small: System) -> None:
    room = fresh("quiet")
    nicks = [fresh("m") for _ in range(4)]
    members, joined = [], []
    for number, nick in enumerate(nicks):
        members.append(await lab.member(small.nodes[number % 2], nick, rooms=[room]))
        joined.append(await members[-1].expect("joined", room=room))
    assert [event["quiet"] for event in joined] == [False, False, True, True]
    assert [event["members"] for event in joined] == [1, 2, 3, 4]
    listed = await members[0].ask("members", room=room)
    assert listed["members"] == sorted(nicks)
    # One's own departure has no position where it is not told.
    assert_unannounced(await members[3].ask("leave", room=room), nicks[3])
    renamed = fresh("renamed")
    assert (await members[2].ask("nick", nick=renamed))["type"] == "renamed"
    await mark(room, members[2], members[0], members[1])
    assert [event["nick"] for event in members[0].seen("entered", "left", "renamed")] == [nicks[1]]
    assert renamed in (await members[0].ask("members", room=room))["members"]
    assert len(members[2].seen("renamed")) == 1
    # Two are left after this change: it is told, though nobody was told of the one who goes.
    left = await members[2].ask("leave", room=room)
    assert (left["nick"], "position" in left) == (renamed, True)
    assert (await members[0].expect("left", room=room))["position"] == left["position"]


def assert_unannounced(left: Event, nick: str) -> None:
    assert (left["type"], left["nick"], left["reason"]) == ("left", nick, "left")
    assert "position" not in left


async def test_messages_of_a_quiet_room_reach_everybody_in_order(lab: Lab, small: System) -> None:
    room = fresh("quiet")
    members = [
        await lab.member(small.nodes[number % 2], fresh("m"), rooms=[room]) for number in range(6)
    ]
    for member in members:
        await member.expect("joined", room=room)
    for number, member in enumerate(members * 3):
        member.send("send", room=room, text=str(number), id=str(number))
    for member in members:
        for number in range(18):
            await member.expect("message", room=room, text=str(number))
    orders = [said(member, room) for member in members]
    assert all(order == orders[0] for order in orders) and len(set(orders[0])) == 18
