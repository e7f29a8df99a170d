"""The hub: which session holds what, what is followed, and what of it the broker is told."""

from node.core.entries import Append, Entry
from node.core.hub import LINGER, MOVED_FOR
from node.core.model import Claimed, FencingToken
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


def direct(offset: int) -> Entry:
    """Return a direct message's entry."""
    held = entry(offset, kind="d")
    held.body = b'"from":"bo","to":"ana","text":"d%d"}' % offset
    return held


def test_a_room_is_followed_once_for_all_its_members_here() -> None:
    bench = HubBench()
    ana, bo = Client(bench), Client(bench)
    ana.says(m.Hello(nick="ana", key="a" * 16))
    bo.says(m.Hello(nick="bo", key="b" * 16))
    bench.broker.answer("claim", claimed("ana", ["tea"]))
    bench.broker.answer("claim", claimed("bo", ["tea"]))
    assert [call.args for call in bench.broker.calls] == [("r:tea",)]
    bench.follow("r:tea")
    bench.hub.frame(frame([entry(2)], log="r:tea"))
    assert ana.hears()[-1] == bo.hears()[-1] == "x2"


def test_a_room_that_everybody_left_is_followed_for_a_while_and_then_no_longer() -> None:
    bench = HubBench()
    client = bench.welcome()
    client.session.closed()
    bench.broker.take("part")
    bench.pass_time(0)
    bench.pass_time(LINGER - 0.1)
    assert "r:general" in bench.hub.rooms and bench.broker.calls == []
    bench.pass_time(0.1)
    assert bench.broker.take("unwatch").args == ("r:general",) and bench.hub.rooms == {}
    assert bench.hub.tops() == []


def test_a_room_to_which_somebody_comes_back_in_time_is_followed_on() -> None:
    bench = HubBench()
    bench.welcome().session.closed()
    bench.pass_time(0)
    bench.pass_time(LINGER - 0.1)
    bench.welcome()
    bench.pass_time(LINGER)
    assert "r:general" in bench.hub.rooms and "unwatch" not in bench.broker.names()


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
    bench.hub.rooms["r:general"].known.mark_stale()
    bench.pass_time(1)
    assert bench.broker.names() == ["read"]
    bench.pass_time(1)
    assert bench.broker.names() == ["read"]


def test_the_broker_learns_what_is_known_of_each_log() -> None:
    bench = HubBench()
    client = bench.welcome(rooms=["general", "tea"])
    bench.hub.frame(frame([entry(2)], log="r:tea"))
    assert bench.hub.tops() == [("r:general", at(1)), ("r:tea", at(2))]
    assert bench.hub.seen("r:tea") == at(2) and bench.hub.seen("r:milk") is None
    assert bench.hub.inboxes() == ["i:" + client.session.hold.session]
    assert bench.hub.holds(client.session.hold.session) and not bench.hub.holds("nobody")


def test_whatever_the_broker_notices_makes_the_log_be_read() -> None:
    bench = HubBench()
    bench.welcome()
    for notice in (bench.hub.confirmed, bench.hub.rewound, bench.hub.differs):
        notice("r:general")
        bench.broker.answer("read", slice_([], top=at(1)))
        notice("r:milk")
        assert bench.broker.calls == []


def test_a_frame_of_a_room_that_is_not_followed_is_nobodys() -> None:
    bench = HubBench()
    client = bench.welcome()
    bench.hub.frame(frame([entry(1)], log="r:milk"))
    bench.hub.frame(frame([entry(1)], log="i:nobody"))
    assert client.hears() == [] and list(bench.hub.rooms) == ["r:general"]


def test_the_first_direct_makes_the_inbox() -> None:
    bench = HubBench()
    client = bench.welcome()
    log = "i:" + client.session.hold.session
    bench.hub.frame(frame([direct(1)], log=log))
    assert client.hears() == ["d1"] and bench.hub.inboxes() == []
    assert bench.hub.tops()[-1] == (log, at(1))


def test_a_direct_to_somebody_here_is_remembered_though_its_inbox_is_forgotten() -> None:
    bench = HubBench()
    client = bench.welcome()
    log = "i:" + client.session.hold.session
    bench.hub.frame(frame([direct(1)], log=log))
    bench.hub.appended(Append(frame([direct(2)], log=log), at(1)))
    assert client.hears() == ["d1", "d2"] and len(bench.hub.witness) == 1
    bench.broker.away = True
    bench.pass_time(1)
    bench.broker.away = False
    bench.pass_time(1)
    assert bench.broker.take("heal").args[0] == log


def test_a_first_direct_that_was_missed_is_noticed_with_the_second() -> None:
    bench = HubBench()
    client = bench.welcome()
    log = "i:" + client.session.hold.session
    bench.hub.frame(frame([direct(2)], log=log))
    bench.broker.answer("read", slice_([direct(1), direct(2)]))
    assert client.hears() == ["d1", "d2"]


def test_a_first_direct_that_overtakes_the_welcome_is_not_missed() -> None:
    """It comes over another connection than the reply that gives the session to this node."""
    bench = HubBench()
    client = Client(bench)
    client.says(m.Hello(nick="ana", key="a" * 16))
    claim = bench.broker.take("claim")
    log = "i:" + claim.args[0].hold.session
    bench.hub.frame(frame([direct(1)], log=log))
    claim.done(claimed("ana"))
    bench.broker.answer("read", slice_([direct(1)]))
    assert client.hears() == ["welcome", "d1"]


