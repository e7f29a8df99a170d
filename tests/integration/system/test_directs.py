"""Directs: to one nick, and into an inbox that outlives a connection."""

import pytest

from tests.integration.system.conftest import System
from tests.support.lab import Lab, fresh, key
from tests.support.talker import Talker


async def send(author: Talker, to: str, *texts: str) -> list[str]:
    """Send directs; return their positions, once they are acknowledged."""
    positions = []
    for text in texts:
        author.send("direct", to=to, text=text, id=(id := fresh("direct")))
        ack = await author.expect("ack", id=id)
        positions.append(ack["position"])
    return positions


def got(reader: Talker) -> list[str]:
    return [event["text"] for event in reader.seen("direct")]


async def received(reader: Talker, *texts: str) -> None:
    """Wait for the last of these directs; these are all, then, and in this order."""
    await reader.expect("direct", text=texts[-1])
    assert got(reader) == list(texts)


@pytest.mark.parametrize("same_node", [True, False])
async def test_a_direct_reaches_its_nick_and_nobody_else(
    lab: Lab, pair: System, same_node: bool
) -> None:
    nick, name = fresh("Bo"), fresh("ana")
    author = await lab.member(pair.node, name)
    reader = await lab.member(pair.node if same_node else pair.other, nick)
    author.send("direct", to=nick.upper(), text="psst", id="1", kind="action", ref="7")
    ack = await author.expect("ack", ref="7")
    assert set(ack) == {"type", "ref", "id", "position", "at", "to"} and ack["id"] == "1"
    assert ack["to"] == nick
    direct = await reader.expect("direct")
    assert direct == {
        **{"type": "direct", "position": ack["position"], "at": ack["at"], "from": name},
        **{"to": nick, "text": "psst", "id": "1", "kind": "action"},
    }
    author.send("direct", to=nick, text="plain")
    plain = await reader.expect("direct", text="plain")
    assert not {"id", "kind", "ref", "room"} & set(plain)
    await author.settled()
    assert not author.seen("direct") and len(author.seen("ack")) == 1


async def test_a_direct_in_the_grace_period_waits_for_its_reader(lab: Lab, pair: System) -> None:
    nick, secret = fresh("bo"), key()
    author = await lab.member(pair.node, fresh("ana"))
    reader = await lab.member(pair.other, nick, key=secret)
    first = (await send(author, nick, "zero", "one"))[1]
    await received(reader, "zero", "one")
    reader.abort()
    await send(author, nick, "two", "three")
    again = await lab.member(pair.node, "", key=secret, positions={"@": first})
    await received(again, "two", "three")
    await send(author, nick, "four")
    await received(again, "two", "three", "four")
    # Without a position: all that is kept since the session began.
    third = await lab.member(pair.other, "", key=secret)
    await received(third, "zero", "one", "two", "three", "four")
    assert not third.seen("gap") and not again.seen("gap")


async def test_the_inbox_of_a_new_session_is_empty(lab: Lab, pair: System) -> None:
    nick, secret = fresh("bo"), key()
    author = await lab.member(pair.node, fresh("ana"))
    reader = await lab.member(pair.other, nick, key=secret)
    position = (await send(author, nick, "old", "older"))[0]
    await received(reader, "old", "older")
    reader.send("quit")
    await reader.expect("bye")
    await author.refused("direct", "no-such-nick", to=nick, text="gone")
    again = await lab.connect(pair.node)
    assert not (await again.hello(nick, key=secret, positions={"@": position}))["resumed"]
    await send(author, nick, "new")
    await received(again, "new")
    assert not again.seen("gap")


async def test_directs_that_are_no_longer_kept_are_a_gap(lab: Lab, pair: System) -> None:
    redis = await lab.redis()
    node = await lab.node(redis, "--history", "10", "--rate", "0")
    nick, secret = fresh("bo"), key()
    author = await lab.member(node.address, fresh("ana"))
    reader = await lab.member(node.address, nick, key=secret)
    positions = await send(author, nick, *(str(number) for number in range(30)))
    await reader.expect("direct", text="29")
    reader.abort()
    again = await lab.member(node.address, "", key=secret, positions={"@": positions[3]})
    await again.expect("direct", text="29")
    kept = got(again)
    assert 10 <= len(kept) <= 11 and kept == [str(number) for number in range(30)][-len(kept) :]
    gap = await again.expect("gap")
    assert (gap["room"], gap["after"]) == ("@", positions[3])
    assert gap["position"] == positions[-len(kept)]
    assert [event["type"] for event in again.seen("gap", "direct")][:2] == ["gap", "direct"]


async def test_directs_follow_a_nick_that_is_changed(lab: Lab, pair: System) -> None:
    old, new = fresh("old"), fresh("new")
    author = await lab.member(pair.node, fresh("ana"))
    reader = await lab.member(pair.other, old)
    await reader.ask("nick", nick=new)
    await author.refused("direct", "no-such-nick", to=old, text="psst")
    await send(author, new, "psst")
    assert (await reader.expect("direct"))["to"] == new


async def test_a_look_alike_neither_comes_in_nor_gets_what_is_meant_for_another(
    lab: Lab, pair: System
) -> None:
    # Cyrillic, and the same in Latin; the digits keep it apart from other tests.
    fake, real = "\u0441\u0430\u0441\u0430\u043e77", "cacao77"
    first = await lab.member(pair.node, fake)
    second = await lab.connect(pair.other)
    assert "looks like" in (await second.refused("hello", "nick-taken", nick=real))["text"]
    assert "script" in (await second.refused("hello", "bad-nick", nick="c\u0430cao77"))["text"]
    await second.hello(fresh("ana"))
    await second.refused("nick", "nick-taken", nick=real)
    await second.refused("direct", "no-such-nick", to=real, text="psst")
    await second.refused("nick", "bad-nick", nick="c\u0430cao77")
    assert (await second.ask("direct", "ack", to=fake, text="psst", id="1"))["to"] == fake
    await first.ask("nick", nick=fresh("bo"))
    assert (await second.ask("nick", nick=real))["nick"] == real


async def test_many_directs_arrive_once_and_in_order(lab: Lab, pair: System) -> None:
    nick = fresh("bo")
    authors = [await lab.member(address, fresh("ana")) for address in pair.nodes]
    reader = await lab.member(pair.other, nick)
    for number in range(200):
        author = authors[number % 2]
        author.send("direct", to=nick, text=f"{number}", id=str(number))
    for number in range(200):
        await reader.expect("direct", text=str(number))
    for first in (0, 1):
        numbers = [int(text) for text in got(reader) if int(text) % 2 == first]
        assert numbers == list(range(first, 200, 2))
    assert len(got(reader)) == 200
