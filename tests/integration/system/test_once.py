"""A message is one message, however often it is sent."""

from tests.integration.system.conftest import System
from tests.integration.system.steps import mark, said
from tests.support.lab import Lab, fresh, key
from tests.support.talker import Event


def facts(ack: Event) -> Event:
    """Return what the acks of two sends of one message have in common."""
    return {name: value for name, value in ack.items() if name != "ref"}


async def test_a_repeat_gets_the_first_ack_and_delivers_nothing(lab: Lab, pair: System) -> None:
    room = fresh("once")
    author = await lab.member(pair.node, fresh("author"), rooms=[room])
    reader = await lab.member(pair.other, fresh("reader"), rooms=[room])
    await reader.expect("joined", room=room)
    first = await author.say(room, "hi", "1")
    assert set(first) == {"type", "id", "position", "at", "room"}
    assert (first["id"], first["room"]) == ("1", room)
    for text in ("hi", "hi", "something else"):
        assert await author.say(room, text, "1") == first
    assert facts(await author.ask("send", room=room, text="hi", id="1")) == first
    await mark(room, author, reader)
    assert said(author, room) == said(reader, room) == ["hi"]
    message = reader.seen("message", text="hi")[0]
    assert (message["position"], message["at"]) == (first["position"], first["at"])


async def test_repeats_in_one_breath_are_one_message(lab: Lab, pair: System) -> None:
    room = fresh("breath")
    author = await lab.member(pair.node, fresh("author"), rooms=[room])
    for number in range(20):
        author.send("send", room=room, text="hi", id="same", ref=str(number))
    acks = [await author.expect("ack", ref=str(number)) for number in range(20)]
    assert all(facts(ack) == facts(acks[0]) for ack in acks)
    await mark(room, author)
    assert said(author, room) == ["hi"]


async def test_a_repeat_on_another_node_gets_the_first_ack(lab: Lab, pair: System) -> None:
    room, secret = fresh("once"), key()
    author = await lab.member(pair.node, fresh("author"), rooms=[room], key=secret)
    first = await author.say(room, "hi", "1")
    author.abort()
    again = await lab.member(pair.other, "ignored", key=secret)
    assert await again.say(room, "hi", "1") == first
    await mark(room, again)
    assert said(again, room) == ["hi"]


async def test_an_id_is_remembered_by_its_key_beyond_the_session(lab: Lab, pair: System) -> None:
    room, secret = fresh("once"), key()
    author = await lab.member(pair.node, fresh("author"), rooms=[room], key=secret)
    first = await author.say(room, "hi", "1")
    author.send("quit")
    await author.expect("bye")
    again = await lab.connect(pair.other)
    assert not (await again.hello(fresh("author"), rooms=[room], key=secret))["resumed"]
    assert await again.say(room, "hi", "1") == first


async def test_a_repeat_to_a_room_one_has_left_gets_the_first_ack(lab: Lab, pair: System) -> None:
    room = fresh("left")
    author = await lab.member(pair.node, fresh("author"), rooms=[room])
    first = await author.say(room, "hi", "1")
    await author.ask("leave", room=room)
    assert await author.say(room, "hi", "1") == first
    error = await author.refused("send", "not-in-room", room=room, text="hi", id="2")
    assert error["id"] == "2"
    # What is wrong with a repeat is not looked at, not even in its text.
    assert await author.say(room, " ", "1") == first
    assert (await author.refused("send", "not-in-room", room=fresh("other"), text="hi", id="1"))[
        "id"
    ]
    await author.refused("send", "bad-room", room="no room at all!", text="hi", id="1")


async def test_each_room_has_a_space_of_ids_and_directs_have_one(lab: Lab, pair: System) -> None:
    rooms, nick = [fresh("ids"), fresh("ids")], fresh("reader")
    author = await lab.member(pair.node, fresh("author"), rooms=rooms)
    reader = await lab.member(pair.other, nick, rooms=rooms)
    for room in rooms:
        await reader.expect("joined", room=room)
    sent = [await author.say(room, f"hi {room}", "1") for room in rooms]
    assert [ack["room"] for ack in sent] == rooms
    direct = facts(await author.ask("direct", to=nick, text="psst", id="1"))
    assert (direct["to"], direct.get("room")) == (nick, None)
    for room, ack in zip(rooms, sent, strict=True):
        assert await author.say(room, "again", "1") == ack
    assert facts(await author.ask("direct", to=fresh("nobody"), text="psst", id="1")) == direct
    for room in rooms:
        await mark(room, author, reader)
        assert said(reader, room) == [f"hi {room}"]
    author.send("direct", to=nick, text="last", id="3")
    await reader.expect("direct", text="last")
    assert [event["text"] for event in reader.seen("direct")] == ["psst", "last"]


async def test_a_refused_send_does_not_use_up_its_id(lab: Lab, pair: System) -> None:
    room = fresh("refused")
    author = await lab.member(pair.node, fresh("author"), rooms=[room])
    await author.refused("send", "empty-text", room=room, text=" ", id="1")
    await author.refused("direct", "no-such-nick", to=fresh("nobody"), text="hi", id="1")
    await author.say(room, "hi", "1")
    await mark(room, author)
    assert said(author, room) == ["hi"]


async def test_the_same_id_of_two_keys_is_two_messages(lab: Lab, pair: System) -> None:
    room = fresh("two")
    ana = await lab.member(pair.node, fresh("ana"), rooms=[room], key=key())
    bo = await lab.member(pair.node, fresh("bo"), rooms=[room])
    cy = await lab.member(pair.node, fresh("cy"), rooms=[room])
    positions = [(await talker.say(room, "hi", "1"))["position"] for talker in (ana, bo, cy)]
    assert len(set(positions)) == 3


async def test_an_id_is_remembered_among_the_newest_thousand(lab: Lab, pair: System) -> None:
    room = fresh("thousand")
    author = await lab.member(pair.node, fresh("author"), rooms=[room])
    first = await author.say(room, "first", "first")
    for number in range(999):
        author.send("send", room=room, text="x", id=f"{number}")
    await author.expect("ack", id="998")
    assert await author.say(room, "first", "first") == first


async def test_a_send_without_an_id_has_no_ack_and_comes_back_without_its_ref(
    lab: Lab, pair: System
) -> None:
    room = fresh("plain")
    author = await lab.member(pair.node, fresh("author"), rooms=[room])
    author.send("send", room=room, text="hi", ref="7")
    message = await author.expect("message", text="hi")
    assert set(message) == {"type", "room", "position", "at", "from", "text"}
    author.send("send", room=room, text="waves", id="1", kind="action", ref="8")
    assert (await author.expect("ack", ref="8"))["id"] == "1"
    message = await author.expect("message", text="waves")
    assert (message["kind"], message["id"]) == ("action", "1") and "ref" not in message
    author.send("send", room=room, text="says", kind="say")
    assert "kind" not in await author.expect("message", text="says")
    await author.settled()
    assert len(author.seen("ack")) == 1
