"""Which logs a node follows, for how long, and when it reads them again."""

from node.core.rooms.followed import LINGER
from tests.unit.node.core.fakes import (
    Client,
    HubBench,
    at,
    claimed,
    entry,
    frame,
    membership,
    slice_,
)
from wire import messages as m


def test_a_room_is_followed_once_for_all_its_members_here() -> None:
    bench = HubBench()
    ana, bo = Client(bench), Client(bench)
    ana.says(m.Hello(nick="ana", key="a" * 16))
    bo.says(m.Hello(nick="bo", key="b" * 16))
    bench.broker.answer("claim", claimed("ana", ["tea"]))
    bench.broker.answer("claim", claimed("bo", ["tea"]))
    assert [call.args for call in bench.broker.calls] == [("r:tea",)]
    bench.follow("r:tea")
    bench.events.frame(frame([entry(2)], log="r:tea"))
    assert ana.hears()[-1] == bo.hears()[-1] == "x2"


def test_a_room_that_everybody_left_is_followed_for_a_while_and_then_no_longer() -> None:
    bench = HubBench()
    client = bench.welcome()
    client.connection.closed()
    bench.broker.take("part")
    bench.pass_time(0)
    bench.pass_time(LINGER - 0.1)
    assert "r:general" in bench.rooms and bench.broker.calls == []
    bench.pass_time(0.1)
    assert bench.broker.take("unwatch").args == ("r:general",) and bench.rooms == {}
    assert bench.events.heads() == []


def test_a_room_to_which_somebody_comes_back_in_time_is_followed_on() -> None:
    bench = HubBench()
    bench.welcome().connection.closed()
    bench.pass_time(0)
    bench.pass_time(LINGER - 0.1)
    bench.welcome()
    bench.pass_time(LINGER)
    assert "r:general" in bench.rooms and "unwatch" not in bench.broker.names()


def test_a_room_is_read_where_somebody_waits_for_a_frame_that_does_not_come() -> None:
    bench = HubBench()
    bench.welcome()
    bob = Client(bench)
    bob.says(m.Hello(nick="bob", key="b" * 16))
    bench.broker.answer("claim", claimed("bob")._replace(memberships=[membership("general", 4)]))
    assert "read" not in bench.broker.names()
    bench.pass_time(1)
    bench.broker.answer("read", slice_([], top=at(1)))
    assert bench.broker.take("read").args[1] == at(4)


def test_a_room_whose_log_could_not_be_read_is_read_again_in_time() -> None:
    bench = HubBench()
    bench.welcome()
    bench.rooms["r:general"].known.mark_stale()
    bench.pass_time(1)
    assert bench.broker.names() == ["read"]
    bench.pass_time(1)
    assert bench.broker.names() == ["read"]