def test_an_inbox_that_has_something_though_nothing_came_is_read() -> None:
    bench = HubBench()
    client = bench.welcome()
    log = "i:" + client.session.hold.session
    bench.hub.differs(log)
    bench.broker.answer("read", slice_([direct(1)]))
    assert client.hears() == ["d1"] and bench.hub.tops()[-1] == (log, at(1))


def test_an_inbox_that_is_put_back_after_the_hello_goes_on_where_the_client_was() -> None:
    bench = HubBench()
    client = Client(bench)
    client.says(m.Hello(key="a" * 16, positions={"@": str(at(1))}))
    log = "i:" + bench.broker.answer("claim", claimed("ana", resumed=True)).args[0].hold.session
    bench.hub.frame(frame([direct(2)], log=log))
    while bench.broker.calls:
        read = bench.broker.take("read")
        read.done(slice_([direct(1), direct(2)][read.args[1].offset :]))
    assert client.hears() == ["welcome", "d2"]


def test_an_inbox_that_was_trimmed_before_it_was_read_has_a_gap() -> None:
    bench = HubBench()
    client = bench.welcome()
    bench.hub.differs("i:" + client.session.hold.session)
    bench.broker.differ([direct(8), direct(9)])
    gap, *rest = client.events()
    assert isinstance(gap, m.Gap) and (gap.room, gap.position) == ("@", str(at(8)))
    assert len(rest) == 2


def test_an_inbox_is_forgotten_with_its_session() -> None:
    bench = HubBench()
    client = bench.welcome(rooms=())
    bench.hub.frame(frame([direct(1)], log="i:" + client.session.hold.session))
    client.session.closed()
    bench.pass_time(0)
    bench.pass_time(1)
    assert bench.hub.rooms == {}


def test_a_session_that_goes_on_here_in_another_connection_replaces_the_older_one() -> None:
    bench = HubBench()
    older = bench.welcome()
    newer = Client(bench)
    newer.says(m.Hello(key="k" * 16))
    bench.broker.answer("claim", claimed("ana", ["general"], resumed=True, claim=2))
    assert older.hears() == ["bye replaced"] and newer.hears() == ["welcome", "joined"]
    assert bench.broker.calls == [] and bench.metrics.resumes == 1
    bench.hub.frame(frame([entry(2)], log="r:general"))
    assert newer.hears() == ["x2"]
    assert bench.hub.sessions == {newer.session.hold.session: newer.session}


def test_a_session_that_moved_to_another_node_is_replaced_here() -> None:
    bench = HubBench()
    client = bench.welcome()
    bench.hub.moved(FencingToken(client.session.hold.session, "somebody.1"))
    assert client.hears() == []
    bench.hub.moved(client.session.hold)
    assert client.hears() == ["bye replaced"] and bench.broker.calls == []


def test_a_session_that_moved_before_it_was_given_to_us_is_replaced_at_once() -> None:
    bench = HubBench()
    client = Client(bench)
    client.says(m.Hello(nick="ana", key="a" * 16))
    claim = bench.broker.take("claim")
    bench.hub.moved(claim.args[0].hold)
    claim.done(claimed("ana", ["general"]))
    assert client.hears() == ["bye replaced"] and bench.hub.rooms == {}


def test_it_is_not_remembered_for_ever_what_moved() -> None:
    bench = HubBench()
    hold = FencingToken("a", "inc.1")
    bench.hub.moved(hold)
    bench.pass_time(MOVED_FOR - 0.1)
    assert bench.hub.has_moved(hold)
    bench.pass_time(0.1)
    assert not bench.hub.has_moved(hold)


def test_what_redis_forgot_is_put_back_as_it_is_here() -> None:
    bench = HubBench()
    client = Client(bench)
    client.says(m.Hello(nick="Ana", key="a" * 16, attempt=7))
    reply: Claimed = claimed("Ana", ["tea"], claim=3)
    bench.broker.answer("claim", reply)
    client.says(m.Join(room="milk"))
    bench.broker.answer("join", membership("milk", 5))
    old = client.session.hold
    bench.hub.forgotten(anew=True)
    memory, anew = bench.broker.take("restore").args[:2]
    assert anew and memory.hold.session == old.session and memory.was == old.owner
    assert (memory.keyed, memory.nick, memory.fold) == (True, "Ana", "ana")
    assert (memory.attempt, memory.claim) == (7, 3)
    assert memory.rooms == [("tea", str(at(1))), ("milk", str(at(5)))]


def test_who_is_here_goes_on_elsewhere_when_the_data_are_no_longer_ours() -> None:
    bench = HubBench()
    ana, stranger = bench.welcome(), Client(bench)
    bench.broker.calls.clear()
    bench.hub.estranged()
    [bye] = ana.events()
    assert bye == m.Bye(reason="cut-off", retry_after_ms=1000)
    assert bench.hub.rooms == {} and bench.hub.sessions == {}
    # Nothing is written: not even that she is gone.
    assert bench.broker.names() == ["unwatch"]
    assert stranger.events() == []


def test_sessions_in_a_room_that_the_broker_lost_members_of_are_put_back() -> None:
    bench = HubBench()
    bench.welcome("ana", key="a" * 16)
    bench.welcome("bo", rooms=("tea",), key="b" * 16)
    assert (bench.hub.present("r:general"), bench.hub.present("r:tea")) == (1, 1)
    assert bench.hub.present("r:nowhere") == bench.hub.present("i:" + "a" * 16) == 0
    bench.hub.absent("r:tea")
    call = bench.broker.take("restore")
    assert call.args[0].nick == "bo" and call.args[1] is False
    assert "restore" not in bench.broker.names()
