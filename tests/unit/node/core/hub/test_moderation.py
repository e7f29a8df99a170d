"""A node carries out what moderators order, for those who are here and those who come."""

from math import inf

import pytest

from node.core.entries import Position
from node.core.limits.moderation_rules import ModerationRules
from node.core.model import Denied, ModerationRule
from tests.unit.node.core.fakes import (
    BIRTH,
    EPOCH,
    Client,
    HubBench,
    claimed,
    entry,
    frame,
    membership,
)
from wire import messages as m


def sid(client: Client) -> str:
    """Return a client's session."""
    return client.session.token.session


def order(
    kind: str, what: str, why: str = "", until: float = inf, birth: bytes = b"-"
) -> ModerationRule:
    """Return an order that holds for ever, unless it is said until when."""
    return ModerationRule(kind, what, until, birth, why)


def net(what: str, until: float = inf) -> ModerationRule:
    """Return a ban of a network."""
    return order("net", what, "spam", until)


# Who may be here


@pytest.mark.parametrize(
    ("network", "address", "banned"),
    [
        ("192.0.2.0/24", "192.0.2.7", True),
        ("192.0.2.7/32", "192.0.2.7", True),
        ("192.0.2.7/32", "192.0.2.8", False),
        ("0.0.0.0/0", "203.0.113.9", True),
        ("0.0.0.0/0", "2001:db8::1", False),
        ("192.0.2.0/24", "::ffff:192.0.2.7", True),
        ("2001:db8::/32", "2001:db8:1::1", True),
        ("2001:db8::/32", "2001:db9::1", False),
        ("fe80::/10", "fe80::1%eth0", True),
        ("::/0", "?", False),
    ],
)
def test_a_ban_of_a_network_holds_for_its_addresses(
    network: str, address: str, banned: bool
) -> None:
    assert (ModerationRules([net(network)]).against(address, 0.0) is not None) is banned


def test_a_ban_that_is_over_does_not_hide_a_wider_one() -> None:
    orders = ModerationRules([net("192.0.2.7/32", until=5.0), net("192.0.2.0/24")])
    assert len(orders) == 2
    found = orders.against("192.0.2.7", 6.0)
    assert found is not None and found.what == "192.0.2.0/24"


def test_a_connection_from_a_banned_network_is_ended_before_it_says_anything() -> None:
    bench = HubBench()
    bench.events.moderated([net("192.0.2.0/24")])
    client = Client(bench)
    bench.hub.opened(client.connection)
    [bye] = client.events()
    assert bye == m.Bye(reason="kicked", text="spam")
    assert client.outlet.closed and not bench.registry.connections
    assert "kick" not in bench.broker.names()


def test_a_ban_of_a_network_ends_the_sessions_that_come_from_there() -> None:
    bench = HubBench()
    ana, bo = bench.welcome("ana"), bench.welcome("bo", key="b" * 16)
    bo.outlet.address = "203.0.113.9"
    hold = ana.session.token
    bench.events.moderated([net("192.0.2.0/24")])
    assert ana.hears() == ["bye kicked"] and bo.hears() == []
    assert bench.broker.take("kick").args == (hold,)
    bench.hub.opened(bo.connection)
    assert bo.hears() == []


def test_a_ban_that_was_over_and_is_ordered_again_holds_again() -> None:
    bench = HubBench()
    bench.events.moderated([net("192.0.2.0/24", until=bench.time + 10)])
    bench.pass_time(11)
    ana = bench.welcome("ana")
    bench.events.moderated([net("192.0.2.0/24", until=bench.time + 10)])
    assert ana.hears() == ["bye kicked"]


def test_a_room_that_was_made_anew_can_be_closed_again() -> None:
    bench = HubBench()
    bench.events.moderated([closed(birth=b"b0")])
    ana = bench.welcome("ana", ["lobby"])
    bench.events.moderated([closed()])
    assert ana.hears() == ["left ana"]


def test_a_ban_of_a_network_that_is_over_lets_a_connection_in() -> None:
    bench = HubBench()
    bench.events.moderated([net("192.0.2.0/24", until=bench.time + 10)])
    bench.pass_time(11)
    client = Client(bench)
    bench.hub.opened(client.connection)
    assert client.hears() == []


# Kicks


def test_who_is_kicked_is_told_why_and_not_to_come_back() -> None:
    bench = HubBench()
    ana, bo = bench.welcome("ana"), bench.welcome("bo", key="b" * 16)
    bench.events.moderated([order("kick", sid(ana), "be nice")])
    assert ana.events() == [m.Bye(reason="kicked", text="be nice")]
    assert bo.hears() == []


def test_a_kick_may_overtake_the_reply_that_gives_us_the_session() -> None:
    bench = HubBench()
    client = Client(bench)
    client.says(m.Hello(nick="ana", key="k" * 16))
    call = bench.broker.take("claim")
    bench.events.moderated([order("kick", call.args[0].token.session)])
    call.done(claimed("ana", ["general"]))
    assert client.hears() == ["bye kicked"]
    assert not bench.registry.holders


def test_a_kick_that_is_over_is_not_held_against_who_comes_back() -> None:
    bench = HubBench()
    client = Client(bench)
    client.says(m.Hello(nick="ana", key="k" * 16))
    call = bench.broker.take("claim")
    bench.events.moderated([order("kick", call.args[0].token.session, until=bench.time)])
    call.done(claimed("ana"))
    assert client.hears() == ["welcome"]


def test_the_key_of_who_was_kicked_is_told_why_again() -> None:
    bench = HubBench()
    ana = bench.welcome("ana")
    bench.events.moderated([order("kick", sid(ana), "be nice")])
    client = Client(bench)
    client.says(m.Hello(nick="ana", key="k" * 16))
    bench.broker.answer("claim", Denied.KICKED)
    assert client.events() == [m.Bye(reason="kicked", text="be nice")]


def test_a_kick_that_this_node_has_not_heard_of_yet_needs_no_reason() -> None:
    client = Client(HubBench())
    client.says(m.Hello(nick="ana", key="k" * 16))
    client.bench.broker.answer("claim", Denied.KICKED)
    assert client.events() == [m.Bye(reason="kicked")]


# Nicks


def test_a_hello_with_a_banned_nick_is_refused_and_the_connection_ends() -> None:
    bench = HubBench()
    bench.events.moderated([order("nick", "ana", "spam")])
    client = Client(bench)
    client.says(m.Hello(nick="Ana", ref="1"))
    bench.broker.answer("claim", Denied.BANNED)
    error, bye = client.events()
    assert error == m.Error(code="bad-nick", text="The nick Ana is banned here: spam", ref="1")
    assert bye == m.Bye(reason="kicked")


def test_a_banned_nick_cannot_be_taken_either() -> None:
    bench = HubBench()
    client = bench.welcome("bo")
    client.says(m.SetNick(nick="ana"))
    bench.broker.answer("rename", Denied.BANNED)
    error = client.error()
    assert (error.code, error.text) == ("bad-nick", "The nick ana is banned here.")
    assert client.session.nick == "bo"


# Rooms


def closed(birth: bytes = BIRTH) -> ModerationRule:
    """Return the order that closed the lobby."""
    return order("room", "lobby", "too loud", birth=birth)


def test_everybody_in_a_closed_room_is_told_and_goes_on_elsewhere() -> None:
    bench = HubBench()
    ana, bo = bench.welcome("ana", ["general", "lobby"]), bench.welcome("bo", key="b" * 16)
    bench.events.moderated([closed()])
    assert ana.events() == [m.Left(room="lobby", nick="ana", reason="kicked", text="too loud")]
    assert bo.hears() == []
    assert "r:lobby" not in bench.rooms
    assert bench.broker.take("unwatch").args == ("r:lobby",)
    ana.says(m.Send(room="lobby", text="hm"))
    assert ana.error().code == "not-in-room"
    bench.events.frame(frame([entry(2, text="on")], log="r:general"))
    assert ana.hears() == bo.hears() == ["on"]


def test_a_new_room_of_that_name_stays() -> None:
    bench = HubBench()
    ana = bench.welcome("ana", ["lobby"])
    bench.events.moderated([closed(birth=b"b0")])
    assert ana.hears() == [] and "r:lobby" in bench.rooms


def test_a_room_that_was_not_looked_at_yet_can_be_closed() -> None:
    bench = HubBench()
    client = Client(bench)
    client.says(m.Hello(nick="ana", rooms=["lobby"]))
    bench.broker.answer("claim", claimed("ana", ["lobby"]))
    client.outlet.take()
    bench.events.moderated([closed()])
    assert client.hears() == ["left ana"] and "r:lobby" not in bench.rooms


def test_who_joined_a_room_that_was_closed_meanwhile_is_told_so() -> None:
    bench = HubBench()
    client = bench.welcome("ana")
    client.says(m.Join(room="lobby"))
    bench.events.moderated([closed()])
    bench.broker.answer("join", membership("lobby"))
    assert client.hears() == ["joined", "left ana"]
    assert "lobby" not in client.session.rooms and "r:lobby" not in bench.rooms


def test_who_was_leaving_a_closed_room_is_answered_once() -> None:
    bench = HubBench()
    client = bench.welcome("ana", ["lobby"])
    client.says(m.Leave(room="lobby", ref="1"))
    position = str(Position(EPOCH, 9, b"x9"))
    bench.broker.answer("leave", (position, 17))
    bench.events.moderated([closed()])
    [left] = client.events()
    assert isinstance(left, m.Left) and (left.ref, left.position) == ("1", None)
    client.says(m.Ping())
    assert client.hears() == ["pongevent"]


# Announcements


def test_an_announcement_is_shown_to_everybody() -> None:
    bench = HubBench()
    ana, bo = bench.welcome("ana"), bench.welcome("bo", ["lobby"], key="b" * 16)
    stranger = Client(bench)
    bench.events.announced("so be it", None, 17)
    told = m.Announcement(text="so be it", at=17)
    assert ana.events() == bo.events() == [told]
    assert stranger.hears() == []


def test_an_announcement_for_a_room_is_shown_there() -> None:
    bench = HubBench()
    ana, bo = bench.welcome("ana"), bench.welcome("bo", ["lobby"], key="b" * 16)
    bench.events.announced("so be it", "lobby", 17)
    assert bo.events() == [m.Announcement(text="so be it", at=17, room="lobby")]
    assert ana.hears() == []


def test_who_does_not_read_gets_no_announcements_on_top() -> None:
    bench = HubBench()
    ana = bench.welcome("ana")
    ana.outlet.paused = True
    bench.events.announced("so be it", None, 17)
    assert ana.hears() == []


def test_a_node_tells_what_is_here() -> None:
    bench = HubBench()
    bench.welcome("ana", ["general", "lobby"])
    Client(bench)
    assert bench.events.facts() == ("node-1", 2, 1, 2)
